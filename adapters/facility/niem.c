#include "adapters/facility/niem.h"

#include "adapters/facility/niem_tree.h"
#include "adapters/facility/release.h"
#include "adapters/facility/terms.h"
#include "adapters/facility/when.h"
#include "base/mem.h"
#include "base/text.h"

#include <libxml/parser.h>
#include <stdio.h>
#include <string.h>

enum { ALIASES_MAX = 20, MARKS_MAX = 20, CHARGES_MAX = 64, STREET_MAX = 256, REASON_WORD_MAX = 64 };

enum niem_place { AT_CUSTODY, AT_RELEASE, AT_BOOKING, AT_PERSON, AT_ADDRESS, PLACES };

enum niem_how {
	HOW_TEXT,  /* as it stands, for the schema to judge */
	HOW_UPPER, /* in capitals */
	HOW_CODE,  /* through terms.h */
	HOW_DATE,
	HOW_STAMP,
	HOW_SOFT,      /* taken where it fits, left on the list of the unmapped otherwise: systems put other things there, too */
	HOW_SOFT_CODE, /* likewise, through terms.h */
	HOW_WORD       /* only where terms.h knows the word: a code of the agency's own */
};

struct niem_row {
	enum niem_place place;
	const char *path, *pointer;
	enum niem_how how;
};

#define ADDRESS_BIRTH "nc:PersonBirthLocation/nc:Address/"
#define ID "/nc:IdentificationID"

