/* A hub's configuration with everything it names, in a folder of the test's own, and messages that its parties could submit.
 * Everything ends the test on failure. */
#ifndef TESTS_UNIT_BROKER_HUB_FIXTURE_H
#define TESTS_UNIT_BROKER_HUB_FIXTURE_H

#include "unit/certs/pki_fixture.h"

#include "base/file.h"
#include "broker/config/snapshot.h"
#include "broker/wires/mandate.h"
#include "certs/approval.h"
#include "certs/merkle.h"
#include "certs/proof.h"
#include "schemas/frame.h"
#include "schemas/json.h"
#include "schemas/message.h"

#define HUB "ct.hub"
#define POLICE "ct.hartford.police"
#define BOARD "ct.bopp"
#define OFFICE "ct.doc.parole.hartford"

struct hub_fixture {
	struct pki_fixture pki;
	char file[160];
	struct snapshot *snapshot;
};

/* What a configuration is made of; NULL: the usual. */
struct hub_config {
	const char *listen, *head, *tls, *signing, *limits, *parties, *agreements, *log;
};

#define HUB_PARTIES                                                                                                              \
	"{ party = \"" POLICE "\"; roles = [ \"police\" ]; attributes = { town = \"Hartford, West Hartford\"; }; },\n"           \
	"{ party = \"" BOARD "\"; roles = [ \"parole_board\" ]; },\n"                                                            \
	"{ party = \"" OFFICE "\"; roles = [ \"parole_office\" ]; attributes = { town = \"Hartford\"; }; }\n"
#define HUB_AGREEMENTS "{ name = \"all\"; from = [ \"*\" ]; types = [ \"*\" ]; to = [ \"*\" ]; }\n"

static inline const char *hub_or(const char *given, const char *usual)
{
	return given ? given : usual;
}

static inline void hub_fixture_write(struct hub_fixture *hub, const struct hub_config *config)
{
	struct buf text;
	struct err err;
	buf_init(&text, 1 << 20);
	buf_printf(&text, "party = \"" HUB "\";\nlisten = \"%s\";\n%s", hub_or(config->listen, "127.0.0.1:0"), hub_or(config->head, ""));
	buf_printf(&text, "data = \"data\";\ncatalogue = \"%s/schemas/catalogue\";\n", LIAISON_SOURCE_DIR);
	buf_printf(&text, "control = \"ipc://%s/control\";\nevents = \"ipc://%s/events\";\n", hub->pki.folder, hub->pki.folder);
	buf_printf(&text, "tls = { %s };\n",
	           hub_or(config->tls,
	                  "certificate = \"hub-tls.pem\"; key = \"hub-tls.key\"; ca = [ \"ca/ca.pem\" ]; crl = [ \"ca/crl.pem\" ];"));
	buf_printf(&text, "signing = { %s };\n", hub_or(config->signing, "certificate = \"hub-sign.pem\"; key = \"hub-sign.key\";"));
	buf_printf(&text, "limits = { %s };\n", hub_or(config->limits, ""));
	buf_printf(&text, "log = { %s };\n", hub_or(config->log, ""));
	buf_printf(&text, "parties = (\n%s);\nagreements = (\n%s);\n", hub_or(config->parties, HUB_PARTIES),
	           hub_or(config->agreements, HUB_AGREEMENTS));
	snprintf(hub->file, sizeof(hub->file), "%s/broker.cfg", hub->pki.folder);
	pki_fixture_fine(file_write(hub->file, buf_bytes(&text), 0600, &err), &err);
	buf_done(&text);
}

/* The folder and the certificates; no configuration yet. */
static inline void hub_fixture_make(struct hub_fixture *hub)
{
	*hub = (struct hub_fixture){.snapshot = NULL};
	pki_fixture_new(&hub->pki);
	pki_fixture_hub(&hub->pki, HUB);
}

static inline struct snapshot *hub_fixture_load(struct hub_fixture *hub, int64_t generation)
{
	struct conf_faults faults;
	struct snapshot *snapshot = NULL;
	conf_faults_init(&faults);
	if (FAILED(snapshot_load(hub->file, generation, &snapshot, &faults)))
		fail_msg("%.*s", (int)faults.text.len, (const char *)faults.text.at);
	conf_faults_done(&faults);
	return snapshot;
}

static inline void hub_fixture_new(struct hub_fixture *hub, const struct hub_config *config)
{
	hub_fixture_make(hub);
	pki_fixture_party(&hub->pki, POLICE);
	pki_fixture_party(&hub->pki, BOARD);
	hub_fixture_write(hub, config);
	hub->snapshot = hub_fixture_load(hub, 1);
}

/* What a gateway would be told of it, packed. */
static inline void hub_fixture_pack(const struct snapshot *snapshot, struct buf *out)
{
	struct err err;
	buf_init(out, MANDATE_MAX);
	pki_fixture_fine(mandate_pack(snapshot, 1, out, &err), &err);
}

static inline struct mandate *hub_fixture_mandate(const struct snapshot *snapshot)
{
	struct mandate *mandate = NULL;
	struct buf packed;
	struct err err;
	hub_fixture_pack(snapshot, &packed);
	pki_fixture_fine(mandate_unpack(buf_bytes(&packed), &mandate, &err), &err);
	buf_done(&packed);
	return mandate;
}

static inline void hub_fixture_done(struct hub_fixture *hub)
{
	snapshot_unref(hub->snapshot);
	pki_fixture_done(&hub->pki);
}

