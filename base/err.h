/* Codes, results, and the reason that goes with them.
 * A function that can fail returns RESULT and, as its last parameter, takes a `struct err` that belongs to the caller and is
 * written only on failure. Lower rooms explain; they do not log. Thread: any. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>

enum code {
#define CODE(symbol, text, class, who, remedy) CODE_##symbol,
#include "base/codes.def"
#undef CODE
	CODE_COUNT
};

enum code_class { CODE_CLASS_NONE, CODE_CLASS_REFUSAL, CODE_CLASS_FAULT };

/* A struct, so that an int cannot pass for one and that it cannot be ignored. */
typedef struct {
	enum code code;
} result;

#define RESULT __attribute__((warn_unused_result)) result
#define OK ((result){CODE_OK})
#define FAILED(r) ((r).code != CODE_OK)

/* Returns from the calling function when `call` failed. The only macro with control flow. */
#define TRY(call)                                                                                                                \
	do {                                                                                                                     \
		result try_ = (call);                                                                                            \
		if (FAILED(try_))                                                                                                \
			return try_;                                                                                             \
	} while (0)

enum { ERR_FIELD_MAX = 128, ERR_REASON_MAX = 320 };

/* What went wrong: the code, the field (a JSON pointer, a setting, a file; may be empty) and the reason in plain words. */
struct err {
	enum code code;
	char field[ERR_FIELD_MAX];
	char reason[ERR_REASON_MAX];
};

/* Fills *err (NULL is allowed) and returns the code as a result: `return err_set(err, CODE_SCHEMA, "/dob", "not a date")`. */
result err_set(struct err *err, enum code code, const char *field, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* Puts `prefix` before the field of an error that is passing by, so that the path grows outward. */
void err_prefix(struct err *err, const char *prefix);
/* CODE_IO or what fits errno (FULL for ENOSPC, PERMISSION for EACCES and EPERM) with "`what`: strerror". */
result err_errno(struct err *err, const char *field, const char *what);
/* One line for a person: "code: field: reason". Returns `into`. */
const char *err_text(const struct err *err, char *into, size_t size);

const char *code_text(enum code code); /* the stable text, "schema" */
bool code_from_text(const char *text, size_t len, enum code *ret);
enum code_class code_class_of(enum code code);
const char *code_who(enum code code);    /* who must act */
const char *code_remedy(enum code code); /* what they must do */

#endif