/* Rows of one pointer are alternatives, the first that is there wins. Names that NIEM has changed stand with the newest first. */
static const struct niem_row rows[] = {
	{AT_PERSON, "nc:PersonName/nc:PersonSurName", "/person/name/family", HOW_TEXT},
	{AT_PERSON, "nc:PersonName/nc:PersonGivenName", "/person/name/given", HOW_TEXT},
	{AT_PERSON, "nc:PersonName/nc:PersonMiddleName", "/person/name/middle", HOW_TEXT},
	{AT_PERSON, "nc:PersonName/nc:PersonNameSuffixText", "/person/name/suffix", HOW_TEXT},
	{AT_PERSON, "nc:PersonBirthDate/nc:Date", "/person/dob", HOW_DATE},
	{AT_PERSON, "nc:PersonBirthDate/nc:DateTime", "/person/dob", HOW_DATE},
	{AT_PERSON, "j:PersonSexCode", "/person/sex", HOW_CODE},
	{AT_PERSON, "nc:PersonSexCode", "/person/sex", HOW_CODE},
	{AT_PERSON, "nc:PersonSexText", "/person/sex", HOW_SOFT_CODE},
	{AT_PERSON, "x:PersonSexCode", "/person/sex", HOW_WORD},
	{AT_PERSON, "j:PersonRaceCode", "/person/race", HOW_CODE},
	{AT_PERSON, "nc:PersonRaceCode", "/person/race", HOW_CODE},
	{AT_PERSON, "nc:PersonRaceText", "/person/race", HOW_SOFT_CODE},
	{AT_PERSON, "x:PersonRaceCode", "/person/race", HOW_WORD},
	{AT_PERSON, "j:PersonEthnicityCode", "/person/ethnicity", HOW_CODE},
	{AT_PERSON, "nc:PersonEthnicityCode", "/person/ethnicity", HOW_CODE},
	{AT_PERSON, "nc:PersonEthnicityText", "/person/ethnicity", HOW_SOFT_CODE},
	{AT_PERSON, "x:PersonEthnicityCode", "/person/ethnicity", HOW_WORD},
	{AT_PERSON, "j:PersonEyeColorCode", "/person/eyes", HOW_CODE},
	{AT_PERSON, "nc:PersonEyeColorCode", "/person/eyes", HOW_CODE},
	{AT_PERSON, "nc:PersonEyeColorText", "/person/eyes", HOW_SOFT_CODE},
	{AT_PERSON, "j:PersonHairColorCode", "/person/hair", HOW_CODE},
	{AT_PERSON, "nc:PersonHairColorCode", "/person/hair", HOW_CODE},
	{AT_PERSON, "nc:PersonHairColorText", "/person/hair", HOW_SOFT_CODE},
	{AT_PERSON, "j:PersonSkinToneCode", "/person/skin", HOW_CODE},
	{AT_PERSON, "nc:PersonSkinToneText", "/person/skin", HOW_SOFT_CODE},
	{AT_PERSON, ADDRESS_BIRTH "nc:AddressState/nc:StateCode", "/person/birthplace", HOW_SOFT},
	{AT_PERSON, ADDRESS_BIRTH "nc:LocationStateUSPostalServiceCode", "/person/birthplace", HOW_SOFT},
	{AT_PERSON, "x:PersonBirthPlaceCode", "/person/birthplace", HOW_SOFT},
	{AT_BOOKING, "j:BookingSubject/j:SubjectCorrectionsIdentification" ID, "/person/ids/doc_number", HOW_TEXT},
	{AT_BOOKING, "j:BookingSubject/j:SubjectIdentification" ID, "/person/ids/doc_number", HOW_SOFT},
	{AT_PERSON, "j:PersonAugmentation/j:PersonStateFingerprintIdentification" ID, "/person/ids/sid", HOW_UPPER},
	{AT_PERSON, "j:PersonAugmentation/j:PersonFBIIdentification" ID, "/person/ids/ucn", HOW_UPPER},
	{AT_RELEASE, "nc:ActivityDate/nc:DateTime", "/released_at", HOW_STAMP},
	{AT_RELEASE, "nc:ReleaseDate/nc:DateTime", "/released_at", HOW_STAMP},
	{AT_RELEASE, "nc:ActivityDate/nc:Date", "/released_at", HOW_STAMP},
	{AT_BOOKING, "j:BookingDetentionFacility/nc:FacilityName", "/facility/name", HOW_TEXT},
	{AT_BOOKING, "j:BookingFacility/nc:FacilityName", "/facility/name", HOW_TEXT},
	{AT_BOOKING, "j:BookingDetentionFacility/nc:FacilityIdentification" ID, "/facility/code", HOW_SOFT},
	{AT_BOOKING, "j:BookingDetentionFacility/nc:FacilityIdentification" ID, "/facility/name", HOW_SOFT},
	{AT_BOOKING, "j:BookingDetentionFacility/x:FacilityORIIdentification" ID, "/facility/ori", HOW_TEXT},
	{AT_RELEASE, "nc:ActivityReasonText", "/reason", HOW_CODE},
	{AT_ADDRESS, "nc:AddressStreet/nc:StreetFullText", "/destination/street", HOW_TEXT},
	{AT_ADDRESS, "nc:LocationStreet/nc:StreetFullText", "/destination/street", HOW_TEXT},
	{AT_ADDRESS, "nc:AddressSecondaryUnitText", "/destination/unit", HOW_TEXT},
	{AT_ADDRESS, "nc:AddressCityName", "/destination/town", HOW_TEXT},
	{AT_ADDRESS, "nc:LocationCityName", "/destination/town", HOW_TEXT},
	{AT_ADDRESS, "nc:AddressState/nc:StateCode", "/destination/state", HOW_UPPER},
	{AT_ADDRESS, "nc:AddressState/nc:StateUSPostalServiceCode", "/destination/state", HOW_UPPER},
	{AT_ADDRESS, "nc:LocationStateUSPostalServiceCode", "/destination/state", HOW_UPPER},
	{AT_ADDRESS, "nc:AddressPostalCode", "/destination/zip", HOW_TEXT},
	{AT_ADDRESS, "nc:LocationPostalCode", "/destination/zip", HOW_TEXT},
	{AT_RELEASE, "nc:ReleaseSupervisor/nc:EntityOrganization/nc:OrganizationName", "/supervising_office", HOW_TEXT},
	{AT_CUSTODY, "nc:Supervision/nc:SupervisionSupervisor/nc:EntityOrganization/nc:OrganizationName", "/supervising_office",
	 HOW_SOFT},
	{AT_CUSTODY, "j:SupervisedRelease/j:SupervisedReleaseCategoryText", "/supervision_type", HOW_TEXT},
	{AT_CUSTODY, "nc:Supervision/nc:ActivityCategoryText", "/supervision_type", HOW_SOFT},
	{AT_CUSTODY, "j:SupervisedRelease/j:SupervisedReleaseProjectedEndDate/nc:Date", "/supervision_end", HOW_DATE},
	{AT_RELEASE, "x:ReleaseAuthorityIdentification" ID, "/authority_ref", HOW_TEXT},
	{AT_BOOKING, "j:BookingAgencyRecordIdentification" ID, "/booking_no", HOW_TEXT},
	{AT_CUSTODY, "nc:Case/nc:CaseDocketID", "/case_no", HOW_TEXT},
	{AT_RELEASE, "nc:ActivityDescriptionText", "/note", HOW_TEXT},
};

