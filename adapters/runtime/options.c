#include "adapters/runtime/options.h"

#include "adapters/runtime/port_http_address.h"
#include "base/mem.h"
#include "base/text.h"

#include <stddef.h>
#include <string.h>

static const char *const fips_modules[] = {"required", "none", NULL};
static const char *const levels[] = {"debug", "info", "notice", "warning", "error", NULL};
static const char *const formats[] = {"auto", "text", "json", NULL};
static const char *const hand_overs[] = {"auto", "spool", "zmq", "none", "https", NULL};

static void check_party(const void *value, struct conf_place place, const char *path, struct conf_faults *faults)
{
	const char *name = *(char *const *)value;
	size_t len = name ? strlen(name) : 0;
	bool fits = len > 0 && len <= 96 && name[0] != '.' && name[len - 1] != '.';
	for (size_t i = 0; fits && i < len; i++)
		fits = strchr("abcdefghijklmnopqrstuvwxyz0123456789_-.", name[i]) != NULL;
	if (!fits)
		conf_fault(faults, place, path, "not a party name; use lower-case labels with dots between, as in ct.police.hartford");
}

static void check_address(const void *value, struct conf_place place, const char *path, struct conf_faults *faults)
{
	const char *address = *(char *const *)value, *colon = address ? strrchr(address, ':') : NULL;
	int64_t port = 0;
	struct err ignored;
	if (!colon || colon == address || FAILED(text_int(bytes_text(colon + 1), 1, 65535, &port, &ignored)))
		conf_fault(faults, place, path, "not an address; write HOST:PORT, as in hub.example.gov:7400");
}

static void check_ori(const void *value, struct conf_place place, const char *path, struct conf_faults *faults)
{
	const char *ori = *(char *const *)value;
	size_t len = ori ? strlen(ori) : 0;
	bool fits = len == 9;
	for (size_t i = 0; fits && i < len; i++)
		fits = (ori[i] >= 'A' && ori[i] <= 'Z') || (i >= 2 && ori[i] >= '0' && ori[i] <= '9');
	if (len && !fits)
		conf_fault(faults, place, path, "not an ORI; it is two letters of the state and seven letters or digits, as in CT0006400");
}

/* Mutual TLS or loopback: nothing that leaves the host may be read or said by just anybody. */
static void check_https(const struct options *options, struct conf_place place, struct conf_faults *faults)
{
	struct port_http_address address;
	struct err why;
	bool has_tls = options->ports.https.certificate != NULL, has_ca = options->ports.https.ca.count > 0;
	if (FAILED(port_http_address_parse(options->ports.https.listen, &address, &why)))
		conf_fault(faults, place, "ports.https.listen", "%s; write IP:PORT, as in 127.0.0.1:8443 or [::]:8443", why.reason);
	else if (!address.is_loopback && !(has_tls && has_ca))
		conf_fault(faults, place, "ports.https.listen", "it is not loopback: set certificate, key and ca, so that both sides prove who they are");
	if (has_tls != (options->ports.https.key != NULL))
		conf_fault(faults, place, "ports.https.key", "a certificate and its key belong together; set both or none");
	if (has_ca && !has_tls)
		conf_fault(faults, place, "ports.https.ca", "there are no client certificates without TLS; set certificate and key");
	if (!has_ca && options->ports.https.clients.count)
		conf_fault(faults, place, "ports.https.clients", "nobody vouches for the clients' names; set ca");
	if (!has_ca && options->ports.https.crl.count)
		conf_fault(faults, place, "ports.https.crl", "these are lists of authorities that are not named; set ca");
}

static void check_ports(const void *value, struct conf_place place, const char *path, struct conf_faults *faults)
{
	const struct options *options = value;
	bool has_https = options->ports.https.listen[0] != '\0';
	(void)path;
	if (has_https)
		check_https(options, place, faults);
	if (options->ports.hand_over == HAND_OVER_HTTPS && !has_https)
		conf_fault(faults, place, "ports.hand_over", "it names the HTTPS port, and there is none; set ports.https.listen");
}

