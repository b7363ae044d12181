/* What an adapter believes of the hub's past: growth, and each way of not growing. */
#include "unit/adapters/runtime/office_fixture.h"

#include "adapters/runtime/history.h"
#include "base/file.h"
#include "base/text.h"
#include "certs/head_file.h"

enum { ENTRIES = 40 };

/* A hub in a test's hands: what it shows is as it likes, and signed. */
struct hub {
	struct trust *trust;
	struct signer *signer;
	struct key *key;
	struct hash leaves[ENTRIES], others[ENTRIES]; /* another past, from the fifth entry on */
	struct bytes chain[TRUST_CHAIN_MAX];
	size_t chain_count;
};

static struct hub hub_of(const char *certificate)
{
	struct hub hub = {.trust = pki_fixture_trust(&desk_pki)};
	hub.signer = pki_fixture_signer(&desk_pki, hub.trust, certificate, TRUST_SIGN_HUB);
	hub.key = pki_fixture_key(&desk_pki, certificate);
	hub.chain_count = signer_chain(hub.signer, hub.chain);
	for (size_t i = 0; i < ENTRIES; i++) {
		hub.leaves[i] = merkle_leaf(bytes_of(&i, sizeof(i)));
		hub.others[i] = i < 5 ? hub.leaves[i] : merkle_leaf(bytes_of(&i, sizeof(int)));
	}
	return hub;
}

static void hub_done(struct hub *hub)
{
	signer_unref(hub->signer);
	key_unref(hub->key);
	trust_unref(hub->trust);
}

static void sign_head(const struct hub *hub, const struct hash *leaves, size_t size, struct buf *out)
{
	struct hash root = merkle_root(leaves, size);
	struct err err;
	buf_init(out, HEAD_MAX);
	desk_fine(head_sign(hub->key, signer_fingerprint(hub->signer), DESK_HUB, size, &root, clock_wall_ms(), out, &err), &err);
}

/* WELCOME with the head of the first `size` entries and the proof from `from` on. */
static result greet(struct history *history, const struct hub *hub, const struct hash *leaves, size_t size, size_t from, struct err *err)
{
	struct hash proof[64];
	size_t len = 0;
	struct buf head;
	sign_head(hub, leaves, size, &head);
	if (from && from <= size)
		merkle_consistency(leaves, size, from, proof, &len);
	struct frame_welcome welcome = {.head = buf_bytes(&head), .proof = bytes_of(proof, len * sizeof(*proof)), .chain_count = hub->chain_count};
	memcpy(welcome.chain, hub->chain, sizeof(welcome.chain));
	result r = history_welcome(history, &welcome, err);
	buf_done(&head);
	return r;
}

static result show(struct history *history, const struct hub *hub, const struct hash *leaves, size_t size, size_t from, bool with_chain, struct err *err)
{
	struct hash proof[64];
	size_t len = 0;
	struct buf head;
	sign_head(hub, leaves, size, &head);
	merkle_consistency(leaves, size, from, proof, &len);
	struct frame_head frame = {.head = buf_bytes(&head), .from = (int64_t)from, .proof = bytes_of(proof, len * sizeof(*proof)),
	                           .chain_count = with_chain ? hub->chain_count : 0};
	memcpy(frame.chain, hub->chain, sizeof(frame.chain));
	result r = history_head(history, &frame, err);
	buf_done(&head);
	return r;
}

static struct history *open_history(struct desk *desk)
{
	struct history *history = NULL;
	struct err err;
	desk_fine(history_new(&desk->office, &history, &err), &err);
	return history;
}

/* As after a restart: what is believed is what the box has. */
static struct history *reopen(struct desk *desk, struct history *history)
{
	history_free(history);
	desk_commit(desk);
	return open_history(desk);
}

static void assert_code(result r, enum code code)
{
	assert_string_equal(code_text(r.code), code_text(code));
}

