/* A community provider: takes referrals, reports progress. Its system speaks the plain form. */
#ifndef ADAPTERS_COMMUNITY_COMMUNITY_H
#define ADAPTERS_COMMUNITY_COMMUNITY_H

#include "adapters/kind/kind.h"

extern const struct kind community_kind;

#endif