/* The parts of an item, below "/charges/N" or "/person/aliases/N". */
static const struct niem_row charge_rows[] = {
	{AT_CUSTODY, "j:ChargeStatute/j:StatuteCodeSectionIdentification" ID, "statute", HOW_SOFT},
	{AT_CUSTODY, "j:ChargeStatute/j:StatuteCodeIdentification" ID, "statute", HOW_SOFT},
	{AT_CUSTODY, "j:ChargeDescriptionText", "text", HOW_SOFT},
	{AT_CUSTODY, "j:ChargeText", "text", HOW_SOFT},
	{AT_CUSTODY, "j:ChargeSeverityText", "class", HOW_SOFT},
	{AT_CUSTODY, "j:ChargeCountQuantity", "count", HOW_SOFT},
	{AT_CUSTODY, "j:ChargeNCICCode", "offense_code", HOW_SOFT},
	{AT_CUSTODY, "j:ChargeNCICText", "offense_code", HOW_SOFT},
	{AT_CUSTODY, "x:ChargeDocketID", "docket", HOW_SOFT},
	{AT_CUSTODY, "j:ChargeDisposition/nc:DispositionText", "disposition", HOW_SOFT},
	{AT_CUSTODY, "j:ChargeDisposition/j:ChargeDispositionOtherText", "disposition", HOW_SOFT},
};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

struct niem {
	const struct facility_settings *settings;
	const struct kind_host *host;
	struct kind_reading *into;
	struct niem_tree tree;
	xmlNode *places[PLACES];
	struct release release;
};

/* ---- one field ---- */

static void add(struct niem *niem, xmlNode *element, const char *pointer, const char *text)
{
	char path[ERR_FIELD_MAX];
	if (release_add(&niem->release, pointer, bytes_text(text), niem_tree_line(element), niem_tree_path(element, path)))
		niem_tree_take(element);
}

static void refuse(struct niem *niem, xmlNode *element, const char *pointer, const char *text, const char *why)
{
	char path[ERR_FIELD_MAX], safe[REASON_WORD_MAX];
	niem_tree_take(element);
	release_fault(&niem->release, pointer, niem_tree_line(element), niem_tree_path(element, path), niem->into, "%s %s",
	              text_safe(bytes_text(text), safe, sizeof(safe)), why);
}

static void capitals(char *text)
{
	for (; *text; text++)
		*text = (char)(*text >= 'a' && *text <= 'z' ? *text - 32 : *text);
}

/* "2026-03-01", also with a zone or a time behind it, which dates of birth do not have. */
static void add_date(struct niem *niem, xmlNode *element, const char *pointer, char *text)
{
	if (strlen(text) > 10 && strchr("TZ+-", text[10]))
		text[10] = 0;
	add(niem, element, pointer, text);
}

