#include "adapters/csv/csv_words.h"

#include "base/text.h"
#include "schemas/json.h"

#include <stdio.h>
#include <string.h>

enum { NUMBER_MAX = 32, VALUE_MAX = 64 << 10 };

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

static const char *common_code(const char *name, struct bytes word)
{
	static const char *const common[][3] = {
		{"sex", "Male", "M"},           {"sex", "Female", "F"},          {"sex", "Unknown", "U"},
		{"race", "White", "W"},         {"race", "Black", "B"},          {"race", "Asian", "A"},
		{"race", "Unknown", "U"},       {"race", "American Indian", "I"}, {"ethnicity", "Hispanic", "H"},
		{"ethnicity", "Non-Hispanic", "N"}, {"ethnicity", "Unknown", "U"}, {"eyes", "Black", "BLK"},
		{"eyes", "Blue", "BLU"},        {"eyes", "Brown", "BRO"},        {"eyes", "Green", "GRN"},
		{"eyes", "Gray", "GRY"},        {"eyes", "Grey", "GRY"},         {"eyes", "Hazel", "HAZ"},
		{"eyes", "Unknown", "XXX"},     {"hair", "Black", "BLK"},        {"hair", "Blond", "BLN"},
		{"hair", "Blonde", "BLN"},      {"hair", "Brown", "BRO"},        {"hair", "Gray", "GRY"},
		{"hair", "Grey", "GRY"},        {"hair", "Red", "RED"},          {"hair", "Sandy", "SDY"},
		{"hair", "White", "WHI"},       {"hair", "Unknown", "XXX"},
	};
	for (size_t i = 0; i < sizeof(common) / sizeof(*common); i++)
		if (!strcmp(common[i][0], name) && text_equal_nocase(bytes_text(common[i][1]), word))
			return common[i][2];
	return NULL;
}

bool csv_words_code(const struct csv_field *field, struct bytes word, char into[static CSV_CODE_MAX])
{
	const char *common = common_code(strrchr(field->pointer, '/') + 1, word);
	for (size_t i = 0; i < field->words_count; i++)
		if (lists_word(field->words[i].words, word)) {
			snprintf(into, CSV_CODE_MAX, "%s", field->words[i].code);
			return true;
		}
	if (common) {
		snprintf(into, CSV_CODE_MAX, "%s", common);
		return true;
	}
	size_t len = word.len < CSV_CODE_MAX - 1 ? word.len : CSV_CODE_MAX - 1;
	for (size_t i = 0; i < len; i++)
		into[i] = (char)(word.at[i] >= 'a' && word.at[i] <= 'z' ? word.at[i] - 32 : word.at[i] == ' ' ? '_' : word.at[i]);
	into[len] = 0;
	return false;
}

static bool put_truth(struct bytes text, struct buf *out)
{
	static const char *const truths[][2] = {{"true", "false"}, {"yes", "no"}, {"y", "n"}, {"1", "0"}};
	for (size_t i = 0; i < sizeof(truths) / sizeof(*truths); i++)
		for (size_t is_false = 0; is_false < 2; is_false++)
			if (text_equal_nocase(text, bytes_text(truths[i][is_false]))) {
				pack_put_bool(out, !is_false);
				return true;
			}
	return false;
}

/* As JSON writes numbers: what other readers would also take (0x1p3, inf) is no number of an export. */
static bool put_number(struct bytes text, struct buf *out)
{
	size_t marks = 0;
	struct err ignored;
	for (size_t i = 0; i < text.len; i++)
		marks += !(text.at[i] >= '0' && text.at[i] <= '9') && text.at[i] != '.' && text.at[i] != '-';
	return text.len > 0 && text.len < NUMBER_MAX && marks == 0 && !FAILED(json_to_pack(text, out, &ignored));
}

void csv_words_put(const struct csv_field *field, struct bytes text, struct buf *out)
{
	unsigned kinds = field->place.kinds;
	struct err ignored;
	int64_t integer = 0;
	if (!(kinds & CATALOGUE_PLACE_TEXT)) {
		if ((kinds & CATALOGUE_PLACE_INT) && !FAILED(text_int(text, INT64_MIN, INT64_MAX, &integer, &ignored))) {
			pack_put_int(out, integer);
			return;
		}
		if (((kinds & CATALOGUE_PLACE_NUMBER) && put_number(text, out)) || ((kinds & CATALOGUE_PLACE_BOOL) && put_truth(text, out)))
			return;
	}
	pack_put_text(out, text);
}

bool csv_words_fits(const struct csv_field *field, const char *text)
{
	struct buf value;
	struct err ignored;
	buf_init(&value, VALUE_MAX);
	csv_words_put(field, bytes_text(text), &value);
	bool fits = !value.overflow && (!field->validator || !FAILED(validator_run(field->validator, buf_bytes(&value), &ignored)));
	buf_done(&value);
	return fits;
}
