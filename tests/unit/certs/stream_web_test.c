/* TLS for an agency's own systems: who gets in, and by which names a client is known. The client here is the library itself. */
#include "unit/certs/pki_fixture.h"

#include <fcntl.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/socket.h>

#include "certs/stream.h"

static struct pki_fixture pki, other;

static int make_papers(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	pki_fixture_new(&pki);
	pki_fixture_hub(&pki, "ct.hub");
	pki_fixture_party(&pki, "ct.records");
	pki_fixture_party(&pki, "ct.revoked");
	pki_fixture_revoke(&pki, "ct.revoked-tls", "keyCompromise");
	pki_fixture_new(&other);
	pki_fixture_party(&other, "ct.records");
	return 0;
}

static int drop_papers(void **state)
{
	(void)state;
	pki_fixture_done(&pki);
	pki_fixture_done(&other);
	return 0;
}

struct meeting {
	struct tls *tls;
	struct stream *stream;
	SSL_CTX *context;
	SSL *client;
	int fds[2];
	enum stream_step step;
	struct err err;
};

/* Both sides as far as they get; name NULL: the client has no certificate. alpn: "\x02h2" or NULL. */
static void meet(struct meeting *meeting, bool asks, struct pki_fixture *of, const char *name, const char *alpn)
{
	struct trust *trust = asks ? pki_fixture_trust(&pki) : NULL;
	struct err err;
	memset(meeting, 0, sizeof(*meeting));
	pki_fixture_fine(tls_web_new(pki_fixture_path(&pki, "hub-tls.pem"), pki_fixture_path(&pki, "hub-tls.key"), trust, &meeting->tls, &err), &err);
	trust_unref(trust);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, meeting->fds), 0);
	pki_fixture_fine(stream_new(meeting->tls, meeting->fds[0], NULL, NULL, &meeting->stream, &err), &err);
	meeting->context = SSL_CTX_new(TLS_client_method());
	if (name) {
		char file[160];
		snprintf(file, sizeof(file), "%s.pem", name);
		assert_int_equal(SSL_CTX_use_certificate_chain_file(meeting->context, pki_fixture_path(of, file)), 1);
		snprintf(file, sizeof(file), "%s.key", name);
		assert_int_equal(SSL_CTX_use_PrivateKey_file(meeting->context, pki_fixture_path(of, file), SSL_FILETYPE_PEM), 1);
	}
	meeting->client = SSL_new(meeting->context);
	if (alpn)
		assert_int_equal(SSL_set_alpn_protos(meeting->client, (const unsigned char *)alpn, (unsigned)strlen(alpn)), 0);
	SSL_set_fd(meeting->client, meeting->fds[1]);
	SSL_set_connect_state(meeting->client);
	meeting->step = STREAM_WANT_READ;
	for (int i = 0; i < 100 && (meeting->step == STREAM_WANT_READ || meeting->step == STREAM_WANT_WRITE); i++) {
		SSL_do_handshake(meeting->client);
		meeting->step = stream_handshake(meeting->stream, &meeting->err);
	}
}

static void part(struct meeting *meeting)
{
	SSL_free(meeting->client);
	SSL_CTX_free(meeting->context);
	stream_free(meeting->stream);
	tls_unref(meeting->tls);
	close(meeting->fds[0]);
	close(meeting->fds[1]);
}

static void whom_the_authority_vouches_for_gets_in_and_is_known_by_its_names_alone(void **state)
{
	static const char *const none[] = {"ct.record", "ct.records2", "CT.RECORDS", "urn:liaison:party:ct.record", "", "*"};
	struct meeting meeting;
	(void)state;
	meet(&meeting, true, &pki, "ct.records-tls", NULL);
	assert_int_equal(meeting.step, STREAM_DONE);
	assert_true(stream_peer_is(meeting.stream, "ct.records"));
	assert_true(stream_peer_is(meeting.stream, "urn:liaison:party:ct.records"));
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
		assert_false(stream_peer_is(meeting.stream, none[i]));
	assert_null(stream_peer(meeting.stream));
	part(&meeting);
}

static void who_is_not_vouched_for_stays_out(void **state)
{
	static const struct {
		struct pki_fixture *of;
		const char *name;
	} cases[] = {{&pki, NULL}, {&other, "ct.records-tls"}, {&pki, "ct.revoked-tls"}, {&pki, "hub-tls"}};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct meeting meeting;
		meet(&meeting, true, cases[i].of, cases[i].name, NULL);
		assert_int_equal(meeting.step, STREAM_FAILED);
		assert_true(meeting.err.reason[0] != '\0');
		assert_false(stream_peer_is(meeting.stream, "ct.records"));
		part(&meeting);
	}
}

static void where_no_certificate_is_asked_for_nobody_is_known_by_a_name(void **state)
{
	struct meeting meeting;
	(void)state;
	meet(&meeting, false, &pki, "ct.records-tls", NULL);
	assert_int_equal(meeting.step, STREAM_DONE);
	assert_false(stream_peer_is(meeting.stream, "ct.records"));
	part(&meeting);
}

static void http_1_1_is_agreed_on_and_what_offers_other_protocols_is_served_without(void **state)
{
	static const struct {
		const char *offered, *chosen;
	} cases[] = {{"\x08http/1.1", "http/1.1"}, {"\x02h2\x08http/1.1", "http/1.1"}, {"\x02h2", ""}, {NULL, ""}};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct meeting meeting;
		const unsigned char *chosen = NULL;
		unsigned len = 0;
		meet(&meeting, false, &pki, NULL, cases[i].offered);
		assert_int_equal(meeting.step, STREAM_DONE);
		SSL_get0_alpn_selected(meeting.client, &chosen, &len);
		assert_true(bytes_is(bytes_of(chosen, len), cases[i].chosen));
		part(&meeting);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whom_the_authority_vouches_for_gets_in_and_is_known_by_its_names_alone),
		cmocka_unit_test(who_is_not_vouched_for_stays_out),
		cmocka_unit_test(where_no_certificate_is_asked_for_nobody_is_known_by_a_name),
		cmocka_unit_test(http_1_1_is_agreed_on_and_what_offers_other_protocols_is_served_without),
	};
	return cmocka_run_group_tests(tests, make_papers, drop_papers);
}