#define AT(member) offsetof(struct options, member)

static const struct conf_field hub_fields[] = {
	{.name = "address", .kind = CONF_TEXT, .offset = AT(hub.address), .flags = CONF_REQUIRED | CONF_NO_RELOAD, .check = check_address,
	 .help = "host:port of the hub; the adapter dials, the hub never does"},
	{.name = "party", .kind = CONF_TEXT, .offset = AT(hub.party), .flags = CONF_REQUIRED | CONF_NO_RELOAD, .check = check_party,
	 .help = "the hub's own party, that its certificates must carry"},
	{.name = "name", .kind = CONF_TEXT, .offset = AT(hub.name), .fallback = "", .flags = CONF_NO_RELOAD,
	 .help = "the DNS name or IP address in the hub's certificate, if it is not the host of the address"},
};

static const struct conf_field tls_fields[] = {
	{.name = "certificate", .kind = CONF_PATH, .offset = AT(tls.certificate), .flags = CONF_REQUIRED, .help = "PEM, leaf first"},
	{.name = "key", .kind = CONF_PATH, .offset = AT(tls.key), .flags = CONF_REQUIRED | CONF_OR_URI, .help = "PEM, mode 0600; or credential:NAME, or pkcs11:token=…;object=…?module-path=…&pin-source=/file"},
	{.name = "ca", .kind = CONF_TEXTS, .offset = AT(tls.ca), .flags = CONF_REQUIRED | CONF_IS_PATH, .help = "PEM files of the authorities to believe"},
	{.name = "crl", .kind = CONF_TEXTS, .offset = AT(tls.crl), .flags = CONF_IS_PATH, .help = "PEM files of their revocation lists"},
};

static const struct conf_field at_rest_fields[] = {
	{.name = "key", .kind = CONF_PATH, .offset = AT(at_rest.key), .flags = CONF_OR_URI | CONF_NO_RELOAD,
	 .help = "file of the ring of keys, made by liaison vault new, or credential:NAME; without it the disk is written plain"},
};

static const struct conf_field signing_fields[] = {
	{.name = "certificate", .kind = CONF_PATH, .offset = AT(signing.certificate), .flags = CONF_REQUIRED, .help = "PEM, leaf first"},
	{.name = "key", .kind = CONF_PATH, .offset = AT(signing.key), .flags = CONF_REQUIRED | CONF_OR_URI,
	 .help = "PEM, mode 0600, or as tls.key; it never leaves the agency"},
};

static const struct conf_field sealing_fields[] = {
	{.name = "certificate", .kind = CONF_PATH, .offset = AT(sealing.certificate),
	 .help = "PEM of the certificate that others seal for; without it nothing of class P2 is sent or opened here"},
	{.name = "key", .kind = CONF_PATH, .offset = AT(sealing.key), .flags = CONF_OR_URI, .help = "PEM of its private key, mode 0600, or credential:NAME"},
	{.name = "partners", .kind = CONF_PATH, .offset = AT(sealing.partners), .help = "folder with the sealing certificates (*.pem) of those that it may seal for"},
};