static void growth_is_believed_and_remembered(void **state)
{
	struct desk *desk = *state;
	struct hub hub = hub_of("hub-sign");
	struct history *history = open_history(desk);
	struct err err;
	assert_int_equal(history_known(history), 0);
	assert_code(greet(history, &hub, hub.leaves, 7, 0, &err), CODE_OK);
	assert_int_equal(history_known(history), 7);
	assert_code(show(history, &hub, hub.leaves, 12, 7, false, &err), CODE_OK);
	history = reopen(desk, history);
	assert_int_equal(history_known(history), 12);
	assert_code(greet(history, &hub, hub.leaves, 12, 12, &err), CODE_OK);
	assert_code(greet(history, &hub, hub.leaves, 40, 12, &err), CODE_OK);
	assert_int_equal(history_known(history), 40);
	history_free(history);
	hub_done(&hub);
}

static const struct {
	const char *what;
	bool others;
	size_t size, from;
} lies[] = {{"behind", false, 11, 0}, {"forked", true, 12, 12}, {"rewritten", true, 20, 12}, {"rewritten", false, 20, 11}, {"rewritten", false, 20, 0}};

/* Each lie is refused again and again, over a restart too, until what is refused is accepted by name. */
static void whatever_does_not_go_on_from_what_is_known_is_refused(void **state)
{
	struct desk *desk = *state;
	struct hub hub = hub_of("hub-sign");
	struct history *history = open_history(desk);
	struct err err;
	struct buf shown;
	struct bytes what, text;
	assert_code(greet(history, &hub, hub.leaves, 12, 0, &err), CODE_OK);
	history_free(history);
	desk_commit(desk);
	for (size_t i = 0; i < sizeof(lies) / sizeof(*lies); i++) {
		const struct hash *leaves = lies[i].others ? hub.others : hub.leaves;
		history = open_history(desk);
		assert_code(greet(history, &hub, leaves, lies[i].size, lies[i].from, &err), CODE_HISTORY);
		assert_non_null(strstr(err.reason, lies[i].what));
		history = reopen(desk, history);
		assert_code(greet(history, &hub, leaves, lies[i].size, lies[i].from, &err), CODE_HISTORY);
		assert_int_equal(history_known(history), 12);
		buf_init(&shown, DESK_MAX);
		history_show(history, &shown);
		assert_true(pack_pointer(buf_bytes(&shown), "/refused/what", &what) && pack_as_text(what, &text) && bytes_is(text, lies[i].what));
		buf_done(&shown);
		history_free(history);
		/* The next lie meets an adapter that was not lied to yet. */
		desk_fine(box_note(desk->office.box, "hub_head_refused", BYTES_NONE, &err), &err);
		desk_commit(desk);
	}
	hub_done(&hub);
}

static void a_hub_that_was_behind_is_believed_again_when_it_goes_on(void **state)
{
	struct desk *desk = *state;
	struct hub hub = hub_of("hub-sign");
	struct history *history = open_history(desk);
	struct err err;
	assert_code(greet(history, &hub, hub.leaves, 12, 0, &err), CODE_OK);
	assert_code(greet(history, &hub, hub.leaves, 9, 0, &err), CODE_HISTORY);
	assert_code(greet(history, &hub, hub.leaves, 10, 0, &err), CODE_HISTORY); /* it goes on, and is still behind */
	history = reopen(desk, history);
	assert_code(greet(history, &hub, hub.leaves, 13, 12, &err), CODE_OK);
	assert_int_equal(history_known(history), 13);
	history = reopen(desk, history);
	assert_code(greet(history, &hub, hub.leaves, 14, 13, &err), CODE_OK);
	history_free(history);
	hub_done(&hub);
}

static void a_hub_that_showed_two_pasts_is_not_believed_because_the_next_one_fits(void **state)
{
	struct desk *desk = *state;
	struct hub hub = hub_of("hub-sign");
	struct history *history = open_history(desk);
	struct err err;
	assert_code(greet(history, &hub, hub.leaves, 12, 0, &err), CODE_OK);
	assert_code(greet(history, &hub, hub.others, 12, 12, &err), CODE_HISTORY);
	history = reopen(desk, history);
	assert_code(greet(history, &hub, hub.leaves, 13, 12, &err), CODE_HISTORY);
	history_free(history);
	hub_done(&hub);
}

