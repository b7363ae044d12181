#include "adapters/ncic/ncic_map.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* clang-format off */
#define TEXT(tag, place) {tag, place, NCIC_TURN_TEXT, 0}
#define TURN(tag, place, turn) {tag, place, NCIC_TURN_##turn, 0}
#define LIST(tag, place, turn) {tag, place, NCIC_TURN_##turn, NCIC_MAP_LIST}
#define KEY(tag, place, turn) {tag, place, NCIC_TURN_##turn, NCIC_MAP_KEY}

#define LOOKS(at) \
	TURN("DOB", at "/dob", DATE), \
	TEXT("SEX", at "/sex"), \
	TEXT("RAC", at "/race"), \
	TEXT("ETN", at "/ethnicity"), \
	TEXT("HGT", at "/height"), \
	TURN("WGT", at "/weight", WEIGHT), \
	TEXT("EYE", at "/eyes"), \
	TEXT("HAI", at "/hair"), \
	TEXT("SKN", at "/skin"), \
	LIST("SMT", at "/marks", TEXT), \
	TURN("POB", at "/birthplace", PLACE), \
	TURN("CTZ", at "/citizenship", PLACE), \
	TURN("MNU", at "/ids/doc_number", INMATE), \
	TEXT("SID", at "/ids/sid"), \
	TEXT("FBI", at "/ids/ucn"), \
	TEXT("SOC", at "/ids/ssn"), \
	TEXT("OLN", at "/ids/oln"), \
	TURN("OLS", at "/ids/ols", STATE), \
	TEXT("OLY", at "/license_year"), \
	LIST("MNU", at "/misc_numbers", NUMBER), \
	LIST("AKA", at "/aliases", NAME)

#define PERSON \
	TURN("NAM", "/person/name", NAME), \
	LOOKS("/person")

#define AGENCY(at) \
	TEXT("AGN", at "/name"), \
	TEXT("ORI", at "/ori"), \
	TEXT("PHO", at "/phone"), \
	TEXT("AGO", at "/officer"), \
	TEXT("AGU", at "/unit")

#define OFFENSE(at) \
	TEXT("OFF", at "/offense/code"), \
	TEXT("OOC", at "/offense/original_code"), \
	TEXT("OFT", at "/offense/text"), \
	TURN("EXL", at "/extradition", LIMIT), \
	TURN("DOW", at "/warrant_date", DATE)

#define VEHICLE(at, turn) \
	TEXT("LIC", at "/plate"), \
	TURN("LIS", at "/plate_state", turn), \
	TEXT("LIY", at "/plate_year"), \
	TEXT("LIT", at "/plate_type"), \
	TEXT("VIN", at "/vin"), \
	TURN("VYR", at "/year", YEAR), \
	TEXT("VMA", at "/make"), \
	TEXT("VMO", at "/model"), \
	TEXT("VST", at "/style"), \
	TEXT("VCO", at "/color")

#define ADDRESS(at) \
	TEXT("SNA", at "/street"), \
	TEXT("APT", at "/unit"), \
	TEXT("CTY", at "/town"), \
	TURN("STA", at "/state", STATE), \
	TEXT("ZIP", at "/zip")

/* What an entry says and a modification may change. */
#define ENTRY(at) \
	OFFENSE(at), \
	TEXT("GOC", at "/general_offense"), \
	TEXT("OCA", at "/oca"), \
	LIST("CVI", at "/conditions_violated", TEXT), \
	TURN("NBD", at "/no_bond", FLAG), \
	TURN("BAL", at "/bail_amount", MONEY), \
	ADDRESS(at "/last_known"), \
	TEXT("MIS", at "/remarks"), \
	VEHICLE(at "/vehicle", STATE), \
	TEXT("CIS", at "/court_ori"), \
	TEXT("DKT", at "/docket"), \
	TEXT("CSN", at "/case_no"), \
	TEXT("CTN", at "/tracking_no"), \
	TEXT("CHC", at "/charge_code"), \
	TEXT("ENO", at "/enforcing_ori"), \
	TEXT("RQB", at "/requested_by"), \
	TEXT("TCN", at "/transaction_no"), \
	TEXT("ECC", at "/entry_category"), \
	TEXT("PKR", at "/pickup_radius"), \
	TEXT("BRD", at "/broadcast"), \
	TURN("EXP", at "/expires_on", DATE), \
	TURN("DNA", at "/dna", FLAG), \
	TURN("NOA", at "/notify_always", FLAG)

