#include "unit/adapters/ncic/ncic_sample.h"

#include "adapters/ncic/ncic_fields.h"
#include "adapters/ncic/ncic_keys.h"

static const char *const all_keys[] = {"EW",  "EWC", "EWA", "EWJ", "EWJC", "EWJA", "ET", "ETC", "ETA", "EN", "XN",  "MW",
	                                   "XW",  "LW",  "CW",  "QW",  "QWA",  "QV",   "QH", "QR",  "YQ",  "YR", "PPQ", "PBQ",
	                                   "PCQ", "PAQ", "CPQ", "EC",  "MC",   "XC",   "AM", "SM",  "ER",  "QWR"};

static void each_tag(const char *list)
{
	char tag[NCIC_TEXT_TAG_LEN + 1] = "";
	while (list && *list) {
		if (strchr(" +|", *list)) {
			list++;
			continue;
		}
		snprintf(tag, sizeof(tag), "%s", list);
		if (!ncic_fields_find(tag))
			fail_msg("%s is no field", tag);
		list += NCIC_TEXT_TAG_LEN;
	}
}

static void names_only_fields_that_there_are(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT(all_keys); i++) {
		const struct ncic_keys_key *key = ncic_keys_find(all_keys[i]);
		assert_non_null(key);
		assert_string_equal(key->mke, all_keys[i]);
		assert_true(key->dests_min <= key->dests_max && key->dests_max <= NCIC_TEXT_DESTS_MAX);
		each_tag(key->required);
		each_tag(key->one_of);
		each_tag(key->optional);
	}
	assert_null(ncic_keys_find(""));
	assert_null(ncic_keys_find("ew"));
	assert_null(ncic_keys_find("EWX"));
}

static void leads_to_types_of_the_catalogue(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT(all_keys); i++) {
		const char *type = ncic_keys_find(all_keys[i])->type;
		if (type)
			assert_non_null(catalogue_find(sample_catalogue(), bytes_text(type)));
	}
}

/* The faults of a set of fields, as their tags in order. */
static void judge(const char *mke, const char *tags, const char *expected)
{
	struct ncic_text *text = mem_alloc(sizeof(*text));
	struct kind_reading faults;
	struct buf found;
	char *document = mem_printf("%s.CT0006400.TXT\r\n%s", mke, tags);
	kind_reading_init(&faults);
	buf_init(&found, 4096);
	assert_true(ncic_text_open(bytes_text(document), text, &faults));
	ncic_text_read_fields(text, &faults);
	ncic_keys_check(ncic_keys_find(mke), text, &faults);
	for (size_t i = 0; i < faults.faults_count; i++)
		buf_printf(&found, "%s%s", i ? " " : "", faults.faults[i].err.field);
	if (!bytes_is(buf_bytes(&found), expected))
		fail_msg("%s: %s: faults of %.*s; expected %s", mke, tags, (int)found.len,
		         found.len ? (const char *)found.at : "", expected);
	buf_done(&found);
	kind_reading_done(&faults);
	mem_free(document);
	mem_free(text);
}

#define MUST "NAM/A,B.SEX/F.RAC/B.HGT/504.WGT/132.HAI/BRO.OFF/1313.DOW/20260219.OCA/1.EXL/D.DOB/19931102."

