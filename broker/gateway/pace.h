/* So much a second, and so much at once after a pause: what may be spent fills up again evenly. Who may be refused asks before
 * it spends; who can only be made to wait spends and then waits its debt out. Thread: the caller's, pure. */
#ifndef BROKER_GATEWAY_PACE_H
#define BROKER_GATEWAY_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct pace {
	int64_t rate;      /* a second; 0: no limit */
	int64_t burst;     /* the most that is ever at hand */
	int64_t millionth; /* at hand, in millionths; negative: owed */
	int64_t at_us;     /* monotonic, when that was so */
};

/* What is at hand stays as it is, at most the new burst: whoever is given another pace gains nothing by it. */
void pace_set(struct pace *pace, int64_t rate, int64_t burst, int64_t now_us);
void pace_init(struct pace *pace, int64_t rate, int64_t burst, int64_t now_us); /* with all of the burst at hand */
bool pace_take(struct pace *pace, int64_t cost, int64_t now_us);  /* false: not at hand, and nothing was taken */
void pace_spend(struct pace *pace, int64_t cost, int64_t now_us); /* also what is not at hand */
int64_t pace_wait_ms(struct pace *pace, int64_t now_us);          /* until nothing is owed any more; 0: nothing is */

#endif
