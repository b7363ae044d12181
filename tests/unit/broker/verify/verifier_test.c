#include "certs/seal.h"
#include "unit/broker/hub_fixture.h"

#include "base/pack.h"
#include "broker/verify/verifier.h"

/* One verifier between a gateway and a router that are the test, and an open link of the police. */
struct rig {
	struct hub_fixture hub;
	struct wires *wires;
	struct wire *in, *router, *gateway;
	struct verifier *verifier;
	struct key *key;
	struct signer *signer;
	uint64_t link;
};

static void give(struct rig *rig, struct job *job)
{
	struct err err;
	pki_fixture_fine(job_give(rig->in, &job, true, &err), &err);
	assert_true(verifier_turn(rig->verifier));
}

static void link_up(struct rig *rig, uint64_t link, struct signer *signer)
{
	struct job *job = job_new(JOB_LINK_UP, link);
	job->signer = signer_ref(signer);
	snprintf(job->party, sizeof(job->party), "%s", signer_party(signer));
	give(rig, job);
}

static struct job *routed(struct rig *rig)
{
	return job_take(rig->router, 0);
}

static int make(void **state)
{
	struct rig *rig = mem_alloc(sizeof(*rig));
	struct err err;
	hub_fixture_new(&rig->hub,
		&(struct hub_config){.limits = "message_bytes = \"64 KiB\"; frame_bytes = \"2 MiB\"; clock_skew_ms = \"2 min\";"});
	rig->wires = wires_new();
	pki_fixture_fine(wire_bind(rig->wires, WIRE_PULL, ENDPOINT_ROUTER, NULL, &rig->router, &err), &err);
	pki_fixture_fine(wire_bind(rig->wires, WIRE_PULL, "inproc://gateway-0", NULL, &rig->gateway, &err), &err);
	pki_fixture_fine(verifier_new(rig->wires, rig->hub.snapshot, 0, 1, 1, &rig->verifier, &err), &err);
	pki_fixture_fine(wire_connect(rig->wires, WIRE_PUSH, "inproc://verifier-0", NULL, &rig->in, &err), &err);
	rig->key = pki_fixture_key(&rig->hub.pki, POLICE "-sign");
	rig->signer = pki_fixture_signer(&rig->hub.pki, rig->hub.snapshot->trust, POLICE "-sign", TRUST_SIGN_PARTY);
	rig->link = job_link(0, 1);
	link_up(rig, rig->link, rig->signer);
	struct job *up = routed(rig);
	assert_non_null(up);
	assert_int_equal(up->kind, JOB_LINK_UP);
	job_free(up);
	*state = rig;
	return 0;
}

static int drop(void **state)
{
	struct rig *rig = *state;
	clock_release();
	verifier_free(rig->verifier);
	wire_free(rig->in);
	wire_free(rig->router);
	wire_free(rig->gateway);
	wires_free(rig->wires);
	key_unref(rig->key);
	signer_unref(rig->signer);
	hub_fixture_done(&rig->hub);
	mem_free(rig);
	return 0;
}

/* The job as the router gets it, or NULL when the verifier had the link closed instead; *ret_closed is then the code. */
static struct job *submit_frame(struct rig *rig, uint64_t link, struct bytes frame, enum code *ret_closed)
{
	struct job *job = job_new(JOB_SUBMIT, link);
	job->frame = blob_new(frame);
	give(rig, job);
	job = routed(rig);
	struct job *close = job_take(rig->gateway, 0);
	*ret_closed = CODE_OK;
	if (close) {
		assert_null(job);
		assert_int_equal(close->kind, JOB_CLOSE);
		assert_int_equal(close->link, link);
		*ret_closed = close->why.code;
		job_free(close);
	}
	return job;
}

/* The one message of a frame: its refusal, OK when nothing is against it. A link that was closed counts by its code. */
static enum code judged(struct rig *rig, struct bytes frame, struct err *ret_why)
{
	enum code code = CODE_OK;
	struct job *job = submit_frame(rig, rig->link, frame, &code);
	ret_why->field[0] = 0;
	if (job) {
		assert_int_equal(job->count, 1);
		assert_non_null(job->candidates[0].message.id);
		code = job->candidates[0].refusal ? job->candidates[0].refusal->code : CODE_OK;
		if (job->candidates[0].refusal)
			*ret_why = *job->candidates[0].refusal;
		job_free(job);
	}
	return code;
}

