/* The catalogue: every type that may be sent, as data. One JSON file per type and version (schemas/catalogue/), and common definitions in
 * common.json. Takes bytes; the programs read the folder. Thread: built by one thread, then immutable and shared by count. */
#ifndef SCHEMAS_CATALOGUE_H
#define SCHEMAS_CATALOGUE_H

#include "schemas/message.h"
#include "schemas/validator.h"

enum { CATALOGUE_ROLES_MAX = 16 };

struct catalogue_part {
	char *name;
	char *cls;
	bool required;
	struct validator *validator;
};

struct catalogue_type {
	char *name; /* "warrant.issue/1" */
	char *title;
	char *description;
	char **originators; /* roles */
	size_t originators_count;
	char **answers; /* types that may answer it */
	size_t answers_count;
	char **subject; /* identifiers that the header must carry: at least one of them */
	size_t subject_count;
	int64_t priority;
	int64_t expiry_ms; /* 0: none by default */
	int64_t due_ms;    /* 0: no answer is owed */
	bool wants_by;
	int64_t persons;   /* signatures of persons that it needs; 0: none */
	char **person_roles;
	size_t person_roles_count;
	struct catalogue_part *parts;
	size_t parts_count;
	struct buf source; /* the packed file: schema and examples for `catalogue show` and the tests */
};

struct catalogue;

struct catalogue *catalogue_new(void);
/* Adds one file; `name` is for errors. malformed or schema with the place. */
RESULT catalogue_add(struct catalogue *catalogue, const char *name, struct bytes json, struct err *err);
/* Compiles all schemas once every file is there. */
RESULT catalogue_finish(struct catalogue *catalogue, struct err *err);
/* Reads every *.json of a folder and finishes. */
RESULT catalogue_load(const char *folder, struct catalogue **ret, struct err *err);
struct catalogue *catalogue_ref(struct catalogue *catalogue);
void catalogue_unref(struct catalogue *catalogue);

const struct catalogue_type *catalogue_find(const struct catalogue *catalogue, struct bytes type);
size_t catalogue_count(const struct catalogue *catalogue);
const struct catalogue_type *catalogue_at(const struct catalogue *catalogue, size_t index); /* sorted by name */
/* Judges a message against its type: the type is known; required parts are in the header, each with the class of the catalogue; unknown parts are refused;
 * the subject carries an identifier; `by` where it is wanted; every part that came along fits its schema. Fields are "/parts/NAME/…", "/subject", ….
 * A part of the header that did not come along (withheld) is fine if allow_withheld. The parts must have been checked against the hashes. */
RESULT catalogue_check(const struct catalogue *catalogue, const struct message *message, const struct part *parts, size_t count, bool allow_withheld,
                       const struct catalogue_type **ret_type, struct err *err);

#endif
