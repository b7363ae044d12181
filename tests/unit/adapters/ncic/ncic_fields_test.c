#include "unit/adapters/ncic/ncic_sample.h"

#include "adapters/ncic/ncic_fields.h"

/* Per field: values that pass and values that do not, parted by a bar. */
static const struct {
	const char *tag, *good, *bad;
} edits[] = {
	{"RTY", "SV|WP|PO|MP|SL|SG|SA|SS|SB|SP", "XX|W|WPS"},
	{"RNO", "1|2|3", "0|4|A|12"},
	{"PRI", "U|R", "D|"},
	{"PUR", "A|C|D|F|H|I|J|S|V|X", "R|B|CC"},
	{"ATN", "PO LEE|AB", "A| PO|PO "},
	{"NIC", "W900000017|C000000001", "W90000001|9000000017|WW00000017|W9000000017"},
	{"NAM", "A,B|O'ROURKE,TANYA|DE LA CRUZ-LIND,MARY ANN II|ABCDEFGHIJKLMNO,ABCDEFGHIJKLMN",
	 "AB|A,|,B|A, B|A ,B|A,B |A,B,C|A,B  C|A1,B|-,B|ABCDEFGHIJKLMNOP,ABCDEFGHIJKLMN"},
	{"AKA", "A,B", "AB"},
	{"SEX", "F|M|U", "X|FM"},
	{"RAC", "A|B|I|U|W", "H|1"},
	{"ETN", "H|N|U", "W"},
	{"POB", "CT|NB|ON|MM|YY", "NE1|QQ|C"},
	{"CTZ", "CA|MM", "QZ"},
	{"DOB", "19880417|20000229|19960229|18991231|20260601",
	 "19000229|20230229|19881301|19880432|19880400|19880017|20260602|1988041|198804170|1988APR7"},
	{"HGT", "400|411|504|511|600|711", "399|412|512|611A|799|800|311"},
	{"WGT", "050|180|499", "049|500|99|1800|ABC"},
	{"EYE", "BLK|BLU|BRO|GRN|GRY|HAZ|MAR|MUL|PNK|XXX", "RED|BR"},
	{"HAI", "BLK|BLN|BLU|BRO|GRN|GRY|ONG|PLE|PNK|RED|SDY|WHI|XXX", "HAZ"},
	{"SKN", "ALB|BLK|DBR|DRK|FAR|LBR|LGT|MBR|MED|OLV|RUD|SAL|YEL", "WHI"},
	{"SMT", "TAT L ARM|SC R HND|ART ARM", "SC|TAT 2|TAT X ARM|TAT L ARM "},
	{"FBI", "1|482913XA7", "4829-3XA7|1234567890"},
	{"SID", "CT1|CT01284417|CTABCDEFGH", "CT|1T012|CT0128441799|CT-1"},
	{"SOC", "900551234|123456789", "000551234|666551234|90055123|9005512345|90055123A"},
	{"MNU", "OA-00312845|PP-A|AR-123456789ABC", "OA-|ZZ-123|OA123|OA-1-2|AR-123456789ABCD"},
	{"OLN", "1|A2345678901234567890", "A-1|A23456789012345678901"},
	{"OLS", "CT|ON", "ZZ"},
	{"OLY", "2027|NX", "27|NXX|1899|2101|20 7"},
	{"OFF", "5011|2299|0101|8102", "0000|501|50111|ABCD"},
	{"OOC", "2299", "9999"},
	{"DOW", "20260601|20260511", "20260602|20261311"},
	{"OCA", "1|PV2600017|26-001188|A B|01234567890123456789", "-1|A/B| A|012345678901234567890"},
	{"WNO", "PR-26-0017|012345678901234", "0123456789012345|PR.26"},
	{"CIS", "CT064015J", "CT06401"},
	{"EXL", "1|6|A|F|01|06", "0|7|G|00|07|0A|11"},
	{"CMC", "00|01|25|90", "02|0|000"},
	{"CAT", "PAROLE REMAND|CAPIAS", "PAROLE_REMAND|REMAND"},
	{"NBD", "Y|N", "X"},
	{"BAL", "0|5000|2500-50|99999999|100000000|99999999-99", "-5|05|5-5|5-500|100000001|100000000-01|1000000000|5 0"},
	{"DOL", "20260519|20300101", "20260532"},
	{"DIS", "EXTR|NOEX", "EXT"},
	{"LCA", "26-021907", "26-0219071"},
	{"CNO", "2026/HPD-0021907", "/26|0123456789012345678901234"},
	{"DCL", "20260520", "2026052"},
	{"DOC", "20260513", "20261350"},
	{"HIT", "1|9", "0|A"},
	{"RPS", "HIT NCIC|WARRANT DISMISSED|PREVIOUSLY IDENTIFIED", "BECAUSE|HIT"},
	{"VLD", "20270420", "20270431"},
	{"LIC", "AB12345", "AB-12|01234567890"},
	{"LIS", "CT|ON", "QQ"},
	{"LIY", "2027|NX", "N"},
	{"LIT", "PC|MC|ZZ", "QQ|P"},
	{"VIN", "1HGCM82633A004352", "1HG-|012345678901234567890"},
	{"VYR", "2003|1900|2100", "1899|2101|203|ABCD"},
	{"VMA", "HOND|FORD|AAA", "H|HO2|QQQQ|HONDA"},
	{"VMO", "ACC|A4", "A|ACCO"},
	{"VST", "4D|2D", "4|4DR|QQ"},
	{"VCO", "BLU|BLU/WHI", "BL|BLUE|BLU/WH|BLU-WHI|QQQ|BLU/QQQ"},
	{"STA", "CT|NB|PR", "ON|NE|QQ"},
	{"ZIP", "06105|06105-1234", "6105|061051234|06105-123|0610A"},
	{"PHO", "8605550164|860-555-0164|+1 (860) 555-0164", "555|860.555.0164|CALL ME NOW|-8605550|+-860555|8605550-"},
	{"CON", "Y|N|P|E", "X"},
	{"HRS", "002|999", "2|2HR|000"},
	{"RNA", "SGT A", " A"},
	{"SER", "110011", "11-00"},
	{"TYP", "RPISTOL", "A B"},
	{"DEN", "123456789", "1234567890"},
	{"DNA", "Y|N", "U"},
	{"NOA", "Y|N", "U"},
	{"MIS", "ANY TEXT / 50% & MORE", " X|X "},
};