static enum code judged_saying(struct rig *rig, const struct saying *saying, struct err *ret_why)
{
	struct said said;
	struct buf frame;
	said_make(&said, saying);
	said_submit(&said, 1, rig->key, signer_fingerprint(rig->signer), 0, &frame);
	enum code code = judged(rig, buf_bytes(&frame), ret_why);
	buf_done(&frame);
	said_done(&said);
	return code;
}

static void passes_a_good_message_with_all_that_the_router_needs(void **state)
{
	struct rig *rig = *state;
	struct said said[3];
	struct buf frame;
	enum code closed;
	for (int i = 0; i < 3; i++)
		said_make(&said[i], &(struct saying){.type = NULL});
	said_submit(said, 3, rig->key, signer_fingerprint(rig->signer), 0, &frame);
	struct job *job = submit_frame(rig, rig->link, buf_bytes(&frame), &closed);
	assert_non_null(job);
	assert_int_equal(job->count, 3);
	assert_non_null(job->snapshot);
	assert_ptr_equal(job->signer, rig->signer);
	for (size_t i = 0; i < 3; i++) {
		const struct candidate *candidate = &job->candidates[i];
		const struct hash leaf = merkle_leaf(buf_bytes(&said[i].header));
		struct err err;
		int64_t signed_at = 0;
		assert_null(candidate->refusal);
		assert_memory_equal(candidate->message.id, said[i].id.at, UUID_LEN);
		assert_true(hash_equal(&leaf, candidate->leaf.at));
		assert_string_equal(candidate->type->name, "admin.message/1");
		assert_true(candidate->main.len > 0);
		/* What recipients will check: the envelope's path. */
		pki_fixture_fine(proof_check_one(NULL, rig->signer, job->statement, job->signature, &candidate->leaf, candidate->index,
		                                 bytes_of(candidate->path, candidate->path_len * HASH_LEN), &signed_at, &err), &err);
		assert_int_equal(signed_at, candidate->signed_at);
		said_done(&said[i]);
	}
	job_free(job);
	buf_done(&frame);
}

/* Where in the frame a piece lies. */
static size_t place_of(const struct buf *frame, struct bytes piece)
{
	const uint8_t *at = memmem(frame->at, frame->len, piece.at, piece.len);
	assert_non_null(at);
	return (size_t)(at - frame->at);
}

struct region {
	const char *name;
	size_t from, to;
	enum code code, other; /* other: also right, where the flip breaks the frame itself */
};

static void check_region(struct rig *rig, const struct buf *frame, const struct region *region)
{
	struct err why = {.code = CODE_OK};
	for (size_t i = region->from; i < region->to; i++) {
		uint8_t bit = (uint8_t)(1u << (i % 8));
		frame->at[i] ^= bit;
		enum code code = judged(rig, buf_bytes(frame), &why);
		if (code != region->code && code != region->other)
			fail_msg("%s, byte %zu: %s, expected %s", region->name, i - region->from, code_text(code), code_text(region->code));
		frame->at[i] ^= bit;
	}
}

