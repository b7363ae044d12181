#include "broker/gateway/link.h"

#define ROW(state_, event_, next_, action_) {LINK_##state_, LINK_ON_##event_, LINK_##next_, LINK_DO_##action_}

static const struct link_row rows[] = {
	ROW(HANDSHAKE, SECURED, HELLO, AWAIT),      ROW(HANDSHAKE, HELLO, HANDSHAKE, NOTHING),  ROW(HANDSHAKE, WELCOME, HANDSHAKE,
	                                                                                            NOTHING),
	ROW(HANDSHAKE, WORK, HANDSHAKE, NOTHING),   ROW(HANDSHAKE, BYE, HANDSHAKE, NOTHING),    ROW(HANDSHAKE, REFUSE, CLOSING, HANG_UP),
	ROW(HANDSHAKE, GONE, CLOSED, BURY),

	ROW(HELLO, SECURED, HELLO, NOTHING),        ROW(HELLO, HELLO, GREETED, GREET),          ROW(HELLO, WELCOME, HELLO, NOTHING),
	ROW(HELLO, WORK, CLOSING, BREAK_OFF),       ROW(HELLO, BYE, CLOSING, HANG_UP),          ROW(HELLO, REFUSE, CLOSING, DISMISS),
	ROW(HELLO, GONE, CLOSED, BURY),

	ROW(GREETED, SECURED, GREETED, NOTHING),    ROW(GREETED, HELLO, CLOSING, BREAK_OFF),    ROW(GREETED, WELCOME, OPEN, BEGIN),
	ROW(GREETED, WORK, CLOSING, BREAK_OFF),     ROW(GREETED, BYE, CLOSING, HANG_UP),        ROW(GREETED, REFUSE, CLOSING, DISMISS),
	ROW(GREETED, GONE, CLOSED, BURY),

	ROW(OPEN, SECURED, OPEN, NOTHING),          ROW(OPEN, HELLO, CLOSING, BREAK_OFF),       ROW(OPEN, WELCOME, OPEN, PASS),
	ROW(OPEN, WORK, OPEN, WORK),                ROW(OPEN, BYE, CLOSING, HANG_UP),           ROW(OPEN, REFUSE, CLOSING, DISMISS),
	ROW(OPEN, GONE, CLOSED, BURY),

	ROW(CLOSING, SECURED, CLOSING, NOTHING),    ROW(CLOSING, HELLO, CLOSING, NOTHING),      ROW(CLOSING, WELCOME, CLOSING, NOTHING),
	ROW(CLOSING, WORK, CLOSING, NOTHING),       ROW(CLOSING, BYE, CLOSING, NOTHING),        ROW(CLOSING, REFUSE, CLOSING, NOTHING),
	ROW(CLOSING, GONE, CLOSED, BURY),

	ROW(CLOSED, SECURED, CLOSED, NOTHING),      ROW(CLOSED, HELLO, CLOSED, NOTHING),        ROW(CLOSED, WELCOME, CLOSED, NOTHING),
	ROW(CLOSED, WORK, CLOSED, NOTHING),         ROW(CLOSED, BYE, CLOSED, NOTHING),          ROW(CLOSED, REFUSE, CLOSED, NOTHING),
	ROW(CLOSED, GONE, CLOSED, NOTHING),
};

static const char *const state_names[LINK_STATE_COUNT] = {"handshake", "hello", "greeted", "open", "closing", "closed"};
static const char *const event_names[LINK_EVENT_COUNT] = {"secured", "hello", "welcome", "work", "bye", "refuse", "gone"};

const struct link_row *link_row(enum link_state state, enum link_event event)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].state == state && rows[i].event == event)
			return &rows[i];
	return NULL;
}

const char *link_state_text(enum link_state state)
{
	return state_names[state];
}

const char *link_event_text(enum link_event event)
{
	return event_names[event];
}
