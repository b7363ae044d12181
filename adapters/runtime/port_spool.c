#include "adapters/runtime/port_spool.h"

#include "adapters/runtime/compose.h"
#include "adapters/runtime/plainly.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "schemas/envelope.h"
#include "schemas/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SPOOL_RESCAN_MS = 5000, SPOOL_PATH_MAX = 1024, SPOOL_NAME_MAX = 200, SPOOL_TURN_FILES = 64, SPOOL_STATUS_MAX = 64 << 20 };

enum spool_folder { SPOOL_OUTBOX, SPOOL_SENT, SPOOL_REFUSED, SPOOL_INBOX, SPOOL_FOLDERS };

struct port_spool {
	struct office *office;
	char *folders[SPOOL_FOLDERS];
	const struct kind_format *format; /* deliveries are written in it where it has a word for them; NULL: JSON */
	bool hand_over;
	struct loop_folder *watch;
	struct loop_timer *rescan;
};

static const char *const folder_names[SPOOL_FOLDERS] = {"outbox", "sent", "refused", "inbox"};

static char *path_in(const struct port_spool *port, enum spool_folder folder, const char *name, const char *ending)
{
	return mem_printf("%s/%s%s", port->folders[folder], name, ending);
}

/* A document in hand: taken in, or refused with all its faults. */
struct intake {
	struct port_spool *port;
	char name[SPOOL_NAME_MAX + 1];
	struct buf contents;
	struct hash key;
	struct kind_reading reading;
	struct uuid *ids;
	size_t ids_count;
};

static void intake_free(struct intake *intake)
{
	buf_done(&intake->contents);
	kind_reading_done(&intake->reading);
	mem_free(intake->ids);
	mem_free(intake);
}

/* ---- reading ---- */

/* A JSON document holds one draft, or an array of drafts. */
static void read_json(struct bytes document, struct kind_reading *into)
{
	struct buf packed;
	struct err why;
	buf_init(&packed, document.len * 2 + 1024);
	result r = json_to_pack(document, &packed, &why);
	if (!FAILED(r))
		r = buf_check(&packed, "", &why);
	if (FAILED(r)) {
		kind_reading_fault(into, 0, why.code, why.field, "%s", why.reason);
		buf_done(&packed);
		return;
	}
	struct pack_in in = pack_in(buf_bytes(&packed), &why);
	struct pack_in peek = in;
	bool is_list = pack_next(&peek, "").kind == PACK_ARRAY;
	size_t count = is_list ? pack_array(&in, "") : 1;
	for (size_t i = 0; i < count; i++)
		buf_add(kind_reading_draft(into, NULL), pack_value(&in, ""));
	if (count == 0)
		kind_reading_fault(into, 0, CODE_MALFORMED, "", "the document holds no message");
	buf_done(&packed);
}

static bool ends_with(const char *name, const char *ending)
{
	size_t len = strlen(name), tail = strlen(ending);
	return len > tail && !strcmp(name + len - tail, ending);
}

static void read_document(struct intake *intake)
{
	struct office *office = intake->port->office;
	struct bytes document = buf_bytes(&intake->contents);
	if (ends_with(intake->name, ".json")) {
		read_json(document, &intake->reading);
		return;
	}
	for (size_t i = 0; i < office->kind->formats_count; i++) {
		const struct kind_format *format = &office->kind->formats[i];
		if (format->read && ends_with(intake->name, format->ending)) {
			format->read(office->kind_state, &office->host, document, &intake->reading);
			if (intake->reading.drafts_count == 0 && intake->reading.faults_count == 0)
				kind_reading_fault(&intake->reading, 0, CODE_MALFORMED, "", "the document holds no message");
			return;
		}
	}
	kind_reading_fault(&intake->reading, 0, CODE_MALFORMED, "", "no format of this adapter has the ending of that name");
}

static size_t check_drafts(struct intake *intake)
{
	for (size_t i = 0; i < intake->reading.drafts_count && intake->reading.faults_count == 0; i++) {
		struct err why;
		if (FAILED(compose_check(intake->port->office, buf_bytes(&intake->reading.drafts[i].plain), &why)))
			kind_reading_fault(&intake->reading, 0, why.code, why.field, "%s%s", intake->reading.drafts_count > 1 ? "a message of the document: " : "",
			                   why.reason);
	}
	return intake->reading.faults_count;
}

