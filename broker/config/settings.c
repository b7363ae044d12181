#include "broker/config/settings.h"

#include "base/log.h"
#include "base/text.h"
#include "broker/config/zone.h"
#include "schemas/frame.h"
#include "schemas/message.h"
#include "schemas/party.h"

#include <stdio.h>
#include <string.h>

enum {
	FRAME_OVERHEAD_BYTES = 16384,    /* what an envelope and its frame add to a message: signature, statement, path */
	WINDOW_MESSAGES_MAX = 1024,
	CREDIT_MAX = 65536,
	LINKS_MAX = 100000,
	HANDSHAKES_MAX = 4000, /* fewer than a door remembers addresses */
	RATE_MAX = 1000000,
	THREADS_MAX = 64
};

#define KIB ((int64_t)1024)
#define MIB (1024 * KIB)
#define SECOND_MS ((int64_t)1000)
#define DAY_MS (86400 * SECOND_MS)

/* A group is an unnamed struct of struct settings. */
#define GROUP_SIZE(group) sizeof(((struct settings *)NULL)->group)
#define IN(group, member) (offsetof(struct settings, group.member) - offsetof(struct settings, group))
#define COUNT(fields) (sizeof(fields) / sizeof(*(fields)))

static void check_party(const void *value, struct conf_place place, const char *path, struct conf_faults *faults)
{
	const char *name = *(char *const *)value;
	struct err err;
	if (FAILED(party_check(bytes_text(name), "", &err)))
		conf_fault(faults, place, path, "\"%s\" is no party name (%s); write one like ct.doc.parole.hartford", name, err.reason);
}

/* HOST:PORT, an IPv6 address in brackets. */
static void check_listen(const void *value, struct conf_place place, const char *path, struct conf_faults *faults)
{
	const char *address = *(char *const *)value, *colon = strrchr(address, ':');
	int64_t port = 0;
	bool bare_six = colon && address[0] != '[' && memchr(address, ':', (size_t)(colon - address));
	if (!colon || colon == address || bare_six || FAILED(text_int(bytes_text(colon + 1), 0, 65535, &port, NULL)))
		conf_fault(faults, place, path, "\"%s\" is no address to listen on; write one like 0.0.0.0:7400 or [::]:7400", address);
}

static void check_endpoint(const void *value, struct conf_place place, const char *path, struct conf_faults *faults)
{
	struct bytes endpoint = bytes_text(*(char *const *)value);
	if (bytes_starts(endpoint, "ipc:///") || bytes_starts(endpoint, "tcp://127.") || bytes_starts(endpoint, "tcp://[::1]:"))
		return;
	conf_fault(faults, place, path, "\"%s\" is no local endpoint; write one like ipc:///run/liaison/control", *(char *const *)value);
}

static void check_role(struct bytes role, const char *written, struct conf_place place, const char *path,
                       struct conf_faults *faults)
{
	struct bytes name;
	char address[PARTY_MAX + 8];
	snprintf(address, sizeof(address), "role:%.*s", (int)(role.len < PARTY_MAX ? role.len : PARTY_MAX), (const char *)role.at);
	if (role.len >= PARTY_MAX || !party_is_role(bytes_text(address), &name) ||
	    FAILED(party_check_address(bytes_text(address), "", NULL)))
		conf_fault(faults, place, path, "\"%s\" is no role; write one word of a-z, 0-9, _ and -, like parole_office", written);
}

static void check_roles(const void *value, struct conf_place place, const char *path, struct conf_faults *faults)
{
	const struct conf_texts *roles = value;
	for (size_t i = 0; i < roles->count; i++) {
		check_role(bytes_text(roles->at[i]), roles->at[i], place, path, faults);
		if (!strcmp(roles->at[i], "any") || !strcmp(roles->at[i], "hub"))
			conf_fault(faults, place, path, "\"%s\" has a meaning of its own in the catalogue; name another role", roles->at[i]);
		for (size_t other = 0; other < i; other++)
			if (!strcmp(roles->at[i], roles->at[other]))
				conf_fault(faults, place, path, "\"%s\" is there twice; take one out", roles->at[i]);
	}
}