static void a_hub_without_any_head_is_behind_what_is_known(void **state)
{
	struct desk *desk = *state;
	struct hub hub = hub_of("hub-sign");
	struct history *history = open_history(desk);
	struct err err;
	struct frame_welcome none = {.chain_count = hub.chain_count};
	memcpy(none.chain, hub.chain, sizeof(none.chain));
	assert_code(history_welcome(history, &none, &err), CODE_OK);
	assert_code(greet(history, &hub, hub.leaves, 12, 0, &err), CODE_OK);
	assert_code(history_welcome(history, &none, &err), CODE_HISTORY);
	history_free(history);
	hub_done(&hub);
}

static void a_head_counts_by_its_signature_and_by_a_certificate_that_is_good_now(void **state)
{
	struct desk *desk = *state;
	struct hub hub = hub_of("hub-sign");
	struct history *history = open_history(desk);
	struct err err;
	struct buf head;
	assert_code(greet(history, &hub, hub.leaves, 7, 0, &err), CODE_OK);
	sign_head(&hub, hub.leaves, 9, &head);
	head.at[20] ^= 1; /* within the statement */
	struct frame_head frame = {.head = buf_bytes(&head), .from = 7};
	assert_true(FAILED(history_head(history, &frame, &err)));
	buf_done(&head);
	/* Another hub's certificate, and a party's. */
	struct hub other = hub_of("other-hub-sign");
	assert_code(greet(history, &other, other.leaves, 9, 7, &err), CODE_NOT_YOUR_PARTY);
	assert_code(greet(history, &hub, hub.leaves, 9, 7, &err), CODE_OK);
	assert_code(show(history, &hub, hub.leaves, 11, 7, false, &err), CODE_PROTOCOL); /* not from the last one */
	clock_freeze(signer_not_after_ms(hub.signer) + 1000);
	assert_code(show(history, &hub, hub.leaves, 11, 9, false, &err), CODE_CERTIFICATE);
	assert_code(greet(history, &hub, hub.leaves, 11, 9, &err), CODE_CERTIFICATE);
	clock_release();
	assert_int_equal(history_known(history), 9);
	hub_done(&other);
	history_free(history);
	hub_done(&hub);
}

static void a_renewed_certificate_comes_with_its_chain(void **state)
{
	struct desk *desk = *state;
	struct hub hub = hub_of("hub-sign"), renewed = hub_of("hub-sign-2");
	struct history *history = open_history(desk);
	struct err err;
	assert_code(greet(history, &hub, hub.leaves, 7, 0, &err), CODE_OK);
	assert_code(show(history, &renewed, hub.leaves, 9, 7, false, &err), CODE_SIGNATURE);
	assert_code(show(history, &renewed, hub.leaves, 9, 7, true, &err), CODE_OK);
	assert_code(show(history, &renewed, hub.leaves, 10, 9, false, &err), CODE_OK);
	history_free(history);
	hub_done(&hub);
	hub_done(&renewed);
}

static void a_revoked_certificate_signs_no_head_any_more(void **state)
{
	struct desk *desk = *state;
	struct hub hub = hub_of("hub-sign-2");
	struct history *history = open_history(desk);
	struct err err;
	assert_code(greet(history, &hub, hub.leaves, 7, 0, &err), CODE_OK);
	pki_fixture_revoke(&desk_pki, "hub-sign-2", "superseded");
	trust_unref(desk->office.papers.trust);
	desk->office.papers.trust = pki_fixture_trust(&desk_pki);
	assert_code(show(history, &hub, hub.leaves, 9, 7, false, &err), CODE_REVOKED);
	assert_code(greet(history, &hub, hub.leaves, 9, 7, &err), CODE_REVOKED);
	history_free(history);
	hub_done(&hub);
}

static struct history_decision decision_on(const struct hash *leaves, size_t size, char root[static 2 * HASH_LEN + 1])
{
	struct hash hash = merkle_root(leaves, size);
	text_hex(hash_bytes(&hash), root);
	return (struct history_decision){.size = (int64_t)size, .root_hex = root, .by = "m.alvarez", .why = "restored from the backup of Sunday"};
}