static void refuses_one_bit_changed_anywhere_with_the_right_code(void **state)
{
	struct rig *rig = *state;
	struct said said;
	struct buf frame;
	struct err why;
	struct frame_submit submit;
	struct part parts[MESSAGE_PARTS_MAX];
	size_t count;
	said_make(&said, &(struct saying){.type = NULL});
	said_submit(&said, 1, rig->key, signer_fingerprint(rig->signer), 0, &frame);
	assert_int_equal(judged(rig, buf_bytes(&frame), &why), CODE_OK);
	pki_fixture_fine(frame_submit_decode(buf_bytes(&frame), &submit, &why), &why);
	size_t statement = place_of(&frame, submit.statement), signature = place_of(&frame, submit.signature);
	size_t signer = (size_t)(submit.signer - frame.at), header = place_of(&frame, buf_bytes(&said.header));
	pki_fixture_fine(part_decode_all(buf_bytes(&said.parts), parts, &count, &why), &why);
	size_t salt = place_of(&frame, bytes_of(parts[0].salt, MESSAGE_SALT_LEN)), body = place_of(&frame, parts[0].bytes);
	const struct region regions[] = {
		{"header", header, header + said.header.len, CODE_SIGNATURE, CODE_SIGNATURE},
		{"statement", statement, statement + submit.statement.len, CODE_SIGNATURE, CODE_SIGNATURE},
		{"signature", signature, signature + submit.signature.len, CODE_SIGNATURE, CODE_SIGNATURE},
		{"signer", signer, signer + HASH_LEN, CODE_CERTIFICATE, CODE_CERTIFICATE},
		{"salt", salt, salt + MESSAGE_SALT_LEN, CODE_PART_HASH, CODE_PART_HASH},
		{"part", body, body + parts[0].bytes.len, CODE_PART_HASH, CODE_PART_HASH},
	};
	for (size_t i = 0; i < sizeof(regions) / sizeof(*regions); i++)
		check_region(rig, &frame, &regions[i]);
	/* And what lies between them: whatever the code, it never passes. */
	for (size_t i = 0; i < frame.len; i++)
		for (unsigned bit = 0; bit < 8; bit += 3) {
			frame.at[i] ^= (uint8_t)(1u << bit);
			if (judged(rig, buf_bytes(&frame), &why) == CODE_OK)
				fail_msg("bit %u of byte %zu was not noticed", bit, i);
			frame.at[i] ^= (uint8_t)(1u << bit);
		}
	assert_int_equal(judged(rig, buf_bytes(&frame), &why), CODE_OK);
	buf_done(&frame);
	said_done(&said);
}

/* Another party's key, valid by itself. */
static enum code judged_other(struct rig *rig, const char *from, bool own_fingerprint)
{
	struct key *key = pki_fixture_key(&rig->hub.pki, BOARD "-sign");
	struct signer *board = pki_fixture_signer(&rig->hub.pki, rig->hub.snapshot->trust, BOARD "-sign", TRUST_SIGN_PARTY);
	struct said said;
	struct buf frame;
	struct err why;
	said_make(&said, &(struct saying){.from = from});
	said_submit(&said, 1, key, signer_fingerprint(own_fingerprint ? rig->signer : board), 0, &frame);
	enum code code = judged(rig, buf_bytes(&frame), &why);
	buf_done(&frame);
	said_done(&said);
	key_unref(key);
	signer_unref(board);
	return code;
}

static void refuses_another_partys_valid_key_as_not_your_party(void **state)
{
	struct rig *rig = *state;
	/* As itself, over a link that is not its own. */
	assert_int_equal(judged_other(rig, BOARD, false), CODE_NOT_YOUR_PARTY);
	/* In the name of the link's party: as long as nobody knows whose certificate it is, it is nobody's. */
	assert_int_equal(judged_other(rig, POLICE, false), CODE_CERTIFICATE);
	struct signer *board = pki_fixture_signer(&rig->hub.pki, rig->hub.snapshot->trust, BOARD "-sign", TRUST_SIGN_PARTY);
	link_up(rig, job_link(0, 2), board);
	job_free(routed(rig));
	assert_int_equal(judged_other(rig, POLICE, false), CODE_NOT_YOUR_PARTY);
	assert_int_equal(judged_other(rig, BOARD, false), CODE_NOT_YOUR_PARTY);
	/* Under the name of the right certificate the signature does not fit. */
	assert_int_equal(judged_other(rig, POLICE, true), CODE_SIGNATURE);
	signer_unref(board);
}

static void refuses_a_message_from_another_party_signed_by_the_links(void **state)
{
	struct err why;
	assert_int_equal(judged_saying(*state, &(struct saying){.from = BOARD}, &why), CODE_NOT_YOUR_PARTY);
	assert_string_equal(why.field, "/from");
}