static void each_value(const struct ncic_fields_rule *rule, const char *values, bool is_good)
{
	while (true) {
		size_t len = strcspn(values, "|");
		const char *why = ncic_fields_judge(rule, bytes_of(values, len));
		if ((why == NULL) != is_good)
			fail_msg("%s/%.*s: %s", rule->tag, (int)len, values, why ? why : "passes");
		if (!values[len])
			return;
		values += len + 1;
	}
}

static void judges_each_field_by_its_edit(void **state)
{
	(void)state;
	clock_freeze(SAMPLE_TODAY);
	for (size_t i = 0; i < SAMPLE_COUNT(edits); i++) {
		const struct ncic_fields_rule *rule = ncic_fields_find(edits[i].tag);
		assert_non_null(rule);
		each_value(rule, edits[i].good, true);
		each_value(rule, edits[i].bad, false);
		assert_string_equal(ncic_fields_judge(rule, BYTES_NONE), "blank");
	}
	clock_release();
}

static void holds_running_text_to_its_limit(void **state)
{
	static const struct {
		const char *tag;
		size_t max;
	} limits[] = {{"MIS", 500}, {"REM", 400}, {"RSN", 500}, {"ATN", 48}, {"OFT", 120},
	              {"CVI", 200}, {"SNA", 120}, {"CTY", 60},  {"AGN", 80}};
	char text[600];
	(void)state;
	memset(text, 'X', sizeof(text));
	for (size_t i = 0; i < SAMPLE_COUNT(limits); i++) {
		const struct ncic_fields_rule *rule = ncic_fields_find(limits[i].tag);
		assert_true(ncic_fields_is_running(rule));
		assert_null(ncic_fields_judge(rule, bytes_of(text, limits[i].max)));
		assert_string_equal(ncic_fields_judge(rule, bytes_of(text, limits[i].max + 1)), "too long");
	}
	assert_false(ncic_fields_is_running(ncic_fields_find("SEX")));
}

