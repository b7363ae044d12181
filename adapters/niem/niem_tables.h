/* The tables, and the parts that they share. Thread: any; constant. */
#ifndef ADAPTERS_NIEM_NIEM_TABLES_H
#define ADAPTERS_NIEM_NIEM_TABLES_H

#include "adapters/niem/niem_row.h"

#define NIEM_ROWS(name, rows) const struct niem_rows name = {rows, sizeof(rows) / sizeof(*(rows))}

/* One field; one that must fit; a group; a list of groups; what is read but not written. */
#define F(path, pointer, how)                                                                                                    \
	{                                                                                                                        \
		path, pointer, how, 0, NULL, NULL                                                                                \
	}
#define MUST(path, pointer, how)                                                                                                 \
	{                                                                                                                        \
		path, pointer, how, NIEM_HARD, NULL, NULL                                                                        \
	}
#define ELSE(path, pointer, how, other)                                                                                          \
	{                                                                                                                        \
		path, pointer, how, 0, other, NULL                                                                               \
	}
#define G(path, pointer, rows)                                                                                                   \
	{                                                                                                                        \
		path, pointer, NIEM_GROUP, 0, NULL, &(rows)                                                                      \
	}
#define GR(path, pointer, rows)                                                                                                  \
	{                                                                                                                        \
		path, pointer, NIEM_GROUP, NIEM_READ, NULL, &(rows)                                                              \
	}
#define REFER(path, pointer, id)                                                                                                 \
	{                                                                                                                        \
		path, pointer, NIEM_REF, 0, id, NULL                                                                             \
	}
#define ALWAYS(pointer, value)                                                                                                   \
	{                                                                                                                        \
		NULL, pointer, NIEM_CONST, 0, value, NULL                                                                        \
	}
#define DEFAULT(pointer, value)                                                                                                  \
	{                                                                                                                        \
		NULL, pointer, NIEM_DEFAULT, 0, value, NULL                                                                      \
	}
#define COPY(pointer, from)                                                                                                      \
	{                                                                                                                        \
		NULL, pointer, NIEM_COPY, 0, from, NULL                                                                          \
	}
#define ID "/nc:IdentificationID"
#define ORI "j:OrganizationAugmentation/j:OrganizationORIIdentification" ID

extern const struct niem_rows niem_rows_name, niem_rows_person, niem_rows_location, niem_rows_organization, niem_rows_agency,
    niem_rows_officer, niem_rows_charge, niem_rows_sentence, niem_rows_bond, niem_rows_arrest, niem_rows_vehicle,
    niem_rows_attorney;

extern const struct niem_rows niem_rows_release, niem_rows_booking, niem_rows_status;
extern const struct niem_rows niem_rows_warrant, niem_rows_accepted, niem_rows_rejected, niem_rows_cancel, niem_rows_modify,
    niem_rows_modify_result, niem_rows_supplement, niem_rows_warrants, niem_rows_warrants_denied, niem_rows_search_denied,
    niem_rows_search_many, niem_rows_arrest_error;
extern const struct niem_rows niem_rows_parole_open, niem_rows_parole_change, niem_rows_parole_close, niem_rows_probation_open,
    niem_rows_probation_change, niem_rows_probation_close;
extern const struct niem_rows niem_rows_commitment, niem_rows_disposition, niem_rows_disposition_update, niem_rows_consent;
extern const struct niem_rows niem_rows_arrest_report, niem_rows_arrest_notice, niem_rows_wanted, niem_rows_warranted,
    niem_rows_subscribe, niem_rows_unsubscribe;

#endif