static void check_attributes(const void *value, struct conf_place place, const char *path, struct conf_faults *faults)
{
	const struct conf_pairs *pairs = value;
	for (size_t i = 0; i < pairs->count; i++) {
		struct conf_place at = {place.file, pairs->at[i].line};
		if (pairs->at[i].value[strspn(pairs->at[i].value, " ,\t")] == '\0')
			conf_fault(faults, at, path, "%s says nothing; write its values with commas between them, or take it out", pairs->at[i].name);
	}
}

static void check_classes(const void *value, struct conf_place place, const char *path, struct conf_faults *faults)
{
	const struct conf_texts *classes = value;
	for (size_t i = 0; i < classes->count; i++)
		if (!message_class_known(bytes_text(classes->at[i])))
			conf_fault(faults, place, path, "\"%s\" is no sensitivity class; write PUB, CJ, CJI, CHRI, P2, PHI, VIC, JUV, YO or ERASE",
			           classes->at[i]);
}

/* The process that speaks with the network gets the key handed in, and has no way to a token. */
static void check_tls_key(const void *value, struct conf_place place, const char *path, struct conf_faults *faults)
{
	if (bytes_starts(bytes_text(*(char *const *)value), "pkcs11:"))
		conf_fault(faults, place, path, "the hub's TLS key cannot be on a token, because what faces the network must not reach one; name a file, and keep signing.key on the token");
}

static const struct conf_field tls_fields[] = {
	{.name = "certificate", .kind = CONF_PATH, .offset = IN(tls, certificate), .flags = CONF_REQUIRED,
	 .help = "PEM file of the hub's TLS certificate, then its intermediates"},
	{.name = "key", .kind = CONF_PATH, .offset = IN(tls, key), .flags = CONF_REQUIRED | CONF_OR_URI, .check = check_tls_key,
	 .help = "PEM file of its private key, mode 0600, or credential:NAME"},
	{.name = "ca", .kind = CONF_TEXTS, .offset = IN(tls, ca), .flags = CONF_REQUIRED | CONF_IS_PATH,
	 .help = "PEM files of the authorities whose certificates are believed"},
	{.name = "crl", .kind = CONF_TEXTS, .offset = IN(tls, crl), .flags = CONF_IS_PATH,
	 .help = "PEM files of their revocation lists, one for each authority; without any, nothing is ever revoked"},
};
static const struct conf_table tls_table = {tls_fields, COUNT(tls_fields), GROUP_SIZE(tls), CONF_NO_LINE, NULL};

static const struct conf_field signing_fields[] = {
	{.name = "certificate", .kind = CONF_PATH, .offset = IN(signing, certificate), .flags = CONF_REQUIRED,
	 .help = "PEM file of the hub's signing certificate: for notices and the ledger's heads"},
	{.name = "key", .kind = CONF_PATH, .offset = IN(signing, key), .flags = CONF_REQUIRED | CONF_OR_URI,
	 .help = "PEM file of its private key, mode 0600; or credential:NAME, or pkcs11:token=…;object=…?module-path=…&pin-source=/file"},
};
static const struct conf_table signing_table = {signing_fields, COUNT(signing_fields), GROUP_SIZE(signing), CONF_NO_LINE, NULL};

static const struct conf_field at_rest_fields[] = {
	{.name = "key", .kind = CONF_PATH, .offset = IN(at_rest, key), .flags = CONF_OR_URI | CONF_NO_RELOAD,
	 .help = "file of the ring of keys, made by liaison vault new, or credential:NAME; without it the disk is written plain"},
};
static const struct conf_table at_rest_table = {at_rest_fields, COUNT(at_rest_fields), GROUP_SIZE(at_rest), CONF_NO_LINE, NULL};

