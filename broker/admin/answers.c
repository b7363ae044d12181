#include "broker/admin/answers.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/text.h"
#include "broker/admin/look.h"
#include "broker/ledger/ledger.h"
#include "broker/record/record.h"
#include "schemas/envelope.h"
#include "schemas/plain.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ANSWERS_TRACE_ROWS = 1000, ANSWERS_STORED_MAX = 72 << 20 };

static void put_text(struct buf *out, const char *key, const char *text)
{
	pack_put_str(out, key);
	pack_put_str(out, text);
}

static void put_number(struct buf *out, const char *key, int64_t number)
{
	pack_put_str(out, key);
	pack_put_int(out, number);
}

static bool find_text(struct bytes map, const char *key, struct bytes *ret)
{
	struct bytes value;
	return pack_find(map, key, &value) && pack_as_text(value, ret);
}

void answers_put_error(const struct err *why, struct buf *out)
{
	pack_put_map(out, 1);
	pack_put_str(out, "error");
	pack_put_map(out, 3);
	put_text(out, "code", code_text(why->code));
	put_text(out, "field", why->field);
	put_text(out, "reason", why->reason);
}

/* ── by ourselves ── */

/* Counted when somebody asks, from the rows, so that they are never out of step with them. */
static result set_gauges(const struct answers *answers, struct err *err)
{
	struct look_counts counts;
	TRY(look_count(answers, &counts, err));
	metric_set(metric_gauge("liaison_held_messages", "Messages that an interlock holds", NULL, NULL), counts.held);
	metric_set(metric_gauge("liaison_deadlines_overdue", "Deadlines that are past and owed still", NULL, NULL), counts.overdue);
	metric_set(metric_gauge("liaison_exchanges_open", "Requests whose answers are being collected", NULL, NULL), counts.open);
	metric_set(metric_gauge("liaison_subscriptions", "Subscriptions to persons", NULL, NULL), counts.subscriptions);
	return OK;
}

result answers_metrics(const struct answers *answers, struct bytes request, struct buf *out, struct err *err)
{
	struct buf text;
	(void)request;
	TRY(set_gauges(answers, err));
	buf_init(&text, ANSWERS_MAX);
	metrics_print(&text);
	pack_put_map(out, 1);
	pack_put_str(out, "metrics");
	pack_put_text(out, buf_bytes(&text));
	result r = buf_check(&text, "metrics", err);
	buf_done(&text);
	return r;
}

struct rows {
	struct buf packed;
	size_t count;
};

static void add_row(void *ctx, struct bytes row)
{
	struct rows *rows = ctx;
	pack_put_raw(&rows->packed, row);
	rows->count++;
}

/* A trace by an identifier is a look at a person. */
static bool look_at_person(const struct answers *answers, struct bytes what, char into[static 64])
{
	struct identifier id;
	int64_t person = 0;
	struct err ignored;
	if (FAILED(identifier_parse(what, &id, &ignored)) || FAILED(record_person_of(answers->reader, &id, &person, &ignored)))
		return false;
	snprintf(into, 64, "person %lld", (long long)person);
	return true;
}

result answers_trace(const struct answers *answers, struct bytes request, struct buf *out, struct err *err)
{
	struct bytes what, value;
	struct rows rows = {.count = 0};
	int64_t most = ANSWERS_TRACE_ROWS;
	char looked[64];
	if (!find_text(request, "what", &what) || what.len == 0)
		return err_set(err, CODE_USAGE, "/what", "name a message id, a thread, or an identifier of the subject");
	if (pack_find(request, "most", &value) && (!pack_as_int(value, &most) || most < 1 || most > ANSWERS_TRACE_ROWS))
		return err_set(err, CODE_USAGE, "/most", "is not a number from 1 to %d", ANSWERS_TRACE_ROWS);
	if (!answers->view)
		return err_set(err, CODE_BUSY, "", "there is no index yet");
	buf_init(&rows.packed, ANSWERS_MAX);
	result r = index_trace(answers->view, what, (size_t)most, add_row, &rows, err);
	if (!FAILED(r))
		r = buf_check(&rows.packed, "trace", err);
	bool is_of_person = !FAILED(r) && look_at_person(answers, what, looked);
	if (!FAILED(r)) {
		pack_put_map(out, is_of_person ? 2 : 1);
		if (is_of_person)
			put_text(out, "looked_at", looked);
		pack_put_str(out, "trace");
		pack_put_array(out, rows.count);
		pack_put_raw(out, buf_bytes(&rows.packed));
	}
	buf_done(&rows.packed);
	return r;
}

static result read_head(const struct answers *answers, struct buf *hold, struct head *ret, struct err *err)
{
	bool found = false;
	TRY(store_noted(answers->reader, LEDGER_NOTE_HEAD, hold, &found, err));
	if (!found)
		return err_set(err, CODE_NOT_FOUND, "", "no head has been signed yet");
	return head_decode(buf_bytes(hold), ret, err);
}

result answers_ledger_head(const struct answers *answers, struct bytes request, struct buf *out, struct err *err)
{
	struct buf hold;
	struct head head;
	char root[2 * HASH_LEN + 1];
	(void)request;
	buf_init(&hold, LEDGER_NOTE_MAX);
	result r = read_head(answers, &hold, &head, err);
	if (!FAILED(r)) {
		pack_put_map(out, 5);
		put_text(out, "hub", head.hub);
		put_number(out, "size", (int64_t)head.size);
		put_text(out, "root", text_hex(hash_bytes(&head.root), root));
		put_number(out, "at", head.at);
		pack_put_str(out, "head");
		pack_put_bin(out, buf_bytes(&hold));
	}
	buf_done(&hold);
	return r;
}

