/* A parole office: refers, issues and clears warrants, hears releases and progress. Its system speaks the plain form; queries are answered from the warrants it issued. */
#ifndef ADAPTERS_PAROLE_OFFICE_PAROLE_OFFICE_H
#define ADAPTERS_PAROLE_OFFICE_PAROLE_OFFICE_H

#include "adapters/kind/kind.h"

extern const struct kind parole_office_kind;

#endif
