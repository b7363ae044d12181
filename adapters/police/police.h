/* Police: receives warrants and asks for wanted persons, in NCIC-style text both ways (adapters/ncic/ncic_read.h, ncic_write.h). */
#ifndef ADAPTERS_POLICE_POLICE_H
#define ADAPTERS_POLICE_POLICE_H

#include "adapters/kind/kind.h"

extern const struct kind police_kind;

#endif
