/* Parties and agreements as the configuration writes them, checked against each other and the catalogue and made ready for
 * use. For snapshot.c only. Thread: whichever loads, pure. */
#ifndef BROKER_CONFIG_COMPILE_H
#define BROKER_CONFIG_COMPILE_H

#include "broker/config/snapshot.h"

/* Fills snapshot->parties, sorted. Faults: a name twice, the hub's own, one that agreements use as a word. */
void compile_parties(struct snapshot *snapshot, const char *file, struct conf_faults *faults);
/* Fills snapshot->agreements; the parties must be there, and the catalogue if it could be loaded. Faults: a name twice,
 * parties, roles, types and attributes that nothing has, targets that cannot be read. */
void compile_agreements(struct snapshot *snapshot, const char *file, struct conf_faults *faults);
void compile_free(struct snapshot *snapshot);

#endif
