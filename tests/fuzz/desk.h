/* The desk of the adapters' unit tests, for as long as a fuzzer runs. */
#ifndef TESTS_FUZZ_DESK_H
#define TESTS_FUZZ_DESK_H

#include "unit/adapters/runtime/office_fixture.h"

#include "adapters/casework/casework.h"
#include "base/loop.h"

static inline struct desk *desk_open(void)
{
	void *state = NULL;
	desk_make_pki(&state);
	desk_set_up(&state);
	return state;
}

/* A police department that takes documents of so many bytes from its own system; desk_close frees the loop. */
static inline struct desk *desk_open_police(int64_t document_bytes)
{
	static struct kind_format formats[1];
	struct desk *desk = desk_open();
	formats[0] = casework_format;
	desk->kind.formats = formats;
	desk->kind.formats_count = 1;
	desk->options.limits.document_bytes = document_bytes;
	desk->office.host = (struct kind_host){.party = DESK_HERE, .ori = "CT0001", .agency = "Police", .catalogue = desk->office.papers.catalogue};
	desk->office.loop = loop_new();
	return desk;
}

static inline void desk_close(struct desk *desk)
{
	void *state = desk;
	loop_free(desk->office.loop);
	desk_tear_down(&state);
	desk_drop_pki(&state);
}

#endif