static const struct conf_field limits_fields[] = {
	{.name = "frame_bytes", .kind = CONF_SIZE, .offset = IN(limits, frame_bytes), .fallback = "4 MiB", .min = 64 * KIB,
	 .max = 16 * MIB,
	 .help = "largest frame on a link, either way"},
	{.name = "message_bytes", .kind = CONF_SIZE, .offset = IN(limits, message_bytes), .fallback = "1 MiB", .min = 4 * KIB,
	 .max = 15 * MIB,
	 .help = "largest message, header and parts"},
	{.name = "batch", .kind = CONF_INT, .offset = IN(limits, batch), .fallback = "1024", .min = 1, .max = FRAME_BATCH_MAX,
	 .help = "most messages under one signature"},
	{.name = "credit", .kind = CONF_INT, .offset = IN(limits, credit), .fallback = "2048", .min = 1, .max = CREDIT_MAX,
	 .help = "messages that a link may have submitted and not had a verdict for"},
	{.name = "window_messages", .kind = CONF_INT, .offset = IN(limits, window_messages), .fallback = "512", .min = 1,
	 .max = WINDOW_MESSAGES_MAX, .help = "deliveries on their way over a link and not settled"},
	{.name = "window_bytes", .kind = CONF_SIZE, .offset = IN(limits, window_bytes), .fallback = "8 MiB", .min = 64 * KIB,
	 .max = 256 * MIB,
	 .help = "and their bytes"},
	{.name = "links", .kind = CONF_INT, .offset = IN(limits, links), .fallback = "1024", .min = 1, .max = LINKS_MAX,
	 .help = "connections at once, those at the handshake included"},
	{.name = "handshake_ms", .kind = CONF_DURATION, .offset = IN(limits, handshake_ms), .fallback = "10 s", .min = 100,
	 .max = 300 * SECOND_MS,
	 .help = "how long a handshake, and the greeting after it, may take"},
	{.name = "stall_ms", .kind = CONF_DURATION, .offset = IN(limits, stall_ms), .fallback = "30 s", .min = 100,
	 .max = 3600 * SECOND_MS,
	 .help = "a link that takes nothing for so long is closed"},
	{.name = "heartbeat_ms", .kind = CONF_DURATION, .offset = IN(limits, heartbeat_ms), .fallback = "15 s", .min = 50,
	 .max = 3600 * SECOND_MS,
	 .help = "a silent link is asked after so long, and closed after three questions without an answer"},
	{.name = "handshakes", .kind = CONF_INT, .offset = IN(limits, handshakes), .fallback = "256", .min = 1, .max = HANDSHAKES_MAX,
	 .help = "connections at once that were not greeted yet; one more, and one of the address that has most makes room"},
	{.name = "source_handshakes", .kind = CONF_INT, .offset = IN(limits, source_handshakes), .fallback = "128", .min = 1,
	 .max = HANDSHAKES_MAX, .help = "the same from one address; one more is refused"},
	{.name = "handshake_rate", .kind = CONF_INT, .offset = IN(limits, handshake_rate), .fallback = "250", .min = 0, .max = RATE_MAX,
	 .help = "handshakes a second from addresses from which no party came in yet, four seconds' worth at once; 0: no limit"},
	{.name = "source_handshake_rate", .kind = CONF_INT, .offset = IN(limits, source_handshake_rate), .fallback = "50", .min = 0,
	 .max = RATE_MAX, .help = "handshakes a second from one address, four seconds' worth at once; 0: no limit"},
	{.name = "rate", .kind = CONF_INT, .offset = IN(limits, rate), .fallback = "5000", .min = 0, .max = RATE_MAX,
	 .help = "messages a second that a party may submit, receipts included; beyond, its link is read more slowly; 0: no limit"},
	{.name = "rate_bytes", .kind = CONF_SIZE, .offset = IN(limits, rate_bytes), .fallback = "32 MiB", .min = 0, .max = 1024 * MIB,
	 .help = "and their bytes; 0: no limit"},
	{.name = "burst_ms", .kind = CONF_DURATION, .offset = IN(limits, burst_ms), .fallback = "1 s", .min = 10, .max = 60 * SECOND_MS,
	 .help = "how much of rate and rate_bytes a party may use at once after a pause"},
	{.name = "clock_skew_ms", .kind = CONF_DURATION, .offset = IN(limits, clock_skew_ms), .fallback = "2 min", .min = 0,
	 .max = DAY_MS,
	 .help = "how far a message's times may lie in the future of this clock"},
	{.name = "attempts", .kind = CONF_INT, .offset = IN(limits, attempts), .fallback = "8", .min = 1, .max = 1000,
	 .help = "deliveries to a recipient before a message becomes a dead letter"},
	{.name = "redeliver_ms", .kind = CONF_DURATION, .offset = IN(limits, redeliver_ms), .fallback = "60 s", .min = 100,
	 .max = DAY_MS,
	 .help = "a delivery without a receipt is made again after so long"},
	{.name = "heads_ms", .kind = CONF_DURATION, .offset = IN(limits, heads_ms), .fallback = "60 s", .min = 100, .max = DAY_MS,
	 .help = "the ledger's signed head goes over each link so often, if the ledger has grown"},
};