static void knows_each_tag_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < ncic_fields_count(); i++) {
		assert_ptr_equal(ncic_fields_find(ncic_fields_at(i)->tag), ncic_fields_at(i));
		assert_int_equal(strlen(ncic_fields_at(i)->tag), NCIC_TEXT_TAG_LEN);
		assert_true(ncic_fields_at(i)->min >= 1 && ncic_fields_at(i)->min <= ncic_fields_at(i)->max);
	}
	assert_null(ncic_fields_find("XYZ"));
	assert_null(ncic_fields_find(""));
}

static void knows_the_days_of_the_calendar(void **state)
{
	(void)state;
	assert_true(ncic_fields_is_date(BYTES_LIT("20240229")));
	assert_true(ncic_fields_is_date(BYTES_LIT("20000229")));
	assert_false(ncic_fields_is_date(BYTES_LIT("21000229")));
	assert_false(ncic_fields_is_date(BYTES_LIT("20240631")));
	assert_false(ncic_fields_is_date(BYTES_LIT("17991231")));
	assert_false(ncic_fields_is_date(BYTES_LIT("")));
}

static void judge(const char *body, bool may_blank, struct ncic_text *text, struct kind_reading *faults)
{
	char *document = mem_printf("EW.CT0006400.TXT\r\n%s", body);
	kind_reading_init(faults);
	assert_true(ncic_text_open(bytes_text(document), text, faults));
	ncic_text_read_fields(text, faults);
	ncic_fields_check(text, may_blank, faults);
	mem_free(document);
}

static void counts_how_often_a_field_stands(void **state)
{
	static const struct {
		const char *body, *field, *reason;
	} cases[] = {
	    {"SEX/F.SEX/F.", "SEX", ".22. SEX: stands twice"},
	    {"SEX/F.SEX/M.", "SEX", ".22. SEX: stands twice"},
	    {"SMT/SC R HND.SMT/SC R HND.", "SMT", ".22. SMT: repeats a value"},
	    {"CMC/00.CMC/01.CMC/05.CMC/10.CMC/15.CMC/20.CMC/25.CMC/30.CMC/35.CMC/40.CMC/50.", "CMC",
	     ".22. CMC: stands more than 10 times"},
	};
	struct ncic_text *text = mem_alloc(sizeof(*text));
	struct kind_reading faults;
	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT(cases); i++) {
		judge(cases[i].body, false, text, &faults);
		assert_int_equal(faults.faults_count, 1);
		assert_string_equal(faults.faults[0].err.field, cases[i].field);
		assert_string_equal(faults.faults[0].err.reason, cases[i].reason);
		assert_int_equal(faults.faults[0].err.code, CODE_MALFORMED);
		kind_reading_done(&faults);
	}
	judge("SMT/SC R HND.SMT/TAT L ARM.CMC/00.CMC/01.", false, text, &faults);
	assert_int_equal(faults.faults_count, 0);
	kind_reading_done(&faults);
	mem_free(text);
}

static void takes_a_blank_only_where_it_means_delete(void **state)
{
	struct ncic_text *text = mem_alloc(sizeof(*text));
	struct kind_reading faults;
	(void)state;
	judge("WGT/.MIS/.", true, text, &faults);
	assert_int_equal(faults.faults_count, 0);
	kind_reading_done(&faults);
	judge("WGT/.MIS/.", false, text, &faults);
	assert_int_equal(faults.faults_count, 2);
	assert_int_equal(faults.faults[0].err.code, CODE_SCHEMA);
	assert_string_equal(faults.faults[0].err.reason, ".22. WGT: blank; leave the field and its tag out");
	kind_reading_done(&faults);
	mem_free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(judges_each_field_by_its_edit),
	    cmocka_unit_test(holds_running_text_to_its_limit),
	    cmocka_unit_test(knows_each_tag_once),
	    cmocka_unit_test(knows_the_days_of_the_calendar),
	    cmocka_unit_test(counts_how_often_a_field_stands),
	    cmocka_unit_test(takes_a_blank_only_where_it_means_delete),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