static void refuses_what_the_catalogue_does_not_allow(void **state)
{
	static const struct {
		struct saying saying;
		enum code code;
		const char *field;
	} cases[] = {
		{{.type = "admin.message/9"}, CODE_UNKNOWN_TYPE, "/type"},
		{{.type = "no.such/1"}, CODE_UNKNOWN_TYPE, "/type"},
		{{.body = "{'text':''}"}, CODE_SCHEMA, "/parts/main/text"},
		{{.body = "{'text':'a','more':1}"}, CODE_SCHEMA, "/parts/main/more"},
		{{.extra_part = "clinical"}, CODE_PART_HASH, "/parts/clinical"},
		{{.filler = 70000}, CODE_TOO_LARGE, ""},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct err why;
		enum code code = judged_saying(*state, &cases[i].saying, &why);
		if (code != cases[i].code || strcmp(why.field, cases[i].field) != 0)
			fail_msg("case %zu: %s %s: %s", i, code_text(code), why.field, why.reason);
	}
}

/* A part that this party sealed for itself. */
static void seal_something(struct rig *rig, struct buf *out)
{
	struct buf der;
	struct err err;
	pki_fixture_issue_as(&rig->hub.pki, TRUST_SEAL, POLICE, "police-seal");
	struct signer *own = pki_fixture_signer(&rig->hub.pki, rig->hub.snapshot->trust, "police-seal", TRUST_SEAL);
	buf_init(&der, 65536);
	buf_init(out, 65536);
	pki_fixture_fine(seal_close(&own, 1, BYTES_LIT("\x80"), &der, &err), &err);
	pack_put_bin(out, buf_bytes(&der));
	buf_done(&der);
	signer_unref(own);
}

static void refuses_a_part_of_class_p2_that_is_not_sealed_or_names_no_consent(void **state)
{
	static const char open[] = "{'notice':'42 CFR part 2 prohibits unauthorized disclosure of these records.'}";
	struct rig *rig = *state;
	struct err why;
	struct buf sealed, plain;
	struct bytes body;
	const struct catalogue_type *type = catalogue_find(rig->hub.snapshot->catalogue, BYTES_LIT("progress.report/1"));
	assert_true(pack_pointer(buf_bytes(&type->source), "/examples/valid/0/body", &body));
	seal_something(rig, &sealed);
	buf_init(&plain, 4096);
	said_json(open, &plain);
	const struct {
		struct bytes clinical;
		const char *consent;
		enum code code;
		const char *field;
	} cases[] = {
		{buf_bytes(&plain), "C-1", CODE_CONSENT, "/parts/clinical"},
		{BYTES_LIT("\xc4\x05\x30\x03\x02\x01\x01"), "C-1", CODE_CONSENT, "/parts/clinical"}, /* looks sealed from afar */
		{buf_bytes(&sealed), NULL, CODE_CONSENT, "/consent"},
		{buf_bytes(&sealed), "C-1", CODE_NO_AGREEMENT, "/type"}, /* only the role is wrong */
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct saying saying = {.type = "progress.report/1", .subject = "{'referral_id':'R-1'}", .packed = body,
		                              .clinical = cases[i].clinical, .consent = cases[i].consent};
		enum code code = judged_saying(rig, &saying, &why);
		if (code != cases[i].code || strcmp(why.field, cases[i].field) != 0)
			fail_msg("case %zu: %s %s: %s", i, code_text(code), why.field, why.reason);
	}
	buf_done(&sealed);
	buf_done(&plain);
}

static void refuses_a_type_that_the_partys_role_may_not_originate(void **state)
{
	struct rig *rig = *state;
	struct err why;
	const struct catalogue_type *type = catalogue_find(rig->hub.snapshot->catalogue, BYTES_LIT("release.notification/1"));
	struct bytes body;
	assert_true(pack_pointer(buf_bytes(&type->source), "/examples/valid/0/body", &body));
	assert_int_equal(judged_saying(rig, &(struct saying){.type = "release.notification/1", .subject = "{'doc_number':'00312845'}",
	                                                     .packed = body}, &why), CODE_NO_AGREEMENT);
	assert_string_equal(why.field, "/type");
}