static bool has_zone(const char *clock)
{
	return strpbrk(clock, "Zz+-") != NULL;
}

/* A time that does not say its zone is the facility's: the fraction of a second stays between them. */
static void add_local(struct niem *niem, xmlNode *element, const char *pointer, const char *text)
{
	struct when_zone zone = {0, false};
	struct when_date date;
	struct when_time time;
	char stamp[WHEN_TEXT_MAX];
	const char *fraction = strlen(text) > 19 ? text + 19 : "";
	size_t digits = fraction[0] == '.' ? strspn(fraction + 1, "0123456789") : 0;
	if (strlen(text) < 19 || !when_date("YYYY-MM-DD", bytes_of(text, 10), &date) ||
	    !when_time("HH:MM:SS", bytes_of(text + 11, 8), &time) || strlen(fraction) != (digits ? digits + 1 : 0)) {
		refuse(niem, element, pointer, text, "is not a date and time like 2026-03-02T08:12:00-05:00");
		return;
	}
	when_zone(niem->settings->zone, &zone);
	const char *why = when_stamp(&zone, date, time, stamp);
	if (why) {
		refuse(niem, element, pointer, text, why);
		return;
	}
	AUTO_FREE char *whole = mem_printf("%.19s%s%s", stamp, fraction, stamp + 19);
	add(niem, element, pointer, whole);
}

static void add_stamp(struct niem *niem, xmlNode *element, const char *pointer, const char *text)
{
	if (strlen(text) == 10 && text[4] == '-')
		refuse(niem, element, pointer, text, "is a day without a time; the notification tells when the person left");
	else if (strlen(text) > 11 && text[10] == 'T' && has_zone(text + 11))
		add(niem, element, pointer, text);
	else
		add_local(niem, element, pointer, text);
}

static void add_if_fits(struct niem *niem, xmlNode *element, const char *pointer, const char *text)
{
	if (release_fits(niem->host, pointer, text))
		add(niem, element, pointer, text);
}

static void read_row(struct niem *niem, const struct niem_row *row, xmlNode *from)
{
	char code[TERMS_CODE_MAX];
	xmlNode *element = niem_tree_find(&niem->tree, from, row->path, 0);
	if (!element || niem_tree_is_taken(element) || release_text(&niem->release, row->pointer))
		return;
	AUTO_FREE char *text = niem_tree_text(element);
	bool is_known = terms_code(&niem->settings->values, row->pointer, bytes_text(text), code);
	switch (row->how) {
	case HOW_UPPER:
		capitals(text);
		add(niem, element, row->pointer, text);
		break;
	case HOW_TEXT:
		add(niem, element, row->pointer, text);
		break;
	case HOW_CODE:
		add(niem, element, row->pointer, code);
		break;
	case HOW_DATE:
		add_date(niem, element, row->pointer, text);
		break;
	case HOW_STAMP:
		add_stamp(niem, element, row->pointer, text);
		break;
	case HOW_SOFT:
		add_if_fits(niem, element, row->pointer, text);
		break;
	case HOW_SOFT_CODE:
		add_if_fits(niem, element, row->pointer, code);
		break;
	case HOW_WORD:
		if (is_known)
			add_if_fits(niem, element, row->pointer, code);
		break;
	}
}

/* ---- fields of more than one element ---- */

static void add_digits(struct niem *niem)
{
	xmlNode *element = niem_tree_find(&niem->tree, niem->places[AT_PERSON], "nc:PersonSSNIdentification" ID, 0);
	AUTO_FREE char *text = element ? niem_tree_text(element) : NULL;
	size_t len = 0;
	if (!element)
		return;
	for (const char *at = text; *at; at++)
		if (*at != '-' && *at != ' ')
			text[len++] = *at;
	text[len] = 0;
	add_if_fits(niem, element, "/person/ids/ssn", text);
}

