#include "broker/ledger/audit.h"

#include <stdarg.h>
#include <stdio.h>

void audit_found(struct audit *audit, int64_t entry, const char *where, enum code code, const char *format, ...)
{
	struct ledger_finding finding = {.entry = entry, .code = code};
	char place[32], reason[ERR_REASON_MAX];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(reason, sizeof(reason), format, arguments);
	va_end(arguments);
	snprintf(place, sizeof(place), "entry %lld", (long long)entry);
	finding.where = where ? where : place;
	finding.reason = reason;
	if (audit->first.code == CODE_OK)
		err_set(&audit->first, code, finding.where, "%s", reason);
	if (entry >= 0 && audit->report->bad_entry < 0)
		audit->report->bad_entry = entry;
	audit->report->findings++;
	if (audit->asking->found)
		audit->asking->found(audit->asking->ctx, &finding);
}

result audit_read(struct audit *audit, int64_t entry, result r, const struct err *why, struct err *err)
{
	if (!FAILED(r))
		return OK;
	if (r.code == CODE_CORRUPT) {
		audit_found(audit, entry, NULL, r.code, "%s", why->reason);
		return OK;
	}
	*err = *why;
	return r;
}
