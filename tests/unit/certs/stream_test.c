/* Who is let in and who is not, and what both ends are told. */
#include "channel_pair.h"

#include <signal.h>

struct refusal {
	const char *server, *server_trusts;
	const char *client, *client_trusts;
	const char *name, *hub;
	enum code server_code;
	const char *server_says;
	enum code client_code;
	const char *client_says;
};

static void refuse(const struct refusal *row)
{
	struct pair pair;

	pair_init(&pair, row->server, row->server_trusts, row->client, row->client_trusts);
	pair_connect(&pair, row->name != NULL ? row->name : "localhost", row->hub != NULL ? row->hub : HUB, &usual_limits);
	UNTIL(&pair, pair.server.closed && pair.client.closed);
	assert_int_equal(pair.server.opened, 0);
	assert_why(&pair.server, row->server_code, row->server_says);
	assert_why(&pair.client, row->client_code, row->client_says);
	pair_done(&pair);
}

#define CLIENT_REFUSED(NAME, CLIENT, ...)                                                                                        \
	static void NAME(void **state)                                                                                           \
	{                                                                                                                        \
		struct refusal row = {"hub", "ca", CLIENT, "ca", NULL, NULL, __VA_ARGS__};                                       \
		(void)state;                                                                                                     \
		refuse(&row);                                                                                                    \
	}

CLIENT_REFUSED(refuses_a_client_whose_certificate_has_expired, "expired", CODE_CERTIFICATE, "expired", CODE_CERTIFICATE,
               "has expired")
CLIENT_REFUSED(refuses_a_client_whose_certificate_is_not_yet_valid, "early", CODE_CERTIFICATE, "not valid before",
               CODE_CERTIFICATE, "refused our certificate")
CLIENT_REFUSED(refuses_a_client_whose_certificate_was_revoked, "revoked", CODE_REVOKED, "revoked", CODE_REVOKED,
               "has been revoked")
CLIENT_REFUSED(refuses_a_client_of_another_authority, "stranger", CODE_CERTIFICATE, "authority", CODE_CERTIFICATE,
               "does not know the authority")
CLIENT_REFUSED(refuses_a_client_with_a_certificate_for_servers_only, "hub", CODE_CERTIFICATE, "extendedKeyUsage does not name",
               CODE_CERTIFICATE, "not for this purpose")
CLIENT_REFUSED(refuses_a_client_with_a_signing_certificate, "signing", CODE_CERTIFICATE, "not for TLS", CODE_CERTIFICATE,
               "not for this purpose")

#define HUB_REFUSED(NAME, SERVER, NAMED, PARTY_NAMED, ...)                                                                       \
	static void NAME(void **state)                                                                                           \
	{                                                                                                                        \
		struct refusal row = {SERVER, "ca", "party", "ca", NAMED, PARTY_NAMED, __VA_ARGS__};                             \
		(void)state;                                                                                                     \
		refuse(&row);                                                                                                    \
	}

HUB_REFUSED(refuses_a_hub_without_the_name, "hub", "elsewhere.example", NULL, CODE_CERTIFICATE, "refused our certificate",
            CODE_CERTIFICATE, "not for the name elsewhere.example")
HUB_REFUSED(refuses_a_hub_without_the_address, "hub", "127.0.0.2", NULL, CODE_CERTIFICATE, "refused our certificate",
            CODE_CERTIFICATE, "not for the name 127.0.0.2")
HUB_REFUSED(refuses_a_hub_of_another_party, "hub", NULL, "us.ny.hub", CODE_CERTIFICATE, "refused our certificate",
            CODE_CERTIFICATE, "the hub is us.ct.hub, not us.ny.hub")
HUB_REFUSED(refuses_a_hub_whose_certificate_has_expired, "hub-expired", NULL, NULL, CODE_CERTIFICATE, "has expired",
            CODE_CERTIFICATE, "expired")
HUB_REFUSED(refuses_a_hub_whose_certificate_was_revoked, "hub-revoked", NULL, NULL, CODE_REVOKED, "has been revoked",
            CODE_REVOKED, "revoked")
HUB_REFUSED(refuses_a_hub_of_another_authority, "hub-stranger", NULL, NULL, CODE_CERTIFICATE, "does not know the authority",
            CODE_CERTIFICATE, "authority")
HUB_REFUSED(refuses_a_hub_with_a_certificate_of_a_party, "party", NULL, NULL, CODE_CERTIFICATE, "not for this purpose",
            CODE_CERTIFICATE, "extendedKeyUsage does not name")

