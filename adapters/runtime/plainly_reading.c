#include "adapters/runtime/plainly.h"

void plainly_reading(const struct kind_reading *reading, struct buf *out)
{
	pack_put_str(out, "messages");
	pack_put_array(out, reading->drafts_count);
	for (size_t i = 0; i < reading->drafts_count; i++)
		pack_put_raw(out, buf_bytes(&reading->drafts[i].plain));
	pack_put_str(out, "unmapped");
	pack_put_array(out, reading->unmapped_count);
	for (size_t i = 0; i < reading->unmapped_count; i++)
		pack_put_str(out, reading->unmapped[i]);
	pack_put_str(out, "faults");
	pack_put_array(out, reading->faults_count);
	for (size_t i = 0; i < reading->faults_count; i++) {
		pack_put_map(out, 2);
		pack_put_str(out, "line");
		pack_put_int(out, reading->faults[i].line);
		pack_put_str(out, "error");
		plainly_error(&reading->faults[i].err, out);
	}
}