#define NUMBERS \
	TEXT("WNO", "/warrant_no"), \
	TEXT("NIC", "/nic"), \
	TURN("NAM", "/person_name", NAME)

#define HEADER \
	LIST("dst", "/destinations", TEXT), \
	TEXT("ctl", "/control")

static const struct ncic_map_row issue_rows[] = {
	TEXT("WNO", "/warrant_no"),
	TEXT("NIC", "/nic"),
	TURN("CAT", "/category", CATEGORY),
	PERSON,
	AGENCY("/issuer"),
	TEXT("AUN", "/authority/name"),
	TEXT("AUT", "/authority/title"),
	{"CMC", "/cautions", NCIC_TURN_TEXT, NCIC_MAP_LIST | NCIC_MAP_ALWAYS},
	ENTRY(""),
	TEXT("SRI", "/repository_id"),
	TURN("VLD", "/validated_on", DATE),
	KEY("tmp", "/temporary", FLAG),
	KEY("juv", "/juvenile", FLAG),
	KEY("alr", "/alert", TEXT),
};

static const struct ncic_map_row modify_rows[] = {
	NUMBERS,
	AGENCY("/agency"),
	TEXT("STS", "/status"),
	TEXT("SRI", "/repository_id"),
	TURN("VLD", "/validated_on", DATE),
	LOOKS("/changes/person"),
	ENTRY("/changes"),
	TURN("CAT", "/changes/category", CATEGORY),
	TEXT("AUN", "/changes/authority/name"),
	TEXT("AUT", "/changes/authority/title"),
	LIST("CMC", "/changes/cautions", TEXT),
	{"", "/delete", NCIC_TURN_TEXT, NCIC_MAP_DELETED},
};

static const struct ncic_map_row supplement_rows[] = {
	NUMBERS,
	AGENCY("/agency"),
	TEXT("SRI", "/repository_id"),
	KEY("act", "/action", TEXT),
	LIST("AKA", "/items/aliases", NAME),
	TURN("DOB", "/items/dob", DATE),
	LIST("SMT", "/items/marks", TEXT),
	TURN("MNU", "/items/ids/doc_number", INMATE),
	TEXT("SOC", "/items/ids/ssn"),
	TEXT("OLN", "/items/ids/oln"),
	TURN("OLS", "/items/ids/ols", STATE),
	TEXT("OLY", "/items/license_year"),
	LIST("MNU", "/items/misc_numbers", NUMBER),
	TURN("CTZ", "/items/citizenship", PLACE),
	LIST("CMC", "/items/cautions", TEXT),
	VEHICLE("/items/vehicle", STATE),
	ADDRESS("/items/address"),
};

static const struct ncic_map_row locate_rows[] = {
	NUMBERS,
	TURN("DOL", "/located_on", DATE),
	TEXT("DIS", "/disposition"),
	AGENCY("/agency"),
	TEXT("HIT", "/hit"),
	TEXT("LCA", "/case_no"),
	TEXT("CNO", "/case_no"),
	TEXT("MIS", "/note"),
};

static const struct ncic_map_row clear_rows[] = {
	NUMBERS,
	TURN("DCL", "/cleared_on", DATE),
	AGENCY("/agency"),
	TEXT("HIT", "/hit"),
	TEXT("ARF", "/arrest_ref"),
	TEXT("RPS", "/reason"),
	TEXT("MIS", "/reason"),
};

static const struct ncic_map_row cancel_rows[] = {
	NUMBERS,
	TURN("DOC", "/cancelled_on", DATE),
	AGENCY("/agency"),
	TEXT("SRI", "/repository_id"),
	TEXT("RQB", "/requested_by"),
	TEXT("RPS", "/reason"),
	TEXT("RSN", "/reason"),
	TEXT("MIS", "/note"),
};

