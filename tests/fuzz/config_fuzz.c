/* A broker's configuration. */
#include "broker/config/settings.h"
#include "fuzz/printed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	printed_again(&settings_table, sizeof(struct settings), bytes_of(data, size));
	return 0;
}