static const struct conf_field https_fields[] = {
	{.name = "listen", .kind = CONF_TEXT, .offset = AT(ports.https.listen), .fallback = "", .flags = CONF_NO_RELOAD,
	 .help = "IP:PORT of the HTTPS port; empty: none. Off loopback it needs certificate, key and ca"},
	{.name = "certificate", .kind = CONF_PATH, .offset = AT(ports.https.certificate), .help = "PEM, leaf first; none: plain HTTP, on loopback alone"},
	{.name = "key", .kind = CONF_PATH, .offset = AT(ports.https.key), .flags = CONF_OR_URI, .help = "PEM, mode 0600, or as tls.key"},
	{.name = "ca", .kind = CONF_TEXTS, .offset = AT(ports.https.ca), .flags = CONF_IS_PATH,
	 .help = "PEM files of the authorities of the agency's own clients; none: no client certificates are asked for"},
	{.name = "crl", .kind = CONF_TEXTS, .offset = AT(ports.https.crl), .flags = CONF_IS_PATH, .help = "PEM files of their revocation lists"},
	{.name = "clients", .kind = CONF_TEXTS, .offset = AT(ports.https.clients),
	 .help = "common names, alternative names or parties of the clients that may come; none: all that the ca vouches for"},
	{.name = "names", .kind = CONF_TEXTS, .offset = AT(ports.https.names), .help = "names of this host, beside the address, that requests may ask for"},
	{.name = "token_file", .kind = CONF_PATH, .offset = AT(ports.https.token_file), .help = "file, mode 0600, with a token that every request must show; none: no token"},
	{.name = "lease", .kind = CONF_DURATION, .offset = AT(ports.https.lease_ms), .flags = CONF_NO_RELOAD, .fallback = "60 s", .min = 100, .max = 86400000,
	 .help = "a delivery that was given out and not acknowledged comes again after it"},
	{.name = "patience", .kind = CONF_DURATION, .offset = AT(ports.https.patience_ms), .flags = CONF_NO_RELOAD, .fallback = "10 s", .min = 100, .max = 600000,
	 .help = "for a handshake, the head of a request, its body, the taking of an answer"},
	{.name = "connections", .kind = CONF_INT, .offset = AT(ports.https.connections), .flags = CONF_NO_RELOAD, .fallback = "64", .min = 1, .max = 1024,
	 .help = "open at one time"},
};

static const struct conf_table https_table = {https_fields, sizeof(https_fields) / sizeof(*https_fields), 0, CONF_NO_LINE, NULL};

static const struct conf_field port_fields[] = {
	{.name = "zmq", .kind = CONF_TEXT, .offset = AT(ports.zmq), .fallback = "", .flags = CONF_NO_RELOAD,
	 .help = "endpoint of the ZeroMQ port, ipc:// or loopback tcp://; empty: none"},
	{.name = "spool", .kind = CONF_PATH, .offset = AT(ports.spool), .flags = CONF_NO_RELOAD,
	 .help = "spool folder; empty: none"},
	{.name = "spool_format", .kind = CONF_TEXT, .offset = AT(ports.spool_format), .fallback = "json", .flags = CONF_NO_RELOAD,
	 .help = "format of deliveries in the spool: json, or one of the kind's own, where it has a word for the type"},
	{.name = "hand_over", .kind = CONF_CHOICE, .offset = AT(ports.hand_over), .choices = hand_overs, .fallback = "auto", .flags = CONF_NO_RELOAD,
	 .help = "which port deliveries go to; auto: the first there is of spool, zmq, https"},
	{.name = "https", .kind = CONF_GROUP, .offset = 0, .sub = &https_table},
};

static const struct conf_field limit_fields[] = {
	{.name = "batch", .kind = CONF_INT, .offset = AT(limits.batch), .flags = CONF_NO_RELOAD, .fallback = "256", .min = 1, .max = 1024,
	 .help = "messages under one signature at most"},
	{.name = "window_messages", .kind = CONF_INT, .offset = AT(limits.window_messages), .flags = CONF_NO_RELOAD, .fallback = "256", .min = 1, .max = 1024,
	 .help = "deliveries that may be on their way to here"},
	{.name = "message_bytes", .kind = CONF_SIZE, .offset = AT(limits.message_bytes), .flags = CONF_NO_RELOAD, .fallback = "1 MiB", .min = 1024, .max = 16 << 20,
	 .help = "largest message sent"},
	{.name = "document_bytes", .kind = CONF_SIZE, .offset = AT(limits.document_bytes), .flags = CONF_NO_RELOAD, .fallback = "4 MiB", .min = 1024, .max = 64 << 20,
	 .help = "largest document or request read at a port"},
	{.name = "backoff_least", .kind = CONF_DURATION, .offset = AT(limits.backoff_least_ms), .flags = CONF_NO_RELOAD, .fallback = "500 ms", .min = 10, .max = 60000,
	 .help = "first pause before dialling again"},
	{.name = "backoff_most", .kind = CONF_DURATION, .offset = AT(limits.backoff_most_ms), .flags = CONF_NO_RELOAD, .fallback = "30 s", .min = 100, .max = 3600000,
	 .help = "longest pause before dialling again"},
	{.name = "handshake", .kind = CONF_DURATION, .offset = AT(limits.handshake_ms), .flags = CONF_NO_RELOAD, .fallback = "10 s", .min = 100, .max = 120000,
	 .help = "until a new link must be open"},
	{.name = "stall", .kind = CONF_DURATION, .offset = AT(limits.stall_ms), .flags = CONF_NO_RELOAD, .fallback = "30 s", .min = 1000, .max = 600000,
	 .help = "a link that takes nothing for so long is given up"},
	{.name = "retention", .kind = CONF_DURATION, .offset = AT(limits.retention_ms), .flags = CONF_NO_RELOAD, .fallback = "30 d", .min = 60000, .max = 0x7fffffffffff,
	 .help = "how long what has ended is kept on disk"},
};