static xmlNode *find_either(struct niem *niem, xmlNode *from, const char *const *paths)
{
	xmlNode *found = NULL;
	for (; *paths && !found; paths++)
		found = niem_tree_find(&niem->tree, from, *paths, 0);
	return found;
}

/* A license number is worth nothing without its state. */
static void add_license(struct niem *niem)
{
	static const char *const state_paths[] = {"nc:IdentificationJurisdiction/nc:StateCode",
	                                          "nc:IdentificationJurisdiction/nc:JurisdictionText",
	                                          "nc:IdentificationJurisdiction/nc:LocationStateUSPostalServiceCode",
	                                          "j:IdentificationJurisdictionUSPostalServiceCode",
	                                          "nc:IdentificationSourceText",
	                                          NULL};
	xmlNode *license = niem_tree_find(&niem->tree, niem->places[AT_PERSON],
	                                  "j:PersonAugmentation/j:DriverLicense/j:DriverLicenseIdentification", 0);
	xmlNode *number = niem_tree_find(&niem->tree, license, "nc:IdentificationID", 0),
	        *state = find_either(niem, license, state_paths);
	if (!number || !state)
		return;
	AUTO_FREE char *oln = niem_tree_text(number), *ols = niem_tree_text(state);
	if (!release_fits(niem->host, "/person/ids/oln", oln) || !release_fits(niem->host, "/person/ids/ols", ols))
		return;
	add(niem, number, "/person/ids/oln", oln);
	add(niem, state, "/person/ids/ols", ols);
}

static bool is_unit(const char *unit, const char *const *known)
{
	for (; *known; known++)
		if (text_equal_nocase(bytes_text(unit), bytes_text(*known)))
			return true;
	return false;
}

/* The value of a measure in whole units of `known`, or -1: other units and anything that is not a whole number stay on the list.
 */
static int64_t measure(struct niem *niem, const char *path, const char *const *known, xmlNode **ret_value, xmlNode **ret_unit)
{
	static const char *const values[] = {"nc:MeasureValueText", "nc:MeasureIntegerValue", "nc:MeasureDecimalValue", NULL};
	static const char *const units[] = {"nc:MeasureUnitText", "nc:LengthUnitCode", "nc:WeightUnitCode",
	                                    "x:LengthUnitCode",   "x:WeightUnitCode",  NULL};
	xmlNode *element = niem_tree_find(&niem->tree, niem->places[AT_PERSON], path, 0);
	int64_t value = -1;
	struct err err;
	*ret_value = find_either(niem, element, values);
	*ret_unit = find_either(niem, element, units);
	if (!*ret_value || !*ret_unit)
		return -1;
	AUTO_FREE char *text = niem_tree_text(*ret_value), *unit = niem_tree_text(*ret_unit);
	if (!is_unit(unit, known) || FAILED(text_int(bytes_text(text), 1, 1000, &value, &err)))
		return -1;
	return value;
}

static void add_measures(struct niem *niem)
{
	static const char *const inches[] = {"in", "inch", "inches", "INH", NULL}, *const pounds[] = {"lb",     "lbs", "pound",
	                                                                                              "pounds", "LBR", NULL};
	xmlNode *value = NULL, *unit = NULL;
	char text[24];
	int64_t tall = measure(niem, "nc:PersonHeightMeasure", inches, &value, &unit);
	snprintf(text, sizeof(text), "%d%02d", (int)(tall / 12), (int)(tall % 12));
	if (tall > 0 && release_fits(niem->host, "/person/height", text)) {
		add(niem, value, "/person/height", text);
		niem_tree_take(unit);
	}
	int64_t heavy = measure(niem, "nc:PersonWeightMeasure", pounds, &value, &unit);
	snprintf(text, sizeof(text), "%d", (int)heavy);
	if (heavy > 0 && release_fits(niem->host, "/person/weight", text)) {
		add(niem, value, "/person/weight", text);
		niem_tree_take(unit);
	}
}

