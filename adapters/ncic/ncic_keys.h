/* The message keys of NCIC-style text: what each must, may and may not say, and to which type of message it leads. Thread: any,
 * pure. */
#ifndef ADAPTERS_NCIC_NCIC_KEYS_H
#define ADAPTERS_NCIC_NCIC_KEYS_H

#include "adapters/ncic/ncic_text.h"

enum ncic_keys_flag {
	NCIC_KEYS_FREE = 1,     /* the body is free text */
	NCIC_KEYS_MODIFY = 2,   /* a blank field means: delete it */
	NCIC_KEYS_ENTRY = 4,    /* the sets of an entry hold together: plate, vehicle, offense, address, bail */
	NCIC_KEYS_CAUTION = 8,  /* the key itself says that there is a caution */
	NCIC_KEYS_FELONY = 16,  /* extradition is a digit */
	NCIC_KEYS_CONFIRM = 32, /* what may be said depends on RTY */
	NCIC_KEYS_SWITCH = 64,  /* only switches and record systems say it */
	NCIC_KEYS_SETS = 128,   /* plate, vehicle and address hold together */
	NCIC_KEYS_INDEX = 256,  /* one of the alternatives, and only one */
	NCIC_KEYS_PERSON = 512, /* name, sex, race and date of birth, or none of them */
	NCIC_KEYS_NAMED = 1024  /* who is described is named, too */
};

struct ncic_keys_key {
	const char *mke;
	const char *words;
	const char *type; /* of the message that it becomes; NULL: none */
	char family;      /* letter of the NICs that it may name; 0: any */
	unsigned flags;   /* enum ncic_keys_flag */
	uint8_t dests_min, dests_max;
	char dests;           /* 'O': ORIs only, 'S': states only, 0: either */
	const char *required; /* tags parted by spaces */
	const char *one_of;   /* alternatives parted by |, each of tags joined by +; NULL: none is needed */
	const char *optional;
	const char *kept;    /* tags that a modification may change and not delete */
	const char *implied; /* what the key itself says, as tags of ncic_map.h: "juv=Y alr=ARMED" */
};

const struct ncic_keys_key *ncic_keys_find(const char *mke); /* NULL: no such key */
/* The key that says messages of a type, and that of them; NULL: none does. */
const struct ncic_keys_key *ncic_keys_for(struct bytes type, struct bytes implied);
/* Judges which fields are there and which hold together. Values have been judged by ncic_fields_check before. */
void ncic_keys_check(const struct ncic_keys_key *key, struct ncic_text *text, struct kind_reading *into);
/* Whether one of the alternatives would be there if these tags were not. */
bool ncic_keys_has_one(const struct ncic_keys_key *key, struct ncic_text *text, const char *without);
/* Judges the destinations of the header. */
void ncic_keys_check_dests(const struct ncic_keys_key *key, const struct ncic_text *text, struct kind_reading *into);

#endif
