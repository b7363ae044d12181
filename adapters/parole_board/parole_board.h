/* The parole board: submits release authorizations and decisions that persons sign, hears what became of them. Its system speaks the plain form. */
#ifndef ADAPTERS_PAROLE_BOARD_PAROLE_BOARD_H
#define ADAPTERS_PAROLE_BOARD_PAROLE_BOARD_H

#include "adapters/kind/kind.h"

extern const struct kind parole_board_kind;

#endif