static void join(char *into, size_t size, const char *text)
{
	size_t len = strlen(into);
	snprintf(into + len, size - len, "%s%s", len ? " " : "", text);
}

/* A street in pieces: number, direction, name, kind, direction. */
static void add_street(struct niem *niem)
{
	static const char *const ways[] = {"nc:AddressStreet", "nc:LocationStreet", NULL};
	static const char *const pieces[] = {"nc:StreetNumberText", "nc:StreetPredirectionalText", "nc:StreetName",
	                                     "nc:StreetCategoryText", "nc:StreetPostdirectionalText"};
	char street[STREET_MAX] = "", path[ERR_FIELD_MAX];
	xmlNode *element = find_either(niem, niem->places[AT_ADDRESS], ways), *last = NULL;
	if (release_text(&niem->release, "/destination/street"))
		return;
	for (size_t i = 0; i < COUNT(pieces); i++) {
		xmlNode *piece = niem_tree_find(&niem->tree, element, pieces[i], 0);
		AUTO_FREE char *text = piece ? niem_tree_text(piece) : NULL;
		if (!text || !text[0])
			continue;
		join(street, sizeof(street), text);
		niem_tree_take(piece);
		last = piece;
	}
	if (last)
		release_add(&niem->release, "/destination/street", bytes_text(street), niem_tree_line(last),
		            niem_tree_path(last->parent, path));
}

/* ---- lists ---- */

static void add_marks(struct niem *niem)
{
	static const char *const codes[] = {"j:PhysicalFeatureCategoryCode", "nc:PhysicalFeatureCategoryCode",
	                                    "nc:PhysicalFeatureCategoryText", NULL};
	size_t count = 0;
	for (size_t i = 0; count < MARKS_MAX; i++) {
		char pointer[RELEASE_POINTER_MAX];
		xmlNode *feature = niem_tree_find(&niem->tree, niem->places[AT_PERSON], "nc:PersonPhysicalFeature", i);
		xmlNode *code = find_either(niem, feature, codes);
		AUTO_FREE char *text = code ? niem_tree_text(code) : NULL;
		if (!feature)
			break;
		snprintf(pointer, sizeof(pointer), "/person/marks/%zu", count);
		if (!text || !release_fits(niem->host, "/person/marks/0", text))
			continue;
		add(niem, code, pointer, text);
		count++;
	}
}

static bool add_alias(struct niem *niem, xmlNode *identity, size_t index)
{
	static const char *const ways[] = {"nc:IdentityCharacteristics/nc:PersonName",
	                                   "nc:IdentityPersonRepresentation/nc:PersonName", NULL};
	static const char *const paths[][2] = {{"nc:PersonSurName", "family"},
	                                       {"nc:PersonGivenName", "given"},
	                                       {"nc:PersonMiddleName", "middle"},
	                                       {"nc:PersonNameSuffixText", "suffix"}};
	xmlNode *name = find_either(niem, identity, ways);
	if (!niem_tree_find(&niem->tree, name, paths[0][0], 0) || !niem_tree_find(&niem->tree, name, paths[1][0], 0))
		return false;
	for (size_t i = 0; i < COUNT(paths); i++) {
		char pointer[RELEASE_POINTER_MAX];
		xmlNode *piece = niem_tree_find(&niem->tree, name, paths[i][0], 0);
		AUTO_FREE char *text = piece ? niem_tree_text(piece) : NULL;
		snprintf(pointer, sizeof(pointer), "/person/aliases/%zu/%s", index, paths[i][1]);
		if (text)
			add(niem, piece, pointer, text);
	}
	return true;
}