static void judges_times_by_its_own_clock(void **state)
{
	const int64_t now = clock_wall_ms(), minute = 60000;
	const struct {
		struct saying saying;
		int64_t signed_at;
		enum code code;
	} cases[] = {
		{{.issued = now + minute}, now, CODE_OK},
		{{.issued = now + 3 * minute}, now, CODE_CLOCK},
		{{.issued = now}, now + minute, CODE_OK},
		{{.issued = now}, now + 3 * minute, CODE_CLOCK},
		{{.issued = now - 100 * minute}, now - 100 * minute, CODE_OK},
		{{.issued = now - 2 * minute, .expires = now - minute}, now, CODE_EXPIRED},
		{{.issued = now - 2 * minute, .expires = now}, now, CODE_EXPIRED},
		{{.issued = now - 2 * minute, .expires = now + minute}, now, CODE_OK},
	};
	struct rig *rig = *state;
	clock_freeze(now);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct said said;
		struct buf frame;
		struct err why;
		said_make(&said, &cases[i].saying);
		said_submit(&said, 1, rig->key, signer_fingerprint(rig->signer), cases[i].signed_at, &frame);
		enum code code = judged(rig, buf_bytes(&frame), &why);
		if (code != cases[i].code)
			fail_msg("case %zu: %s, expected %s", i, code_text(code), code_text(cases[i].code));
		buf_done(&frame);
		said_done(&said);
	}
}

static void refuses_a_certificate_out_of_its_time(void **state)
{
	struct rig *rig = *state;
	struct err why;
	clock_freeze(signer_not_after_ms(rig->signer) + 1);
	assert_int_equal(judged_saying(rig, &(struct saying){.type = NULL}, &why), CODE_CERTIFICATE);
	clock_freeze(signer_not_before_ms(rig->signer) - 1);
	assert_int_equal(judged_saying(rig, &(struct saying){.type = NULL}, &why), CODE_CERTIFICATE);
}

static void refuses_what_is_signed_by_a_certificate_that_a_reload_revoked(void **state)
{
	struct rig *rig = *state;
	struct err why;
	pki_fixture_revoke(&rig->hub.pki, POLICE "-sign", "keyCompromise");
	assert_int_equal(judged_saying(rig, &(struct saying){.type = NULL}, &why), CODE_OK);
	struct job *job = job_new(JOB_SNAPSHOT, 0);
	job->snapshot = hub_fixture_load(&rig->hub, 2);
	give(rig, job);
	assert_null(routed(rig));
	assert_int_equal(judged_saying(rig, &(struct saying){.type = NULL}, &why), CODE_REVOKED);
}

static void refuses_one_message_of_a_batch_and_passes_the_others(void **state)
{
	struct rig *rig = *state;
	struct said said[3];
	struct buf frame;
	enum code closed;
	said_make(&said[0], &(struct saying){.type = NULL});
	said_make(&said[1], &(struct saying){.type = "no.such/1"});
	said_make(&said[2], &(struct saying){.type = NULL});
	said_submit(said, 3, rig->key, signer_fingerprint(rig->signer), 0, &frame);
	struct job *job = submit_frame(rig, rig->link, buf_bytes(&frame), &closed);
	assert_non_null(job);
	assert_null(job->candidates[0].refusal);
	assert_int_equal(job->candidates[1].refusal->code, CODE_UNKNOWN_TYPE);
	assert_null(job->candidates[2].refusal);
	job_free(job);
	buf_done(&frame);
	for (int i = 0; i < 3; i++)
		said_done(&said[i]);
}

/* A header of one's own making: `json` packed, or the bytes as they are. */
static enum code judged_header(struct rig *rig, struct bytes header, struct message *ret)
{
	struct said said = {.id = {{0}}};
	struct buf frame;
	enum code code = CODE_OK;
	buf_init(&said.header, 1 << 20);
	buf_init(&said.parts, 1 << 20);
	buf_add(&said.header, header);
	part_encode_all(&(struct part){BYTES_LIT("main"), (const uint8_t *)"0123456789abcdef", BYTES_LIT("\x80")}, 1, &said.parts);
	said_submit(&said, 1, rig->key, signer_fingerprint(rig->signer), 0, &frame);
	struct job *job = submit_frame(rig, rig->link, buf_bytes(&frame), &code);
	if (job) {
		code = job->candidates[0].refusal->code;
		*ret = job->candidates[0].message;
		ret->id = ret->id ? (const uint8_t *)"" : NULL; /* what it pointed to is going */
	}
	job_free(job);
	buf_done(&frame);
	said_done(&said);
	return code;
}

