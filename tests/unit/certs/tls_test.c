/* What a TLS context refuses to start with. */
#include "channel_pair.h"

#include "base/file.h"

static struct trust *trust;

static int make_trust(void **state)
{
	int made = make_files(state);

	trust = trust_of("ca");
	return made;
}

static int drop_trust(void **state)
{
	trust_unref(trust);
	return drop_files(state);
}

static void refuse(const char *certificate, const char *key, enum code code, const char *field, const char *says)
{
	char certificate_path[160], key_path[160], field_path[160];
	struct tls *tls = NULL;
	struct err err = {0};

	for (int serves = 0; serves < 2; serves++) {
		result made =
			serves ? tls_server_new(file_in(certificate, certificate_path), file_in(key, key_path), trust, &tls, &err)
			       : tls_client_new(file_in(certificate, certificate_path), file_in(key, key_path), trust, &tls,
		                                &err);
		assert_int_equal(made.code, code);
		assert_null(tls);
		assert_string_equal(err.field, file_in(field, field_path));
		if (strstr(err.reason, says) == NULL)
			fail_msg("says: %s", err.reason);
	}
}

/* A file of the text of others, one after the other; NULL ends. */
static void join(const char *to, const char *first, const char *second, const char *more)
{
	struct buf all, part;
	struct err err = {0};
	char path[160];

	buf_init(&all, 1 << 20);
	for (int i = 0; i < 2; i++) {
		const char *from = i == 0 ? first : second;
		if (from == NULL)
			continue;
		fine(file_read(file_in(from, path), 1 << 18, &part, &err), &err);
		buf_add(&all, buf_bytes(&part));
		buf_done(&part);
	}
	buf_add_text(&all, more);
	fine(file_write(file_in(to, path), buf_bytes(&all), 0600, &err), &err);
	buf_done(&all);
}

static void names_the_file_that_is_missing(void **state)
{
	(void)state;
	refuse("nowhere.pem", "party.key", CODE_IO, "nowhere.pem", "");
	refuse("party.pem", "nowhere.key", CODE_IO, "nowhere.key", "");
}

static void refuses_a_key_that_others_may_read(void **state)
{
	char path[160];

	(void)state;
	join("open.key", "party.key", NULL, "");
	assert_int_equal(chmod(file_in("open.key", path), 0644), 0);
	refuse("party.pem", "open.key", CODE_PERMISSION, "open.key", "");
}

static void refuses_the_key_of_another_certificate(void **state)
{
	(void)state;
	refuse("party.pem", "hub.key", CODE_KEY, "hub.key", "is not the key of the certificate in");
}

static void refuses_a_file_without_a_certificate(void **state)
{
	(void)state;
	join("empty.pem", NULL, NULL, "");
	join("text.pem", NULL, NULL, "hello\n");
	refuse("empty.pem", "party.key", CODE_CERTIFICATE, "empty.pem", "");
	refuse("text.pem", "party.key", CODE_CERTIFICATE, "text.pem", "");
	refuse("party.key", "party.key", CODE_CERTIFICATE, "party.key", "");
}

static void refuses_a_damaged_certificate_after_the_first(void **state)
{
	(void)state;
	join("damaged.pem", "party.pem", NULL,
	     "-----BEGIN CERTIFICATE-----\nbm90IGEgY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n");
	refuse("damaged.pem", "party.key", CODE_CERTIFICATE, "damaged.pem", "");
	join("cut.pem", "party.pem", NULL, "-----BEGIN CERTIFICATE-----\nMIIB");
	refuse("cut.pem", "party.key", CODE_CERTIFICATE, "cut.pem", "");
}

static void accepts_text_around_the_certificates(void **state)
{
	char certificate[160], key[160];
	struct tls *tls = NULL;
	struct err err = {0};

	(void)state;
	join("words.pem", "party.pem", "ca/ca.pem", "\nthe end\n");
	fine(tls_client_new(file_in("words.pem", certificate), file_in("party.key", key), trust, &tls, &err), &err);
	tls_unref(tls);
}

static void tells_until_when_its_certificate_is_good(void **state)
{
	const int64_t day = 86400000;
	int64_t now = clock_wall_ms();

	(void)state;
	struct tls *tls = tls_of(false, "early", "ca");
	assert_in_range(tls_not_after_ms(tls), now + 2 * day - 60000, now + 2 * day + 60000);
	tls_unref(tls);
}

static void stays_while_somebody_counts_on_it(void **state)
{
	(void)state;
	struct tls *tls = tls_of(true, "hub", "ca");
	assert_ptr_equal(tls_ref(tls), tls);
	tls_unref(tls);
	assert_true(tls_serves(tls));
	assert_non_null(tls_trust(tls));
	tls_unref(tls);
	tls_unref(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_the_file_that_is_missing),
		cmocka_unit_test(refuses_a_key_that_others_may_read),
		cmocka_unit_test(refuses_the_key_of_another_certificate),
		cmocka_unit_test(refuses_a_file_without_a_certificate),
		cmocka_unit_test(refuses_a_damaged_certificate_after_the_first),
		cmocka_unit_test(accepts_text_around_the_certificates),
		cmocka_unit_test(tells_until_when_its_certificate_is_good),
		cmocka_unit_test(stays_while_somebody_counts_on_it),
	};

	return cmocka_run_group_tests(tests, make_trust, drop_trust);
}
