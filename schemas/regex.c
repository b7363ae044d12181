#include "schemas/regex.h"

#include "base/mem.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* A sound pattern over a form's text needs a few hundred steps; these stop one that explodes within about a millisecond. */
enum { REGEX_MATCH_MAX = 100000, REGEX_DEPTH_MAX = 2000, REGEX_HEAP_MAX_KIB = 512 };

struct regex {
	pcre2_code *code;
	pcre2_match_context *limits;
};

static void *take(size_t size, void *unused)
{
	(void)unused;
	return mem_alloc(size);
}

static void give(void *at, void *unused)
{
	(void)unused;
	mem_free(at);
}

/* Off the scratch as long as it lasts; what a deep match needs beyond that is bounded by REGEX_HEAP_MAX_KIB. */
static void *take_scratch(size_t size, void *pointer)
{
	struct regex_scratch *scratch = pointer;
	size_t rounded = (size + 15) & ~(size_t)15;
	if (rounded > REGEX_SCRATCH_BYTES - scratch->used)
		return mem_alloc(size);
	void *at = scratch->room + scratch->used;
	scratch->used += rounded;
	return at;
}

static void give_scratch(void *at, void *pointer)
{
	const struct regex_scratch *scratch = pointer;
	const unsigned char *byte = at;
	if (byte < scratch->room || byte >= scratch->room + REGEX_SCRATCH_BYTES)
		mem_free(at);
}

static result compile(struct regex *regex, struct bytes pattern, struct err *err)
{
	/* No (?C) and no \C; `$` is the end and not the line before it, as in ECMA. */
	uint32_t options =
		PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALT_BSUX | PCRE2_NEVER_BACKSLASH_C | PCRE2_MATCH_UNSET_BACKREF;
	int error = 0;
	PCRE2_SIZE at = 0;
	pcre2_general_context *memory = pcre2_general_context_create(take, give, NULL);
	pcre2_compile_context *dialect = pcre2_compile_context_create(memory);
	pcre2_set_compile_extra_options(dialect, PCRE2_EXTRA_ALT_BSUX);
	pcre2_set_newline(dialect, PCRE2_NEWLINE_ANYCRLF);
	regex->code = pcre2_compile(pattern.at ? pattern.at : (const uint8_t *)"", pattern.len, options, &error, &at, dialect);
	if (regex->code) {
		regex->limits = pcre2_match_context_create(memory);
		pcre2_set_match_limit(regex->limits, REGEX_MATCH_MAX);
		pcre2_set_depth_limit(regex->limits, REGEX_DEPTH_MAX);
		pcre2_set_heap_limit(regex->limits, REGEX_HEAP_MAX_KIB);
	}
	pcre2_compile_context_free(dialect);
	pcre2_general_context_free(memory);
	if (regex->code)
		return OK;
	PCRE2_UCHAR words[128] = "";
	pcre2_get_error_message(error, words, sizeof(words));
	return err_set(err, CODE_SCHEMA, "", "the pattern is wrong at its character %zu: %s", at + 1, (const char *)words);
}

result regex_new(struct bytes pattern, struct regex **ret, struct err *err)
{
	struct regex *regex = mem_alloc(sizeof(*regex));
	result r = compile(regex, pattern, err);
	if (FAILED(r))
		regex_free(regex);
	else
		*ret = regex;
	return r;
}

void regex_free(struct regex *regex)
{
	if (!regex)
		return;
	pcre2_match_context_free(regex->limits);
	pcre2_code_free(regex->code);
	mem_free(regex);
}

void regex_scratch_begin(struct regex_scratch *scratch)
{
	scratch->context = NULL;
	scratch->match = NULL;
	scratch->used = 0;
}

void regex_scratch_end(struct regex_scratch *scratch)
{
	pcre2_match_data_free(scratch->match);
	pcre2_general_context_free(scratch->context);
	scratch->match = NULL;
	scratch->context = NULL;
}

enum regex_answer regex_match(const struct regex *regex, struct bytes text, struct regex_scratch *scratch)
{
	if (!scratch->match) {
		scratch->context = pcre2_general_context_create(take_scratch, give_scratch, scratch);
		scratch->match = pcre2_match_data_create(1, scratch->context);
	}
	int found =
		pcre2_match(regex->code, text.at ? text.at : (const uint8_t *)"", text.len, 0, 0, scratch->match, regex->limits);
	if (found >= 0)
		return REGEX_YES;
	return found == PCRE2_ERROR_NOMATCH ? REGEX_NO : REGEX_GAVE_UP;
}
