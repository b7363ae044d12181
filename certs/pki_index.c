#include "certs/pki_index.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/file.h"
#include "base/mem.h"

enum { INDEX_FILE_MAX = 64 << 20, FIELDS = 6 };

/* --- times and reasons --- */

char *pki_index_time(int64_t ms, char into[static PKI_INDEX_TIME_MAX])
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm = {0};
	char whole[PKI_INDEX_TIME_MAX];

	gmtime_r(&seconds, &tm);
	bool is_short = tm.tm_year >= 50 && tm.tm_year < 150; /* RFC 5280 §4.1.2.5 */
	if (strftime(whole, sizeof(whole), "%Y%m%d%H%M%SZ", &tm) == 0)
		whole[0] = '\0';
	snprintf(into, PKI_INDEX_TIME_MAX, "%s", is_short ? whole + 2 : whole);
	return into;
}

static bool two_digits(const char *text, int *ret)
{
	if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
		return false;
	*ret = (text[0] - '0') * 10 + (text[1] - '0');
	return true;
}

int64_t pki_index_time_ms(const char *text, size_t len)
{
	struct tm tm = {0};
	int century = -1, year = 0;

	if ((len != 13 && len != 15) || text[len - 1] != 'Z')
		return 0;
	if (len == 15) {
		if (!two_digits(text, &century))
			return 0;
		text += 2;
	}
	if (!two_digits(text, &year) || !two_digits(text + 2, &tm.tm_mon) || !two_digits(text + 4, &tm.tm_mday) ||
	    !two_digits(text + 6, &tm.tm_hour) || !two_digits(text + 8, &tm.tm_min) || !two_digits(text + 10, &tm.tm_sec))
		return 0;
	if (century < 0)
		century = year < 50 ? 20 : 19;
	tm.tm_year = century * 100 + year - 1900;
	tm.tm_mon--;
	return (int64_t)timegm(&tm) * 1000;
}

static const struct {
	const char *text;
	int number;
} reasons[] = {
	{"unspecified", 0},        {"keyCompromise", 1}, {"CACompromise", 2},
	{"affiliationChanged", 3}, {"superseded", 4},    {"cessationOfOperation", 5},
};

const char *pki_index_reason(const char *text, int *ret_number)
{
	if (text == NULL || *text == '\0')
		text = "unspecified";
	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++) {
		if (strcasecmp(reasons[i].text, text) == 0) {
			*ret_number = reasons[i].number;
			return reasons[i].text;
		}
	}
	return NULL;
}

const char *pki_index_reason_text(long number)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++) {
		if (reasons[i].number == number)
			return reasons[i].text;
	}
	return NULL;
}

/* --- rows --- */

static void row_done(struct pki_row *row)
{
	mem_free(row->expiry);
	mem_free(row->revoked);
	mem_free(row->serial);
	mem_free(row->file);
	mem_free(row->subject);
}

void pki_index_done(struct pki_index *index)
{
	for (size_t i = 0; i < index->count; i++)
		row_done(&index->at[i]);
	mem_free(index->at);
	index->at = NULL;
	index->count = 0;
}

static struct pki_row *new_row(struct pki_index *index)
{
	/* Grows by powers of two; the count alone says when. */
	if ((index->count & (index->count - 1)) == 0)
		index->at = mem_grow(index->at, index->count == 0 ? 1 : index->count * 2, sizeof(*index->at));
	return &index->at[index->count++];
}

void pki_index_add(struct pki_index *index, const struct pki_row *row)
{
	*new_row(index) = (struct pki_row){
		.status = row->status,
		.expiry = mem_text(row->expiry),
		.revoked = mem_text(row->revoked),
		.serial = mem_text(row->serial),
		.file = mem_text(row->file),
		.subject = mem_text(row->subject),
	};
}

