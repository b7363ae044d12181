#include "base/file.h"
#include "crafted.h"

static struct pki_fixture pki, other;

static int set_up(void **state)
{
	(void)state;
	pki_fixture_new(&pki);
	pki_fixture_new(&other);
	pki_fixture_party(&pki, "ct.police");
	pki_fixture_party(&other, "ct.board");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	pki_fixture_done(&pki);
	pki_fixture_done(&other);
	return 0;
}

static result load(const char *const *ca, size_t ca_count, const char *const *crl, size_t crl_count, struct err *err)
{
	struct trust *trust = NULL;
	result loaded = trust_load(ca, ca_count, crl, crl_count, &trust, err);

	trust_unref(trust);
	return loaded;
}

static void needs_an_authority(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(load(NULL, 0, NULL, 0, &err).code, CODE_CONFIG);
}

static void a_holders_certificate_is_no_authority(void **state)
{
	const char *path = pki_fixture_path(&pki, "ct.police-sign.pem");
	struct err err;

	(void)state;
	assert_int_equal(load(&path, 1, NULL, 0, &err).code, CODE_CERTIFICATE);
	crafted_says(&err, CODE_CERTIFICATE, "is not an authority");
	assert_string_equal(err.field, path);
}

static void write_pem(const char *path, X509 *certificate)
{
	struct buf out;
	struct err err;

	buf_init(&out, 65536);
	certificate_add_pem(certificate, &out);
	pki_fixture_fine(file_write(path, buf_bytes(&out), 0644, &err), &err);
	buf_done(&out);
}

static void an_authority_must_say_so_itself(void **state)
{
	static const struct {
		const char *usage, *basic;
	} rows[] = {{NULL, NULL},
	            {"critical,keyCertSign", NULL},
	            {"critical,digitalSignature", "critical,CA:TRUE"},
	            {"critical,keyCertSign", "critical,CA:FALSE"}};
	const char *path = pki_fixture_path(&pki, "crafted-ca.pem");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct crafted like = {.usage = rows[i].usage, .basic = rows[i].basic};
		X509 *certificate = crafted_new(&like, NULL, NULL);
		struct err err;
		write_pem(path, certificate);
		assert_int_equal(load(&path, 1, NULL, 0, &err).code, CODE_CERTIFICATE);
		X509_free(certificate);
	}
}

static void an_intermediate_needs_its_root_beside_it(void **state)
{
	const struct crafted like = {.usage = "critical,keyCertSign", .basic = "critical,CA:TRUE"};
	const char *path = pki_fixture_path(&pki, "intermediate.pem");
	const char *const both[] = {path, pki_fixture_path(&pki, "ca/ca.pem")};
	X509 *certificate = crafted_issue(&pki, &like);
	struct err err;

	(void)state;
	write_pem(path, certificate);
	assert_int_equal(load(both, 1, NULL, 0, &err).code, CODE_CERTIFICATE);
	crafted_says(&err, CODE_CERTIFICATE, "was issued by CN=Test authority, which is not there");
	pki_fixture_fine(load(both, 2, NULL, 0, &err), &err);
	X509_free(certificate);
}

static void lists_must_be_of_an_authority_that_is_trusted(void **state)
{
	const char *ca = pki_fixture_path(&pki, "ca/ca.pem"), *crl = pki_fixture_path(&other, "ca/crl.pem");
	struct err err;

	(void)state;
	assert_int_equal(load(&ca, 1, &crl, 1, &err).code, CODE_CERTIFICATE);
	crafted_says(&err, CODE_CERTIFICATE, "not of an authority that is trusted");
	assert_string_equal(err.field, crl);
}

static void a_file_without_a_list_is_refused(void **state)
{
	const char *ca = pki_fixture_path(&pki, "ca/ca.pem"), *missing = pki_fixture_path(&pki, "missing.pem"),
			   *damaged = pki_fixture_path(&pki, "damaged.pem");
	struct buf list;
	struct err err;

	(void)state;
	assert_int_equal(load(&ca, 1, &ca, 1, &err).code, CODE_CERTIFICATE);
	crafted_says(&err, CODE_CERTIFICATE, "no revocation list");
	assert_int_equal(load(&ca, 1, &missing, 1, &err).code, CODE_IO);
	assert_int_equal(load(&missing, 1, NULL, 0, &err).code, CODE_IO);
	pki_fixture_fine(file_read(pki_fixture_path(&pki, "ca/crl.pem"), 65536, &list, &err), &err);
	buf_add_text(&list, "-----BEGIN X509 CRL-----\nMIIB!\n-----END X509 CRL-----\n");
	pki_fixture_fine(file_write(damaged, buf_bytes(&list), 0644, &err), &err);
	assert_int_equal(load(&ca, 1, &damaged, 1, &err).code, CODE_CERTIFICATE);
	crafted_says(&err, CODE_CERTIFICATE, "list 2 of the file is damaged");
	buf_done(&list);
}

