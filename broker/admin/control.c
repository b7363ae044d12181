#include "broker/admin/control.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "broker/admin/look.h"
#include "schemas/json.h"

#include <string.h>
#include <sys/queue.h>

enum {
	CONTROL_REQUEST_MAX = 65536,
	CONTROL_PENDING_MAX = 256,
	CONTROL_PATIENCE_MS = 30000, /* a reload reads files; everything else takes milliseconds */
	CONTROL_TICK_MS = 1000,
	CONTROL_TURN = 64
};

/* A question that somebody else has to answer. */
struct pending {
	int64_t number;
	const struct operation *operation;
	struct blob *identity, *request;
	bool is_enveloped; /* a REQ: an empty frame stands before the request */
	int64_t until;     /* monotonic */
	TAILQ_ENTRY(pending) next;
};

struct control {
	struct wire *wire, *to_router, *to_main;
	struct loop_wire *watch;
	struct loop_timer *timer;
	const struct answers *answers;
	TAILQ_HEAD(pendings, pending) pending; /* oldest first */
	size_t pending_count;
	int64_t last_number;
};

/* Where a request came from and what it says. */
struct question {
	struct bytes identity, request; /* request: packed */
	bool is_enveloped;
	int64_t uid, pid; /* of who asks, as far as the kernel says; -1: not known */
};

enum whom { WHOM_SELF, WHOM_ROUTER, WHOM_MAIN };

struct operation {
	const char *name;
	enum whom whom;
	bool looks; /* at what is said of persons: it goes to the log */
	const char *asked_as; /* of the router; NULL: the same name */
	result (*answer)(const struct answers *answers, struct bytes request, struct buf *out, struct err *err);
	result (*finish)(const struct answers *answers, struct bytes request, struct bytes told, struct buf *out, struct err *err);
};

static const struct operation operations[] = {
	{.name = "status", .whom = WHOM_ROUTER, .finish = answers_status},
	{.name = "agencies", .whom = WHOM_ROUTER},
	{.name = "queues", .whom = WHOM_ROUTER},
	{.name = "dead_list", .whom = WHOM_ROUTER},
	{.name = "dead_show", .whom = WHOM_ROUTER, .asked_as = "dead_list", .finish = answers_dead_show},
	{.name = "dead_requeue", .whom = WHOM_ROUTER},
	{.name = "dead_discard", .whom = WHOM_ROUTER},
	{.name = "reload", .whom = WHOM_MAIN},
	{.name = "trace", .whom = WHOM_SELF, .answer = answers_trace},
	{.name = "ledger_head", .whom = WHOM_SELF, .answer = answers_ledger_head},
	{.name = "record_show", .whom = WHOM_SELF, .answer = look_record_show, .looks = true},
	{.name = "record_list", .whom = WHOM_SELF, .answer = look_record_list, .looks = true},
	{.name = "person_show", .whom = WHOM_SELF, .answer = look_person_show, .looks = true},
	{.name = "held_list", .whom = WHOM_SELF, .answer = look_held_list, .looks = true},
	{.name = "held_show", .whom = WHOM_SELF, .answer = look_held_show, .looks = true},
	{.name = "deadline_list", .whom = WHOM_SELF, .answer = look_deadline_list, .looks = true},
	{.name = "exchange_show", .whom = WHOM_SELF, .answer = look_exchange_show, .looks = true},
	{.name = "exchange_list", .whom = WHOM_SELF, .answer = look_exchange_list, .looks = true},
	{.name = "subscription_list", .whom = WHOM_SELF, .answer = look_subscription_list, .looks = true},
	{.name = "consent_list", .whom = WHOM_SELF, .answer = look_consent_list, .looks = true},
	{.name = "consent_show", .whom = WHOM_SELF, .answer = look_consent_show, .looks = true},
	{.name = "metrics", .whom = WHOM_SELF, .answer = answers_metrics},
	{.name = "check", .whom = WHOM_SELF, .answer = answers_check},
};

static const struct operation *find_operation(struct bytes request, struct err *err)
{
	struct bytes value, name;
	if (!pack_find(request, "op", &value) || !pack_as_text(value, &name)) {
		err_set(err, CODE_USAGE, "/op", "is missing; say what is asked, like {\"op\":\"status\"}");
		return NULL;
	}
	for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++)
		if (bytes_is(name, operations[i].name))
			return &operations[i];
	err_set(err, CODE_USAGE, "/op", "is no question that is known here");
	return NULL;
}

/* ── answering ── */

