#include "adapters/runtime/port_spool.h"

#include "adapters/runtime/plainly.h"
#include "adapters/runtime/port_spool_inside.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "schemas/json.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const folder_names[SPOOL_FOLDERS] = {"outbox", "sent", "refused", "inbox"};

/* ---- what both halves use ---- */

char *port_spool_path(const struct port_spool *port, enum spool_folder folder, const char *name, const char *ending)
{
	return mem_printf("%s/%s%s", port->folders[folder], name, ending);
}

/* A full disk fails whatever is tried every second: the log is told once a minute. */
void port_spool_fault(const char *what, const struct err *why)
{
	static enum code told;
	static int64_t told_at;
	int64_t now = clock_mono_ms();
	if (why->code == CODE_FULL && told == CODE_FULL && now - told_at < SPOOL_TELL_MS)
		return;
	told = why->code;
	told_at = now;
	log_event(LOG_ERROR, what, LOG_REASON(why));
}

static bool write_beside(struct port_spool *port, enum spool_folder folder, const char *name, const char *ending, struct bytes text)
{
	struct err why;
	char *path = port_spool_path(port, folder, name, ending);
	result r = file_write(path, text, 0640, &why);
	if (FAILED(r))
		port_spool_fault("spool_write_failed", &why);
	mem_free(path);
	return !FAILED(r);
}

void port_spool_write(struct port_spool *port, enum spool_folder folder, const char *name, const char *ending, struct bytes text)
{
	write_beside(port, folder, name, ending, text);
}

void port_spool_note(const struct uuid *id, char into[static 48])
{
	char text[UUID_TEXT_MAX];
	snprintf(into, 48, "file:%s", uuid_text(id->at, text));
}

/* ---- status ---- */

static const char mark_prefix[] = "fate:";

static void mark_of(const uint8_t *id, char into[static 48])
{
	char text[UUID_TEXT_MAX];
	snprintf(into, 48, "%s%s", mark_prefix, uuid_text(id, text));
}

/* In a transaction that there is anyway: a mark too many costs no more than a file that is written once more. */
static result drop_told(struct port_spool *port, struct err *err)
{
	char mark[48];
	for (struct bytes told = buf_bytes(&port->told); told.len; told = bytes_of(told.at + UUID_LEN, told.len - UUID_LEN)) {
		mark_of(told.at, mark);
		TRY(box_note_drop(port->office->box, mark, err));
	}
	buf_clear(&port->told);
	return OK;
}

result port_spool_mark(struct port_spool *port, const uint8_t *id, struct err *err)
{
	char mark[48];
	TRY(drop_told(port, err));
	mark_of(id, mark);
	return box_note(port->office->box, mark, BYTES_NONE, err);
}

static bool write_status(struct port_spool *port, const char *name, const uint8_t *id)
{
	struct buf packed, text;
	struct err why;
	char ending[UUID_TEXT_MAX + 32], id_text[UUID_TEXT_MAX];
	buf_init(&packed, SPOOL_STATUS_MAX);
	buf_init(&text, SPOOL_STATUS_MAX);
	result r = plainly_fate(port->office, id, NULL, &packed, &why);
	if (!FAILED(r))
		r = json_from_pack(buf_bytes(&packed), 2, &text, &why);
	if (FAILED(r) && r.code != CODE_NOT_FOUND)
		port_spool_fault("spool_status_failed", &why);
	snprintf(ending, sizeof(ending), ".%s.status.json", uuid_text(id, id_text));
	bool done = FAILED(r) ? r.code == CODE_NOT_FOUND : write_beside(port, SPOOL_SENT, name, ending, buf_bytes(&text));
	buf_done(&packed);
	buf_done(&text);
	return done;
}

static result name_of(struct port_spool *port, const uint8_t *id, struct buf *ret, bool *ret_found, struct err *err)
{
	struct uuid uuid;
	char note[48];
	memcpy(uuid.at, id, UUID_LEN);
	port_spool_note(&uuid, note);
	TRY(box_noted(port->office->box, note, ret, ret_found, err));
	buf_add_byte(ret, 0);
	return OK;
}

void port_spool_status(struct port_spool *port, const uint8_t *id)
{
	struct buf name;
	struct err why;
	bool found = false;
	buf_init(&name, SPOOL_NAME_MAX + 16);
	if (!FAILED(name_of(port, id, &name, &found, &why)) && (!found || write_status(port, (const char *)name.at, id)))
		buf_add(&port->told, bytes_of(id, UUID_LEN));
	else
		port->is_behind = true;
	buf_done(&name);
}

struct fate {
	struct port_spool *port;
	uint8_t id[UUID_LEN];
};

static void on_fate(void *ctx, int64_t number, const struct err *why)
{
	struct fate *fate = ctx;
	(void)number;
	if (!why)
		port_spool_status(fate->port, fate->id);
	mem_free(fate);
}

void port_spool_fate(struct port_spool *port, const uint8_t *id)
{
	struct buf name;
	struct err why;
	bool found = false;
	buf_init(&name, SPOOL_NAME_MAX + 16);
	if (!FAILED(name_of(port, id, &name, &found, &why)) && found) {
		struct fate *fate = mem_alloc(sizeof(*fate));
		fate->port = port;
		memcpy(fate->id, id, UUID_LEN);
		/* A mark that fails undoes the turn, and what there was to tell with it. */
		if (FAILED(port_spool_mark(port, id, &why)))
			port_spool_fault("spool_status_failed", &why);
		box_after(port->office->box, on_fate, fate, 0);
	}
	buf_done(&name);
}