void answers_put_lines(struct bytes text, struct buf *out)
{
	size_t count = 0;
	for (size_t i = 0; i < text.len; i++)
		count += text.at[i] == '\n';
	pack_put_array(out, count);
	while (count-- > 0) {
		const uint8_t *end = memchr(text.at, '\n', text.len);
		size_t len = (size_t)(end - text.at);
		pack_put_text(out, bytes_of(text.at, len));
		text = bytes_of(end + 1, text.len - len - 1);
	}
}

result answers_check(const struct answers *answers, struct bytes request, struct buf *out, struct err *err)
{
	struct conf_faults faults;
	struct snapshot *snapshot = NULL;
	(void)request;
	(void)err;
	conf_faults_init(&faults);
	if (!FAILED(snapshot_load(answers->file, 0, &snapshot, &faults)))
		snapshot_unref(snapshot);
	pack_put_map(out, 1);
	pack_put_str(out, "faults");
	answers_put_lines(buf_bytes(&faults.text), out);
	conf_faults_done(&faults);
	return OK;
}

/* ── of what the router told ── */

static int64_t resident_bytes(void)
{
	static int fd = -1; /* kept: the sandbox knows the file that it was, not what bears its name later */
	char text[128] = "";
	int64_t resident = 0;
	if (fd < 0)
		fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	ssize_t len = fd >= 0 ? pread(fd, text, sizeof(text) - 1, 0) : -1;
	const char *second = len > 0 ? strchr(text, ' ') : NULL; /* after the size of the whole address space */
	if (!second || FAILED(text_int(bytes_of(second + 1, strcspn(second + 1, " ")), 0, INT64_MAX / 65536, &resident, NULL)))
		return 0;
	return resident * sysconf(_SC_PAGESIZE);
}

static int64_t entries_behind(const struct answers *answers)
{
	int64_t behind = -1;
	struct err ignored;
	if (!answers->view || FAILED(index_behind(answers->view, &behind, &ignored)))
		return -1;
	return behind;
}

static void put_head(const struct answers *answers, struct buf *out)
{
	struct buf hold;
	struct head head;
	struct err ignored;
	char root[2 * HASH_LEN + 1] = "";
	buf_init(&hold, LEDGER_NOTE_MAX);
	bool is_there = !FAILED(read_head(answers, &hold, &head, &ignored));
	put_number(out, "head_size", is_there ? (int64_t)head.size : 0);
	put_text(out, "head_root", is_there ? text_hex(hash_bytes(&head.root), root) : "");
	buf_done(&hold);
}

result answers_status(const struct answers *answers, struct bytes request, struct bytes told, struct buf *out, struct err *err)
{
	const struct snapshot *snapshot = answers->snapshot;
	struct pack_in in = pack_in(told, err);
	size_t count = pack_map(&in, "");
	(void)request;
	if (in.failed)
		return (result){err->code};
	struct look_counts counts;
	TRY(look_count(answers, &counts, err));
	pack_put_map(out, count + 13);
	put_number(out, "held", counts.held);
	put_number(out, "deadlines_overdue", counts.overdue);
	put_number(out, "exchanges_open", counts.open);
	put_number(out, "subscriptions", counts.subscriptions);
	pack_put_raw(out, bytes_of(in.at, (size_t)(in.end - in.at)));
	put_text(out, "version", LIAISON_VERSION);
	put_number(out, "uptime_ms", clock_mono_ms() - answers->started_mono);
	put_number(out, "memory_bytes", resident_bytes());
	put_number(out, "index_behind", entries_behind(answers));
	put_head(answers, out);
	put_number(out, "tls_until", tls_not_after_ms(snapshot->tls));
	put_number(out, "signing_until", signer_not_after_ms(snapshot->signing));
	put_number(out, "crl_due", trust_crl_due_ms(snapshot->trust));
	return OK;
}

static result put_header(const struct answers *answers, struct bytes id_text, struct buf *out, struct err *err)
{
	struct store_message stored;
	struct envelope envelope;
	struct message message;
	struct buf hold;
	struct uuid id;
	bool found = false;
	TRY(uuid_parse(id_text, &id, err));
	buf_init(&hold, ANSWERS_STORED_MAX);
	result r = store_find(answers->reader, id.at, &hold, &found, &stored, err);
	if (!FAILED(r) && !found)
		r = err_set(err, CODE_NOT_FOUND, "/id", "the message is not stored");
	if (!FAILED(r))
		r = envelope_decode(stored.envelope, &envelope, err);
	if (!FAILED(r))
		r = message_decode(envelope.header, &message, err);
	if (!FAILED(r))
		plain_write(&message, NULL, 0, envelope.signer, out);
	buf_done(&hold);
	return r;
}

result answers_dead_show(const struct answers *answers, struct bytes request, struct bytes told, struct buf *out, struct err *err)
{
	struct bytes id, list, one, is;
	if (!find_text(request, "id", &id))
		return err_set(err, CODE_USAGE, "/id", "name the message id");
	if (!pack_find(told, "dead", &list))
		return err_set(err, CODE_NOT_FOUND, "/id", "no dead letter of that id");
	struct pack_in in = pack_in(list, err);
	for (size_t left = pack_array(&in, "/dead"); left > 0 && !in.failed; left--) {
		one = pack_value(&in, "/dead");
		if (!find_text(one, "id", &is) || !text_equal_nocase(is, id))
			continue;
		pack_put_map(out, 2);
		pack_put_str(out, "dead");
		pack_put_raw(out, one);
		pack_put_str(out, "message");
		return put_header(answers, id, out, err);
	}
	return err_set(err, CODE_NOT_FOUND, "/id", "no dead letter of that id");
}