static const struct conf_field log_fields_[] = {
	{.name = "level", .kind = CONF_CHOICE, .offset = AT(log.level), .choices = levels, .fallback = "info", .help = "least level that is logged"},
	{.name = "format", .kind = CONF_CHOICE, .offset = AT(log.format), .choices = formats, .fallback = "auto", .help = "auto: text on a terminal, JSON otherwise"},
};

static const struct conf_table hub_table = {hub_fields, sizeof(hub_fields) / sizeof(*hub_fields), 0, CONF_NO_LINE, NULL};
static const struct conf_table tls_table = {tls_fields, sizeof(tls_fields) / sizeof(*tls_fields), 0, CONF_NO_LINE, NULL};
static const struct conf_table at_rest_table = {at_rest_fields, sizeof(at_rest_fields) / sizeof(*at_rest_fields), 0, CONF_NO_LINE, NULL};
static const struct conf_table signing_table = {signing_fields, sizeof(signing_fields) / sizeof(*signing_fields), 0, CONF_NO_LINE, NULL};
static const struct conf_table sealing_table = {sealing_fields, sizeof(sealing_fields) / sizeof(*sealing_fields), 0, CONF_NO_LINE, NULL};
static const struct conf_table port_table = {port_fields, sizeof(port_fields) / sizeof(*port_fields), 0, CONF_NO_LINE, check_ports};
static const struct conf_table limit_table = {limit_fields, sizeof(limit_fields) / sizeof(*limit_fields), 0, CONF_NO_LINE, NULL};
static const struct conf_table log_table = {log_fields_, sizeof(log_fields_) / sizeof(*log_fields_), 0, CONF_NO_LINE, NULL};

