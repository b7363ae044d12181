#include "base/file.h"
#include "certs/pki_index.h"
#include "pki_fixture.h"

static char folder[64];

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/liaison-index-XXXXXX");
	return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	return nftw(folder, pki_fixture_remove, 16, FTW_DEPTH | FTW_PHYS);
}

static result read_text(const char *text, size_t len, struct pki_index *ret, struct err *err)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/index.txt", folder);
	pki_fixture_fine(file_write(path, bytes_of(text, len), 0644, err), err);
	return pki_index_read(folder, ret, err);
}

static const char two_rows[] = "V\t270101000000Z\t\t01AB\tissued/01AB.pem\t/O=a/CN=b\n"
							   "R\t20510101000000Z\t260101000000Z,keyCompromise\tFF\tunknown\t/CN=c\n";

static void reads_and_writes_the_same_bytes(void **state)
{
	struct pki_index index = {0};
	struct buf file;
	struct err err;
	char path[128];

	(void)state;
	pki_fixture_fine(read_text(two_rows, strlen(two_rows), &index, &err), &err);
	assert_int_equal(index.count, 2);
	assert_int_equal(index.at[0].status, 'V');
	assert_string_equal(index.at[0].revoked, "");
	assert_string_equal(index.at[1].revoked, "260101000000Z,keyCompromise");
	assert_string_equal(index.at[1].subject, "/CN=c");
	pki_fixture_fine(pki_index_write(folder, &index, &err), &err);
	snprintf(path, sizeof(path), "%s/index.txt", folder);
	pki_fixture_fine(file_read(path, 4096, &file, &err), &err);
	assert_true(bytes_is(buf_bytes(&file), two_rows));
	buf_done(&file);
	pki_index_done(&index);
}

static void an_empty_register_has_no_rows(void **state)
{
	struct pki_index index = {0};
	struct err err;

	(void)state;
	pki_fixture_fine(read_text("", 0, &index, &err), &err);
	assert_int_equal(index.count, 0);
	assert_null(pki_index_find(&index, "01"));
	pki_index_done(&index);
}

static void refuses_damaged_rows_with_their_line(void **state)
{
	static const char *const bad[] = {
		"V\t270101000000Z\t\t01\tunknown\n",
		"V\t270101000000Z\t\t01\tunknown\t/CN=a\tmore\n",
		"X\t270101000000Z\t\t01\tunknown\t/CN=a\n",
		"\t270101000000Z\t\t01\tunknown\t/CN=a\n",
		"V\t270101000000\t\t01\tunknown\t/CN=a\n",
		"V\t\t\t01\tunknown\t/CN=a\n",
		"V\t27010100000xZ\t\t01\tunknown\t/CN=a\n",
		"V\t270101000000Z\t\t\tunknown\t/CN=a\n",
		"V\t270101000000Z\t\t0G\tunknown\t/CN=a\n",
		"V\t270101000000Z\t\t012345678901234567890123456789012345678901\tunknown\t/CN=a\n",
		"R\t270101000000Z\t\t01\tunknown\t/CN=a\n",
		"R\t270101000000Z\tnever,superseded\t01\tunknown\t/CN=a\n",
		"\n",
		"hello",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct pki_index index = {0};
		struct err err;
		char text[256];
		snprintf(text, sizeof(text), "V\t270101000000Z\t\t01\tunknown\t/CN=a\n%s", bad[i]);
		if (!FAILED(read_text(text, strlen(text), &index, &err)))
			fail_msg("accepted row %zu", i);
		assert_int_equal(err.code, CODE_CORRUPT);
		assert_non_null(strstr(err.field, "index.txt:2"));
	}
}

static void a_nul_in_a_row_is_damage(void **state)
{
	static const char text[] = "V\t270101000000Z\t\t01\tunknown\t/CN=a\0b\n";
	struct pki_index index = {0};
	struct err err;

	(void)state;
	assert_int_equal(read_text(text, sizeof(text) - 1, &index, &err).code, CODE_CORRUPT);
}

static void finds_serials_as_people_write_them(void **state)
{
	static const char *const same[] = {"01AB", "1ab", "01:AB", "0001aB"}, *const others[] = {"",     "0",  "1A", "1ABC",
	                                                                                         "01AG", "AB", ":"};
	struct pki_index index = {0};
	struct err err;

	(void)state;
	pki_fixture_fine(read_text(two_rows, strlen(two_rows), &index, &err), &err);
	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++)
		assert_ptr_equal(pki_index_find(&index, same[i]), &index.at[0]);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		assert_null(pki_index_find(&index, others[i]));
	pki_index_done(&index);
}

static void adds_many_rows_and_revokes_one(void **state)
{
	struct pki_index index = {0};
	char serial[16];

	(void)state;
	for (unsigned i = 1; i <= 100; i++) {
		const struct pki_row row = {'V', (char[]){"270101000000Z"}, (char[]){""}, serial, (char[]){"unknown"}, (char[]){"/CN=a"}};
		snprintf(serial, sizeof(serial), "%04X", i);
		pki_index_add(&index, &row);
	}
	assert_int_equal(index.count, 100);
	struct pki_row *row = pki_index_find(&index, "0032");
	assert_non_null(row);
	pki_index_revoke(row, INT64_C(1767225600000), "superseded");
	assert_int_equal(index.at[49].status, 'R');
	assert_string_equal(index.at[49].revoked, "260101000000Z,superseded");
	pki_index_done(&index);
}

static void times_are_those_of_the_register_on_both_sides_of_2050(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} rows[] = {
		{INT64_C(1767225600000), "260101000000Z"},
		{INT64_C(2524607999000), "491231235959Z"},
		{INT64_C(2524608000000), "20500101000000Z"},
		{INT64_C(951782400000), "000229000000Z"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char text[PKI_INDEX_TIME_MAX];
		assert_string_equal(pki_index_time(rows[i].ms, text), rows[i].text);
		assert_int_equal(pki_index_time_ms(rows[i].text, strlen(rows[i].text)), rows[i].ms);
	}
	assert_int_equal(pki_index_time_ms("2601010000000", 13), 0);
	assert_int_equal(pki_index_time_ms("", 0), 0);
}

static void knows_the_reasons_of_the_standard_in_any_case(void **state)
{
	int number = -1;

	(void)state;
	assert_string_equal(pki_index_reason("KEYCOMPROMISE", &number), "keyCompromise");
	assert_int_equal(number, 1);
	assert_string_equal(pki_index_reason("cACompromise", &number), "CACompromise");
	assert_int_equal(number, 2);
	assert_string_equal(pki_index_reason(NULL, &number), "unspecified");
	assert_int_equal(number, 0);
	assert_string_equal(pki_index_reason_text(4), "superseded");
	assert_null(pki_index_reason_text(8));
	assert_null(pki_index_reason("removeFromCRL", &number));
	assert_null(pki_index_reason("lost,card", &number));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_and_writes_the_same_bytes),
		cmocka_unit_test(an_empty_register_has_no_rows),
		cmocka_unit_test(refuses_damaged_rows_with_their_line),
		cmocka_unit_test(a_nul_in_a_row_is_damage),
		cmocka_unit_test(finds_serials_as_people_write_them),
		cmocka_unit_test(adds_many_rows_and_revokes_one),
		cmocka_unit_test(times_are_those_of_the_register_on_both_sides_of_2050),
		cmocka_unit_test(knows_the_reasons_of_the_standard_in_any_case),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
