#include "adapters/facility/terms.h"

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

static const char *common_code(const char *pointer, struct bytes word)
{
	static const char *const common[][3] = {
		{"/person/sex", "Male", "M"},           {"/person/sex", "Female", "F"},
		{"/person/sex", "Unknown", "U"},        {"/person/race", "White", "W"},
		{"/person/race", "Black", "B"},         {"/person/race", "Asian", "A"},
		{"/person/race", "Unknown", "U"},       {"/person/race", "American Indian", "I"},
		{"/person/ethnicity", "Hispanic", "H"}, {"/person/ethnicity", "Non-Hispanic", "N"},
		{"/person/ethnicity", "Unknown", "U"},  {"/person/eyes", "Black", "BLK"},
		{"/person/eyes", "Blue", "BLU"},        {"/person/eyes", "Brown", "BRO"},
		{"/person/eyes", "Green", "GRN"},       {"/person/eyes", "Gray", "GRY"},
		{"/person/eyes", "Grey", "GRY"},        {"/person/eyes", "Hazel", "HAZ"},
		{"/person/eyes", "Unknown", "XXX"},     {"/person/hair", "Black", "BLK"},
		{"/person/hair", "Blond", "BLN"},       {"/person/hair", "Blonde", "BLN"},
		{"/person/hair", "Brown", "BRO"},       {"/person/hair", "Gray", "GRY"},
		{"/person/hair", "Grey", "GRY"},        {"/person/hair", "Red", "RED"},
		{"/person/hair", "Sandy", "SDY"},       {"/person/hair", "White", "WHI"},
		{"/person/hair", "Unknown", "XXX"},
	};
	for (size_t i = 0; i < sizeof(common) / sizeof(*common); i++)
		if (!strcmp(common[i][0], pointer) && text_equal_nocase(bytes_text(common[i][1]), word))
			return common[i][2];
	return NULL;
}

bool terms_code(const struct facility_values *values, const char *pointer, struct bytes word, char into[static TERMS_CODE_MAX])
{
	const struct conf_pairs *pairs = terms_pairs(values, pointer);
	const char *common = common_code(pointer, word);
	for (size_t i = 0; pairs && i < pairs->count; i++)
		if (lists_word(pairs->at[i].value, word)) {
			snprintf(into, TERMS_CODE_MAX, "%s", pairs->at[i].name);
			return true;
		}
	if (common) {
		snprintf(into, TERMS_CODE_MAX, "%s", common);
		return true;
	}
	size_t len = word.len < TERMS_CODE_MAX - 1 ? word.len : TERMS_CODE_MAX - 1;
	for (size_t i = 0; i < len; i++)
		into[i] = (char)(word.at[i] >= 'a' && word.at[i] <= 'z' ? word.at[i] - 32 : word.at[i] == ' ' ? '_' : word.at[i]);
	into[len] = 0;
	return false;
}