static void check_limits(const void *value, struct conf_place place, const char *path, struct conf_faults *faults)
{
	const struct settings *settings = (const struct settings *)(const void *)((const char *)value - offsetof(struct settings,
	                                                                                                         limits));
	if (settings->limits.frame_bytes < settings->limits.message_bytes + FRAME_OVERHEAD_BYTES)
		conf_fault(faults, place, path,
		           "a message of message_bytes does not fit into frame_bytes; make frame_bytes larger by 16 KiB at least");
	if (settings->limits.source_handshakes > settings->limits.handshakes)
		conf_fault(faults, place, path, "source_handshakes is more than handshakes: one address could hold the whole door; make it smaller");
	if (settings->limits.window_bytes < settings->limits.message_bytes)
		conf_fault(faults, place, path, "a message of message_bytes does not fit into window_bytes; make window_bytes larger");
}
static const struct conf_table limits_table = {limits_fields, COUNT(limits_fields), GROUP_SIZE(limits), CONF_NO_LINE,
                                               check_limits};

static const struct conf_field threads_fields[] = {
	{.name = "gateways", .kind = CONF_INT, .offset = IN(threads, gateways), .flags = CONF_NO_RELOAD, .fallback = "1", .min = 1,
	 .max = THREADS_MAX, .help = "threads that hold the links"},
	{.name = "verifiers", .kind = CONF_INT, .offset = IN(threads, verifiers), .flags = CONF_NO_RELOAD, .fallback = "0", .min = 0,
	 .max = THREADS_MAX, .help = "threads that check signatures and schemas; 0: one for each core"},
};
static const struct conf_table threads_table = {threads_fields, COUNT(threads_fields), GROUP_SIZE(threads), CONF_NO_LINE, NULL};

static const struct conf_field sandbox_fields[] = {
	{.name = "on", .kind = CONF_BOOL, .offset = IN(sandbox, on), .flags = CONF_NO_RELOAD, .fallback = "true",
	 .help = "once started, open no file and make no system call that is not needed (Landlock, seccomp)"},
	{.name = "read", .kind = CONF_TEXTS, .offset = IN(sandbox, read), .flags = CONF_NO_RELOAD | CONF_IS_PATH,
	 .help = "folders that may be read too, for example of files that a later configuration will name"},
	{.name = "write", .kind = CONF_TEXTS, .offset = IN(sandbox, write), .flags = CONF_NO_RELOAD | CONF_IS_PATH,
	 .help = "folders that may be written too"},
};
static const struct conf_table sandbox_table = {sandbox_fields, COUNT(sandbox_fields), GROUP_SIZE(sandbox), CONF_NO_LINE, NULL};

