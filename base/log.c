#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/uuid.h"

enum { LINE_MAX_BYTES = 16 * 1024, VALUE_MAX = 512 };

static const char *const level_names[] = {"debug", "info", "notice", "warning", "error"};
enum { LEVEL_COUNT = sizeof level_names / sizeof level_names[0] };

typedef void (*sink_fn)(const char *line, size_t len, void *ctx);

/* Any thread logs while the main thread sets up again on a reload. */
static _Atomic(const char *) program_name;
static _Atomic int least_level = LOG_INFO;
static atomic_bool is_json;
static _Atomic(sink_fn) sink;
static _Atomic(void *) sink_ctx;

void log_setup(const char *program, enum log_level least, enum log_format format)
{
	if (format == LOG_FORMAT_AUTO)
		format = isatty(STDERR_FILENO) ? LOG_FORMAT_TEXT : LOG_FORMAT_JSON;
	atomic_store(&program_name, program);
	atomic_store(&least_level, (int)least);
	atomic_store(&is_json, format == LOG_FORMAT_JSON);
}

bool log_level_from_text(const char *text, enum log_level *ret)
{
	for (int i = 0; i < LEVEL_COUNT; i++) {
		if (strcmp(level_names[i], text) == 0) {
			*ret = (enum log_level)i;
			return true;
		}
	}
	return false;
}

void log_capture(void (*to)(const char *line, size_t len, void *ctx), void *ctx)
{
	atomic_store(&sink_ctx, ctx);
	atomic_store(&sink, to);
}

/* The value as text that is fit for a line, cut at VALUE_MAX; NULL when there is nothing to say. */
static const char *value_text(const struct log_field *field, char into[static VALUE_MAX])
{
	struct bytes raw = BYTES_NONE;

	switch (field->kind) {
	case LOG_FIELD_ID:
		if (field->bytes.at && field->bytes.len == UUID_LEN)
			return uuid_text(field->bytes.at, into);
		return NULL;
	case LOG_FIELD_TEXT:
		raw = bytes_text(field->text);
		break;
	case LOG_FIELD_BYTES:
		raw = field->bytes;
		break;
	case LOG_FIELD_INT:
		break;
	}
	return raw.len > 0 ? text_safe(raw, into, VALUE_MAX) : NULL;
}

/* In a line of text a value without quotes ends at the next space. */
static bool is_plain(const char *text)
{
	for (; *text; text++)
		if (*text <= ' ' || *text == '"' || *text == '\\' || *text == '=' || *text == 0x7f)
			return false;
	return true;
}

static void add_json_pair(struct buf *line, const char *key, const char *value)
{
	buf_add_text(line, ",");
	text_json(bytes_text(key), line);
	buf_add_text(line, ":");
	text_json(bytes_text(value), line);
}

static void add_text_pair(struct buf *line, const char *key, const char *value)
{
	buf_printf(line, " %s=", key);
	if (is_plain(value))
		buf_add_text(line, value);
	else
		text_json(bytes_text(value), line);
}

static void add_field(struct buf *line, const struct log_field *field, bool json)
{
	char value[VALUE_MAX];

	if (field->kind == LOG_FIELD_INT) {
		buf_printf(line, json ? ",\"%s\":%" PRId64 : " %s=%" PRId64, field->key, field->integer);
		return;
	}
	const char *text = value_text(field, value);
	if (!text)
		return;
	if (json)
		add_json_pair(line, field->key, text);
	else
		add_text_pair(line, field->key, text);
}

static void start_line(struct buf *line, enum log_level level, const char *event, bool json)
{
	char now[CLOCK_TEXT_MAX];
	const char *program = atomic_load(&program_name);

	clock_text(clock_wall_ms(), now);
	if (!json) {
		buf_printf(line, "%s %s %s", now, level_names[level], event);
		return;
	}
	buf_printf(line, "{\"time\":\"%s\",\"level\":\"%s\"", now, level_names[level]);
	if (program)
		add_json_pair(line, "program", program);
	add_json_pair(line, "event", event);
}

/* One write a line, so that lines of several threads do not mix. A log that cannot be written has nowhere to say so. */
static void write_line(const char *at, size_t len)
{
	while (len > 0) {
		ssize_t wrote = write(STDERR_FILENO, at, len);
		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote < 0)
			return;
		at += wrote;
		len -= (size_t)wrote;
	}
}

static void put_line(const struct buf *line)
{
	sink_fn to = atomic_load(&sink);

	if (to)
		to((const char *)line->at, line->len, atomic_load(&sink_ctx));
	else
		write_line((const char *)line->at, line->len);
}

static void make_line(struct buf *line, enum log_level level, const char *event, const struct log_field *fields, size_t count,
                      bool json)
{
	start_line(line, level, event, json);
	for (size_t i = 0; i < count; i++)
		add_field(line, &fields[i], json);
	buf_add_text(line, json ? "}\n" : "\n");
}

void log_fields(enum log_level level, const char *event, const struct log_field *fields, size_t count)
{
	bool json = atomic_load(&is_json);
	int errno_before = errno;
	struct buf line;

	if ((int)level < atomic_load_explicit(&least_level, memory_order_relaxed))
		return;
	buf_init(&line, LINE_MAX_BYTES);
	make_line(&line, level, event, fields, count, json);
	if (FAILED(buf_check(&line, "line", NULL))) {
		/* Half a line would be no JSON. */
		const struct log_field cut = LOG_INT("fields_left_out", count);
		buf_clear(&line);
		make_line(&line, level, event, &cut, 1, json);
	}
	put_line(&line);
	buf_done(&line);
	errno = errno_before;
}

bool log_gate_pass(struct log_gate *gate, int64_t *ret_held_before)
{
	int64_t second = clock_mono_ms() / 1000;

	if (second != gate->second) {
		gate->second = second;
		gate->passed = 0;
	}
	if (gate->passed >= gate->burst) {
		gate->held++;
		return false;
	}
	gate->passed++;
	*ret_held_before = gate->held;
	gate->held = 0;
	return true;
}
