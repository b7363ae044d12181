/* What the log may say of a message that was refused. The refusal itself goes to whoever sent the message, with all that helps them; the log is read by people
 * who may not read the message, so that of its content nothing stands there: not a value, and not a key that only the message knows. Thread: the adapter's loop. */
#ifndef ADAPTERS_RUNTIME_TELLING_H
#define ADAPTERS_RUNTIME_TELLING_H

#include "adapters/runtime/office.h"
#include "base/log.h"

/* One line: event, id, code, the place, and the reason where it speaks of parties, certificates, times and rules only, or of this machine. header: of the message. */
void telling_refusal(const struct office *office, enum log_level level, const char *event, const uint8_t *id, struct bytes header, const struct err *why);
/* The place as far as the catalogue and the protocol name it; the slash and star at its end stand for what only the message names. type may be NULL. Returns into. */
const char *telling_place(const struct catalogue *catalogue, const struct catalogue_type *type, const char *field, char into[static ERR_FIELD_MAX]);
/* Whether reasons of that code never repeat anything of a message. */
bool telling_is_public(enum code code);

#endif