static void check_timezone(const void *value, struct conf_place place, const char *path, struct conf_faults *faults)
{
	struct zone *zone = NULL;
	struct err err;
	if (FAILED(zone_open(*(char *const *)value, &zone, &err)))
		conf_fault(faults, place, path, "%s; name one like America/New_York (package tzdata), or write a rule like EST5EDT,M3.2.0,M11.1.0",
		           err.reason);
	zone_free(zone);
}

static void check_holidays(const void *value, struct conf_place place, const char *path, struct conf_faults *faults)
{
	const struct conf_texts *dates = value;
	int64_t days;
	for (size_t i = 0; i < dates->count; i++) {
		if (!zone_read_date(bytes_text(dates->at[i]), &days))
			conf_fault(faults, place, path, "\"%s\" is no date; write one like 2026-11-26", dates->at[i]);
		for (size_t other = 0; other < i; other++)
			if (!strcmp(dates->at[i], dates->at[other]))
				conf_fault(faults, place, path, "\"%s\" is there twice; take one out", dates->at[i]);
	}
}

static const struct conf_field calendar_fields[] = {
	{.name = "timezone", .kind = CONF_TEXT, .offset = IN(calendar, timezone), .fallback = "EST5EDT,M3.2.0,M11.1.0", .check = check_timezone,
	 .help = "where days begin and end: a zone's name like America/New_York, or its rule"},
	{.name = "holidays", .kind = CONF_TEXTS, .offset = IN(calendar, holidays), .check = check_holidays,
	 .help = "dates that are no business days, besides Saturdays and Sundays"},
};
static const struct conf_table calendar_table = {calendar_fields, COUNT(calendar_fields), GROUP_SIZE(calendar), CONF_NO_LINE, NULL};

/* In the order of enum log_level and enum log_format. */
static const char *const fips_modules[] = {"required", "none", NULL};
static const char *const levels[] = {"debug", "info", "notice", "warning", "error", NULL};
static const char *const formats[] = {"auto", "text", "json", NULL};

static const struct conf_field log_fields_[] = {
	{.name = "level", .kind = CONF_CHOICE, .offset = IN(log, level), .fallback = "info", .choices = levels,
	 .help = "the least that is logged"},
	{.name = "format", .kind = CONF_CHOICE, .offset = IN(log, format), .fallback = "auto", .choices = formats,
	 .help = "auto: text on a terminal, json otherwise"},
};
static const struct conf_table log_table = {log_fields_, COUNT(log_fields_), GROUP_SIZE(log), CONF_NO_LINE, NULL};

#define OF_PARTY(member) offsetof(struct settings_party, member)
static const struct conf_field party_fields[] = {
	{.name = "party", .kind = CONF_TEXT, .offset = OF_PARTY(party), .flags = CONF_REQUIRED, .check = check_party,
	 .help = "name of the party, as in its certificates"},
	{.name = "title", .kind = CONF_TEXT, .offset = OF_PARTY(title), .help = "what people call it"},
	{.name = "ori", .kind = CONF_TEXT, .offset = OF_PARTY(ori), .help = "its ORI"},
	{.name = "roles", .kind = CONF_TEXTS, .offset = OF_PARTY(roles), .flags = CONF_REQUIRED, .check = check_roles,
	 .help = "what it is: facility, parole_board, parole_office, police, community …"},
	{.name = "rate", .kind = CONF_INT, .offset = OF_PARTY(rate), .fallback = "0", .min = 0, .max = RATE_MAX,
	 .help = "messages a second that it may submit; 0: limits.rate"},
	{.name = "rate_bytes", .kind = CONF_SIZE, .offset = OF_PARTY(rate_bytes), .fallback = "0", .min = 0, .max = 1024 * MIB,
	 .help = "and their bytes; 0: limits.rate_bytes"},
	{.name = "attributes", .kind = CONF_PAIRS, .offset = OF_PARTY(attributes), .check = check_attributes,
	 .help = "what agreements may match content against; commas separate alternatives"},
};
static const struct conf_table party_table = {party_fields, COUNT(party_fields), sizeof(struct settings_party), OF_PARTY(line),
                                              NULL};