static void judges_which_fields_there_are(void **state)
{
	static const char *const cases[][3] = {
	    {"EW", MUST, ""},
	    {"EW", "DOB/19931102.", "NAM SEX RAC HGT WGT HAI OFF DOW OCA EXL"},
	    {"EW", MUST "RNO/1.CNA/A.", "RNO CNA"},
	    {"EW", MUST "LIC/A.", "LIS LIY LIT"},
	    {"EW", MUST "LIT/PC.", "LIC LIS LIY"},
	    {"EW", MUST "VIN/A.", "VYR VMA VST"},
	    {"EW", MUST "SNA/A.ZIP/06105.", "CTY"},
	    {"EW", MUST "NBD/Y.BAL/5.", "BAL"},
	    {"EW", MUST "NBD/N.BAL/5.", ""},
	    {"EW", MUST "NIC/V900000001.", "NIC"},
	    {"EW", MUST "CAT/FELONY ARREST.", "EXL"},
	    {"EWC", MUST, "CMC"},
	    {"ETA", MUST "CMC/00.", "EXL"},
	    {"CW", "NIC/W900000017.NAM/A,B.DCL/20260101.", ""},
	    {"CW", "NIC/W900000017.NAM/A,B.DOC/20260101.", "DCL DOC"},
	    {"QW", "NAM/A,B.DOB/19931102.", ""},
	    {"QW", "NAM/A,B.", "DOB"},
	    {"QW", "DOB/19931102.", "NAM"},
	    {"QW", "NIC/W900000017.", ""},
	    {"QW", "LIC/A.", "LIS"},
	    {"QW", "NAM/A,B.OLN/1.OLY/2027.", ""},
	    {"QW", "NAM/A,B.DOB/19931102.OLS/CT.", "OLN"},
	    {"QV", "LIC/A.LIS/CT.", ""},
	    {"QV", "VIN/A.", ""},
	    {"QV", "LIS/CT.", "LIC"},
	    {"QV", "LIC/A.", "LIS"},
	    {"QH", "PUR/C.ATN/AB.NAM/A,B.SEX/F.RAC/B.DOB/19931102.", ""},
	    {"QH", "PUR/C.ATN/AB.NAM/A,B.DOB/19931102.", "SEX"},
	    {"QR", "FBI/1.", "PUR ATN"},
	    {"MW", "NIC/W900000017.NAM/A,B.", "NIC"},
	    {"MW", "NIC/W900000017.NAM/A,B.MIS/.", ""},
	    {"MW", "NIC/.NAM/A,B.MIS/.", "NIC"},
	    {"EN", "NIC/W900000017.NAM/A,B.", "AKA"},
	    {"PPQ", "SID/CT1.", ""},
	    {"PAQ", "NAM/A,B.DOB/19931102.", "SEX"},
	    {"YQ", "RTY/WP.RNO/1.PRI/U.OCA/0123456789.NIC/W900000017.NAM/A,B.DOB/19931102.RNA/A.RAG/A.PHO/5550100.REM/X.", ""},
	    {"YQ", "RTY/WP.RNO/1.PRI/U.OCA/1.NIC/V900000017.NAM/A,B.DOB/19931102.RNA/A.RAG/A.PHO/5550100.", "NIC"},
	    {"YQ", "RTY/SL.RNO/1.PRI/U.OCA/1.NIC/P900000017.NAM/A,B.RNA/A.RAG/A.PHO/5550100.", "LIC LIS LIY LIT NAM"},
	    {"YQ", "RTY/SG.RNO/1.PRI/U.OCA/1.NIC/G900000017.SER/A1.RNA/A.RAG/A.PHO/5550100.", ""},
	    {"YR", "RTY/WP.OCA/1.NIC/W900000017.CON/P.CNA/A.CAG/A.PHO/5550100.NAM/A,B.DOB/19931102.", "HRS"},
	    {"YR", "RTY/WP.OCA/1.NIC/W900000017.CON/N.HRS/002.CNA/A.CAG/A.PHO/5550100.NAM/A,B.DOB/19931102.", "HRS"},
	    {"XC", "NIC/C900000017.NAM/A,B.DOC/20260101.", ""},
	    {"XC", "NIC/W900000017.NAM/A,B.DOC/20260101.", "NIC"},
	    {"QW", "NAM/A,B.DOB/19931102.OCA/1.", "OCA"},
	};
	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT(cases); i++)
		judge(cases[i][0], cases[i][1], cases[i][2]);
}

static void asks_for_the_original_offense_where_the_offense_says_little(void **state)
{
	static const char *const owed[] = {"4901", "4902", "4999", "5011", "5012", "5013",
	                                   "5014", "5015", "8100", "8101", "8102"};
	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT(owed); i++) {
		char *tags = mem_printf(
		    "NAM/A,B.SEX/F.RAC/B.HGT/504.WGT/132.HAI/BRO.OFF/%s.DOW/20260219.OCA/1.EXL/D.DOB/19931102.", owed[i]);
		judge("EW", tags, "OOC");
		mem_free(tags);
	}
}

static void counts_destinations_and_their_kind(void **state)
{
	static const struct {
		const char *header;
		size_t faults;
	} cases[] = {{"AM.CT0006400.MA.TXT", 0},
	             {"AM.CT0006400.TXT", 1},
	             {"AM.CT0006400.MA,NY,NJ,RI,NH,VT.TXT", 1},
	             {"YQ.CT0006400.CT0009300.TXT", 0},
	             {"YQ.CT0006400.CT0009300,MA.TXT", 1},
	             {"EW.CT0006400.CT0009300.TXT", 1},
	             {"PAQ.CT0006400.CT0009300,MA.TXT", 0}};
	struct ncic_text *text = mem_alloc(sizeof(*text));
	struct kind_reading faults;
	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT(cases); i++) {
		char *document = mem_printf("%s\r\nX", cases[i].header);
		kind_reading_init(&faults);
		assert_true(ncic_text_open(bytes_text(document), text, &faults));
		ncic_keys_check_dests(ncic_keys_find(text->mke), text, &faults);
		if (faults.faults_count != cases[i].faults)
			fail_msg("%s: %zu faults", cases[i].header, faults.faults_count);
		kind_reading_done(&faults);
		mem_free(document);
	}
	mem_free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_only_fields_that_there_are),
	    cmocka_unit_test(leads_to_types_of_the_catalogue),
	    cmocka_unit_test(judges_which_fields_there_are),
	    cmocka_unit_test(asks_for_the_original_offense_where_the_offense_says_little),
	    cmocka_unit_test(counts_destinations_and_their_kind),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
