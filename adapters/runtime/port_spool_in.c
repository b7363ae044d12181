/* The spool's outbox: documents are read, taken in whole or refused whole. */
#include "adapters/runtime/compose.h"
#include "adapters/runtime/port_spool_inside.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "schemas/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DRAFTS_MAX = 10000 /* each is larger in memory than the shortest in a document */ };

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
	if (count > DRAFTS_MAX) {
		kind_reading_fault(into, 0, CODE_TOO_LARGE, "", "the document holds %zu messages; the most are %d", count, DRAFTS_MAX);
		count = 0;
	}
	for (size_t i = 0; i < count; i++)
		buf_add(kind_reading_draft(into, NULL), pack_value(&in, ""));
	if (count == 0 && into->faults_count == 0)
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
	for (size_t i = 0; i < office->kind->formats_count; i++) {
		const struct kind_format *format = &office->kind->formats[i];
		if (format->read && ends_with(intake->name, format->ending)) {
			format->read(office->kind_state, &office->host, document, &intake->reading);
			if (intake->reading.drafts_count == 0 && intake->reading.faults_count == 0)
				kind_reading_fault(&intake->reading, 0, CODE_MALFORMED, "", "the document holds no message");
			return;
		}
	}
	if (ends_with(intake->name, ".json")) /* after the formats: one may end in ".case.json" */
		read_json(document, &intake->reading);
	else
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