#define OF_AGREEMENT(member) offsetof(struct settings_agreement, member)
static const struct conf_field agreement_fields[] = {
	{.name = "name", .kind = CONF_TEXT, .offset = OF_AGREEMENT(name), .flags = CONF_REQUIRED,
	 .help = "what the ledger and refusals call it"},
	{.name = "from", .kind = CONF_TEXTS, .offset = OF_AGREEMENT(from), .flags = CONF_REQUIRED,
	 .help = "who may send: a party, a pattern with *, or role:NAME"},
	{.name = "types", .kind = CONF_TEXTS, .offset = OF_AGREEMENT(types), .flags = CONF_REQUIRED,
	 .help = "what: a type like warrant.issue/1, or a pattern with *"},
	{.name = "to", .kind = CONF_TEXTS, .offset = OF_AGREEMENT(to), .flags = CONF_REQUIRED,
	 .help = "to whom: a party, a pattern, role:NAME, thread, originator, subscriber; with a condition like role:police town=/last_known/town"},
	{.name = "classes", .kind = CONF_TEXTS, .offset = OF_AGREEMENT(classes), .check = check_classes,
	 .help = "sensitivity classes that the recipients are cleared for; none: PUB and CJ"},
	{.name = "consent", .kind = CONF_BOOL, .offset = OF_AGREEMENT(consent), .fallback = "false",
	 .help = "its classes beyond PUB and CJ are disclosed only under the consent that the message names; P2 always is"},
	{.name = "route", .kind = CONF_BOOL, .offset = OF_AGREEMENT(route), .fallback = "false",
	 .help = "a message without an address goes to all of `to`"},
};
static const struct conf_table agreement_table = {agreement_fields, COUNT(agreement_fields), sizeof(struct settings_agreement),
                                                  OF_AGREEMENT(line), NULL};