static void an_operator_accepts_the_very_head_that_was_refused_and_is_on_record(void **state)
{
	struct desk *desk = *state;
	struct hub hub = hub_of("hub-sign");
	struct history *history = open_history(desk);
	struct err err;
	struct buf journal;
	struct bytes value, text;
	char root[2 * HASH_LEN + 1];
	struct history_decision decision = decision_on(hub.others, 20, root);
	assert_code(history_accept(desk->office.box, &decision, &err), CODE_NOT_FOUND);
	assert_code(greet(history, &hub, hub.leaves, 12, 0, &err), CODE_OK);
	assert_code(greet(history, &hub, hub.others, 20, 12, &err), CODE_HISTORY);
	history_free(history);
	desk_commit(desk);
	decision.size = 21;
	assert_code(history_accept(desk->office.box, &decision, &err), CODE_NOT_FOUND);
	assert_non_null(strstr(err.reason, root)); /* the operator reads there what it would have to be */
	decision.size = 20;
	root[0] = root[0] == 'a' ? 'b' : 'a';
	assert_code(history_accept(desk->office.box, &decision, &err), CODE_NOT_FOUND);
	decision = decision_on(hub.others, 20, root);
	root[15] = '\0'; /* too little to be sure by */
	assert_code(history_accept(desk->office.box, &decision, &err), CODE_USAGE);
	decision = decision_on(hub.others, 20, root);
	decision.by = "";
	assert_code(history_accept(desk->office.box, &decision, &err), CODE_USAGE);
	decision = decision_on(hub.others, 20, root);
	assert_code(history_accept(desk->office.box, &decision, &err), CODE_OK);
	history = open_history(desk);
	assert_int_equal(history_known(history), 20);
	assert_code(greet(history, &hub, hub.others, 25, 20, &err), CODE_OK);
	assert_code(greet(history, &hub, hub.leaves, 30, 25, &err), CODE_HISTORY); /* and it goes on from there, not from the old past */
	buf_init(&journal, DESK_MAX);
	desk_fine(history_journal(desk->office.box, &journal, &err), &err);
	assert_true(pack_pointer(buf_bytes(&journal), "/0/what", &value) && pack_as_text(value, &text) && bytes_is(text, "rewritten"));
	assert_true(pack_pointer(buf_bytes(&journal), "/1/what", &value) && pack_as_text(value, &text) && bytes_is(text, "accepted"));
	assert_true(pack_pointer(buf_bytes(&journal), "/1/by", &value) && pack_as_text(value, &text) && bytes_is(text, "m.alvarez"));
	assert_true(pack_pointer(buf_bytes(&journal), "/1/why", &value) && pack_as_text(value, &text) && bytes_starts(text, "restored"));
	buf_done(&journal);
	history_free(history);
	hub_done(&hub);
}

/* Both heads, each with its certificate: whoever trusts the authority can see for himself. */
static void what_was_refused_is_evidence_that_others_can_check(void **state)
{
	struct desk *desk = *state;
	struct hub hub = hub_of("hub-sign");
	struct history *history = open_history(desk);
	struct err err;
	struct buf json, packed, chain;
	struct bytes known, offered = BYTES_NONE;
	struct head_file files[2];
	char **names = NULL, folder[512], path[1024];
	size_t count = 0;
	buf_init(&chain, DESK_MAX);
	pack_put_array(&chain, hub.chain_count);
	for (size_t i = 0; i < hub.chain_count; i++)
		pack_put_bin(&chain, hub.chain[i]);
	desk_fine(box_put_chain(desk->office.box, signer_fingerprint(hub.signer), buf_bytes(&chain), &err), &err);
	buf_done(&chain);
	assert_code(greet(history, &hub, hub.leaves, 12, 0, &err), CODE_OK);
	assert_code(greet(history, &hub, hub.others, 12, 12, &err), CODE_HISTORY);
	assert_code(greet(history, &hub, hub.others, 12, 12, &err), CODE_HISTORY);
	snprintf(folder, sizeof(folder), "%s/history", desk->options.data);
	desk_fine(file_list(folder, ".json", &names, &count, &err), &err);
	assert_int_equal(count, 1);
	snprintf(path, sizeof(path), "%s/%s", folder, names[0]);
	file_list_free(names, count);
	desk_fine(file_read(path, DESK_MAX, &json, &err), &err);
	buf_init(&packed, DESK_MAX);
	desk_fine(json_to_pack(buf_bytes(&json), &packed, &err), &err);
	assert_true(pack_find(buf_bytes(&packed), "known", &known) && pack_find(buf_bytes(&packed), "offered", &offered));
	desk_fine(head_file_read(known, &files[0], &err), &err);
	desk_fine(head_file_read(offered, &files[1], &err), &err);
	for (size_t i = 0; i < 2; i++)
		desk_fine(head_file_check(desk->office.papers.trust, &files[i], &err), &err);
	assert_true(files[0].says.size == files[1].says.size);
	assert_memory_not_equal(files[0].says.root.at, files[1].says.root.at, HASH_LEN);
	buf_done(&json);
	buf_done(&packed);
	history_free(history);
	hub_done(&hub);
}