static void add_aliases(struct niem *niem)
{
	static const char association_path[] = "nc:PersonAliasIdentityAssociation";
	xmlNode *association;
	size_t count = 0;
	for (size_t i = 0; (association = niem_tree_find(&niem->tree, niem->places[AT_CUSTODY], association_path, i)); i++) {
		xmlNode *identity;
		if (niem_tree_find(&niem->tree, association, "nc:Person", 0) != niem->places[AT_PERSON])
			continue;
		for (size_t j = 0; count < ALIASES_MAX && (identity = niem_tree_find(&niem->tree, association, "nc:Identity", j));
		     j++)
			count += add_alias(niem, identity, count);
	}
}

static void add_charge_part(struct niem *niem, xmlNode *charge, const struct niem_row *row, size_t index)
{
	char pointer[RELEASE_POINTER_MAX], sample[RELEASE_POINTER_MAX];
	xmlNode *element = niem_tree_find(&niem->tree, charge, row->path, 0);
	AUTO_FREE char *text = element ? niem_tree_text(element) : NULL;
	snprintf(pointer, sizeof(pointer), "/charges/%zu/%s", index, row->pointer);
	snprintf(sample, sizeof(sample), "/charges/0/%s", row->pointer);
	if (text && !niem_tree_is_taken(element) && release_fits(niem->host, sample, text))
		add(niem, element, pointer, text);
}

/* A charge without a statute that fits has no place in the notification: it stays on the list, whole. */
static void add_charges(struct niem *niem)
{
	size_t count = 0;
	for (size_t i = 0; count < CHARGES_MAX; i++) {
		char pointer[RELEASE_POINTER_MAX];
		xmlNode *charge = niem_tree_find(&niem->tree, niem->places[AT_CUSTODY], "j:Charge", i);
		if (!charge)
			break;
		snprintf(pointer, sizeof(pointer), "/charges/%zu/statute", count);
		for (size_t j = 0; j < COUNT(charge_rows); j++)
			if (!strcmp(charge_rows[j].pointer, "statute") || release_text(&niem->release, pointer))
				add_charge_part(niem, charge, &charge_rows[j], count);
		count += release_text(&niem->release, pointer) != NULL;
	}
}

/* ---- the report ---- */

static void say(struct niem *niem, xmlNode *element, const char *field, const char *what)
{
	kind_reading_fault(niem->into, element ? niem_tree_line(element) : 0, CODE_SCHEMA, field, "%s", what);
	niem->release.faults++;
}

static void find_person(struct niem *niem)
{
	static const char *const roles[] = {"j:BookingSubject/nc:EntityPerson", "j:BookingSubject/nc:RoleOfPerson",
	                                    "j:BookingSubject/nc:RoleOfPersonReference", NULL};
	xmlNode *custody = niem->places[AT_CUSTODY];
	xmlNode *released = niem_tree_find(&niem->tree, niem->places[AT_RELEASE], "nc:ReleasePerson", 0);
	xmlNode *booked = find_either(niem, niem->places[AT_BOOKING], roles);
	if (released && booked && released != booked)
		say(niem, released, "Custody/Release/ReleasePerson", "is not the person of the booking");
	niem->places[AT_PERSON] = released ? released : booked;
	if (niem->places[AT_PERSON])
		return;
	if (niem_tree_find(&niem->tree, custody, "nc:Person", 1))
		say(niem, custody, "Custody/Person", "there are several; Release/ReleasePerson must tell which of them left");
	else
		niem->places[AT_PERSON] = niem_tree_find(&niem->tree, custody, "nc:Person", 0);
}