/* ---- after the decision ---- */

static void note_fault(const char *what, const struct err *why)
{
	log_event(LOG_ERROR, what, LOG_REASON(why));
}

/* rename within the spool; a name that is taken there gets a number. */
static result move_document(struct port_spool *port, const char *name, enum spool_folder to, char ret_name[static SPOOL_NAME_MAX + 16], struct err *err)
{
	char *from = path_in(port, SPOOL_OUTBOX, name, "");
	result r = OK;
	snprintf(ret_name, SPOOL_NAME_MAX + 16, "%s", name);
	for (int i = 1; i < 10000; i++) {
		char *target = path_in(port, to, ret_name, "");
		int failed = renameat2(AT_FDCWD, from, AT_FDCWD, target, RENAME_NOREPLACE);
		int why = errno;
		mem_free(target);
		if (failed == 0)
			break;
		errno = why;
		if (why != EEXIST) {
			r = err_errno(err, name, "rename");
			break;
		}
		snprintf(ret_name, SPOOL_NAME_MAX + 16, "%s.%d", name, i);
	}
	mem_free(from);
	return FAILED(r) ? r : file_sync_folder(port->folders[to], err);
}

static void write_beside(struct port_spool *port, enum spool_folder folder, const char *name, const char *ending, struct bytes text)
{
	struct err why;
	char *path = path_in(port, folder, name, ending);
	if (FAILED(file_write(path, text, 0640, &why)))
		note_fault("spool_write_failed", &why);
	mem_free(path);
}

static void refuse(struct intake *intake)
{
	struct port_spool *port = intake->port;
	struct buf text;
	struct err why;
	char name[SPOOL_NAME_MAX + 16];
	buf_init(&text, (size_t)1 << 20);
	for (size_t i = 0; i < intake->reading.faults_count; i++) {
		const struct kind_fault *fault = &intake->reading.faults[i];
		buf_printf(&text, "%d: %s: %s: %s\n", fault->line, fault->err.field, code_text(fault->err.code), fault->err.reason);
		buf_printf(&text, "   %s\n", code_remedy(fault->err.code));
	}
	if (FAILED(move_document(port, intake->name, SPOOL_REFUSED, name, &why)))
		note_fault("spool_move_failed", &why);
	else
		write_beside(port, SPOOL_REFUSED, name, ".error", buf_bytes(&text));
	log_event(LOG_WARNING, "document_refused", LOG_BYTES("name", bytes_text(intake->name)), LOG_INT("faults", intake->reading.faults_count));
	buf_done(&text);
}

/* NAME.ID.status.json: what became of one message of a document, written anew at its verdict and at each outcome. */
static void write_status(struct port_spool *port, const char *name, const uint8_t *id)
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
		note_fault("spool_status_failed", &why);
	snprintf(ending, sizeof(ending), ".%s.status.json", uuid_text(id, id_text));
	if (!FAILED(r))
		write_beside(port, SPOOL_SENT, name, ending, buf_bytes(&text));
	buf_done(&packed);
	buf_done(&text);
}

/* What a document says and no field takes, one a line. */
static void write_unmapped(struct port_spool *port, const char *name, const struct kind_reading *reading)
{
	struct buf text;
	buf_init(&text, (size_t)1 << 20);
	for (size_t i = 0; i < reading->unmapped_count; i++)
		buf_printf(&text, "%s\n", reading->unmapped[i]);
	if (text.len)
		write_beside(port, SPOOL_SENT, name, ".unmapped", buf_bytes(&text));
	buf_done(&text);
}

/* Which file a message came from, so that its status can be written beside it: noted under the message's id. */
static void file_note(const struct uuid *id, char into[static 48])
{
	char text[UUID_TEXT_MAX];
	snprintf(into, 48, "file:%s", uuid_text(id->at, text));
}

