/* Speaks for the validator to json_schema_suite.py. Lines in: "S JSON" is the schema from then on, "V JSON" a value for it. One line out for each:
 *   fine | refused TAB field TAB reason     a schema
 *   valid | invalid TAB field TAB reason    a value
 *   unreadable TAB reason                   no JSON that Liaison carries
 * With --keywords it prints the keywords that the validator claims. */
#include "base/mem.h"
#include "base/text.h"
#include "schemas/json.h"
#include "schemas/validator_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_BYTES = 4 << 20 };

static struct validator *validator;

static void answer(const char *word, const struct err *err, bool has_field)
{
	char safe[4 * ERR_REASON_MAX];
	fputs(word, stdout);
	if (has_field)
		printf("\t%s", text_safe(bytes_text(err->field), safe, sizeof(safe)));
	if (err)
		printf("\t%s", text_safe(bytes_text(err->reason), safe, sizeof(safe)));
	fputc('\n', stdout);
	fflush(stdout);
}

static void take_schema(struct bytes packed)
{
	struct err err = {.field = "", .reason = ""};
	validator_free(validator);
	validator = NULL;
	if (FAILED(validator_compile(packed, NULL, NULL, &validator, &err)))
		answer("refused", &err, true);
	else
		answer("fine", NULL, false);
}

static void take_value(struct bytes packed)
{
	struct err err = {.field = "", .reason = "there is no schema"};
	if (!validator || FAILED(validator_run(validator, packed, &err)))
		answer("invalid", &err, true);
	else
		answer("valid", NULL, false);
}

static void take(struct bytes line)
{
	struct buf packed;
	struct err err = {.field = "", .reason = ""};
	buf_init(&packed, LINE_MAX_BYTES);
	if (line.len < 2 || FAILED(json_to_pack(bytes_of(line.at + 2, line.len - 2), &packed, &err)) || FAILED(buf_check(&packed, "", &err)))
		answer("unreadable", &err, false);
	else if (line.at[0] == 'S')
		take_schema(buf_bytes(&packed));
	else
		take_value(buf_bytes(&packed));
	buf_done(&packed);
}

int main(int argc, char **argv)
{
	AUTO_FREE char *line = mem_array(1, LINE_MAX_BYTES);
	if (argc > 1 && strcmp(argv[1], "--keywords") == 0) {
		for (size_t i = 0; i < KEYWORD_COUNT; i++)
			puts(validator_keyword_name((enum keyword)i));
		return EXIT_SUCCESS;
	}
	while (fgets(line, LINE_MAX_BYTES, stdin))
		take(bytes_of(line, strcspn(line, "\n")));
	validator_free(validator);
	return EXIT_SUCCESS;
}
