#include "adapters/kind/kind.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { KIND_PLAIN_MAX = 16 << 20, KIND_FAULTS_MAX = 200, KIND_UNMAPPED_MAX = 1000 };

void kind_reading_init(struct kind_reading *reading)
{
	memset(reading, 0, sizeof(*reading));
}

void kind_reading_done(struct kind_reading *reading)
{
	for (size_t i = 0; i < reading->drafts_count; i++)
		buf_done(&reading->drafts[i].plain);
	for (size_t i = 0; i < reading->unmapped_count; i++)
		mem_free(reading->unmapped[i]);
	mem_free(reading->drafts);
	mem_free(reading->faults);
	mem_free(reading->unmapped);
	kind_reading_init(reading);
}

struct buf *kind_reading_draft(struct kind_reading *reading, const char *tag)
{
	reading->drafts = mem_grow(reading->drafts, reading->drafts_count + 1, sizeof(*reading->drafts));
	struct kind_draft *draft = &reading->drafts[reading->drafts_count++];
	memset(draft, 0, sizeof(*draft));
	buf_init(&draft->plain, KIND_PLAIN_MAX);
	snprintf(draft->tag, sizeof(draft->tag), "%s", tag ? tag : "");
	return &draft->plain;
}

void kind_reading_fault(struct kind_reading *reading, int line, enum code code, const char *field, const char *format, ...)
{
	va_list arguments;
	if (reading->faults_count == KIND_FAULTS_MAX)
		return; /* who has made two hundred mistakes will find the next ones after correcting these */
	reading->faults = mem_grow(reading->faults, reading->faults_count + 1, sizeof(*reading->faults));
	struct kind_fault *fault = &reading->faults[reading->faults_count++];
	memset(fault, 0, sizeof(*fault));
	fault->line = line;
	fault->err.code = code;
	snprintf(fault->err.field, sizeof(fault->err.field), "%s", field ? field : "");
	va_start(arguments, format);
	vsnprintf(fault->err.reason, sizeof(fault->err.reason), format, arguments);
	va_end(arguments);
}

void kind_reading_unmapped(struct kind_reading *reading, const char *what)
{
	if (reading->unmapped_count == KIND_UNMAPPED_MAX)
		return;
	reading->unmapped = mem_grow(reading->unmapped, reading->unmapped_count + 1, sizeof(*reading->unmapped));
	reading->unmapped[reading->unmapped_count++] = mem_text(what);
}

void kind_reading_drop_drafts(struct kind_reading *reading)
{
	for (size_t i = 0; i < reading->drafts_count; i++)
		buf_done(&reading->drafts[i].plain);
	reading->drafts_count = 0;
}
