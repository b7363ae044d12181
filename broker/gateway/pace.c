#include "broker/gateway/pace.h"

#define MILLION ((int64_t)1000000)

/* An hour fills every pace; beyond, the product would not fit. */
#define ELAPSED_US_MAX (3600 * MILLION)
#define OWED_MAX (INT64_MAX / 4)

static void fill(struct pace *pace, int64_t now_us)
{
	int64_t elapsed_us = now_us - pace->at_us, most = pace->burst * MILLION;
	if (elapsed_us <= 0)
		return;
	pace->at_us = now_us;
	if (elapsed_us > ELAPSED_US_MAX)
		elapsed_us = ELAPSED_US_MAX;
	/* A microsecond brings `rate` millionths. */
	pace->millionth = pace->rate < (most - pace->millionth) / elapsed_us ? pace->millionth + pace->rate * elapsed_us : most;
}

void pace_init(struct pace *pace, int64_t rate, int64_t burst, int64_t now_us)
{
	*pace = (struct pace){.rate = rate, .burst = burst, .millionth = burst * MILLION, .at_us = now_us};
}

void pace_set(struct pace *pace, int64_t rate, int64_t burst, int64_t now_us)
{
	fill(pace, now_us);
	pace->rate = rate;
	pace->burst = burst;
	if (pace->millionth > burst * MILLION)
		pace->millionth = burst * MILLION;
}

bool pace_take(struct pace *pace, int64_t cost, int64_t now_us)
{
	if (pace->rate == 0)
		return true;
	fill(pace, now_us);
	if (pace->millionth < cost * MILLION)
		return false;
	pace->millionth -= cost * MILLION;
	return true;
}

void pace_spend(struct pace *pace, int64_t cost, int64_t now_us)
{
	if (pace->rate == 0)
		return;
	fill(pace, now_us);
	if (pace->millionth > -OWED_MAX)
		pace->millionth -= cost * MILLION;
}

int64_t pace_wait_ms(struct pace *pace, int64_t now_us)
{
	if (pace->rate == 0)
		return 0;
	fill(pace, now_us);
	if (pace->millionth >= 0)
		return 0;
	return (-pace->millionth / pace->rate + 999) / 1000;
}