static void on_taken(void *ctx, int64_t number, const struct err *why)
{
	struct intake *intake = ctx;
	struct port_spool *port = intake->port;
	char name[SPOOL_NAME_MAX + 16];
	struct err failed;
	(void)number;
	if (why) { /* nothing of it happened: the file stays where it is and is read again */
		note_fault("document_not_taken", why);
	} else if (FAILED(move_document(port, intake->name, SPOOL_SENT, name, &failed))) {
		note_fault("spool_move_failed", &failed);
	} else {
		for (size_t i = 0; i < intake->ids_count; i++)
			write_status(port, intake->name, intake->ids[i].at);
		write_unmapped(port, name, &intake->reading);
	}
	intake_free(intake);
}

/* All messages of a document and the mark that it was read go into one transaction. */
static result take(struct intake *intake, struct err *err)
{
	struct office *office = intake->port->office;
	intake->ids = mem_array(intake->reading.drafts_count + 1, sizeof(*intake->ids));
	for (size_t i = 0; i < intake->reading.drafts_count; i++) {
		const struct kind_draft *draft = &intake->reading.drafts[i];
		char note[48];
		bool duplicate = false;
		TRY(compose_plain(office, buf_bytes(&draft->plain), draft->tag, &intake->ids[i], &duplicate, err));
		intake->ids_count++;
		file_note(&intake->ids[i], note);
		TRY(box_note(office->box, note, bytes_text(intake->name), err));
	}
	return box_put_source(office->box, hash_bytes(&intake->key), err);
}

/* ---- the outbox ---- */

/* The same file, however often it is read: its name, its inode and its contents. A second export of the same name is another file. */
static struct hash source_key(const char *name, const struct stat *stat, struct bytes contents)
{
	struct buf text;
	buf_init(&text, 1024);
	buf_printf(&text, "%s/%llu/%lld.%09ld", name, (unsigned long long)stat->st_ino, (long long)stat->st_mtim.tv_sec, stat->st_mtim.tv_nsec);
	struct hash key = hash_of_two(buf_bytes(&text), contents);
	buf_done(&text);
	return key;
}

static result open_document(struct port_spool *port, const char *name, struct intake *intake, struct err *err)
{
	struct stat stat;
	char *path = path_in(port, SPOOL_OUTBOX, name, "");
	result r = file_read(path, (size_t)port->office->options->limits.document_bytes, &intake->contents, err);
	if (!FAILED(r) && lstat(path, &stat) != 0)
		r = err_errno(err, name, "lstat");
	if (!FAILED(r))
		intake->key = source_key(name, &stat, buf_bytes(&intake->contents));
	mem_free(path);
	return r;
}

static bool is_there(const struct port_spool *port, const char *name)
{
	char *path = path_in(port, SPOOL_OUTBOX, name, "");
	bool there = access(path, F_OK) == 0;
	mem_free(path);
	return there;
}

static void finish_known(struct port_spool *port, const char *name)
{
	char moved[SPOOL_NAME_MAX + 16];
	struct err why;
	if (FAILED(move_document(port, name, SPOOL_SENT, moved, &why)))
		note_fault("spool_move_failed", &why);
}

/* What the outbox refuses although each draft was in order (an id that is taken) refuses the document whole. */
static void store_document(struct intake *intake)
{
	struct box *box = intake->port->office->box;
	struct err why, undone;
	result r = take(intake, &why);
	if (FAILED(r) && code_class_of(r.code) == CODE_CLASS_REFUSAL) {
		box_undo(box, &why);
		if (FAILED(box_commit(box, &undone)))
			kind_reading_fault(&intake->reading, 0, undone.code, undone.field, "%s", undone.reason);
		refuse(intake);
		intake_free(intake);
		return;
	}
	box_after(box, on_taken, intake, 0);
}