static void answers_a_bad_header_as_long_as_its_id_can_be_read(void **state)
{
	struct rig *rig = *state;
	struct message message;
	struct buf header;
	buf_init(&header, 1 << 20);
	said_json("{'v':1,'id':{'$base64':'AZyPKmt9fBCaRA87Xi16YQ=='},'type':7}", &header);
	assert_int_equal(judged_header(rig, buf_bytes(&header), &message), CODE_MALFORMED);
	assert_non_null(message.id);
	assert_int_equal(message.type.len, 0);
	assert_int_equal(message.parts_count, 0);
	buf_done(&header);
}

static void closes_the_link_when_there_is_nothing_to_answer(void **state)
{
	static const char *const headers[] = {"{'v':1}", "{'id':'x'}", "{'id':{'$base64':'AZyPKmt9TBCaRA87Xi16YQ=='}}", "7"};
	struct rig *rig = *state;
	struct message message = {.id = NULL};
	enum code closed;
	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++) {
		struct buf header;
		buf_init(&header, 1 << 20);
		said_json(headers[i], &header);
		assert_int_equal(judged_header(rig, buf_bytes(&header), &message), CODE_MALFORMED);
		assert_null(message.id);
		buf_done(&header);
	}
	assert_int_equal(judged_header(rig, BYTES_LIT("\xc1"), &message), CODE_MALFORMED);
	assert_null(submit_frame(rig, rig->link, BYTES_LIT("\x95\x03\xc0\xc0\xc0\xc0"), &closed));
	assert_int_equal(closed, CODE_MALFORMED);
}

/* ── signatures of persons ── */

static void add_approval(struct rig *rig, const char *person, struct bytes main_part, struct buf *out)
{
	struct err err;
	struct key *key = pki_fixture_key(&rig->hub.pki, person);
	struct signer *signer = pki_fixture_signer(&rig->hub.pki, rig->hub.snapshot->trust, person, TRUST_SIGN_PERSON);
	pki_fixture_fine(approval_sign(key, signer, BYTES_LIT("release.authorize/1"), main_part, clock_wall_ms(), out, &err), &err);
	key_unref(key);
	signer_unref(signer);
}

static enum code judged_authorization(struct rig *rig, const char *const *persons, size_t count, bool other_body)
{
	struct key *key = pki_fixture_key(&rig->hub.pki, BOARD "-sign");
	struct signer *board = pki_fixture_signer(&rig->hub.pki, rig->hub.snapshot->trust, BOARD "-sign", TRUST_SIGN_PARTY);
	const struct catalogue_type *type = catalogue_find(rig->hub.snapshot->catalogue, BYTES_LIT("release.authorize/1"));
	struct bytes body;
	struct buf approvals, signed_body, frame;
	struct said said;
	enum code closed;
	assert_true(pack_pointer(buf_bytes(&type->source), "/examples/valid/0/body", &body));
	buf_init(&signed_body, 1 << 20);
	buf_init(&approvals, 1 << 20);
	buf_add(&signed_body, body);
	if (other_body)
		buf_add_byte(&signed_body, 0);
	pack_put_array(&approvals, count);
	for (size_t i = 0; i < count; i++)
		add_approval(rig, persons[i], buf_bytes(&signed_body), &approvals);
	said_make(&said, &(struct saying){.type = "release.authorize/1", .from = BOARD, .subject = "{'doc_number':'00312845'}",
	                                  .packed = body, .approvals = count ? buf_bytes(&approvals) : BYTES_NONE});
	said_submit(&said, 1, key, signer_fingerprint(board), 0, &frame);
	uint64_t link = job_link(0, 77);
	link_up(rig, link, board);
	job_free(routed(rig));
	struct job *job = submit_frame(rig, link, buf_bytes(&frame), &closed);
	assert_non_null(job);
	enum code code = job->candidates[0].refusal ? job->candidates[0].refusal->code : CODE_OK;
	job_free(job);
	give(rig, job_new(JOB_LINK_DOWN, link));
	job_free(routed(rig));
	buf_done(&frame);
	buf_done(&signed_body);
	buf_done(&approvals);
	said_done(&said);
	key_unref(key);
	signer_unref(board);
	return code;
}

