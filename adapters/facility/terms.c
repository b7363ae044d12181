#include "adapters/facility/terms.h"

#include "adapters/niem/niem_words.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

const struct conf_pairs *terms_pairs(const struct facility_values *values, const char *pointer)
{
	if (!strcmp(pointer, "/reason"))
		return &values->reason;
	if (!strcmp(pointer, "/person/sex"))
		return &values->sex;
	if (!strcmp(pointer, "/person/race"))
		return &values->race;
	return strcmp(pointer, "/person/ethnicity") ? NULL : &values->ethnicity;
}

static struct bytes trimmed(const char *at, size_t len)
{
	while (len && *at == ' ') {
		at++;
		len--;
	}
	while (len && at[len - 1] == ' ')
		len--;
	return bytes_of(at, len);
}

static bool lists_word(const char *words, struct bytes word)
{
	while (*words) {
		size_t len = strcspn(words, ",");
		if (text_equal_nocase(trimmed(words, len), word))
			return true;
		words += len + (words[len] == ',');
	}
	return false;
}

bool terms_code(const struct facility_values *values, const char *pointer, struct bytes word, char into[static TERMS_CODE_MAX])
{
	const struct conf_pairs *pairs = terms_pairs(values, pointer);
	const char *last = strrchr(pointer, '/');
	for (size_t i = 0; pairs && i < pairs->count; i++)
		if (lists_word(pairs->at[i].value, word)) {
			snprintf(into, TERMS_CODE_MAX, "%s", pairs->at[i].name);
			return true;
		}
	/* Reasons are each facility's own. */
	return niem_words_code(last && strcmp(pointer, "/reason") != 0 ? last + 1 : "", word, into);
}
