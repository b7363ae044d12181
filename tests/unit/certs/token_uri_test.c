#include "certs/token_uri.h"

#include "base/file.h"
#include "pki_fixture.h"

static char folder[64];

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/liaison-uri-XXXXXX");
	return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	return nftw(folder, pki_fixture_remove, 16, FTW_DEPTH | FTW_PHYS);
}

static void takes_a_uri_apart(void **state)
{
	struct token_uri uri;
	struct err err;

	(void)state;
	assert_true(token_uri_is("pkcs11:x"));
	assert_false(token_uri_is("/etc/pkcs11:x"));
	pki_fixture_fine(token_uri_parse("pkcs11:token=The%20hub;manufacturer=M;model=m;serial=0a;object=signing%2dkey;id=%00%ff;type=private"
	                                 "?module-path=/usr/lib/x.so&pin-source=file:/etc/pin", &uri, &err), &err);
	assert_string_equal(uri.token, "The hub");
	assert_string_equal(uri.manufacturer, "M");
	assert_string_equal(uri.model, "m");
	assert_string_equal(uri.serial, "0a");
	assert_string_equal(uri.object, "signing-key");
	assert_int_equal(uri.id_len, 2);
	assert_memory_equal(uri.id, "\x00\xff", 2);
	assert_string_equal(uri.module, "/usr/lib/x.so");
	assert_string_equal(uri.pin_source, "/etc/pin");
	assert_null(strstr(uri.shown, "pin"));
	pki_fixture_fine(token_uri_parse("pkcs11:object=a?pin-source=credential:hub.pin", &uri, &err), &err);
	assert_string_equal(uri.pin_source, "credential:hub.pin");
	assert_string_equal(uri.module, "");
}

static void refuses_what_it_does_not_know(void **state)
{
	static const struct {
		const char *uri, *word;
	} rows[] = {
		{"/etc/key.pem", "begins with"},
		{"pkcs11:", "names no key"},
		{"pkcs11:token=a", "names no key"},
		{"pkcs11:object=a;object=b", "twice"},
		{"pkcs11:id=%0", "id cannot be read"},
		{"pkcs11:id=%zz", "id cannot be read"},
		{"pkcs11:id=%01;id=%02", "twice"},
		{"pkcs11:id=", "id cannot be read"},
		{"pkcs11:object=%00", "object cannot be read"},
		{"pkcs11:object=", "object cannot be read"},
		{"pkcs11:object=a%2", "object cannot be read"},
		{"pkcs11:object=a;type=public", "not private"},
		{"pkcs11:object=a;slot-id=3", "not known"},
		{"pkcs11:object=a;x-colour=red", "not known"},
		{"pkcs11:object=a?module-name=x", "not known"},
		{"pkcs11:object=a?module-path=x.so", "whole path"},
		{"pkcs11:object=a?pin-source=pin", "whole path"},
		{"pkcs11:object=a;module-path=/x.so", "not known"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct token_uri uri;
		struct err err;
		assert_int_equal(token_uri_parse(rows[i].uri, &uri, &err).code, CODE_KEY);
		if (strstr(err.reason, rows[i].word) == NULL)
			fail_msg("%s: \"%s\" does not say \"%s\"", rows[i].uri, err.reason, rows[i].word);
	}
}

static void a_pin_within_it_is_refused_and_not_repeated(void **state)
{
	static const char *const uris[] = {"pkcs11:object=a?pin-value=canary", "pkcs11:object=a?module-path=/x&pin-value=canary", "pkcs11:object=a;pin-value=canary",
	                                   "pkcs11:pin-value=canary;object=a", "pkcs11:object=a?pin-valu=canary"};

	(void)state;
	for (size_t i = 0; i < sizeof(uris) / sizeof(*uris); i++) {
		struct token_uri uri;
		struct err err;
		char line[600];
		assert_int_equal(token_uri_parse(uris[i], &uri, &err).code, CODE_KEY);
		assert_null(strstr(err_text(&err, line, sizeof(line)), "canary"));
	}
}

static void texts_of_any_length_are_cut_or_refused_and_not_overrun(void **state)
{
	(void)state;
	for (size_t len = TOKEN_URI_TEXT_MAX - 12; len < TOKEN_URI_TEXT_MAX + 12; len++) {
		char text[2 * TOKEN_URI_TEXT_MAX] = "pkcs11:object=";
		struct token_uri uri;
		size_t at = strlen(text);
		memset(text + at, 'a', len);
		result r = token_uri_parse(text, &uri, NULL);
		assert_int_equal(FAILED(r), at + len >= TOKEN_URI_TEXT_MAX);
	}
}

static const char *write_pin(const char *text, unsigned mode)
{
	static char path[128];
	struct err err;

	snprintf(path, sizeof(path), "%s/pin", folder);
	pki_fixture_fine(file_write(path, bytes_text(text), mode, &err), &err);
	return path;
}

static void the_pin_is_the_first_line_of_its_source(void **state)
{
	char pin[TOKEN_URI_PIN_MAX], uri_text[256];
	struct token_uri uri;
	struct err err;
	size_t len = 1;

	(void)state;
	snprintf(uri_text, sizeof(uri_text), "pkcs11:object=a?pin-source=%s", write_pin("1234\nsecond\n", 0600));
	pki_fixture_fine(token_uri_parse(uri_text, &uri, &err), &err);
	pki_fixture_fine(token_uri_pin(&uri, pin, &len, &err), &err);
	assert_int_equal(len, 4);
	assert_string_equal(pin, "1234");
	write_pin("\n", 0600);
	assert_int_equal(token_uri_pin(&uri, pin, &len, &err).code, CODE_KEY);
	write_pin("1234", 0640);
	assert_int_equal(token_uri_pin(&uri, pin, &len, &err).code, CODE_PERMISSION);
	pki_fixture_fine(token_uri_parse("pkcs11:object=a?pin-source=/nowhere/pin", &uri, &err), &err);
	assert_int_equal(token_uri_pin(&uri, pin, &len, &err).code, CODE_IO);
	pki_fixture_fine(token_uri_parse("pkcs11:object=a", &uri, &err), &err);
	pki_fixture_fine(token_uri_pin(&uri, pin, &len, &err), &err);
	assert_int_equal(len, 0);
}

static void the_pin_may_be_a_credential_of_the_service(void **state)
{
	char pin[TOKEN_URI_PIN_MAX];
	struct token_uri uri;
	struct err err;
	size_t len = 0;

	(void)state;
	write_pin("9999", 0440); /* as systemd shows a file with an access list */
	pki_fixture_fine(token_uri_parse("pkcs11:object=a?pin-source=credential:pin", &uri, &err), &err);
	unsetenv("CREDENTIALS_DIRECTORY");
	assert_int_equal(token_uri_pin(&uri, pin, &len, &err).code, CODE_CONFIG);
	setenv("CREDENTIALS_DIRECTORY", folder, 1);
	pki_fixture_fine(token_uri_pin(&uri, pin, &len, &err), &err);
	assert_string_equal(pin, "9999");
	assert_int_equal(token_uri_parse("pkcs11:object=a?pin-source=credential:../pin", &uri, &err).code, CODE_KEY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_a_uri_apart),
		cmocka_unit_test(refuses_what_it_does_not_know),
		cmocka_unit_test(a_pin_within_it_is_refused_and_not_repeated),
		cmocka_unit_test(texts_of_any_length_are_cut_or_refused_and_not_overrun),
		cmocka_unit_test(the_pin_is_the_first_line_of_its_source),
		cmocka_unit_test(the_pin_may_be_a_credential_of_the_service),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