static bool find_places(struct niem *niem)
{
	static const char *const addresses[] = {"nc:Address", "nc:PhysicalAddress", "nc:LocationAddress/nc:StructuredAddress",
	                                        NULL};
	xmlNode *root = niem_tree_root(&niem->tree);
	if (strcmp((const char *)root->name, "CustodyReleaseReport") != 0) {
		char safe[REASON_WORD_MAX];
		kind_reading_fault(niem->into, niem_tree_line(root), CODE_SCHEMA, "",
		                   "a %s; only a CustodyReleaseReport is read here",
		                   text_safe(bytes_text((const char *)root->name), safe, sizeof(safe)));
		return false;
	}
	xmlNode *custody = niem_tree_find(&niem->tree, root, "x:Custody", 0);
	niem->places[AT_CUSTODY] = custody ? custody : root;
	niem->places[AT_BOOKING] = niem_tree_find(&niem->tree, niem->places[AT_CUSTODY], "j:Booking", 0);
	niem->places[AT_RELEASE] = niem_tree_find(&niem->tree, niem->places[AT_CUSTODY], "nc:Release", 0);
	if (!niem->places[AT_RELEASE])
		niem->places[AT_RELEASE] = niem_tree_find(&niem->tree, niem->places[AT_BOOKING], "j:BookingRelease", 0);
	size_t releases = niem_tree_count(&niem->tree, "nc:Release") + niem_tree_count(&niem->tree, "j:BookingRelease");
	if (releases > 1 || niem_tree_count(&niem->tree, "x:Custody") > 1)
		say(niem, root, "Custody/Release", "there are several; a report tells of one release");
	else if (!niem->places[AT_RELEASE])
		say(niem, niem->places[AT_CUSTODY], "Custody/Release", "is missing");
	xmlNode *to = niem_tree_find(&niem->tree, niem->places[AT_RELEASE], "nc:ReleaseToLocation", 0);
	niem->places[AT_ADDRESS] = find_either(niem, to, addresses);
	find_person(niem);
	return niem->release.faults == 0;
}

static const char *source_of(const void *ctx, const char *pointer)
{
	static const char *const sources[][2] = {
		{"/person/name/family", "Custody/Person/PersonName/PersonSurName"},
		{"/person/name/given", "Custody/Person/PersonName/PersonGivenName"},
		{"/person/ids/doc_number", "Custody/Booking/BookingSubject/SubjectIdentification/IdentificationID"},
		{"/released_at", "Custody/Release/ActivityDate/DateTime"},
		{"/facility/name", "Custody/Booking/BookingDetentionFacility/FacilityName"},
		{"/reason", "Custody/Release/ActivityReasonText"},
		{"/destination/town", "Custody/Release/ReleaseToLocation/Address/AddressCityName"},
		{"/destination/state", "Custody/Release/ReleaseToLocation/Address/AddressState/StateCode"},
	};
	(void)ctx;
	for (size_t i = 0; i < COUNT(sources); i++)
		if (!strcmp(sources[i][0], pointer))
			return sources[i][1];
	return pointer;
}

static void read_fields(struct niem *niem)
{
	for (size_t i = 0; i < COUNT(rows); i++)
		read_row(niem, &rows[i], niem->places[rows[i].place]);
	add_digits(niem);
	add_license(niem);
	add_measures(niem);
	add_marks(niem);
	add_aliases(niem);
	add_street(niem);
	add_charges(niem);
	release_default_facility(&niem->release, niem->settings, niem->host);
}

static void read_report(struct niem *niem)
{
	if (!find_places(niem))
		return;
	const struct release_place place = {niem_tree_line(niem->places[AT_RELEASE]), "is missing", source_of, NULL};
	read_fields(niem);
	if (niem_tree_is_worn(&niem->tree))
		say(niem, NULL, "", "references are too entangled to be followed");
	if (release_judge(&niem->release, niem->host, &place, niem->into))
		release_draft(&niem->release, niem->into);
	niem_tree_list_rest(&niem->tree, niem->into);
}

void niem_prepare(void)
{
	xmlInitParser();
}

void niem_read(const struct facility_settings *settings, const struct kind_host *host, struct bytes document,
               struct kind_reading *into)
{
	struct niem niem = {.settings = settings, .host = host, .into = into};
	release_init(&niem.release);
	if (niem_tree_open(&niem.tree, document, into))
		read_report(&niem);
	if (into->faults_count)
		release_drop_drafts(into);
	niem_tree_done(&niem.tree);
	release_done(&niem.release);
}
