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

/* A condition on the main part: the text at the pointer (a number as its digits, a boolean as true or false) is one of the values. All conditions of
 * a list must hold; an empty list holds always. */
struct catalogue_when {
	char *pointer;
	char **values;
	size_t values_count;
};

/* A span of time: one of the two is set. Business days are counted by the hub's calendar. */
struct catalogue_span {
	int64_t ms;
	int64_t business_days;
};

struct catalogue_due_case {
	struct catalogue_when *when;
	size_t when_count;
	struct catalogue_span within;
};

/* What a deadline is met by: an answer to the message (re), anything of its conversation, or of the same person. */
enum catalogue_link { CATALOGUE_LINK_RE, CATALOGUE_LINK_THREAD, CATALOGUE_LINK_PERSON };

/* The deadline that a message starts. */
struct catalogue_due {
	struct catalogue_due_case *cases; /* the first that fits; none: the message starts no deadline */
	size_t cases_count;
	char *starts_at;  /* pointer to a date or time in the main part; NULL: when the hub accepted it */
	char **met_by;    /* types; those of `answers` where the file names none */
	size_t met_by_count;
	enum catalogue_link link;
	char *rearm_type; /* an answer of this type that fits rearm_when moves the deadline by the hours at rearm_hours; NULL: none does */
	struct catalogue_when *rearm_when;
	size_t rearm_when_count;
	char *rearm_hours;
};

/* Who may make a move: anybody, the party that entered the record, or any party but that one. */
enum catalogue_by { CATALOGUE_BY_ANY, CATALOGUE_BY_OWNER, CATALOGUE_BY_OTHER };

struct catalogue_move {
	struct catalogue_when *when;
	size_t when_count;
	char **from; /* states; "none": there is no such record yet */
	size_t from_count;
	char *to;
	enum catalogue_by by;
};

/* What a type does to the record of one lifecycle: the first move whose conditions hold and whose `from` has the present state. */
struct catalogue_moves {
	char *lifecycle;
	bool is_optional; /* no such record, or no move that fits: nothing happens. Otherwise the message is refused. */
	bool is_each;     /* every record that the keys speak of is moved, not only the likeliest one; optional then */
	struct catalogue_move *moves;
	size_t moves_count;
};

struct catalogue_state {
	char *name;
	char *title;
	bool is_terminal;
	char **blocks; /* names of interlocks that a record in this state closes */
	size_t blocks_count;
};

/* An identifier of the header's subject that names a record. */
struct catalogue_key {
	char *name;
	bool is_per_owner; /* the number is each agency's own; otherwise it is the same everywhere */
};

/* A kind of record and the states that it may be in. */
struct catalogue_lifecycle {
	char *name; /* "warrant" */
	char *title;
	char *description;
	struct catalogue_key *keys; /* the first that the subject has names the record; the others become names of it too */
	size_t keys_count;
	struct catalogue_state *states;
	size_t states_count;
	char *file;        /* that says so, for whoever must change it */
	struct buf source; /* the packed file */
};

/* What the hub itself does when it has accepted a message of a type. */
enum catalogue_hub {
	CATALOGUE_HUB_NOTHING,
	CATALOGUE_HUB_MERGE,       /* two identities are one person */
	CATALOGUE_HUB_OVERRIDE,    /* a held message is let through */
	CATALOGUE_HUB_GRANT,       /* a consent */
	CATALOGUE_HUB_REVOKE,      /* a consent */
	CATALOGUE_HUB_ERASE,       /* parts are destroyed */
	CATALOGUE_HUB_SUBSCRIBE,
	CATALOGUE_HUB_RENEW,
	CATALOGUE_HUB_UNSUBSCRIBE
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
	int64_t due_ms;    /* what a header without `due` gets: the deadline of the first case if it is a plain duration without conditions; 0: none */
	struct catalogue_due due;
	struct catalogue_moves *moves;
	size_t moves_count;
	char *interlock;   /* that holds messages of this type; NULL: none does */
	char *exchange;    /* a request: pointer to the outcome in the main part of its answers; NULL: no exchange is opened */
	char *topic;       /* that may be subscribed to; NULL: none */
	enum catalogue_hub hub;
	bool wants_by;
	char **by;         /* keys that `by` must have */
	size_t by_count;
	char **purposes;   /* the header must carry one of them; none: it need not carry any */
	size_t purposes_count;
	int64_t persons;   /* signatures of persons that it needs; 0: none */
	char **person_roles;
	size_t person_roles_count;
	struct catalogue_part *parts;
	size_t parts_count;
	char *file;        /* that says so, for whoever must change it */
	struct buf source; /* the packed file: schema and examples for `catalogue show` and the tests */
};

struct catalogue;

/* NULL: there is no such lifecycle, or state. */
const struct catalogue_lifecycle *catalogue_lifecycle(const struct catalogue *catalogue, const char *name);
const struct catalogue_state *catalogue_state(const struct catalogue_lifecycle *lifecycle, const char *name);
size_t catalogue_lifecycles_count(const struct catalogue *catalogue);
const struct catalogue_lifecycle *catalogue_lifecycle_at(const struct catalogue *catalogue, size_t index); /* sorted by name */
/* Whether all conditions hold for a packed main part. */
bool catalogue_holds(const struct catalogue_when *when, size_t count, struct bytes main);

struct catalogue *catalogue_new(void);
/* Adds one file; `name` is for errors. malformed or schema with the place: "NAME: /pointer". */
RESULT catalogue_add(struct catalogue *catalogue, const char *name, struct bytes json, struct err *err);
/* Compiles all schemas once every file is there, and checks what the files say of each other. The field is "FILE: /pointer". */
RESULT catalogue_finish(struct catalogue *catalogue, struct err *err);
/* The same, but hears of every file's first fault instead of stopping at the first of all. A catalogue with faults is only to be freed. */
typedef void (*catalogue_fault_fn)(void *ctx, const struct err *fault);
void catalogue_finish_all(struct catalogue *catalogue, catalogue_fault_fn say, void *ctx);
/* Reads every *.json of a folder and finishes. */
RESULT catalogue_load(const char *folder, struct catalogue **ret, struct err *err);
struct catalogue *catalogue_ref(struct catalogue *catalogue);
void catalogue_unref(struct catalogue *catalogue);

const struct catalogue_type *catalogue_find(const struct catalogue *catalogue, struct bytes type);
/* The packed file of definitions of that name ("common"), where a "$ref" leads; or empty. */
struct bytes catalogue_document(const struct catalogue *catalogue, struct bytes name);
size_t catalogue_count(const struct catalogue *catalogue);
const struct catalogue_type *catalogue_at(const struct catalogue *catalogue, size_t index); /* sorted by name */
/* Judges a message against its type: the type is known; required parts are in the header, each with the class of the catalogue; unknown parts are refused;
 * the subject carries an identifier; `by` where it is wanted, with its keys; one of the type's purposes (code purpose); every part that came along fits its
 * schema; a part of class P2 may be sealed instead, and its recipients judge it once it is open. Fields are "/parts/NAME/…", "/subject", ….
 * A part of the header that did not come along (withheld) is fine if allow_withheld. The parts must have been checked against the hashes. */
RESULT catalogue_check(const struct catalogue *catalogue, const struct message *message, const struct part *parts, size_t count, bool allow_withheld,
                       const struct catalogue_type **ret_type, struct err *err);

#endif