static void refuses_to_start_with_a_damaged_memory(void **state)
{
	struct desk *desk = *state;
	struct history *history = NULL;
	struct err err;
	desk_fine(box_note(desk->office.box, "hub_head", BYTES_LIT("not a head"), &err), &err);
	assert_code(history_new(&desk->office, &history, &err), CODE_CORRUPT);
	desk_fine(box_note(desk->office.box, "hub_head_refused", BYTES_LIT("\x90"), &err), &err);
	assert_code(history_new(&desk->office, &history, &err), CODE_CORRUPT);
	desk_commit(desk);
}

static void a_hub_that_shows_ever_new_lies_does_not_fill_the_disk(void **state)
{
	struct desk *desk = *state;
	struct hub hub = hub_of("hub-sign");
	struct history *history = open_history(desk);
	struct err err;
	struct buf journal;
	char **names = NULL, folder[512];
	size_t count = 0;
	assert_code(greet(history, &hub, hub.leaves, 39, 0, &err), CODE_OK);
	for (int i = 0; i < 120; i++) {
		hub.others[0] = merkle_leaf(bytes_of(&i, sizeof(i)));
		assert_code(greet(history, &hub, hub.others, 3, 0, &err), CODE_HISTORY);
		desk_commit(desk);
	}
	buf_init(&journal, DESK_MAX);
	desk_fine(history_journal(desk->office.box, &journal, &err), &err);
	struct pack_in in = pack_in(buf_bytes(&journal), &err);
	assert_int_equal(pack_array(&in, ""), 100);
	buf_done(&journal);
	snprintf(folder, sizeof(folder), "%s/history", desk->options.data);
	desk_fine(file_list(folder, ".json", &names, &count, &err), &err);
	assert_int_equal(count, 100);
	file_list_free(names, count);
	history_free(history);
	hub_done(&hub);
}

static void ignore_line(const char *line, size_t len, void *ctx)
{
	(void)line;
	(void)len;
	(void)ctx;
}

static int make_pki(void **state)
{
	desk_make_pki(state);
	log_capture(ignore_line, NULL); /* refusals are loud */
	pki_fixture_issue_as(&desk_pki, TRUST_SIGN_HUB, DESK_HUB, "hub-sign-2");
	pki_fixture_issue_as(&desk_pki, TRUST_SIGN_HUB, "ct.other", "other-hub-sign");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DESK_TEST(growth_is_believed_and_remembered),
		DESK_TEST(whatever_does_not_go_on_from_what_is_known_is_refused),
		DESK_TEST(a_hub_that_was_behind_is_believed_again_when_it_goes_on),
		DESK_TEST(a_hub_that_showed_two_pasts_is_not_believed_because_the_next_one_fits),
		DESK_TEST(a_hub_without_any_head_is_behind_what_is_known),
		DESK_TEST(a_head_counts_by_its_signature_and_by_a_certificate_that_is_good_now),
		DESK_TEST(a_renewed_certificate_comes_with_its_chain),
		DESK_TEST(an_operator_accepts_the_very_head_that_was_refused_and_is_on_record),
		DESK_TEST(what_was_refused_is_evidence_that_others_can_check),
		DESK_TEST(refuses_to_start_with_a_damaged_memory),
		DESK_TEST(a_hub_that_shows_ever_new_lies_does_not_fill_the_disk),
		DESK_TEST(a_revoked_certificate_signs_no_head_any_more),
	};
	return cmocka_run_group_tests(tests, make_pki, desk_drop_pki);
}
