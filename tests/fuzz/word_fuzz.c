/* Short texts that people and strangers write: ids, times, names, addresses, tokens. What is read is written, and read again the same. The first byte says what. */
#include "fuzz/fuzz.h"

#include <string.h>

#include "adapters/runtime/port_http_address.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/uuid.h"
#include "broker/config/zone.h"
#include "certs/identity.h"
#include "certs/token_uri.h"
#include "schemas/format.h"
#include "schemas/identifier.h"
#include "schemas/party.h"

enum { WORD_MAX = 1024 };

static void check_uuid(struct bytes in)
{
	struct uuid uuid, again;
	char text[UUID_TEXT_MAX];
	struct err err;
	if (FAILED(uuid_parse(in, &uuid, &err)))
		return;
	uuid_text(uuid.at, text);
	fuzz_must(!FAILED(uuid_parse(bytes_text(text), &again, &err)) && !memcmp(uuid.at, again.at, UUID_LEN));
	fuzz_must(format_fits(FORMAT_UUID, in));
}

static void check_clock(struct bytes in)
{
	int64_t at = 0, again = 0;
	char text[CLOCK_TEXT_MAX];
	struct err err;
	if (FAILED(clock_parse(in, &at, &err)))
		return;
	clock_text(at, text);
	fuzz_must(!FAILED(clock_parse(bytes_text(text), &again, &err)) && at == again);
}

static void check_identity(struct bytes in)
{
	struct identity identity, again;
	char text[IDENTITY_URI_MAX];
	struct err err;
	if (FAILED(identity_parse(in, &identity, &err)))
		return;
	fuzz_must(identity_is_name(bytes_text(identity.party), IDENTITY_PARTY_MAX));
	identity_uri(&identity, text);
	fuzz_must(bytes_is(in, text) && !FAILED(identity_parse(bytes_text(text), &again, &err)) && !strcmp(identity.party, again.party));
}

static void check_identifier(struct bytes in)
{
	struct identifier identifier;
	struct err err;
	if (!FAILED(identifier_parse(in, &identifier, &err)))
		fuzz_must(identifier.kind.len && identifier.value.len && identifier_equal(&identifier, &identifier));
}

static void check_token_uri(const char *text)
{
	struct token_uri *uri = mem_alloc(sizeof(*uri));
	struct err err = {.code = CODE_OK};
	if (!FAILED(token_uri_parse(text, uri, &err)))
		fuzz_must(token_uri_is(text) && uri->id_len <= TOKEN_URI_ID_MAX && memchr(uri->shown, 0, sizeof(uri->shown)) && !strstr(uri->shown, "pin-value="));
	else
		fuzz_must(err.code == CODE_KEY && err.reason[0]);
	mem_free(uri);
}

static void check_address(const char *text)
{
	struct port_http_address address;
	struct err err;
	if (!FAILED(port_http_address_parse(text, &address, &err)))
		fuzz_must(address.len > 0 && !(address.is_any && address.is_loopback));
	struct bytes host = port_http_address_host(bytes_text(text));
	fuzz_must(host.len <= strlen(text));
}

static void check_numbers(struct bytes in)
{
	int64_t number = 0;
	char *text;
	struct err err;
	if (!FAILED(text_int(in, INT64_MIN, INT64_MAX, &number, &err))) {
		text = mem_printf("%lld", (long long)number);
		int64_t again = 0;
		fuzz_must(!FAILED(text_int(bytes_text(text), INT64_MIN, INT64_MAX, &again, &err)) && again == number);
		mem_free(text);
	}
	if (!FAILED(text_size(in, &number, &err)))
		fuzz_must(number >= 0);
	if (!FAILED(text_duration(in, &number, &err)))
		fuzz_must(number >= 0);
	int64_t days = 0;
	if (zone_read_date(in, &days)) {
		struct zone_date date = zone_date_of(days);
		fuzz_must(zone_days(date) == days && date.month >= 1 && date.month <= 12 && format_fits(FORMAT_DATE, in));
	}
}

static void check_codings(struct bytes in)
{
	struct buf bytes, text, again;
	uint8_t hex[16], hex_again[16];
	char said[33];
	struct err err;
	buf_init(&bytes, FUZZ_OUT_MAX);
	buf_init(&text, FUZZ_OUT_MAX);
	buf_init(&again, FUZZ_OUT_MAX);
	if (!FAILED(text_unbase64(in, &bytes, &err))) {
		text_base64(buf_bytes(&bytes), &text);
		fuzz_must(!FAILED(text_unbase64(buf_bytes(&text), &again, &err)) && bytes_equal(buf_bytes(&bytes), buf_bytes(&again)));
	}
	if (!FAILED(text_unhex(in, hex, sizeof(hex), &err)))
		fuzz_must(!FAILED(text_unhex(bytes_text(text_hex(bytes_of(hex, sizeof(hex)), said)), hex_again, sizeof(hex_again), &err)) &&
		          !memcmp(hex, hex_again, sizeof(hex)));
	buf_done(&bytes);
	buf_done(&text);
	buf_done(&again);
}

static void check_names(struct bytes in)
{
	struct bytes role;
	struct err err = {.code = CODE_OK};
	char shown[64];
	if (!FAILED(party_check(in, "/from", &err)))
		fuzz_must(!FAILED(party_check_address(in, "/to", &err)) && !party_is_role(in, &role));
	text_safe(in, shown, sizeof(shown));
	for (const char *at = shown; *at; at++)
		fuzz_must((unsigned char)*at >= ' ' && *at != 0x7f);
	struct buf json;
	buf_init(&json, FUZZ_OUT_MAX);
	text_json(in, &json);
	fuzz_must(json.len >= 2 && json.at[0] == '"' && json.at[json.len - 1] == '"');
	buf_done(&json);
}

static void check_zone(const char *text)
{
	struct zone *zone = NULL;
	struct err err = {.code = CODE_OK};
	if (FAILED(zone_open(text, &zone, &err))) {
		fuzz_must(err.code == CODE_CONFIG && err.reason[0] && !zone);
		return;
	}
	for (int64_t at = -2000000000; at <= 4000000000; at += 7777777) {
		int64_t offset = zone_offset(zone, at);
		fuzz_must(offset > -200 * 3600 && offset < 200 * 3600);
		(void)zone_utc(zone, at);
	}
	zone_free(zone);
}

static void check_formats(struct bytes in)
{
	static const char *const names[] = {"date", "date-time", "time", "email", "uuid", "uri", "hostname", "ipv4", "ipv6", "regex", "duration"};
	enum format format;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (format_find(bytes_text(names[i]), &format))
			fuzz_must(!format_fits(format, in) || text_is_utf8(in));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0 || size > WORD_MAX)
		return 0;
	struct bytes in = bytes_of(data + 1, size - 1);
	AUTO_FREE char *text = mem_text_n((const char *)in.at, strnlen((const char *)in.at, in.len));
	static void (*const of_bytes[])(struct bytes) = {check_uuid, check_clock, check_identity, check_identifier, check_numbers, check_codings, check_names, check_formats};
	static void (*const of_text[])(const char *) = {check_token_uri, check_address, check_zone};
	enum { OF_BYTES = sizeof(of_bytes) / sizeof(*of_bytes), OF_TEXT = sizeof(of_text) / sizeof(*of_text) };
	size_t which = data[0] % (OF_BYTES + OF_TEXT);
	if (which < OF_BYTES)
		of_bytes[which](in);
	else
		of_text[which - OF_BYTES](text);
	return 0;
}