static void read_file(struct port_spool *port, const char *name)
{
	struct intake *intake = mem_alloc(sizeof(*intake));
	struct err why;
	bool known = false;
	intake->port = port;
	snprintf(intake->name, sizeof(intake->name), "%s", name);
	kind_reading_init(&intake->reading);
	result r = open_document(port, name, intake, &why);
	if (!FAILED(r))
		r = box_source_known(port->office->box, hash_bytes(&intake->key), &known, &why);
	if (FAILED(r) && r.code != CODE_TOO_LARGE) {
		/* Taken away since the folder was listed: by us, a commit ago, or by whoever put it there. */
		if (is_there(port, name))
			note_fault("document_unreadable", &why);
		intake_free(intake);
		return;
	}
	if (known) {
		finish_known(port, name);
		intake_free(intake);
		return;
	}
	if (FAILED(r))
		kind_reading_fault(&intake->reading, 0, why.code, why.field, "%s", why.reason);
	else
		read_document(intake);
	if (intake->reading.faults_count || check_drafts(intake)) {
		refuse(intake);
		intake_free(intake);
		return;
	}
	store_document(intake);
}

static bool is_hidden(const char *name)
{
	return name[0] == '.' || ends_with(name, ".tmp") || ends_with(name, ".part") || strlen(name) > SPOOL_NAME_MAX;
}

static void scan(void *ctx)
{
	struct port_spool *port = ctx;
	char **names = NULL;
	size_t count = 0, read = 0;
	struct err why;
	if (FAILED(file_list(port->folders[SPOOL_OUTBOX], "", &names, &count, &why))) {
		note_fault("spool_unreadable", &why);
		return;
	}
	for (size_t i = 0; i < count && read < SPOOL_TURN_FILES; i++)
		if (!is_hidden(names[i])) {
			/* One document, one transaction: a fault of one must not undo another. */
			if (FAILED(box_commit(port->office->box, &why)))
				break;
			read_file(port, names[i]);
			read++;
		}
	if (read == SPOOL_TURN_FILES)
		loop_timer_set(port->rescan, 0, SPOOL_RESCAN_MS);
	file_list_free(names, count);
}

/* ---- the inbox ---- */

/* Deliveries appear by a rename after the box knows that they are handed over; until then they stand hidden. A death in between is made good at the
 * start: what is hidden and known as handed over is shown, what is not known is written again. */
static void show(struct port_spool *port, const char *hidden)
{
	struct err why;
	char *from = path_in(port, SPOOL_INBOX, hidden, ""), *to = path_in(port, SPOOL_INBOX, hidden + 1, "");
	if (rename(from, to) != 0 && errno != ENOENT && FAILED(err_errno(&why, hidden, "rename")))
		note_fault("spool_move_failed", &why);
	if (FAILED(file_sync_folder(port->folders[SPOOL_INBOX], &why)))
		note_fault("spool_move_failed", &why);
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
	result r = plainly_message(in->envelope, &plain, err);
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

static result hand_over(struct port_spool *port, const struct box_in *in, struct err *err)
{
	struct buf document;
	const char *ending = ".json";
	bool was_waiting = false;
	buf_init(&document, SPOOL_STATUS_MAX);
	result r = write_delivery(port, in, &document, &ending, err);
	char *hidden = delivery_name(in, ending);
	if (!FAILED(r)) {
		char *path = path_in(port, SPOOL_INBOX, hidden, "");
		r = file_write(path, buf_bytes(&document), 0640, err);
		mem_free(path);
	}
	if (!FAILED(r))
		r = box_handed(port->office->box, in->id, &was_waiting, err);
	buf_done(&document);
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
		note_fault("hand_over_failed", &why);
	else if (batch.count == SPOOL_TURN_FILES)
		loop_timer_set(port->rescan, 0, SPOOL_RESCAN_MS);
	buf_done(&hold);
}

static void recover_hidden(struct port_spool *port, const char *hidden)
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
		show(port, hidden);
	buf_done(&hold);
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
	file_note(&uuid, note);
	buf_init(&name, SPOOL_NAME_MAX + 16);
	if (!FAILED(box_noted(port->office->box, note, &name, &found, &why)) && found) {
		buf_add_byte(&name, 0);
		write_status(port, (const char *)name.at, id);
	}
	buf_done(&name);
}

/* ---- life ---- */

static void on_rescan(void *ctx)
{
	scan(ctx);
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
			char *path = path_in(port, folder, names[i], "");
			unlink(path);
			mem_free(path);
		} else if (folder == SPOOL_INBOX) {
			recover_hidden(port, names[i]);
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
		r = loop_folder_new(office->loop, port->folders[SPOOL_OUTBOX], scan, port, &port->watch, err);
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