static void one_bit_of_a_list_changed_is_refused(void **state)
{
	const char *ca = pki_fixture_path(&pki, "ca/ca.pem"), *changed = pki_fixture_path(&pki, "changed.pem");
	struct buf list;
	struct err err;

	(void)state;
	pki_fixture_fine(file_read(pki_fixture_path(&pki, "ca/crl.pem"), 65536, &list, &err), &err);
	for (size_t at = 30; at + 40 < list.len; at += 7) {
		uint8_t held = list.at[at];
		list.at[at] = held == 'A' ? 'B' : 'A';
		if (held == '\n')
			list.at[at] = held;
		pki_fixture_fine(file_write(changed, buf_bytes(&list), 0644, &err), &err);
		result loaded = load(&ca, 1, &changed, 1, &err);
		assert_int_equal(loaded.code, held == '\n' ? CODE_OK : CODE_CERTIFICATE);
		list.at[at] = held;
	}
	buf_done(&list);
}

static void several_authorities_are_trusted_side_by_side(void **state)
{
	const char *const ca[] = {pki_fixture_path(&pki, "ca/ca.pem"), pki_fixture_path(&other, "ca/ca.pem")};
	const char *const crl[] = {pki_fixture_path(&pki, "ca/crl.pem"), pki_fixture_path(&other, "ca/crl.pem")};
	struct trust *trust = NULL;
	struct err err;

	(void)state;
	pki_fixture_fine(trust_load(ca, 2, crl, 2, &trust, &err), &err);
	struct signer *police = pki_fixture_signer(&pki, trust, "ct.police-sign", TRUST_SIGN_PARTY);
	struct signer *board = pki_fixture_signer(&other, trust, "ct.board-sign", TRUST_SIGN_PARTY);
	assert_string_equal(signer_party(board), "ct.board");
	signer_unref(police);
	signer_unref(board);
	trust_unref(trust);
}

static void says_when_the_next_list_is_due(void **state)
{
	const char *const ca[] = {pki_fixture_path(&pki, "ca/ca.pem"), pki_fixture_path(&other, "ca/ca.pem")};
	const char *const crl[] = {pki_fixture_path(&pki, "ca/crl.pem"), pki_fixture_path(&other, "ca/crl.pem")};
	const int64_t now_ms = clock_wall_ms() / 1000 * 1000;
	struct trust *trust = NULL;
	struct err err;

	(void)state;
	clock_freeze(now_ms);
	pki_fixture_fine(pki_crl(pki.authority, 3 * PKI_FIXTURE_DAY_MS, &err), &err);
	pki_fixture_fine(pki_crl(other.authority, 2 * PKI_FIXTURE_DAY_MS, &err), &err);
	clock_release();
	pki_fixture_fine(trust_load(ca, 2, crl, 2, &trust, &err), &err);
	assert_int_equal(trust_crl_due_ms(trust), now_ms + 2 * PKI_FIXTURE_DAY_MS);
	assert_true(trust_has_lists(trust));
	assert_non_null(trust_store(trust));
	trust_unref(trust);
	pki_fixture_fine(trust_load(ca, 2, NULL, 0, &trust, &err), &err);
	assert_int_equal(trust_crl_due_ms(trust), 0);
	assert_false(trust_has_lists(trust));
	assert_ptr_equal(trust_ref(trust), trust);
	trust_unref(trust);
	trust_unref(trust);
	trust_unref(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(needs_an_authority),
		cmocka_unit_test(a_holders_certificate_is_no_authority),
		cmocka_unit_test(an_authority_must_say_so_itself),
		cmocka_unit_test(an_intermediate_needs_its_root_beside_it),
		cmocka_unit_test(lists_must_be_of_an_authority_that_is_trusted),
		cmocka_unit_test(a_file_without_a_list_is_refused),
		cmocka_unit_test(one_bit_of_a_list_changed_is_refused),
		cmocka_unit_test(several_authorities_are_trusted_side_by_side),
		cmocka_unit_test(says_when_the_next_list_is_due),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
