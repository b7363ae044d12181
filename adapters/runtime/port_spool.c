#include "adapters/runtime/port_spool.h"

#include "adapters/runtime/plainly.h"
#include "adapters/runtime/port_spool_inside.h"
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

void port_spool_fault(const char *what, const struct err *why)
{
	log_event(LOG_ERROR, what, LOG_REASON(why));
}

void port_spool_write(struct port_spool *port, enum spool_folder folder, const char *name, const char *ending, struct bytes text)
{
	struct err why;
	char *path = port_spool_path(port, folder, name, ending);
	if (FAILED(file_write(path, text, 0640, &why)))
		port_spool_fault("spool_write_failed", &why);
	mem_free(path);
}

void port_spool_status(struct port_spool *port, const char *name, const uint8_t *id)
{
	struct buf packed, text;
	struct err why;
	char ending[UUID_TEXT_MAX + 32], id_text[UUID_TEXT_MAX];
	buf_init(&packed, SPOOL_STATUS_MAX);
	buf_init(&text, SPOOL_STATUS_MAX);
	result r = plainly_fate(port->office, id, NULL, &packed, &why);
	if (!FAILED(r))
		r = json_from_pack(buf_bytes(&packed), 2, &text, &why);
	if (FAILED(r))
		port_spool_fault("spool_status_failed", &why);
	snprintf(ending, sizeof(ending), ".%s.status.json", uuid_text(id, id_text));
	if (!FAILED(r))
		port_spool_write(port, SPOOL_SENT, name, ending, buf_bytes(&text));
	buf_done(&packed);
	buf_done(&text);
}

void port_spool_note(const struct uuid *id, char into[static 48])
{
	char text[UUID_TEXT_MAX];
	snprintf(into, 48, "file:%s", uuid_text(id->at, text));
}

/* ---- status ---- */

void port_spool_fate(struct port_spool *port, const uint8_t *id)
{
	struct uuid uuid;
	struct buf name;
	struct err why;
	char note[48];
	bool found = false;
	memcpy(uuid.at, id, UUID_LEN);
	port_spool_note(&uuid, note);
	buf_init(&name, SPOOL_NAME_MAX + 16);
	if (!FAILED(box_noted(port->office->box, note, &name, &found, &why)) && found) {
		buf_add_byte(&name, 0);
		port_spool_status(port, (const char *)name.at, id);
	}
	buf_done(&name);
}

/* ---- life ---- */

static void on_rescan(void *ctx)
{
	port_spool_scan(ctx);
	port_spool_deliver(ctx);
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

/* What a death in the middle of file_write left: the beginning of a file that is written again whole. */
static bool is_unfinished(enum spool_folder folder, const char *hidden)
{
	switch (folder) {
	case SPOOL_INBOX:
		return hidden[1] == '.';
	case SPOOL_SENT:
		return strstr(hidden, ".status.json.") || strstr(hidden, ".unmapped.");
	case SPOOL_REFUSED:
		return strstr(hidden, ".error.");
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
		}
	file_list_free(names, count);
	return OK;
}

static result recover(struct port_spool *port, struct err *err)
{
	TRY(recover_folder(port, SPOOL_INBOX, err));
	TRY(recover_folder(port, SPOOL_SENT, err));
	return recover_folder(port, SPOOL_REFUSED, err);
}

result port_spool_new(struct office *office, const char *folder, const char *format, bool hand_over, struct port_spool **ret, struct err *err)
{
	struct port_spool *port = mem_alloc(sizeof(*port));
	port->office = office;
	port->hand_over = hand_over;
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
	if (!port)
		return;
	loop_folder_free(port->watch);
	loop_timer_free(port->rescan);
	for (size_t i = 0; i < SPOOL_FOLDERS; i++)
		mem_free(port->folders[i]);
	mem_free(port);
}
