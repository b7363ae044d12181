/* One event, one line: time, level, event name, key=value. Text on a terminal, JSON otherwise, always to stderr. Programs log,
 * rooms below them explain and return. Never a body, a name of a person or a secret: identifiers, codes and counts only.
 * Thread: any; a line is written by one write(2). */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/bytes.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_NOTICE, LOG_WARNING, LOG_ERROR };

enum log_field_kind { LOG_FIELD_TEXT, LOG_FIELD_INT, LOG_FIELD_ID, LOG_FIELD_BYTES };

struct log_field {
	const char *key;
	enum log_field_kind kind;
	const char *text;
	int64_t integer;
	struct bytes bytes;
};

#define LOG_TEXT(key_, text_) ((struct log_field){.key = (key_), .kind = LOG_FIELD_TEXT, .text = (text_)})
#define LOG_INT(key_, n_) ((struct log_field){.key = (key_), .kind = LOG_FIELD_INT, .integer = (int64_t)(n_)})
#define LOG_UUID(key_, at_) ((struct log_field){.key = (key_), .kind = LOG_FIELD_ID, .bytes = bytes_of((at_), 16)})
#define LOG_BYTES(key_, bytes_) ((struct log_field){.key = (key_), .kind = LOG_FIELD_BYTES, .bytes = (bytes_)}) /* a stranger's text, escaped */
#define LOG_CODE(code_) LOG_TEXT("code", code_text(code_))
#define LOG_REASON(err_) LOG_TEXT("code", code_text((err_)->code)), LOG_TEXT("field", (err_)->field), LOG_TEXT("reason", (err_)->reason)

/* log_event(LOG_INFO, "link_up", LOG_TEXT("party", name), LOG_INT("credit", n)); at least one field. Empty texts are left out. */
#define log_event(level_, event_, ...)                                                                                          \
	log_fields((level_), (event_), (const struct log_field[]){__VA_ARGS__},                                                  \
	           sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))

enum log_format { LOG_FORMAT_AUTO, LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

/* Called once at the start, and again on a reload. `program` must outlive the process. */
void log_setup(const char *program, enum log_level least, enum log_format format);
void log_fields(enum log_level level, const char *event, const struct log_field *fields, size_t count);
bool log_level_from_text(const char *text, enum log_level *ret);
/* Tests: where lines go instead of stderr; NULL goes back. */
void log_capture(void (*sink)(const char *line, size_t len, void *ctx), void *ctx);

/* A gate for events that a stranger can cause: at most `burst` a second pass, and the first after a pause reports how many were
 * held back. Zero-initialise but for burst. Thread: the gate's owner. */
struct log_gate {
	int burst;
	int64_t second;
	int passed;
	int64_t held;
};

/* May this one be written? *ret_held_before: how many were held back since the last that was. */
bool log_gate_pass(struct log_gate *gate, int64_t *ret_held_before);

#endif
