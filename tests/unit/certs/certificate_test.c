#include "base/file.h"
#include "crafted.h"

static struct pki_fixture pki;

static int set_up(void **state)
{
	(void)state;
	pki_fixture_new(&pki);
	pki_fixture_party(&pki, "ct.police.hartford");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	pki_fixture_done(&pki);
	return 0;
}

static void reads_all_certificates_of_a_file_and_encodes_them_as_they_were(void **state)
{
	STACK_OF(X509) *all = NULL;
	X509 *again = NULL, *authority = crafted_load_authority(&pki);
	struct buf file;
	struct err err;

	(void)state;
	pki_fixture_fine(file_read(pki_fixture_path(&pki, "ct.police.hartford-sign.pem"), 65536, &file, &err), &err);
	certificate_add_pem(authority, &file);
	pki_fixture_fine(certificate_read_bytes(buf_bytes(&file), "both", &all, &err), &err);
	assert_int_equal(sk_X509_num(all), 2);
	assert_int_equal(X509_cmp(sk_X509_value(all, 1), authority), 0);
	struct blob *der = certificate_encode(sk_X509_value(all, 0));
	pki_fixture_fine(certificate_decode(blob_bytes(der), &again, &err), &err);
	assert_int_equal(X509_cmp(again, sk_X509_value(all, 0)), 0);
	blob_unref(der);
	X509_free(again);
	X509_free(authority);
	certificate_free_all(all);
	buf_done(&file);
}

static void a_damaged_certificate_is_not_skipped(void **state)
{
	STACK_OF(X509) *all = NULL;
	struct buf file;
	struct err err;

	(void)state;
	pki_fixture_fine(file_read(pki_fixture_path(&pki, "ct.police.hartford-sign.pem"), 65536, &file, &err), &err);
	buf_add_text(&file, "-----BEGIN CERTIFICATE-----\nMIIB!!!!\n-----END CERTIFICATE-----\n");
	assert_int_equal(certificate_read_bytes(buf_bytes(&file), "name.pem", &all, &err).code, CODE_CERTIFICATE);
	crafted_says(&err, CODE_CERTIFICATE, "certificate 2 of the file is damaged");
	assert_string_equal(err.field, "name.pem");
	buf_done(&file);
}

static void refuses_files_without_a_certificate(void **state)
{
	STACK_OF(X509) *all = NULL;
	struct err err;

	(void)state;
	assert_int_equal(certificate_read_bytes(BYTES_NONE, "x", &all, &err).code, CODE_CERTIFICATE);
	assert_int_equal(certificate_read_bytes(BYTES_LIT("hello"), "x", &all, &err).code, CODE_CERTIFICATE);
	assert_int_equal(certificate_read(pki_fixture_path(&pki, "ct.police.hartford-sign.key"), &all, &err).code, CODE_CERTIFICATE);
	assert_int_equal(certificate_read(pki_fixture_path(&pki, "missing.pem"), &all, &err).code, CODE_IO);
	assert_null(all);
}

static void der_must_be_one_certificate_and_no_more(void **state)
{
	X509 *authority = crafted_load_authority(&pki), *decoded = NULL;
	struct blob *der = certificate_encode(authority);
	struct bytes bytes = blob_bytes(der);
	struct err err;
	struct buf longer;

	(void)state;
	buf_init(&longer, CERTIFICATE_DER_MAX + 1);
	buf_add(&longer, bytes);
	buf_add_byte(&longer, 0);
	assert_int_equal(certificate_decode(buf_bytes(&longer), &decoded, &err).code, CODE_CERTIFICATE);
	crafted_says(&err, CODE_CERTIFICATE, "bytes follow");
	for (size_t len = 0; len < bytes.len; len++)
		assert_int_equal(certificate_decode(bytes_of(bytes.at, len), &decoded, &err).code, CODE_CERTIFICATE);
	while (longer.len <= CERTIFICATE_DER_MAX)
		buf_add_byte(&longer, 0);
	assert_int_equal(certificate_decode(buf_bytes(&longer), &decoded, &err).code, CODE_CERTIFICATE);
	crafted_says(&err, CODE_CERTIFICATE, "16385 bytes");
	assert_null(decoded);
	buf_done(&longer);
	blob_unref(der);
	X509_free(authority);
}

static void serials_are_upper_case_hex_and_bounded(void **state)
{
	uint8_t bytes[21] = {0x0a, 0xbc, 0xde, 0xf0};
	char text[CERTIFICATE_SERIAL_MAX];
	ASN1_INTEGER *serial = ASN1_INTEGER_new();

	(void)state;
	ASN1_STRING_set(serial, bytes, 4);
	assert_true(certificate_serial(serial, text));
	assert_string_equal(text, "0ABCDEF0");
	ASN1_STRING_set(serial, bytes, 20);
	assert_true(certificate_serial(serial, text));
	assert_int_equal(strlen(text), 40);
	ASN1_STRING_set(serial, bytes, 21);
	assert_false(certificate_serial(serial, text));
	ASN1_INTEGER_free(serial);
}

static void names_are_fit_for_a_log(void **state)
{
	X509_NAME *name = X509_NAME_new();
	char text[CERTIFICATE_NAME_MAX];

	(void)state;
	X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, (const uint8_t *)"J\xc3\xb8rn\n, A", -1, -1, 0);
	certificate_name(name, text);
	assert_null(strchr(text, '\n'));
	assert_non_null(strstr(text, "J\xc3\xb8rn"));
	for (int i = 0; i < 10; i++)
		X509_NAME_add_entry_by_NID(name, NID_organizationName, MBSTRING_UTF8, (const uint8_t *)"a long name of an organisation",
		                           -1, -1, 0);
	assert_true(strlen(certificate_name(name, text)) < CERTIFICATE_NAME_MAX);
	X509_NAME_free(name);
}

static void times_become_milliseconds(void **state)
{
	ASN1_TIME *time = ASN1_TIME_set(NULL, 1767225600);

	(void)state;
	assert_int_equal(certificate_time_ms(time), INT64_C(1767225600000));
	ASN1_TIME_free(time);
	time = ASN1_TIME_set(NULL, 4102444800); /* 2100: another form */
	assert_int_equal(certificate_time_ms(time), INT64_C(4102444800000));
	ASN1_TIME_free(time);
	assert_int_equal(certificate_time_ms(NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_all_certificates_of_a_file_and_encodes_them_as_they_were),
		cmocka_unit_test(a_damaged_certificate_is_not_skipped),
		cmocka_unit_test(refuses_files_without_a_certificate),
		cmocka_unit_test(der_must_be_one_certificate_and_no_more),
		cmocka_unit_test(serials_are_upper_case_hex_and_bounded),
		cmocka_unit_test(names_are_fit_for_a_log),
		cmocka_unit_test(times_become_milliseconds),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