static void accepts_a_hub_by_its_address(void **state)
{
	struct pair pair;

	(void)state;
	pair_init(&pair, "hub", "ca", "party", "ca");
	pair_connect(&pair, "127.0.0.1", HUB, &usual_limits);
	UNTIL(&pair, pair.server.opened && pair.client.opened);
	assert_string_equal(pair.server.party, PARTY);
	assert_string_equal(pair.client.party, HUB);
	pair_done(&pair);
}

/* A raw client that the server must refuse: with which words, and with which alert. */
static void refuse_raw(const struct raw_options *options, enum code code, const char *says, int alert)
{
	struct pair pair;
	uint8_t byte;
	int reason = 0;

	pair_init(&pair, "hub", "ca", "party", "ca");
	raw_client(&pair, options, &usual_limits);
	assert_true(raw_read(&pair, &byte, 1, &reason) <= 0);
	assert_int_equal(reason, SSL_AD_REASON_OFFSET + alert);
	close(pair.raw_fd);
	pair.raw_fd = -1;
	UNTIL(&pair, pair.server.closed);
	assert_int_equal(pair.server.opened, 0);
	assert_why(&pair.server, code, says);
	pair_done(&pair);
}

static void refuses_a_client_without_a_certificate(void **state)
{
	const struct raw_options options = {.alpn = "\x09" TLS_ALPN};

	(void)state;
	refuse_raw(&options, CODE_CERTIFICATE, "no certificate was presented", TLS13_AD_CERTIFICATE_REQUIRED);
}

static void refuses_a_client_of_tls_1_2(void **state)
{
	const struct raw_options options = {.max_version = TLS1_2_VERSION, .alpn = "\x09" TLS_ALPN, .name = "party"};

	(void)state;
	refuse_raw(&options, CODE_TLS, "does not speak TLS 1.3", SSL_AD_PROTOCOL_VERSION);
}

static void refuses_a_client_of_tls_1_2_without_alpn_for_its_version(void **state)
{
	const struct raw_options options = {.max_version = TLS1_2_VERSION, .name = "party"};

	(void)state;
	refuse_raw(&options, CODE_TLS, "does not speak TLS 1.3", SSL_AD_PROTOCOL_VERSION);
}

static void refuses_a_client_that_offers_no_protocol(void **state)
{
	const struct raw_options options = {.name = "party"};

	(void)state;
	refuse_raw(&options, CODE_TLS, "did not offer liaison/1", SSL_AD_NO_APPLICATION_PROTOCOL);
}

static void refuses_a_client_that_offers_another_protocol(void **state)
{
	const struct raw_options options = {.alpn = "\x08http/1.1\x09liaison/2", .name = "party"};

	(void)state;
	refuse_raw(&options, CODE_TLS, "but not liaison/1", SSL_AD_NO_APPLICATION_PROTOCOL);
}

static void accepts_a_client_that_offers_the_protocol_among_others(void **state)
{
	const struct raw_options options = {.alpn = "\x08http/1.1\x09liaison/1", .name = "party"};
	struct pair pair;

	(void)state;
	pair_init(&pair, "hub", "ca", "party", "ca");
	raw_client(&pair, &options, &usual_limits);
	UNTIL(&pair, raw_shook(&pair) && pair.server.opened);
	assert_string_equal(pair.server.party, PARTY);
	pair_done(&pair);
}

static void gives_no_ticket_to_resume_with(void **state)
{
	struct pair pair;
	uint8_t header[5];
	int reason;

	(void)state;
	raw_open(&pair, &usual_limits);
	send_bytes(&pair.server, BYTES_LIT("x"));
	assert_int_equal(raw_read(&pair, header, sizeof(header), &reason), 5);
	assert_false(SSL_SESSION_is_resumable(SSL_get0_session(pair.raw)));
	pair_done(&pair);
}

/* A raw server that the client must refuse. */
static void refuse_raw_server(const struct raw_options *options, enum code code, const char *says)
{
	struct pair pair;

	pair_init(&pair, "hub", "ca", "party", "ca");
	pair_dial(&pair, "localhost", HUB, &usual_limits);
	raw_begin(&pair, pair_take(&pair), true, options);
	UNTIL(&pair, raw_shook(&pair) || pair.client.closed);
	UNTIL(&pair, pair.client.closed);
	assert_why(&pair.client, code, says);
	assert_int_equal(pair.client.opened, 0);
	pair_done(&pair);
}

static void refuses_a_server_that_does_not_agree_to_the_protocol(void **state)
{
	const struct raw_options options = {.name = "hub"};

	(void)state;
	refuse_raw_server(&options, CODE_TLS, "did not agree to liaison/1");
}