static void asks_for_the_signatures_of_persons_where_the_type_does(void **state)
{
	struct rig *rig = *state;
	const char *const both[] = {"m.alvarez", "j.okafor"}, *const twice[] = {"m.alvarez", "m.alvarez"};
	pki_fixture_person(&rig->hub.pki, BOARD, "m.alvarez", "board_chair");
	pki_fixture_person(&rig->hub.pki, BOARD, "j.okafor", "board_member");
	assert_int_equal(judged_authorization(rig, both, 2, false), CODE_OK);
	assert_int_equal(judged_authorization(rig, both, 0, false), CODE_AUTHORITY);
	assert_int_equal(judged_authorization(rig, both, 1, false), CODE_AUTHORITY);
	assert_int_equal(judged_authorization(rig, twice, 2, false), CODE_AUTHORITY);
	assert_int_equal(judged_authorization(rig, both, 2, true), CODE_AUTHORITY);
}

/* ── the rest of what passes through ── */

static void passes_other_jobs_on_untouched(void **state)
{
	static const enum job_kind kinds[] = {JOB_ACK, JOB_CREDIT, JOB_CERT_ASK, JOB_LINK_DOWN};
	struct rig *rig = *state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		struct job *job = job_new(kinds[i], rig->link), *same = job;
		give(rig, job);
		job = routed(rig);
		assert_ptr_equal(job, same);
		assert_int_equal(job->kind, kinds[i]);
		job_free(job);
	}
}

static void drops_what_comes_from_a_link_that_is_down(void **state)
{
	struct rig *rig = *state;
	struct said said;
	struct buf frame;
	enum code closed;
	give(rig, job_new(JOB_LINK_DOWN, rig->link));
	job_free(routed(rig));
	said_make(&said, &(struct saying){.type = NULL});
	said_submit(&said, 1, rig->key, signer_fingerprint(rig->signer), 0, &frame);
	assert_null(submit_frame(rig, rig->link, buf_bytes(&frame), &closed));
	assert_int_equal(closed, CODE_OK);
	buf_done(&frame);
	said_done(&said);
}

static void hears_of_the_signers_of_links_that_others_serve(void **state)
{
	struct rig *rig = *state;
	struct verifier *second = NULL;
	struct wire *to_second = NULL;
	struct err err;
	struct signer *board = pki_fixture_signer(&rig->hub.pki, rig->hub.snapshot->trust, BOARD "-sign", TRUST_SIGN_PARTY);
	pki_fixture_fine(verifier_new(rig->wires, rig->hub.snapshot, 1, 2, 1, &second, &err), &err);
	pki_fixture_fine(wire_connect(rig->wires, WIRE_PUSH, "inproc://verifier-1", NULL, &to_second, &err), &err);
	struct job *job = job_new(JOB_LINK_UP, job_link(0, 2)); /* served by verifier 0 of 2 */
	job->signer = signer_ref(board);
	pki_fixture_fine(job_give(to_second, &job, true, &err), &err);
	assert_true(verifier_turn(second));
	assert_null(routed(rig));
	verifier_free(second);
	wire_free(to_second);
	signer_unref(board);
}

static void takes_what_is_there_before_it_stops(void **state)
{
	struct rig *rig = *state;
	struct err err;
	for (int i = 0; i < 5; i++) {
		struct job *job = job_new(i == 2 ? JOB_STOP : JOB_ACK, rig->link);
		pki_fixture_fine(job_give(rig->in, &job, true, &err), &err);
	}
	verifier_run(rig->verifier);
	for (int i = 0; i < 4; i++) {
		struct job *job = routed(rig);
		assert_non_null(job);
		job_free(job);
	}
	assert_null(routed(rig));
}

