/* Exports of an agency's system as comma-separated values, read by the columns that the configuration names: every row is one
 * draft of release.notification/1, and a document with any fault yields faults only, all of them at once. Thread: the adapter's
 * loop. */
#ifndef ADAPTERS_FACILITY_MAPPING_H
#define ADAPTERS_FACILITY_MAPPING_H

#include "adapters/facility/facility_settings.h"
#include "adapters/kind/kind.h"

/* The targets that a column may be mapped to. (!) is required; (a) and (b) are two ways of which one is.
 *
 *   doc_number sid ucn                      at least one (!): inmate number, state fingerprint number, FBI number
 *   ssn oln ols                             social security number with or without hyphens; driver's license and its state (both
 * or none) person_family(!) person_given(!) person_middle person_suffix person_dob                              a date person_sex
 * person_race person_ethnicity codes, or words by `values` ("Male") person_height person_weight person_eyes person_hair
 * person_skin released_at(a)                          date and time in one cell, with one space or T between them, or RFC 3339
 * with its zone released_on(b) released_at_time(b)      date and time in two columns reason(!)                               a
 * code, or words by `values.reason` facility_name facility_code             empty or not mapped: the settings' name and code
 *   destination_street destination_unit destination_town(!) destination_state(!) destination_zip
 *   supervising_office supervision_type supervision_end(a date) authority_ref booking_no case_no note
 */

/* Adds what is wrong with the columns of the settings (struct conf_pairs), each with its line. */
void mapping_check(const struct conf_pairs *columns, struct conf_place place, const char *path, struct conf_faults *faults);
/* Reads a document. Columns that no target takes are listed once as unmapped. */
void mapping_read(const struct facility_settings *settings, const struct kind_host *host, struct bytes document,
                  struct kind_reading *into);

#endif
