/* What is asked at the hub's control socket, over a hub with a router, a ledger and records of its own. Every question has one answer that is JSON. */
#define EDIT_MUTATOR
#define EDIT_JSON
#include "fuzz/edit.h"
#include "scenario/rules_rig.h"

#include "base/log.h"
#include "broker/admin/control.h"

#define ENDPOINT "inproc://control"

enum { TURNS_MOST = 50 };

static struct rig *rig;
static struct control *control;
static struct loop *loop;
static struct wire *to_main, *from_main, *dealer;
static struct answers answers;

static void leave(void)
{
	void *state = rig;
	wire_free(dealer);
	control_free(control);
	loop_free(loop);
	wire_free(to_main);
	wire_free(from_main);
	store_close(answers.reader);
	tear_down(&state);
}

static void happen(void)
{
	tells(rig, OFFICE, "warrant.issue/1", .subject = "{'warrant_no':'PR-1','nic':'W900000001'}",
	      .body = "{'person':{'name':{'family':'Testcase','given':'Jordan'},'dob':'1990-02-14','ids':{'doc_number':'00312845'}}}");
	(void)tell(rig, JAIL, "release.notification/1", .subject = "{'doc_number':'00312845'}",
	           .body = "{'person':{'name':{'family':'Testcase','given':'Jordan'},'dob':'1990-02-14','ids':{'doc_number':'00312845'}}}");
	tells(rig, POLICE, "query.wanted/1", .subject = "{'doc_number':'00312845'}", .body = "{'nic':'W900000001'}");
	forget_sent(rig);
}

static void begin(void)
{
	void *state = NULL;
	struct err err;
	if (rig)
		return;
	log_setup("fuzz", LOG_ERROR, LOG_FORMAT_AUTO);
	set_up_rules(&state);
	rig = state;
	happen();
	loop = loop_new();
	fine(wire_bind(rig->wires, WIRE_PULL, ENDPOINT_MAIN, NULL, &from_main, &err), &err);
	fine(wire_connect(rig->wires, WIRE_PUSH, ENDPOINT_MAIN, NULL, &to_main, &err), &err);
	answers = (struct answers){.snapshot = rig->hub.snapshot, .file = rig->hub.file};
	fine(store_reader(rig->store, &answers.reader, &err), &err);
	fine(control_new(rig->wires, loop, ENDPOINT, rig->to_router, to_main, &answers, &control, &err), &err);
	fine(wire_connect(rig->wires, WIRE_DEALER, ENDPOINT, NULL, &dealer, &err), &err);
	atexit(leave);
}

/* What the router or main was asked is answered to the admin thread. */
static void answer_others(void)
{
	struct job *job;
	turn(rig);
	forget_sent(rig);
	while ((job = job_take(from_main, 0))) {
		job->kind = JOB_ANSWER;
		control_answered(control, job);
		job_free(job);
	}
	while ((job = job_take(rig->admin, 0))) {
		if (job->kind == JOB_ANSWER)
			control_answered(control, job);
		job_free(job);
	}
	drain(rig->index);
}

static bool hear(void)
{
	struct wire_message message;
	struct buf packed;
	struct err err;
	if (FAILED(wire_receive(dealer, &message, &err)))
		return false;
	buf_init(&packed, FUZZ_OUT_MAX);
	fuzz_must(message.count == 1 && !FAILED(json_to_pack(message.frames[0], &packed, &err)));
	buf_done(&packed);
	wire_message_done(&message);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes question = bytes_of(data, size);
	struct err err;
	bool heard = false;
	begin();
	/* Reading files again and again is not what this is about. */
	if (size > 65536 || memmem(data, size, "check", 5))
		return 0;
	fine(wire_send(dealer, &question, 1, &err), &err);
	for (int i = 0; i < TURNS_MOST && !heard; i++) {
		loop_run_once(loop, 1);
		answer_others();
		heard = hear();
	}
	fuzz_must(heard && !hear());
	return 0;
}