/* LINK_UP as a gateway process says it: a party, and what it calls the party's certificate. */
static enum code told_by_a_process(struct rig *rig, uint64_t link, const char *party, const char *certificate, struct job **ret_up)
{
	struct job *job = job_new(JOB_LINK_UP, link);
	struct buf chain;
	struct bytes each[TRUST_CHAIN_MAX];
	enum code code = CODE_OK;
	struct signer *signer = pki_fixture_signer(&rig->hub.pki, rig->hub.snapshot->trust, certificate, TRUST_SIGN_PARTY);
	size_t count = signer_chain(signer, each);
	buf_init(&chain, 1 << 16);
	pack_put_array(&chain, count);
	for (size_t i = 0; i < count; i++)
		pack_put_bin(&chain, each[i]);
	snprintf(job->party, sizeof(job->party), "%s", party);
	job->frame = buf_take_blob(&chain);
	buf_done(&chain);
	signer_unref(signer);
	give(rig, job);
	*ret_up = routed(rig);
	struct job *close = job_take(rig->gateway, 0);
	if (close) {
		assert_int_equal(close->kind, JOB_CLOSE);
		assert_int_equal(close->link, link);
		code = close->why.code;
		job_free(close);
	}
	return code;
}

static void judges_by_itself_whose_link_a_gateway_process_announces(void **state)
{
	struct rig *rig = *state;
	struct job *up = NULL;
	pki_fixture_party(&rig->hub.pki, "ct.stranger");
	assert_int_equal(told_by_a_process(rig, job_link(0, 7), BOARD, BOARD "-sign", &up), CODE_OK);
	assert_non_null(up);
	assert_string_equal(signer_party(up->signer), BOARD);
	job_free(up);
	assert_int_equal(told_by_a_process(rig, job_link(0, 8), BOARD, POLICE "-sign", &up), CODE_NOT_YOUR_PARTY);
	assert_null(up);
	assert_int_equal(told_by_a_process(rig, job_link(0, 9), "ct.stranger", "ct.stranger-sign", &up), CODE_NOT_ENROLLED);
	assert_null(up);
	struct job *garbage = job_new(JOB_LINK_UP, job_link(0, 10));
	snprintf(garbage->party, sizeof(garbage->party), POLICE);
	garbage->frame = blob_new(BYTES_LIT("\x91\xc4\x01x"));
	give(rig, garbage);
	assert_null(routed(rig));
	struct job *close = job_take(rig->gateway, 0);
	assert_int_equal(close->why.code, CODE_CERTIFICATE);
	job_free(close);
	/* And nothing that comes over such a link is heard. */
	enum code closed = CODE_OK;
	assert_null(submit_frame(rig, job_link(0, 10), BYTES_LIT("x"), &closed));
	assert_int_equal(closed, CODE_OK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)
	const struct CMUnitTest tests[] = {
		TEST(judges_by_itself_whose_link_a_gateway_process_announces),
		TEST(passes_a_good_message_with_all_that_the_router_needs),
		TEST(refuses_one_bit_changed_anywhere_with_the_right_code),
		TEST(refuses_another_partys_valid_key_as_not_your_party),
		TEST(refuses_a_message_from_another_party_signed_by_the_links),
		TEST(refuses_what_the_catalogue_does_not_allow),
		TEST(refuses_a_part_of_class_p2_that_is_not_sealed_or_names_no_consent),
		TEST(refuses_a_type_that_the_partys_role_may_not_originate),
		TEST(judges_times_by_its_own_clock),
		TEST(refuses_a_certificate_out_of_its_time),
		TEST(refuses_what_is_signed_by_a_certificate_that_a_reload_revoked),
		TEST(refuses_one_message_of_a_batch_and_passes_the_others),
		TEST(answers_a_bad_header_as_long_as_its_id_can_be_read),
		TEST(closes_the_link_when_there_is_nothing_to_answer),
		TEST(asks_for_the_signatures_of_persons_where_the_type_does),
		TEST(passes_other_jobs_on_untouched),
		TEST(drops_what_comes_from_a_link_that_is_down),
		TEST(hears_of_the_signers_of_links_that_others_serve),
		TEST(takes_what_is_there_before_it_stops),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