static void send_json(struct control *control, const struct question *question, struct bytes packed)
{
	struct bytes frames[3];
	size_t count = 0;
	struct buf json;
	struct err why;
	buf_init(&json, (size_t)2 * ANSWERS_MAX);
	result r = json_from_pack(packed, 0, &json, &why);
	if (!FAILED(r))
		r = buf_check(&json, "answer", &why);
	if (!FAILED(r)) {
		frames[count++] = question->identity;
		if (question->is_enveloped)
			frames[count++] = BYTES_NONE;
		frames[count++] = buf_bytes(&json);
		r = wire_send(control->wire, frames, count, &why);
	}
	if (FAILED(r)) /* whoever asked has gone away */
		log_event(LOG_DEBUG, "control_unanswered", LOG_REASON(&why));
	buf_done(&json);
}

static void send_error(struct control *control, const struct question *question, const struct err *why)
{
	struct buf packed;
	buf_init(&packed, 4096);
	answers_put_error(why, &packed);
	send_json(control, question, buf_bytes(&packed));
	buf_done(&packed);
}

/* Who has looked at what is said of persons stands in the log; what it was, by the hub's own numbers only. A question that found nothing is one, too. */
static void note_look(const struct question *question, const struct operation *operation, struct bytes answer, const struct err *why)
{
	struct bytes value, what = BYTES_NONE;
	char shown[200] = "";
	if (!why && !(pack_find(answer, "looked_at", &value) && pack_as_text(value, &what)))
		return;
	if (!why)
		text_safe(what, shown, sizeof(shown));
	log_event(LOG_NOTICE, "looked_up", LOG_TEXT("op", operation->name), LOG_TEXT("at", shown), LOG_TEXT("code", why ? code_text(why->code) : ""),
	          LOG_INT("uid", question->uid), LOG_INT("pid", question->pid));
}

static void answer_self(struct control *control, const struct question *question, const struct operation *operation)
{
	struct buf out;
	struct err why;
	buf_init(&out, ANSWERS_MAX);
	result r = operation->answer(control->answers, question->request, &out, &why);
	if (!FAILED(r))
		r = buf_check(&out, "answer", &why);
	if (!FAILED(r) || (operation->looks && why.code == CODE_NOT_FOUND))
		note_look(question, operation, buf_bytes(&out), FAILED(r) ? &why : NULL);
	if (FAILED(r))
		send_error(control, question, &why);
	else
		send_json(control, question, buf_bytes(&out));
	buf_done(&out);
}

static void drop_pending(struct control *control, struct pending *pending)
{
	TAILQ_REMOVE(&control->pending, pending, next);
	control->pending_count--;
	blob_unref(pending->identity);
	blob_unref(pending->request);
	mem_free(pending);
}

static struct question question_of(const struct pending *pending)
{
	return (struct question){.identity = blob_bytes(pending->identity), .request = blob_bytes(pending->request), .is_enveloped = pending->is_enveloped,
	                         .uid = -1, .pid = -1};
}

static void finish(struct control *control, const struct pending *pending, struct bytes told)
{
	struct question question = question_of(pending);
	struct bytes error;
	struct buf out;
	struct err why;
	if (!pending->operation->finish || pack_find(told, "error", &error)) {
		send_json(control, &question, told);
		return;
	}
	buf_init(&out, ANSWERS_MAX);
	result r = pending->operation->finish(control->answers, question.request, told, &out, &why);
	if (!FAILED(r))
		r = buf_check(&out, "answer", &why);
	if (FAILED(r))
		send_error(control, &question, &why);
	else
		send_json(control, &question, buf_bytes(&out));
	buf_done(&out);
}

void control_answered(struct control *control, const struct job *job)
{
	struct pending *pending;
	TAILQ_FOREACH(pending, &control->pending, next)
		if (pending->number == job->number)
			break;
	if (!pending)
		return; /* it came too late */
	finish(control, pending, blob_bytes(job->frame));
	drop_pending(control, pending);
}

/* ── asking others ── */

/* The request with another op. Answers of the router are filtered by what else it says. */
static struct blob *renamed(struct bytes request, const char *op)
{
	struct buf out;
	struct err ignored;
	struct pack_in in = pack_in(request, &ignored);
	buf_init(&out, CONTROL_REQUEST_MAX * 2);
	size_t count = pack_map(&in, "");
	pack_put_map(&out, count);
	for (size_t i = 0; i < count && !in.failed; i++) {
		struct bytes key = pack_text(&in, "", SIZE_MAX), value = pack_value(&in, "");
		pack_put_text(&out, key);
		if (bytes_is(key, "op"))
			pack_put_str(&out, op);
		else
			pack_put_raw(&out, value);
	}
	struct blob *blob = buf_take_blob(&out);
	buf_done(&out);
	return blob;
}