/* Groups stand at offset 0, so that their fields' offsets are those of the whole struct. */
static const struct conf_field sandbox_fields[] = {
	{.name = "on", .kind = CONF_BOOL, .offset = AT(sandbox.on), .flags = CONF_NO_RELOAD, .fallback = "true",
	 .help = "once started, open no file and make no system call that is not needed (Landlock, seccomp)"},
	{.name = "read", .kind = CONF_TEXTS, .offset = AT(sandbox.read), .flags = CONF_NO_RELOAD | CONF_IS_PATH,
	 .help = "folders that may be read too, for example of files that a later configuration will name"},
	{.name = "write", .kind = CONF_TEXTS, .offset = AT(sandbox.write), .flags = CONF_NO_RELOAD | CONF_IS_PATH,
	 .help = "folders that may be written too"},
};
static const struct conf_table sandbox_table = {sandbox_fields, sizeof(sandbox_fields) / sizeof(*sandbox_fields), 0, CONF_NO_LINE, NULL};
static const struct conf_field own_fields[] = {
	{.name = "party", .kind = CONF_TEXT, .offset = AT(party), .flags = CONF_REQUIRED | CONF_NO_RELOAD, .check = check_party,
	 .help = "this agency's party; its certificates must carry it"},
	{.name = "kind", .kind = CONF_TEXT, .offset = AT(kind), .flags = CONF_REQUIRED | CONF_NO_RELOAD,
	 .help = "facility, parole_board, parole_office, police, community, probation or interstate"},
	{.name = "title", .kind = CONF_TEXT, .offset = AT(title), .fallback = "", .flags = CONF_NO_RELOAD, .help = "the agency's name, as messages carry it"},
	{.name = "ori", .kind = CONF_TEXT, .offset = AT(ori), .fallback = "", .flags = CONF_NO_RELOAD, .check = check_ori, .help = "the agency's ORI"},
	{.name = "data", .kind = CONF_PATH, .offset = AT(data), .flags = CONF_REQUIRED | CONF_NO_RELOAD, .help = "folder of the outbox and inbox"},
	{.name = "catalogue", .kind = CONF_PATH, .offset = AT(catalogue), .fallback = LIAISON_CATALOGUE, .help = "folder of the catalogue"},
	{.name = "answer_queries", .kind = CONF_BOOL, .offset = AT(answer_queries), .fallback = "true", .flags = CONF_NO_RELOAD,
	 .help = "answer queries for wanted persons from the records held here"},
	{.name = "hub", .kind = CONF_GROUP, .offset = 0, .flags = CONF_REQUIRED, .sub = &hub_table},
	{.name = "tls", .kind = CONF_GROUP, .offset = 0, .flags = CONF_REQUIRED, .sub = &tls_table},
	{.name = "signing", .kind = CONF_GROUP, .offset = 0, .flags = CONF_REQUIRED, .sub = &signing_table},
	{.name = "sealing", .kind = CONF_GROUP, .offset = 0, .sub = &sealing_table},
	{.name = "fips", .kind = CONF_BOOL, .offset = AT(fips), .flags = CONF_NO_RELOAD, .fallback = "false",
	 .help = "nothing but what FIPS 140 approves: AES-GCM, P-256 and P-384, RSA, SHA-2"},
	{.name = "fips_module", .kind = CONF_CHOICE, .offset = AT(fips_module), .flags = CONF_NO_RELOAD, .fallback = "required", .choices = fips_modules,
	 .help = "required: OpenSSL's provider \"fips\" computes it, or the program does not start; none: the algorithms alone"},
	{.name = "at_rest", .kind = CONF_GROUP, .offset = 0, .sub = &at_rest_table},
	{.name = "ports", .kind = CONF_GROUP, .offset = 0, .sub = &port_table},
	{.name = "limits", .kind = CONF_GROUP, .offset = 0, .sub = &limit_table},
	{.name = "sandbox", .kind = CONF_GROUP, .offset = 0, .sub = &sandbox_table, .help = "what the program takes from itself"},
	{.name = "log", .kind = CONF_GROUP, .offset = 0, .sub = &log_table},
};

struct conf_table *options_table_new(const char *const *kinds, const struct conf_table *const *tables, const size_t *offsets, size_t count, size_t size)
{
	size_t own = sizeof(own_fields) / sizeof(*own_fields), total = own;
	struct conf_field *fields = mem_array(own + count, sizeof(*fields));
	struct conf_table *table = mem_alloc(sizeof(*table));
	memcpy(fields, own_fields, sizeof(own_fields));
	for (size_t i = 0; i < count; i++)
		if (tables[i])
			fields[total++] = (struct conf_field){.name = kinds[i], .kind = CONF_GROUP, .offset = offsets[i], .flags = CONF_NO_RELOAD,
			                                      .sub = tables[i]};
	*table = (struct conf_table){.fields = fields, .count = total, .size = size, .line_offset = CONF_NO_LINE};
	return table;
}

void options_table_free(struct conf_table *table)
{
	if (!table)
		return;
	mem_free((void *)(uintptr_t)table->fields);
	mem_free(table);
}
