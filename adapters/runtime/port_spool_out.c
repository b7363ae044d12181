/* The spool's inbox: deliveries are written there, each once. */
#include "adapters/runtime/plainly.h"
#include "adapters/runtime/port_spool_inside.h"
#include "base/file.h"
#include "base/mem.h"
#include "schemas/envelope.h"
#include "schemas/json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Deliveries appear by a rename after the box knows that they are handed over; until then they stand hidden. A death in between is made good at the
 * start: what is hidden and known as handed over is shown, what is not known is written again. */
static void show(struct port_spool *port, const char *hidden)
{
	struct err why;
	char *from = port_spool_path(port, SPOOL_INBOX, hidden, ""), *to = port_spool_path(port, SPOOL_INBOX, hidden + 1, "");
	if (rename(from, to) != 0 && errno != ENOENT && FAILED(err_errno(&why, hidden, "rename")))
		port_spool_fault("spool_move_failed", &why);
	if (FAILED(file_sync_folder(port->folders[SPOOL_INBOX], &why)))
		port_spool_fault("spool_move_failed", &why);
	mem_free(from);
	mem_free(to);
}

struct showing {
	struct port_spool *port;
	char *hidden;
};

static void on_handed(void *ctx, int64_t number, const struct err *why)
{
	struct showing *showing = ctx;
	(void)number;
	if (!why)
		show(showing->port, showing->hidden);
	mem_free(showing->hidden);
	mem_free(showing);
}

static result write_delivery(struct port_spool *port, const struct box_in *in, struct buf *out, const char **ret_ending, struct err *err)
{
	struct envelope envelope;
	struct message message;
	struct part parts[MESSAGE_PARTS_MAX];
	struct kind_message passing = {.message = &message, .parts = parts};
	char tag[64];
	bool wrote = false;
	TRY(envelope_decode(in->envelope, &envelope, err));
	TRY(message_decode(envelope.header, &message, err));
	TRY(part_decode_all(envelope.parts, parts, &passing.parts_count, err));
	const struct part *main = part_find(parts, passing.parts_count, BYTES_LIT("main"));
	passing.main = main ? main->bytes : BYTES_NONE;
	snprintf(tag, sizeof(tag), "%.*s", (int)in->tag.len, in->tag.len ? (const char *)in->tag.at : "");
	passing.tag = tag;
	if (port->format && port->format->write)
		TRY(port->format->write(port->office->kind_state, &port->office->host, &passing, out, &wrote, err));
	*ret_ending = wrote ? port->format->ending : ".json";
	if (wrote)
		return buf_check(out, "document", err);
	struct buf plain;
	buf_init(&plain, SPOOL_STATUS_MAX);
	result r = plainly_delivery(port->office, in->envelope, &plain, err);
	if (!FAILED(r))
		r = json_from_pack(buf_bytes(&plain), 2, out, err);
	buf_done(&plain);
	return r;
}

/* "2026-03-01T… type id" sorts by arrival: UUIDv7 text does that by itself, so the name is ID.TYPE.ending. */
static char *delivery_name(const struct box_in *in, const char *ending)
{
	char id[UUID_TEXT_MAX], type[MESSAGE_TYPE_MAX + 1] = "message";
	struct envelope envelope;
	struct message message;
	struct err ignored;
	if (!FAILED(envelope_decode(in->envelope, &envelope, &ignored)) && !FAILED(message_decode(envelope.header, &message, &ignored))) {
		snprintf(type, sizeof(type), "%.*s", (int)message.type.len, (const char *)message.type.at);
		for (char *at = type; *at; at++)
			if (*at == '/')
				*at = '-';
	}
	return mem_printf(".%s.%s%s", uuid_text(in->id, id), type, ending);
}

/* *ret_hidden is the caller's, also after a failure. */
static result write_hidden(struct port_spool *port, const struct box_in *in, char **ret_hidden, struct err *err)
{
	struct buf document;
	const char *ending = ".json";
	buf_init(&document, SPOOL_STATUS_MAX);
	result r = write_delivery(port, in, &document, &ending, err);
	*ret_hidden = delivery_name(in, ending);
	if (!FAILED(r)) {
		char *path = port_spool_path(port, SPOOL_INBOX, *ret_hidden, "");
		r = file_write(path, buf_bytes(&document), 0640, err);
		mem_free(path);
	}
	buf_done(&document);
	return r;
}

static result hand_over(struct port_spool *port, const struct box_in *in, struct err *err)
{
	char *hidden = NULL;
	bool was_waiting = false;
	result r = write_hidden(port, in, &hidden, err);
	if (!FAILED(r))
		r = box_handed(port->office->box, in->id, &was_waiting, err);
	if (FAILED(r)) {
		mem_free(hidden);
		return r;
	}
	struct showing *showing = mem_alloc(sizeof(*showing));
	showing->port = port;
	showing->hidden = hidden;
	box_after(port->office->box, on_handed, showing, 0);
	return OK;
}

struct batch {
	uint8_t ids[SPOOL_TURN_FILES][UUID_LEN];
	size_t count;
};

static bool collect(void *ctx, const struct box_in *in)
{
	struct batch *batch = ctx;
	memcpy(batch->ids[batch->count++], in->id, UUID_LEN);
	return batch->count < SPOOL_TURN_FILES;
}

void port_spool_deliver(struct port_spool *port)
{
	struct batch batch = {.count = 0};
	struct buf hold;
	struct box_in in;
	struct err why;
	bool found = false;
	if (!port->hand_over)
		return;
	buf_init(&hold, SPOOL_STATUS_MAX);
	result r = box_each_unhanded(port->office->box, 0, collect, &batch, &why);
	for (size_t i = 0; i < batch.count && !FAILED(r); i++) {
		r = box_find_in(port->office->box, batch.ids[i], &hold, &found, &in, &why);
		if (!FAILED(r) && found)
			r = hand_over(port, &in, &why);
	}
	if (FAILED(r))
		port_spool_fault("hand_over_failed", &why);
	else if (batch.count == SPOOL_TURN_FILES)
		loop_timer_set(port->rescan, 0, SPOOL_RESCAN_MS);
	buf_done(&hold);
}

/* Written once more, because a file that lay there may have been damaged since; what cannot be written now is shown as it is. */
static void show_anew(struct port_spool *port, const struct box_in *in, const char *hidden)
{
	struct err why;
	char *written = NULL;
	if (in->envelope.len && FAILED(write_hidden(port, in, &written, &why)))
		port_spool_fault("hand_over_failed", &why);
	if (written && strcmp(written, hidden) != 0) { /* the format was changed since */
		char *path = port_spool_path(port, SPOOL_INBOX, written, "");
		unlink(path);
		mem_free(path);
	}
	mem_free(written);
	show(port, hidden);
}

void port_spool_recover(struct port_spool *port, const char *hidden)
{
	struct uuid id;
	struct buf hold;
	struct box_in in;
	struct err why;
	bool found = false;
	if (strlen(hidden) < UUID_TEXT_MAX || FAILED(uuid_parse(bytes_of(hidden + 1, UUID_TEXT_MAX - 1), &id, &why)))
		return;
	buf_init(&hold, SPOOL_STATUS_MAX);
	if (!FAILED(box_find_in(port->office->box, id.at, &hold, &found, &in, &why)) && found && in.handed)
		show_anew(port, &in, hidden);
	buf_done(&hold);
}