static int hex_of(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

/* Leading zeros do not count, nor do colons. */
static bool same_serial(const char *a, const char *b)
{
	for (;;) {
		a += strspn(a, ":");
		b += strspn(b, ":");
		if (*a == '\0' || *b == '\0')
			return *a == *b;
		if (hex_of(*a) < 0 || hex_of(*a++) != hex_of(*b++))
			return false;
	}
}

struct pki_row *pki_index_find(const struct pki_index *index, const char *serial)
{
	serial += strspn(serial, "0:");
	for (size_t i = 0; i < index->count && *serial != '\0'; i++) {
		const char *own = index->at[i].serial;
		if (same_serial(own + strspn(own, "0"), serial))
			return &index->at[i];
	}
	return NULL;
}

void pki_index_revoke(struct pki_row *row, int64_t at_ms, const char *reason)
{
	char when[PKI_INDEX_TIME_MAX];

	mem_free(row->revoked);
	row->status = 'R';
	row->revoked = mem_printf("%s,%s", pki_index_time(at_ms, when), reason);
}

/* --- the file --- */

static struct bytes take_until(struct bytes *rest, char end)
{
	const uint8_t *at = rest->len > 0 ? memchr(rest->at, end, rest->len) : NULL;
	size_t len = at != NULL ? (size_t)(at - rest->at) : rest->len;
	size_t taken = len + (at != NULL ? 1 : 0);
	struct bytes found = bytes_of(rest->at, len);

	*rest = bytes_of(rest->at + taken, rest->len - taken);
	return found;
}

static bool judge_row(const struct bytes fields[FIELDS])
{
	const struct bytes expiry = fields[1], revoked = fields[2], serial = fields[3];
	const uint8_t *comma = revoked.len > 0 ? memchr(revoked.at, ',', revoked.len) : NULL;
	size_t revoked_len = comma != NULL ? (size_t)(comma - revoked.at) : revoked.len;

	if (fields[0].len != 1 || strchr("VRE", fields[0].at[0]) == NULL || serial.len == 0 || serial.len > 40)
		return false;
	for (size_t i = 0; i < serial.len; i++) {
		if (hex_of((char)serial.at[i]) < 0)
			return false;
	}
	if (fields[0].at[0] == 'R' && pki_index_time_ms((const char *)revoked.at, revoked_len) == 0)
		return false;
	return pki_index_time_ms((const char *)expiry.at, expiry.len) != 0;
}

static bool parse_row(struct bytes line, struct pki_index *index)
{
	struct bytes fields[FIELDS];
	size_t tabs = 0;

	for (size_t i = 0; i < line.len; i++) {
		if (line.at[i] == '\0')
			return false;
		tabs += line.at[i] == '\t';
	}
	if (tabs != FIELDS - 1)
		return false;
	for (size_t i = 0; i < FIELDS; i++)
		fields[i] = take_until(&line, '\t');
	if (!judge_row(fields))
		return false;
	*new_row(index) = (struct pki_row){
		.status = (char)fields[0].at[0],
		.expiry = mem_text_n(fields[1].at, fields[1].len),
		.revoked = mem_text_n(fields[2].at, fields[2].len),
		.serial = mem_text_n(fields[3].at, fields[3].len),
		.file = mem_text_n(fields[4].at, fields[4].len),
		.subject = mem_text_n(fields[5].at, fields[5].len),
	};
	return true;
}

static RESULT parse(struct bytes rest, const char *path, struct pki_index *into, struct err *err)
{
	char field[ERR_FIELD_MAX];

	for (size_t line = 1; rest.len > 0; line++) {
		if (parse_row(take_until(&rest, '\n'), into))
			continue;
		snprintf(field, sizeof(field), "%s:%zu", path, line);
		return err_set(err, CODE_CORRUPT, field, "is no line of an authority's register");
	}
	return OK;
}

result pki_index_read(const char *folder, struct pki_index *ret, struct err *err)
{
	AUTO_FREE char *path = mem_printf("%s/index.txt", folder);
	struct pki_index index = {0};
	struct buf file;

	TRY(file_read(path, INDEX_FILE_MAX, &file, err));
	result parsed = parse(buf_bytes(&file), path, &index, err);
	buf_done(&file);
	if (FAILED(parsed)) {
		pki_index_done(&index);
		return parsed;
	}
	*ret = index;
	return OK;
}

result pki_index_write(const char *folder, const struct pki_index *index, struct err *err)
{
	AUTO_FREE char *path = mem_printf("%s/index.txt", folder);
	struct buf out;

	buf_init(&out, INDEX_FILE_MAX);
	for (size_t i = 0; i < index->count; i++) {
		const struct pki_row *row = &index->at[i];
		buf_printf(&out, "%c\t%s\t%s\t%s\t%s\t%s\n", row->status, row->expiry, row->revoked, row->serial, row->file,
		           row->subject);
	}
	result wrote = buf_check(&out, path, err);
	if (!FAILED(wrote))
		wrote = file_write(path, buf_bytes(&out), 0644, err);
	buf_done(&out);
	return wrote;
}