static void refuses_a_server_of_tls_1_2(void **state)
{
	const struct raw_options options = {.name = "hub", .max_version = TLS1_2_VERSION};

	(void)state;
	refuse_raw_server(&options, CODE_TLS, "TLS 1.3");
}

/* Bytes that are no handshake, and whether the connection ends after them. */
static void refuse_junk(struct bytes junk, bool then_close, enum code code, const char *says)
{
	const struct channel_limits hurried = {.frame_max = 1000, .queue_max = 1000, .handshake_ms = 60, .stall_ms = 100};
	struct pair pair;
	int fds[2];

	pair_init(&pair, "hub", "ca", "party", "ca");
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
	pair_accept(&pair, fds[0], &hurried);
	assert_int_equal(write(fds[1], junk.at, junk.len), (ssize_t)junk.len);
	if (then_close)
		close(fds[1]);
	UNTIL(&pair, pair.server.closed);
	assert_why(&pair.server, code, says);
	if (!then_close)
		close(fds[1]);
	pair_done(&pair);
}

static void refuses_junk_instead_of_a_handshake(void **state)
{
	uint8_t noise[4000];

	(void)state;
	fill(noise, sizeof(noise), 7);
	refuse_junk(bytes_of(noise, sizeof(noise)), false, CODE_TLS, "");
	refuse_junk(BYTES_LIT("GET / HTTP/1.1\r\nHost: hub\r\n\r\n"), false, CODE_TLS, "HTTP");
	refuse_junk(BYTES_LIT("SSH-2.0-OpenSSH_9.2p1\r\n"), false, CODE_TLS, "");
	refuse_junk(BYTES_LIT("\x16\x03\x01\xff\xff and more that is too long"), false, CODE_TLS, "");
}

static void says_that_the_peer_went_during_the_handshake(void **state)
{
	(void)state;
	refuse_junk(BYTES_NONE, true, CODE_CLOSED, "during the handshake");
	refuse_junk(BYTES_LIT("\x16\x03\x01\x02"), true, CODE_CLOSED, "during the handshake");
}

static void gives_up_on_a_handshake_that_does_not_go_on(void **state)
{
	(void)state;
	refuse_junk(BYTES_NONE, false, CODE_TIMEOUT, "no handshake within 60 ms");
	refuse_junk(BYTES_LIT("\x16\x03\x01\x02\x00\x01"), false, CODE_TIMEOUT, "no handshake within 60 ms");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_a_client_whose_certificate_has_expired),
		cmocka_unit_test(refuses_a_client_whose_certificate_is_not_yet_valid),
		cmocka_unit_test(refuses_a_client_whose_certificate_was_revoked),
		cmocka_unit_test(refuses_a_client_of_another_authority),
		cmocka_unit_test(refuses_a_client_with_a_certificate_for_servers_only),
		cmocka_unit_test(refuses_a_client_with_a_signing_certificate),
		cmocka_unit_test(refuses_a_hub_without_the_name),
		cmocka_unit_test(refuses_a_hub_without_the_address),
		cmocka_unit_test(refuses_a_hub_of_another_party),
		cmocka_unit_test(refuses_a_hub_whose_certificate_has_expired),
		cmocka_unit_test(refuses_a_hub_whose_certificate_was_revoked),
		cmocka_unit_test(refuses_a_hub_of_another_authority),
		cmocka_unit_test(refuses_a_hub_with_a_certificate_of_a_party),
		cmocka_unit_test(accepts_a_hub_by_its_address),
		cmocka_unit_test(refuses_a_client_without_a_certificate),
		cmocka_unit_test(refuses_a_client_of_tls_1_2),
		cmocka_unit_test(refuses_a_client_of_tls_1_2_without_alpn_for_its_version),
		cmocka_unit_test(refuses_a_client_that_offers_no_protocol),
		cmocka_unit_test(refuses_a_client_that_offers_another_protocol),
		cmocka_unit_test(accepts_a_client_that_offers_the_protocol_among_others),
		cmocka_unit_test(gives_no_ticket_to_resume_with),
		cmocka_unit_test(refuses_a_server_that_does_not_agree_to_the_protocol),
		cmocka_unit_test(refuses_a_server_of_tls_1_2),
		cmocka_unit_test(refuses_junk_instead_of_a_handshake),
		cmocka_unit_test(says_that_the_peer_went_during_the_handshake),
		cmocka_unit_test(gives_up_on_a_handshake_that_does_not_go_on),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, make_files, drop_files);
}
