#include "care/care.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/daemon.h"
#include "base/mem.h"
#include "base/text.h"

enum { CARE_TEXT_MAX = 4 << 20, CARE_LINE_MAX = 2000 };

struct care {
	const char *file;
	bool json;
	size_t counts[CARE_FAULT + 1];
	struct buf text;
};

static const char *const grades[] = {"fine", "warning", "fault"};

struct care *care_new(const char *file, bool json)
{
	struct care *care = mem_alloc(sizeof(*care));
	care->file = file;
	care->json = json;
	buf_init(&care->text, CARE_TEXT_MAX);
	return care;
}

static void put_json(struct buf *out, const char *key, const char *value, bool last)
{
	char safe[CARE_LINE_MAX];
	buf_printf(out, "\"%s\": ", key);
	text_json(bytes_text(text_safe(bytes_text(value), safe, sizeof(safe))), out);
	buf_add_text(out, last ? "}" : ", ");
}

void care_say(struct care *care, enum care_grade grade, const char *about, const char *which, const char *remedy, const char *format, ...)
{
	char reason[CARE_LINE_MAX];
	va_list arguments;
	va_start(arguments, format);
	if (vsnprintf(reason, sizeof(reason), format, arguments) < 0)
		reason[0] = '\0';
	va_end(arguments);
	care->counts[grade]++;
	if (care->json) {
		buf_add_text(&care->text, care->text.len ? ",\n    {" : "\n    {");
		put_json(&care->text, "grade", grades[grade], false);
		put_json(&care->text, "about", about, false);
		put_json(&care->text, "which", which, false);
		put_json(&care->text, "reason", reason, false);
		put_json(&care->text, "remedy", remedy, true);
		return;
	}
	buf_printf(&care->text, "%-8s %s%s%s: %s%s%s\n", grades[grade], about, which[0] ? " " : "", which, reason, remedy[0] ? ". " : "", remedy);
}

void care_fault(struct care *care, const char *about, const struct err *why)
{
	care_say(care, CARE_FAULT, about, why->field, code_remedy(why->code), "%s: %s", code_text(why->code), why->reason);
}

void care_config(struct care *care, struct bytes faults)
{
	while (faults.len) {
		const uint8_t *end = memchr(faults.at, '\n', faults.len);
		size_t len = end ? (size_t)(end - faults.at) : faults.len, all = end ? len + 1 : len;
		care_say(care, CARE_FAULT, "configuration", "", "", "%.*s", (int)len, (const char *)faults.at);
		faults = bytes_of(faults.at + all, faults.len - all);
	}
}

int care_end(struct care *care)
{
	int code = care->counts[CARE_FAULT] ? EXIT_FAILED : EXIT_FINE;
	if (care->json) {
		struct buf head;
		buf_init(&head, CARE_LINE_MAX * 2);
		buf_add_text(&head, "{");
		put_json(&head, "file", care->file, false);
		printf("%.*s\"faults\": %zu, \"warnings\": %zu, \"findings\": [%.*s]}\n", (int)head.len, (const char *)head.at, care->counts[CARE_FAULT],
		       care->counts[CARE_WARNING], (int)care->text.len, care->text.len ? (const char *)care->text.at : "");
		buf_done(&head);
	} else {
		printf("%.*s%s: %zu in order, %zu warnings, %zu faults\n", (int)care->text.len, care->text.len ? (const char *)care->text.at : "",
		       care->file, care->counts[CARE_FINE], care->counts[CARE_WARNING], care->counts[CARE_FAULT]);
	}
	buf_done(&care->text);
	mem_free(care);
	return code;
}