/* rename within the spool; a name that is taken there gets a number. */
static result move_document(struct port_spool *port, const char *name, enum spool_folder to, char ret_name[static SPOOL_NAME_MAX + 16], struct err *err)
{
	char *from = port_spool_path(port, SPOOL_OUTBOX, name, "");
	result r = OK;
	snprintf(ret_name, SPOOL_NAME_MAX + 16, "%s", name);
	for (int i = 1; i < 10000; i++) {
		char *target = port_spool_path(port, to, ret_name, "");
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

static bool is_refused(const struct port_spool *port, const char *name, const char *ending)
{
	char *path = port_spool_path(port, SPOOL_REFUSED, name, ending);
	bool is_there = access(path, F_OK) == 0;
	mem_free(path);
	return is_there;
}

static void show_reason(struct port_spool *port, const char *hidden, const char *name)
{
	struct err why;
	char *from = port_spool_path(port, SPOOL_REFUSED, hidden, ""), *to = port_spool_path(port, SPOOL_REFUSED, name, ".error");
	if ((rename(from, to) != 0 && FAILED(err_errno(&why, hidden, "rename"))) || FAILED(file_sync_folder(port->folders[SPOOL_REFUSED], &why)))
		port_spool_fault("spool_move_failed", &why);
	mem_free(from);
	mem_free(to);
}

/* The reason stands hidden before the document is moved, and is shown after it: whoever sees it finds the document, and a document that was put away has its
 * reason also when the adapter dies in between. While it cannot be written the document stays where it is, and is read again. */
static void put_away(struct intake *intake, struct bytes text)
{
	struct port_spool *port = intake->port;
	struct err why;
	char name[SPOOL_NAME_MAX + 16];
	char *hidden = mem_printf(".%s.error", intake->name), *path = port_spool_path(port, SPOOL_REFUSED, hidden, "");
	if (FAILED(file_write(path, text, 0640, &why)))
		port_spool_fault("spool_write_failed", &why);
	else if (FAILED(move_document(port, intake->name, SPOOL_REFUSED, name, &why)))
		port_spool_fault("spool_move_failed", &why);
	else
		show_reason(port, hidden, name);
	mem_free(hidden);
	mem_free(path);
}

void port_spool_recover_reason(struct port_spool *port, const char *hidden)
{
	char name[SPOOL_NAME_MAX + 1], moved[SPOOL_NAME_MAX + 16];
	snprintf(name, sizeof(name), "%.*s", (int)(strlen(hidden) - strlen(".") - strlen(".error")), hidden + 1);
	snprintf(moved, sizeof(moved), "%s", name);
	for (int i = 1; is_refused(port, moved, ""); i++) {
		if (!is_refused(port, moved, ".error")) {
			show_reason(port, hidden, moved);
			return;
		}
		snprintf(moved, sizeof(moved), "%s.%d", name, i);
	}
	char *path = port_spool_path(port, SPOOL_REFUSED, hidden, "");
	unlink(path); /* its document is in the outbox, and is read again */
	mem_free(path);
}

static void refuse(struct intake *intake)
{
	struct buf text;
	buf_init(&text, (size_t)1 << 20);
	for (size_t i = 0; i < intake->reading.faults_count; i++) {
		const struct kind_fault *fault = &intake->reading.faults[i];
		buf_printf(&text, "%d: %s: %s: %s\n", fault->line, fault->err.field, code_text(fault->err.code), fault->err.reason);
		buf_printf(&text, "   %s\n", code_remedy(fault->err.code));
	}
	put_away(intake, buf_bytes(&text));
	log_event(LOG_WARNING, "document_refused", LOG_BYTES("name", bytes_text(intake->name)), LOG_INT("faults", intake->reading.faults_count));
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
		port_spool_write(port, SPOOL_SENT, name, ".unmapped", buf_bytes(&text));
	buf_done(&text);
}

static void on_taken(void *ctx, int64_t number, const struct err *why)
{
	struct intake *intake = ctx;
	struct port_spool *port = intake->port;
	char name[SPOOL_NAME_MAX + 16];
	struct err failed;
	(void)number;
	if (why) { /* nothing of it happened: the file stays where it is and is read again */
		port_spool_fault("document_not_taken", why);
	} else if (FAILED(move_document(port, intake->name, SPOOL_SENT, name, &failed))) {
		port_spool_fault("spool_move_failed", &failed);
		port->is_behind = true;
	} else {
		for (size_t i = 0; i < intake->ids_count; i++)
			port_spool_status(port, intake->ids[i].at);
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
		port_spool_note(&intake->ids[i], note);
		TRY(box_note(office->box, note, bytes_text(intake->name), err));
		TRY(port_spool_mark(intake->port, intake->ids[i].at, err));
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
	char *path = port_spool_path(port, SPOOL_OUTBOX, name, "");
	result r = file_read_foreign(path, (size_t)port->office->options->limits.document_bytes, &intake->contents, &stat, err);
	if (!FAILED(r))
		intake->key = source_key(name, &stat, buf_bytes(&intake->contents));
	mem_free(path);
	return r;
}

static bool is_there(const struct port_spool *port, const char *name)
{
	char *path = port_spool_path(port, SPOOL_OUTBOX, name, "");
	bool there = access(path, F_OK) == 0;
	mem_free(path);
	return there;
}

static void finish_known(struct port_spool *port, const char *name)
{
	char moved[SPOOL_NAME_MAX + 16];
	struct err why;
	if (FAILED(move_document(port, name, SPOOL_SENT, moved, &why)))
		port_spool_fault("spool_move_failed", &why);
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

/* It stays where it is and is looked at again: whoever put it there may do so at any rate. */
static void tell_unreadable(struct port_spool *port, const char *name, const struct err *why)
{
	int64_t held = 0;
	metric_add(metric_counter("liaison_documents_left", "Times that something in the outbox was left where it is, by code", "code",
	                          code_text(why->code)), 1);
	if (log_gate_pass(&port->gate, &held))
		log_event(LOG_WARNING, "document_left", LOG_BYTES("name", bytes_text(name)), LOG_REASON(why), LOG_INT("held_back", held));
}

static void tell_odd(struct port_spool *port)
{
	struct err why;
	size_t count = 0;
	AUTO_FREE char *first = NULL;
	if (FAILED(file_count_odd(port->folders[SPOOL_OUTBOX], &count, &first, &why)) || count == 0)
		return;
	err_set(&why, CODE_MALFORMED, "", "no regular file, and so no document; there are %zu of that kind", count);
	tell_unreadable(port, first, &why);
}

static void tell_long(struct port_spool *port, const char *name)
{
	struct err why;
	err_set(&why, CODE_TOO_LARGE, "", "the name of a document has %d bytes at most", SPOOL_NAME_MAX);
	tell_unreadable(port, name, &why);
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
			tell_unreadable(port, name, &why);
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
	return name[0] == '.' || ends_with(name, ".tmp") || ends_with(name, ".part");
}

void port_spool_scan(void *ctx)
{
	struct port_spool *port = ctx;
	char **names = NULL;
	size_t count = 0, read = 0;
	struct err why;
	if (FAILED(file_list(port->folders[SPOOL_OUTBOX], "", &names, &count, &why))) {
		port_spool_fault("spool_unreadable", &why);
		return;
	}
	tell_odd(port);
	for (size_t i = 0; i < count && read < SPOOL_TURN_FILES; i++)
		if (strlen(names[i]) > SPOOL_NAME_MAX) {
			tell_long(port, names[i]);
		} else if (!is_hidden(names[i])) {
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
