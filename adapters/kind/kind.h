/* The contract of a kind of agency: what an adapter of that kind has of its own. The runtime does everything else. A kind sees plain drafts and
 * decoded messages, never a socket, a key or a file. Thread: the adapter's one loop; nothing here may block.
 *
 * To add a kind: a folder, a `const struct kind` in it, a line in adapters/main.c. */
#ifndef ADAPTERS_KIND_KIND_H
#define ADAPTERS_KIND_KIND_H

#include "base/conf.h"
#include "schemas/catalogue.h"
#include "schemas/plain.h"

/* A record that this agency holds: a warrant that it issued or was sent, a referral, a query that waits for answers. Texts may be empty. */
struct kind_record {
	char kind[16];      /* "warrant", "referral", "query" */
	char number[72];    /* warrant_no, referral_id, message id: unique with kind and owner */
	char nic[16];
	char state[24];     /* "active", "located", "cleared", "cancelled", … */
	char owner[104];    /* the party that entered it */
	bool is_ours;
	uint8_t thread[UUID_LEN];
	uint8_t message[UUID_LEN]; /* that set it last */
	char name[64];      /* FAMILY,GIVEN MIDDLE in capitals */
	char dob[12];       /* YYYY-MM-DD */
	struct bytes body;  /* packed main part of the message that entered it; borrowed during a call */
};

struct csv_plan; /* adapters/csv */

/* What the runtime offers to a kind. All of it happens within the transaction of the message or document at hand. */
struct kind_host {
	void *ctx;
	const char *party;                  /* whose adapter this is */
	const char *ori;                    /* of the agency, may be empty */
	const char *agency;                 /* its name, may be empty */
	bool answers;                       /* queries are answered from the records held here */
	const struct catalogue *catalogue;
	const struct csv_plan *csv;         /* what the columns of its exports mean; NULL: nobody has told */
	/* Stores or replaces (by kind, number and owner). */
	RESULT (*put)(void *ctx, const struct kind_record *record, struct err *err);
	/* Calls fn for every record of `kind` whose `by` ("number", "nic", "name", "thread", "ucn", "sid", "doc_number", "ssn") is `value`;
	 * fn returns false to stop. Identifiers are those of /person/ids in the body. */
	RESULT (*each)(void *ctx, const char *kind, const char *by, const char *value, bool (*fn)(void *fn_ctx, const struct kind_record *record),
	               void *fn_ctx, struct err *err);
};

/* What was read from a document: drafts in the plain form (packed), each with a tag that stays here and comes back with every answer, and the faults. */
struct kind_fault {
	int line;             /* in the document, from 1; 0: the whole */
	struct err err;       /* field, code, reason */
};
struct kind_draft {
	struct buf plain;     /* packed, schemas/plain.h */
	char tag[32];
};
struct kind_reading {
	struct kind_draft *drafts;
	size_t drafts_count;
	struct kind_fault *faults;
	size_t faults_count;
	char **unmapped;      /* what the document says and no field takes: listed, never lost in silence */
	size_t unmapped_count;
};

void kind_reading_init(struct kind_reading *reading);
void kind_reading_done(struct kind_reading *reading);
struct buf *kind_reading_draft(struct kind_reading *reading, const char *tag); /* a new, empty draft to write into; tag may be NULL */
void kind_reading_fault(struct kind_reading *reading, int line, enum code code, const char *field, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
void kind_reading_unmapped(struct kind_reading *reading, const char *what);
void kind_reading_drop_drafts(struct kind_reading *reading); /* a document with a fault yields no message */

/* A message that passes: sent by us (accepted by the hub) or received (verified, in the inbox). Borrowed during the call. */
struct kind_message {
	const struct message *message;
	const struct part *parts;
	size_t parts_count;
	struct bytes main;
	bool is_ours;
	const char *tag; /* of our own message that this one answers; "" if none */
};

/* A document format of the agency's own, in and out. */
struct kind_format {
	const char *name;    /* "ncic" */
	const char *ending;  /* ".ncic": of files in the spool folder */
	/* Reads a document whole into drafts and faults; a document with a fault yields no message at all. */
	void (*read)(void *state, const struct kind_host *host, struct bytes document, struct kind_reading *into);
	/* Writes a received message as a document; *ret_wrote false: this format has no word for that type. NULL: reads only. */
	RESULT (*write)(void *state, const struct kind_host *host, const struct kind_message *message, struct buf *out, bool *ret_wrote, struct err *err);
};

struct kind {
	const char *name;                       /* "police": the `kind` setting, and the name of its own group of settings */
	const struct conf_table *settings;      /* NULL: none */
	RESULT (*open)(const void *settings, const struct kind_host *host, void **ret_state, struct err *err); /* checks the settings; NULL: no state */
	void (*close)(void *state);
	const struct kind_format *formats;
	size_t formats_count;
	/* After a message has passed, in its transaction: keeps records, may write answers (drafts) into `answers`. Both kinds of failure stop the
	 * transaction. NULL: nothing to do. */
	RESULT (*pass)(void *state, const struct kind_host *host, const struct kind_message *message, struct kind_reading *answers, struct err *err);
};

#endif