#define OF(member) offsetof(struct settings, member)
static const struct conf_field fields[] = {
	{.name = "party", .kind = CONF_TEXT, .offset = OF(party), .flags = CONF_REQUIRED | CONF_NO_RELOAD, .check = check_party,
	 .help = "the hub's own name, as in its certificates"},
	{.name = "listen", .kind = CONF_TEXT, .offset = OF(listen), .flags = CONF_NO_RELOAD, .fallback = "0.0.0.0:7400",
	 .check = check_listen,
	 .help = "address and port for the adapters"},
	{.name = "data", .kind = CONF_PATH, .offset = OF(data), .flags = CONF_REQUIRED | CONF_NO_RELOAD,
	 .help = "folder for messages, queues and the ledger"},
	{.name = "catalogue", .kind = CONF_PATH, .offset = OF(catalogue), .fallback = LIAISON_CATALOGUE,
	 .help = "folder with the schemas of the types"},
	{.name = "control", .kind = CONF_TEXT, .offset = OF(control), .flags = CONF_NO_RELOAD, .fallback = "ipc:///run/liaison/control",
	 .check = check_endpoint, .help = "where the liaison command asks"},
	{.name = "events", .kind = CONF_TEXT, .offset = OF(events), .flags = CONF_NO_RELOAD, .fallback = "ipc:///run/liaison/events",
	 .check = check_endpoint, .help = "where events are published"},
	{.name = "tls", .kind = CONF_GROUP, .offset = OF(tls), .flags = CONF_REQUIRED, .sub = &tls_table,
	 .help = "a group with certificate, key, ca and crl"},
	{.name = "signing", .kind = CONF_GROUP, .offset = OF(signing), .flags = CONF_REQUIRED, .sub = &signing_table,
	 .help = "a group with certificate and key"},
	{.name = "fips", .kind = CONF_BOOL, .offset = OF(fips), .flags = CONF_NO_RELOAD, .fallback = "false",
	 .help = "nothing but what FIPS 140 approves: AES-GCM, P-256 and P-384, RSA, SHA-2"},
	{.name = "fips_module", .kind = CONF_CHOICE, .offset = OF(fips_module), .flags = CONF_NO_RELOAD, .fallback = "required", .choices = fips_modules,
	 .help = "required: OpenSSL's provider \"fips\" computes it, or the program does not start; none: the algorithms alone"},
	{.name = "at_rest", .kind = CONF_GROUP, .offset = OF(at_rest), .sub = &at_rest_table, .help = "what is written to the disk, sealed"},
	{.name = "limits", .kind = CONF_GROUP, .offset = OF(limits), .sub = &limits_table, .help = "what is bounded, and where"},
	{.name = "threads", .kind = CONF_GROUP, .offset = OF(threads), .sub = &threads_table, .help = "how many of which thread"},
	{.name = "calendar", .kind = CONF_GROUP, .offset = OF(calendar), .sub = &calendar_table, .help = "what deadlines in business days count by"},
	{.name = "gateway_user", .kind = CONF_TEXT, .offset = OF(gateway_user), .flags = CONF_NO_RELOAD, .fallback = "",
	 .help = "where the broker is started as root: the user that the gateway process becomes, nobody when none is named"},
	{.name = "sandbox", .kind = CONF_GROUP, .offset = OF(sandbox), .sub = &sandbox_table, .help = "what the program takes from itself"},
	{.name = "log", .kind = CONF_GROUP, .offset = OF(log), .sub = &log_table, .help = "lines on stderr"},
	{.name = "parties", .kind = CONF_LIST, .offset = OF(parties), .flags = CONF_REQUIRED, .sub = &party_table,
	 .help = "everybody who may connect"},
	{.name = "agreements", .kind = CONF_LIST, .offset = OF(agreements), .sub = &agreement_table,
	 .help = "who may send what to whom; what none allows is refused"},
};

static void check_endpoints_differ(const void *value, struct conf_place place, const char *path, struct conf_faults *faults)
{
	const struct settings *settings = value;
	(void)path;
	if (!strcmp(settings->control, settings->events))
		conf_fault(faults, place, "events", "is the endpoint of control too; give each its own");
}

static bool is_enrolled(const struct settings *settings, struct bytes name)
{
	const struct settings_party *parties = settings->parties.at;
	for (size_t i = 0; i < settings->parties.count; i++)
		if (bytes_is(name, parties[i].party))
			return true;
	return false;
}

/* A supervisor that is not there would never hear of anything, and nobody would miss it. */
static void check_supervisor(const struct settings *settings, const struct conf_pair *pair, struct conf_place place, struct conf_faults *faults)
{
	const struct conf_place at = {place.file, pair->line};
	for (const char *name = pair->value; *name;) {
		name += strspn(name, ", \t");
		size_t len = strcspn(name, ", \t");
		if (len && !is_enrolled(settings, bytes_of(name, len)))
			conf_fault(faults, at, "parties.attributes.supervisor", "\"%.*s\" is none of the parties; add it to them or correct its name",
			           (int)len, name);
		name += len;
	}
}

static void check_whole(const void *value, struct conf_place place, const char *path, struct conf_faults *faults)
{
	const struct settings *settings = value;
	const struct settings_party *parties = settings->parties.at;
	check_endpoints_differ(value, place, path, faults);
	for (size_t i = 0; i < settings->parties.count; i++)
		for (size_t pair = 0; pair < parties[i].attributes.count; pair++)
			if (!strcmp(parties[i].attributes.at[pair].name, "supervisor"))
				check_supervisor(settings, &parties[i].attributes.at[pair], place, faults);
}

const struct conf_table settings_table = {fields, COUNT(fields), sizeof(struct settings), CONF_NO_LINE, check_whole};
