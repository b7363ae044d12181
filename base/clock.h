/* Time. Wall time is milliseconds since the epoch, UTC; monotonic time only measures. Both can be turned by a test. Thread: any. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/bytes.h"

int64_t clock_wall_ms(void);
int64_t clock_mono_ms(void);
int64_t clock_mono_us(void);
/* Tests: freezes both clocks at wall_ms; clock_turn moves them on; clock_release goes back to the machine's. */
void clock_freeze(int64_t wall_ms);
void clock_turn(int64_t by_ms);
void clock_release(void);

enum { CLOCK_TEXT_MAX = 32 };
/* RFC 3339 in UTC with milliseconds: 2026-03-01T09:15:00.000Z. Returns into. */
char *clock_text(int64_t wall_ms, char into[static CLOCK_TEXT_MAX]);
/* RFC 3339 date-time with any offset, or a bare date (midnight UTC). */
RESULT clock_parse(struct bytes text, int64_t *ret_wall_ms, struct err *err);

#endif