static result ask(struct control *control, const struct question *question, const struct operation *operation, struct err *err)
{
	struct wire *whom = operation->whom == WHOM_MAIN ? control->to_main : control->to_router;
	struct job *job = job_new(JOB_ASK, 0);
	job->number = control->last_number + 1;
	job->frame = operation->asked_as ? renamed(question->request, operation->asked_as) : blob_new(question->request);
	result r = job_give(whom, &job, false, err);
	if (FAILED(r)) {
		job_free(job);
		return r;
	}
	struct pending *pending = mem_alloc(sizeof(*pending));
	pending->number = ++control->last_number;
	pending->operation = operation;
	pending->identity = blob_new(question->identity);
	pending->request = blob_new(question->request);
	pending->is_enveloped = question->is_enveloped;
	pending->until = clock_mono_ms() + CONTROL_PATIENCE_MS;
	TAILQ_INSERT_TAIL(&control->pending, pending, next);
	control->pending_count++;
	return OK;
}

static void on_tick(void *ctx)
{
	struct control *control = ctx;
	struct pending *pending;
	struct err why;
	while ((pending = TAILQ_FIRST(&control->pending)) && pending->until < clock_mono_ms()) {
		struct question question = question_of(pending);
		err_set(&why, CODE_TIMEOUT, "", "the broker did not answer in time");
		send_error(control, &question, &why);
		drop_pending(control, pending);
	}
}

/* ── requests ── */

static void take_request(struct control *control, const struct question *question)
{
	struct err why;
	const struct operation *operation = find_operation(question->request, &why);
	if (!operation) {
		send_error(control, question, &why);
		return;
	}
	if (operation->whom == WHOM_SELF) {
		answer_self(control, question, operation);
		return;
	}
	result r = control->pending_count < CONTROL_PENDING_MAX ? ask(control, question, operation, &why)
	                                                         : err_set(&why, CODE_BUSY, "", "too many questions at once");
	if (FAILED(r))
		send_error(control, question, &why);
}

static void take_message(struct control *control, const struct wire_message *message)
{
	struct question question = {.identity = message->frames[0], .uid = message->peer_uid, .pid = message->peer_pid};
	struct buf packed;
	struct err why;
	question.is_enveloped = message->count == 3 && message->frames[1].len == 0;
	if (message->count != 2 && !question.is_enveloped) {
		log_event(LOG_WARNING, "control_malformed", LOG_INT("frames", message->count));
		return;
	}
	buf_init(&packed, CONTROL_REQUEST_MAX * 2);
	result r = json_to_pack(message->frames[message->count - 1], &packed, &why);
	if (!FAILED(r))
		r = buf_check(&packed, "request", &why);
	question.request = buf_bytes(&packed);
	if (FAILED(r))
		send_error(control, &question, &why);
	else
		take_request(control, &question);
	buf_done(&packed);
}

static void on_readable(void *ctx)
{
	struct control *control = ctx;
	struct wire_message message;
	struct err why;
	for (int i = 0; i < CONTROL_TURN; i++) {
		result r = wire_receive(control->wire, &message, &why);
		if (r.code == CODE_BUSY || r.code == CODE_CLOSED)
			return;
		if (FAILED(r))
			continue;
		take_message(control, &message);
		wire_message_done(&message);
	}
}

/* ── life ── */

result control_new(struct wires *wires, struct loop *loop, const char *endpoint, struct wire *to_router, struct wire *to_main,
                   const struct answers *answers, struct control **ret, struct err *err)
{
	const struct wire_options options = {.max_bytes = CONTROL_REQUEST_MAX, .linger_ms = 500};
	struct wire *wire = NULL;
	TRY(wire_bind(wires, WIRE_ROUTER, endpoint, &options, &wire, err));
	struct control *control = mem_alloc(sizeof(*control));
	control->wire = wire;
	control->to_router = to_router;
	control->to_main = to_main;
	control->answers = answers;
	TAILQ_INIT(&control->pending);
	control->watch = loop_wire_new(loop, wire, on_readable, control);
	control->timer = loop_timer_new(loop, on_tick, control);
	loop_timer_set(control->timer, CONTROL_TICK_MS, CONTROL_TICK_MS);
	*ret = control;
	return OK;
}

void control_free(struct control *control)
{
	struct pending *pending;
	if (!control)
		return;
	while ((pending = TAILQ_FIRST(&control->pending)))
		drop_pending(control, pending);
	loop_wire_free(control->watch);
	loop_timer_free(control->timer);
	wire_free(control->wire);
	mem_free(control);
}