static void collect_marked(void *ctx, struct bytes name)
{
	struct uuid id;
	struct err ignored;
	size_t skip = sizeof(mark_prefix) - 1;
	if (!FAILED(uuid_parse(bytes_of(name.at + skip, name.len - skip), &id, &ignored)))
		buf_add(ctx, bytes_of(id.at, UUID_LEN));
}

static result write_marked(struct port_spool *port, struct err *err)
{
	struct buf ids;
	buf_init(&ids, SPOOL_STATUS_MAX);
	result r = box_each_note(port->office->box, mark_prefix, collect_marked, &ids, err);
	if (!FAILED(r))
		r = buf_check(&ids, "statuses", err);
	buf_clear(&port->told);
	for (struct bytes left = buf_bytes(&ids); !FAILED(r) && left.len; left = bytes_of(left.at + UUID_LEN, left.len - UUID_LEN))
		port_spool_status(port, left.at);
	buf_done(&ids);
	return r;
}

/* ---- life ---- */

static void on_rescan(void *ctx)
{
	struct port_spool *port = ctx;
	struct err why;
	port_spool_scan(port);
	port_spool_deliver(port);
	if (!port->is_behind)
		return;
	port->is_behind = false;
	if (FAILED(write_marked(port, &why)))
		port_spool_fault("spool_status_failed", &why);
}

static result make_folders(struct port_spool *port, const char *folder, struct err *err)
{
	for (size_t i = 0; i < SPOOL_FOLDERS; i++) {
		port->folders[i] = mem_printf("%s/%s", folder, folder_names[i]);
		TRY(file_make_folder(port->folders[i], 0770, err));
	}
	return OK;
}

static result find_format(struct port_spool *port, const char *format, struct err *err)
{
	const struct kind *kind = port->office->kind;
	if (!format || !format[0] || !strcmp(format, "json"))
		return OK;
	for (size_t i = 0; i < kind->formats_count; i++)
		if (!strcmp(format, kind->formats[i].name) && kind->formats[i].write) {
			port->format = &kind->formats[i];
			return OK;
		}
	return err_set(err, CODE_CONFIG, "ports.spool_format", "a %s adapter does not write \"%s\"", kind->name, format);
}

static bool is_reason(const char *hidden)
{
	size_t len = strlen(hidden);
	return len > strlen("..error") && len < SPOOL_NAME_MAX + strlen("..error") + 1 && !strcmp(hidden + len - strlen(".error"), ".error");
}

/* What a death in the middle of file_write left: the beginning of a file that is written again whole. */
static bool is_unfinished(enum spool_folder folder, const char *hidden)
{
	switch (folder) {
	case SPOOL_INBOX:
		return hidden[1] == '.';
	case SPOOL_SENT:
		return strstr(hidden, ".status.json.") || strstr(hidden, ".unmapped.");
	case SPOOL_REFUSED:
		return strstr(hidden, ".error.") && !is_reason(hidden);
	case SPOOL_OUTBOX:
	case SPOOL_FOLDERS:
		break;
	}
	return false;
}

static result recover_folder(struct port_spool *port, enum spool_folder folder, struct err *err)
{
	char **names = NULL;
	size_t count = 0;
	TRY(file_list_hidden(port->folders[folder], &names, &count, err));
	for (size_t i = 0; i < count; i++)
		if (is_unfinished(folder, names[i])) {
			char *path = port_spool_path(port, folder, names[i], "");
			unlink(path);
			mem_free(path);
		} else if (folder == SPOOL_INBOX) {
			port_spool_recover(port, names[i]);
		} else if (folder == SPOOL_REFUSED && is_reason(names[i])) {
			port_spool_recover_reason(port, names[i]);
		}
	file_list_free(names, count);
	return OK;
}

static result recover(struct port_spool *port, struct err *err)
{
	TRY(recover_folder(port, SPOOL_INBOX, err));
	TRY(recover_folder(port, SPOOL_SENT, err));
	TRY(recover_folder(port, SPOOL_REFUSED, err));
	return write_marked(port, err);
}

result port_spool_new(struct office *office, const char *folder, const char *format, bool hand_over, struct port_spool **ret, struct err *err)
{
	struct port_spool *port = mem_alloc(sizeof(*port));
	port->office = office;
	port->hand_over = hand_over;
	port->gate.burst = 5;
	buf_init(&port->told, SPOOL_STATUS_MAX);
	result r = make_folders(port, folder, err);
	if (!FAILED(r))
		r = find_format(port, format, err);
	if (!FAILED(r))
		r = recover(port, err);
	if (!FAILED(r))
		r = loop_folder_new(office->loop, port->folders[SPOOL_OUTBOX], port_spool_scan, port, &port->watch, err);
	if (FAILED(r)) {
		port_spool_free(port);
		return r;
	}
	port->rescan = loop_timer_new(office->loop, on_rescan, port);
	loop_timer_set(port->rescan, 0, SPOOL_RESCAN_MS);
	*ret = port;
	return OK;
}

void port_spool_free(struct port_spool *port)
{
	struct err why;
	if (!port)
		return;
	if (port->told.len && FAILED(drop_told(port, &why)))
		port_spool_fault("spool_status_failed", &why);
	buf_done(&port->told);
	loop_folder_free(port->watch);
	loop_timer_free(port->rescan);
	for (size_t i = 0; i < SPOOL_FOLDERS; i++)
		mem_free(port->folders[i]);
	mem_free(port);
}
