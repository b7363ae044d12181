/* UUID version 7 (RFC 9562 §5.7): time-ordered, so that keys land at the end of the store's tree. Thread: any. */
#ifndef BASE_UUID_H
#define BASE_UUID_H

#include "base/bytes.h"

enum { UUID_LEN = 16, UUID_TEXT_MAX = 37 };

struct uuid {
	uint8_t at[UUID_LEN];
};

/* Strictly increasing within a process, also when the clock steps back. */
struct uuid uuid_new(void);
bool uuid_is_v7(const uint8_t at[static UUID_LEN]);
int64_t uuid_ms(const uint8_t at[static UUID_LEN]); /* the time it carries */
char *uuid_text(const uint8_t at[static UUID_LEN], char into[static UUID_TEXT_MAX]); /* 8-4-4-4-12; returns into */
RESULT uuid_parse(struct bytes text, struct uuid *ret, struct err *err);

#endif