static const struct ncic_map_row wanted_rows[] = {
	HEADER,
	PERSON,
	TEXT("NIC", "/nic"),
	AGENCY("/requester"),
	TEXT("ATN", "/attention"),
	TEXT("PUR", "/purpose"),
	KEY("all", "/all_extradition", FLAG),
};

static const struct ncic_map_row vehicle_rows[] = {
	HEADER,
	VEHICLE("", PLACE),
	AGENCY("/requester"),
	TEXT("ATN", "/attention"),
	TEXT("PUR", "/purpose"),
};

/* The places of purpose and attention are the header's. */
static const struct ncic_map_row history_rows[] = {
	HEADER,
	TURN("NAM", "/person/name", NAME),
	TURN("DOB", "/person/dob", DATE),
	TEXT("SEX", "/person/sex"),
	TEXT("RAC", "/person/race"),
	TURN("MNU", "/person/ids/doc_number", INMATE),
	TEXT("SOC", "/person/ids/ssn"),
	LIST("MNU", "/person/misc_numbers", NUMBER),
	TEXT("FBI", "/ucn"),
	TEXT("SID", "/sid"),
	AGENCY("/requester"),
	{"ATN", "/header attention", NCIC_TURN_TEXT, NCIC_MAP_HEADER},
	{"PUR", "/header purpose", NCIC_TURN_TEXT, NCIC_MAP_HEADER},
};

static const struct ncic_map_row supervision_rows[] = {
	HEADER,
	TURN("NAM", "/person/name", NAME),
	TURN("DOB", "/person/dob", DATE),
	TEXT("SEX", "/person/sex"),
	TEXT("RAC", "/person/race"),
	TEXT("SID", "/sid"),
	TEXT("FBI", "/ucn"),
	TEXT("SOC", "/ssn"),
	TEXT("MNU", "/misc_number"),
	AGENCY("/requester"),
	TEXT("ATN", "/attention"),
	TEXT("PUR", "/purpose"),
	{"knd", "/kinds", NCIC_TURN_TEXT, NCIC_MAP_KEY | NCIC_MAP_LIST},
	KEY("any", "/any_supervised", FLAG),
};

#define CONFIRM(officer, name, at) \
	HEADER, \
	TEXT("RTY", "/request_type"), \
	TEXT("OCA", "/oca"), \
	TEXT("NIC", "/nic"), \
	TEXT("WNO", "/warrant_no"), \
	TURN("NAM", "/person/name", NAME), \
	TURN("DOB", "/person/dob", DATE), \
	TEXT("SEX", "/person/sex"), \
	TEXT("RAC", "/person/race"), \
	VEHICLE("/vehicle", PLACE), \
	TEXT("SER", "/item/serial"), \
	TEXT("TYP", "/item/type"), \
	TEXT("DEN", "/item/denomination"), \
	TEXT(officer, at "/officer"), \
	TEXT(name, at "/name"), \
	TEXT("ORI", at "/ori"), \
	TEXT("PHO", at "/phone"), \
	TEXT("AGU", at "/unit"), \
	TEXT("REM", "/remarks")

static const struct ncic_map_row confirm_rows[] = {
	CONFIRM("RNA", "RAG", "/requester"),
	TURN("RNO", "/request_no", COUNT),
	TEXT("PRI", "/priority"),
};

static const struct ncic_map_row confirmed_rows[] = {
	CONFIRM("CNA", "CAG", "/confirmer"),
	TEXT("CON", "/confirmation"),
	TURN("HRS", "/hours", WEIGHT),
};

static const struct ncic_map_row supervised_rows[] = {
	TEXT("NIC", "/nic"),
	PERSON,
	AGENCY("/agency"),
	TEXT("SVK", "/kind"),
	TEXT("OFF", "/offense/code"),
	TEXT("OCA", "/oca"),
	LIST("CMC", "/cautions", TEXT),
	TEXT("MIS", "/remarks"),
};

static const struct ncic_map_row supervised_modify_rows[] = {
	TEXT("NIC", "/nic"),
	TURN("NAM", "/person_name", NAME),
	AGENCY("/agency"),
	TURN("VLD", "/validated_on", DATE),
	LOOKS("/changes/person"),
	TEXT("OFF", "/changes/offense/code"),
	TEXT("OCA", "/changes/oca"),
	LIST("CMC", "/changes/cautions", TEXT),
	TEXT("MIS", "/changes/remarks"),
	{"", "/delete", NCIC_TURN_TEXT, NCIC_MAP_DELETED},
};