/* Every fault of the configuration file as it is, in one text; empty: none. Valid until the next call. */
static inline const char *hub_fixture_faults(struct hub_fixture *hub)
{
	static char text[65536];
	struct conf_faults faults;
	struct snapshot *snapshot = NULL;
	conf_faults_init(&faults);
	if (!FAILED(snapshot_load(hub->file, 1, &snapshot, &faults)))
		snapshot_unref(snapshot);
	snprintf(text, sizeof(text), "%.*s", (int)faults.text.len, faults.text.len ? (const char *)faults.text.at : "");
	conf_faults_done(&faults);
	return text;
}

/* ── messages ── */

enum { SAID_MAX = 4 << 20, BATCH_MOST = 16 };

struct said {
	struct uuid id;
	struct buf header, parts;
};

/* What is said otherwise than usual; 0 and NULL: as usual. */
struct saying {
	const char *type;    /* admin.message/1 */
	const char *from;    /* POLICE */
	const char *subject; /* JSON */
	const char *body;    /* JSON, ' for " */
	struct bytes packed; /* the body, instead */
	int64_t issued, expires, due, priority; /* 5 */
	const uint8_t *re, *thread;
	struct bytes approvals; /* packed */
	const char *extra_part; /* of the header only */
	struct bytes clinical;  /* packed: a part of class P2 */
	const char *consent;
	size_t filler;       /* bytes of text */
};

static inline void said_json(const char *json, struct buf *out)
{
	struct err err;
	char *text = mem_text(json);
	for (char *at = text; *at; at++)
		if (*at == '\'')
			*at = '"';
	pki_fixture_fine(json_to_pack(bytes_text(text), out, &err), &err);
	mem_free(text);
}

static inline void said_add_part(struct message *message, struct part *parts, size_t *count, struct hash *hashes,
                                 uint8_t (*salts)[MESSAGE_SALT_LEN],
                                 const char *name, const char *cls, struct bytes bytes)
{
	size_t i = (*count)++;
	hash_random(salts[i], MESSAGE_SALT_LEN);
	hashes[i] = hash_of_two(bytes_of(salts[i], MESSAGE_SALT_LEN), bytes);
	parts[i] = (struct part){bytes_text(name), salts[i], bytes};
	message->parts[message->parts_count++] = (struct message_part){bytes_text(name), bytes_text(cls), hashes[i].at};
}

static inline void said_make(struct said *said, const struct saying *saying)
{
	struct message message = {.priority = saying->priority ? saying->priority : 5};
	struct part parts[4];
	struct hash hashes[4];
	uint8_t salts[4][MESSAGE_SALT_LEN];
	size_t count = 0;
	struct buf body, subject;
	struct err err;
	buf_init(&body, SAID_MAX);
	buf_init(&subject, SAID_MAX);
	buf_init(&said->header, SAID_MAX);
	buf_init(&said->parts, SAID_MAX);
	if (saying->filler) {
		pack_put_map(&body, 1);
		pack_put_str(&body, "text");
		char *text = mem_alloc(saying->filler + 1);
		memset(text, 'a', saying->filler);
		pack_put_str(&body, text);
		mem_free(text);
	} else if (saying->packed.len) {
		buf_add(&body, saying->packed);
	} else {
		said_json(hub_or(saying->body, "{'text':'Radio check at 15:00.'}"), &body);
	}
	if (saying->subject)
		said_json(saying->subject, &subject);
	said->id = uuid_new();
	message.id = said->id.at;
	message.type = bytes_text(hub_or(saying->type, "admin.message/1"));
	message.from = bytes_text(hub_or(saying->from, POLICE));
	message.issued = saying->issued ? saying->issued : clock_wall_ms();
	message.expires = saying->expires;
	message.due = saying->due;
	message.re = saying->re;
	message.thread = saying->thread;
	message.subject = buf_bytes(&subject);
	said_add_part(&message, parts, &count, hashes, salts, "main", strstr(hub_or(saying->type, ""), "warrant") ? "CJI" : "CJ",
	              buf_bytes(&body));
	if (saying->approvals.len)
		said_add_part(&message, parts, &count, hashes, salts, "approvals", "CJ", saying->approvals);
	if (saying->clinical.len)
		said_add_part(&message, parts, &count, hashes, salts, "clinical", "P2", saying->clinical);
	message.consent = bytes_text(saying->consent);
	if (saying->extra_part) {
		said_add_part(&message, parts, &count, hashes, salts, saying->extra_part, "CJ", buf_bytes(&body));
		count--;
	}
	pki_fixture_fine(message_encode(&message, &said->header, &err), &err);
	part_encode_all(parts, count, &said->parts);
	buf_done(&body);
	buf_done(&subject);
}

static inline void said_done(struct said *said)
{
	buf_done(&said->header);
	buf_done(&said->parts);
}

/* The SUBMIT frame of a batch; the caller buf_dones it. signed_at 0: now. */
static inline void said_submit(const struct said *said, size_t count, const struct key *key, const uint8_t *fingerprint,
                               int64_t signed_at,
                               struct buf *frame)
{
	struct hash leaves[BATCH_MOST];
	struct frame_message messages[BATCH_MOST];
	struct buf statement, signature;
	struct err err;
	assert_true(count <= BATCH_MOST);
	buf_init(&statement, 1024);
	buf_init(&signature, 2048);
	buf_init(frame, 8 << 20);
	for (size_t i = 0; i < count; i++) {
		leaves[i] = merkle_leaf(buf_bytes(&said[i].header));
		messages[i] = (struct frame_message){buf_bytes(&said[i].header), buf_bytes(&said[i].parts)};
	}
	pki_fixture_fine(proof_sign(key, leaves, count, signed_at ? signed_at : clock_wall_ms(), &statement, &signature, &err), &err);
	frame_submit_encode(buf_bytes(&statement), buf_bytes(&signature), fingerprint, messages, count, frame);
	pki_fixture_fine(buf_check(frame, "frame", &err), &err);
	buf_done(&statement);
	buf_done(&signature);
}

#endif
