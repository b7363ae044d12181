#include "adapters/ncic/ncic.h"

#include "adapters/ncic/ncic_read.h"
#include "adapters/ncic/ncic_write.h"

static void read_text(void *state, const struct kind_host *host, struct bytes document, struct kind_reading *into)
{
	ncic_read(state, host, document, into);
}

static result write_text(void *state, const struct kind_host *host, const struct kind_message *message, struct buf *out,
	                     bool *ret_wrote, struct err *err)
{
	(void)state;
	return ncic_write(host, message, out, ret_wrote, err);
}

const struct kind_format ncic_format = {.name = "ncic", .ending = ".ncic", .read = read_text, .write = write_text};
