/* The compact office: transfers of supervision to and from other states under the interstate compact, and the wanted notices that come with them. */
#ifndef ADAPTERS_INTERSTATE_INTERSTATE_H
#define ADAPTERS_INTERSTATE_INTERSTATE_H

#include "adapters/kind/kind.h"

extern const struct kind interstate_kind;

#endif