static const struct ncic_map_row supervised_cancel_rows[] = {
	TEXT("NIC", "/nic"),
	TURN("NAM", "/person_name", NAME),
	TURN("DOC", "/cancelled_on", DATE),
	AGENCY("/agency"),
	TEXT("RPS", "/reason"),
	TEXT("RSN", "/reason"),
	TEXT("MIS", "/note"),
};

/* The issuer is told in words of its own. */
static const struct ncic_map_row hit_rows[] = {
	TEXT("WNO", "/warrant_no"),
	TEXT("NIC", "/nic"),
	TEXT("OCA", "/oca"),
	PERSON,
	OFFENSE(""),
	LIST("CMC", "/cautions", TEXT),
	VEHICLE("/vehicle", STATE),
};

/* The same as a record system tells it, to whom the agency that entered it is an ORI and words. */
static const struct ncic_map_row answer_rows[] = {
	TEXT("WNO", "/warrant_no"),
	TEXT("NIC", "/nic"),
	TEXT("OCA", "/oca"),
	PERSON,
	OFFENSE(""),
	LIST("CMC", "/cautions", TEXT),
	VEHICLE("/vehicle", STATE),
	TEXT("ORI", "/issuer/ori"),
	TEXT("AGN", "/issuer/name"),
	TEXT("ORI", "/confirm_with/ori"),
	TEXT("AGN", "/confirm_with/name"),
};
/* clang-format on */

static const struct {
	const char *type;
	struct ncic_map map;
} maps[] = {
	{"warrant.issue/1", {issue_rows, COUNT(issue_rows), "/issuer/ori"}},
	{"warrant.modify/1", {modify_rows, COUNT(modify_rows), "/agency/ori"}},
	{"warrant.supplement/1", {supplement_rows, COUNT(supplement_rows), "/agency/ori"}},
	{"warrant.locate/1", {locate_rows, COUNT(locate_rows), "/agency/ori"}},
	{"warrant.clear/1", {clear_rows, COUNT(clear_rows), "/agency/ori"}},
	{"warrant.cancel/1", {cancel_rows, COUNT(cancel_rows), "/agency/ori"}},
	{"query.wanted/1", {wanted_rows, COUNT(wanted_rows), "/requester/ori"}},
	{"query.vehicle/1", {vehicle_rows, COUNT(vehicle_rows), "/requester/ori"}},
	{"query.history_index/1", {history_rows, COUNT(history_rows), "/requester/ori"}},
	{"query.history_record/1", {history_rows, COUNT(history_rows), "/requester/ori"}},
	{"query.supervision/1", {supervision_rows, COUNT(supervision_rows), "/requester/ori"}},
	{"hit.confirm_request/1", {confirm_rows, COUNT(confirm_rows), "/requester/ori"}},
	{"hit.confirm_response/1", {confirmed_rows, COUNT(confirmed_rows), "/confirmer/ori"}},
	{"supervised_release.enter/1", {supervised_rows, COUNT(supervised_rows), "/agency/ori"}},
	{"supervised_release.modify/1", {supervised_modify_rows, COUNT(supervised_modify_rows), "/agency/ori"}},
	{"supervised_release.cancel/1", {supervised_cancel_rows, COUNT(supervised_cancel_rows), "/agency/ori"}},
};

static const struct ncic_map answer_map = {answer_rows, COUNT(answer_rows), "/issuer/ori"};
static const struct ncic_map hit_map = {hit_rows, COUNT(hit_rows), "/issuer/ori"};

const struct ncic_map *ncic_map_find(struct bytes type)
{
	for (size_t i = 0; i < COUNT(maps); i++)
		if (bytes_is(type, maps[i].type))
			return &maps[i].map;
	return NULL;
}

const struct ncic_map *ncic_map_of_hit(void)
{
	return &hit_map;
}

const struct ncic_map *ncic_map_of_answer(void)
{
	return &answer_map;
}
