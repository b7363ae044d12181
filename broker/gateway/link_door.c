#include "base/clock.h"
#include "broker/gateway/link_inside.h"

enum {
	/* Steps of handshakes in one turn of the loop. A step may take 2 ms: a burst of them must not keep links waiting that stand. */
	DOOR_SHAKES_TURN = 2
};

/* Each gateway has its share. */
static struct door_limits door_limits_of(const struct mandate *mandate)
{
	int64_t gateways = mandate->gateways, more = gateways - 1;
	return (struct door_limits){
		.at_once = (mandate->limits.handshakes + more) / gateways,
		.source_at_once = (mandate->limits.source_handshakes + more) / gateways,
		.rate = (mandate->limits.handshake_rate + more) / gateways,
		.source_rate = (mandate->limits.source_handshake_rate + more) / gateways,
	};
}

/* The oldest of the address that has the most at the door: one that comes from everywhere else is none the worse for it. */
static bool evict_stranger(struct link_home *home)
{
	struct link *link, *goes = TAILQ_FIRST(&home->strangers);
	struct err why;
	TAILQ_FOREACH(link, &home->strangers, stranger)
		if (door_weight(link->source) > door_weight(goes->source))
			goes = link;
	if (!goes)
		return false;
	err_set(&why, CODE_BUSY, "limits.handshakes", "too many handshakes at once; one of the address that has most made room");
	link_dismiss(goes, &why);
	return true;
}

/* Room for the one that has just entered, or the reason why there is none. */
static result make_room(struct link_home *home, struct err *err)
{
	bool is_full = (int64_t)home->count >= home->mandate->links;
	if ((is_full || door_is_overfull(home->door)) && !evict_stranger(home) && is_full)
		return err_set(err, CODE_BUSY, "limits.links", "%zu connections stand already", home->count);
	return OK;
}

result link_door_enter(struct link *link, int fd, struct err *err)
{
	socklen_t len = sizeof(link->from);
	if (getpeername(fd, (struct sockaddr *)&link->from, &len) != 0)
		return err_set(err, CODE_CLOSED, "", "the peer was gone before it was accepted");
	TRY(door_enter(link->home->door, &link->from, clock_mono_us(), &link->source, err));
	result r = make_room(link->home, err);
	if (FAILED(r)) {
		door_leave(link->home->door, link->source);
		return r;
	}
	TAILQ_INSERT_TAIL(&link->home->strangers, link, stranger);
	return OK;
}

void link_door_leave(struct link *link)
{
	TAILQ_REMOVE(&link->home->strangers, link, stranger);
	door_leave(link->home->door, link->source);
	link->source = NULL;
}

void link_door_renew(struct link_home *home)
{
	const struct door_limits limits = door_limits_of(home->mandate);
	door_set(home->door, &limits);
}

static void on_turn(void *ctx)
{
	struct link_home *home = ctx;
	home->shakes = DOOR_SHAKES_TURN;
}

void link_home_open(struct link_home *home)
{
	const struct door_limits limits = door_limits_of(home->mandate);
	TAILQ_INIT(&home->strangers);
	home->open = metric_gauge("liaison_links_open", "Links that are open", NULL, NULL);
	home->door = door_new(&limits);
	home->tally = tally_new(home->mandate);
	home->shakes = DOOR_SHAKES_TURN;
	loop_on_turn(home->loop, on_turn, home);
}

void link_home_close(struct link_home *home)
{
	link_free_all(home);
	door_free(home->door);
	tally_free(home->tally);
}
