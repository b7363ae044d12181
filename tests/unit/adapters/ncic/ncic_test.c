#include "unit/adapters/ncic/ncic_sample.h"

#include "adapters/ncic/ncic_fields.h"
#include "adapters/ncic/ncic.h"
#include "adapters/ncic/ncic_keys.h"

/* Values that a field takes, parted by bars. */
static const char *const values[][2] = {
	{"RTY", "WP|MP|PO|SV|SL|SG|SA|SS|SB|SP"},
	{"RNO", "1|2|3"},
	{"PRI", "U|R"},
	{"PUR", "C|J|X"},
	{"ATN", "OFC LEE|PO HERNANDEZ BADGE 4412 CASE PV2600017"},
	{"NAM", "DELGADO-PIERCE,MARCUS ELLIOT|O'ROURKE,TANYA II|LI,B|ST JAMES,ANNE MARIE LOU JR"},
	{"AKA", "PIERCE,MARC|PIERCE,JAY|D,M"},
	{"SEX", "M|F|U"},
	{"RAC", "A|B|I|U|W"},
	{"ETN", "H|N|U"},
	{"POB", "CT|NB|FR"},
	{"CTZ", "FR|CT"},
	{"DOB", "19880417|20000229"},
	{"HGT", "400|511|711"},
	{"WGT", "050|095|499"},
	{"EYE", "BRO|XXX"},
	{"HAI", "BLK|SDY"},
	{"SKN", "MED|LGT"},
	{"SMT", "TAT L ARM|SC R HND|ART ARM"},
	{"FBI", "482913XA7|1"},
	{"SID", "CT01284417|MA1"},
	{"SOC", "900123456"},
	{"MNU", "OA-00312845|PP-X1|AF-123456789012"},
	{"OLN", "184420917|D1"},
	{"OLS", "CT|MA"},
	{"OLY", "2027|NX"},
	{"OFF", "1313|2299|5012|5015"},
	{"OOC", "2299|3542"},
	{"OFT", "BURGLARY, 3RD DEGREE|X"},
	{"GOC", "ATTEMPT TO COMMIT|AID/ABET"},
	{"DOW", "20260219|20240229"},
	{"OCA", "26-001188|PV2600017|A 1"},
	{"WNO", "PR-26-0017|HHB-CR25-04410"},
	{"CIS", "CT064015J"},
	{"DKT", "HHB-CR25-0441077-S"},
	{"CSN", "26-021907"},
	{"CTN", "638700043102"},
	{"CHC", "53A-173"},
	{"ENO", "CT0009300"},
	{"RQB", "SGT SHELL"},
	{"SRI", "40275031"},
	{"TCN", "TCN345665"},
	{"ECC", "3"},
	{"PKR", "500"},
	{"BRD", "STATE"},
	{"EXP", "20310219"},
	{"SVK", "PAROLE|PROBATION"},
	{"STS", "STAYED|RECALLED"},
	{"EXL", "1|3|D|F|04"},
	{"CMC", "00|05|25|70|90"},
	{"CAT", "CAPIAS|INSTANTER|ARREST WARRANT"},
	{"CVI", "S-01|S-04 REPORTING"},
	{"NBD", "N"},
	{"BAL", "5000|250-50|0"},
	{"DOL", "20260519"},
	{"DIS", "EXTR|NOEX"},
	{"LCA", "26-5531"},
	{"DCL", "20260520"},
	{"DOC", "20260513"},
	{"HIT", "1|3|9"},
	{"RPS", "HIT NCIC|NOT WANTED"},
	{"ARF", "HPD 26-021907"},
	{"VLD", "20260420"},
	{"LIC", "AB12345|TST123"},
	{"LIS", "CT|NB"},
	{"LIY", "2027|NX"},
	{"LIT", "PC|TK"},
	{"VIN", "1HGCM82633A004352"},
	{"VYR", "2003|1987"},
	{"VMA", "HOND|FORD|AAA"},
	{"VMO", "ACC|A4"},
	{"VST", "4D|2D"},
	{"VCO", "BLU|BLU/WHI"},
	{"SNA", "214 SIGOURNEY STREET"},
	{"APT", "3B"},
	{"CTY", "HARTFORD|UNKNOWN"},
	{"STA", "CT|MA"},
	{"ZIP", "06105|06105-1234"},
	{"AUN", "HELEN BRANDT"},
	{"AUT", "PAROLE MANAGER|ENTERING AGENCY"},
	{"AGN", "DOC PAROLE, HARTFORD|CT0006400"},
	{"AGU", "FUGITIVE UNIT"},
	{"AGO", "OFFICER L OKAFOR"},
	{"PHO", "8605550164|860-555-0164"},
	{"CON", "Y|N|P|E"},
	{"HRS", "002|048"},
	{"RNA", "SGT ALVAREZ"},
	{"RAG", "SPRINGFIELD PD"},
	{"CNA", "PO HERNANDEZ"},
	{"CAG", "CT DOC PAROLE FUGITIVE UNIT"},
	{"SER", "110011001100"},
	{"TYP", "RPISTOL|FR"},
	{"DEN", "100"},
	{"DNA", "Y|N"},
	{"NOA", "Y|N"},
	{"MIS", "ANY TEXT / 50% & MORE TXT|X"},
	{"REM", "PLS CONFIRM, HE IS HELD ON THE HIT ALONE"},
};

static uint64_t seed;

/* SplitMix64: the same texts on every machine. */
static size_t below(size_t limit)
{
	uint64_t z = (seed += UINT64_C(0x9e3779b97f4a7c15));
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (size_t)((z ^ (z >> 31)) % limit);
}

static void put_value(const struct ncic_keys_key *key, const char *tag, struct buf *out)
{
	static const char files[] = "WWHMVPGAS";
	if (!strcmp(tag, "NIC")) {
		buf_printf(out, "NIC/%c900000017.", key->family ? key->family : files[below(sizeof(files) - 1)]);
		return;
	}
	for (size_t i = 0; i < SAMPLE_COUNT(values); i++) {
		if (strcmp(values[i][0], tag) != 0)
			continue;
		const char *at = values[i][1];
		size_t count = 1;
		for (const char *bar = at; (bar = strchr(bar, '|')); bar++)
			count++;
		for (size_t n = below(count); n; n--)
			at = strchr(at, '|') + 1;
		buf_printf(out, "%s/%.*s.", tag, (int)strcspn(at, "|"), at);
		return;
	}
	buf_printf(out, "%s/X.", tag);
}

static bool takes(const char *list, const char *tag)
{
	const char *at = list ? strstr(list, tag) : NULL;
	return at != NULL;
}

/* What stands together or not at all; half of the texts that an address or a vehicle is in have all of it. */
static const char *const sets[] = {"LIC LIS LIY LIT", "VIN VYR VMA VST", "SNA APT CTY STA ZIP", "OLN OLS OLY"};

static bool is_left_out(const char *tag, const bool has[static SAMPLE_COUNT(sets)], bool *ret_is_in)
{
	for (size_t i = 0; i < SAMPLE_COUNT(sets); i++)
		if (strstr(sets[i], tag)) {
			*ret_is_in = has[i];
			return !has[i];
		}
	*ret_is_in = false;
	return false;
}

static void make_header(const struct ncic_keys_key *key, struct buf *out)
{
	buf_printf(out, "%s.%s.", key->mke, below(2) ? "CT0006400" : "MA0130100");
	if (key->dests_min || (key->dests_max && below(2)))
		buf_printf(out, "%s.", key->dests != 'O' && below(2) ? "MA" : "CTDOC001G");
	if (below(2))
		buf_printf(out, "*%04zu.", below(10000));
	buf_add_text(out, "TXT\r\n");
}

/* What is confirmed decides what may be said. */
static void make_confirmation(const struct ncic_keys_key *key, struct buf *out)
{
	static const struct {
		const char *record, *data[8];
		char file;
	} kinds[] = {{"WP", {"NAM", "DOB", "SEX"}, 'W'},        {"MP", {"NAM", "DOB", "SEX", "RAC"}, 'M'},
	             {"PO", {"NAM", "DOB"}, 'H'},               {"SV", {"LIC", "LIS", "VIN", "VYR"}, 'V'},
	             {"SL", {"LIC", "LIS", "LIY", "LIT"}, 'P'}, {"SG", {"SER", "TYP"}, 'G'},
	             {"SS", {"SER", "TYP", "DEN"}, 'S'},        {"SB", {"SER"}, 'B'}};
	static const char *const common[] = {"OCA", "PHO", "REM", "WNO", "AGU"};
	static const char *const asked[] = {"RNO", "PRI", "RNA", "RAG"}, *const answered[] = {"CNA", "CAG"};
	bool is_question = !strcmp(key->mke, "YQ");
	size_t kind = below(SAMPLE_COUNT(kinds));
	buf_printf(out, "RTY/%s.NIC/%c900000017.", kinds[kind].record, kinds[kind].file);
	for (size_t i = 0; i < SAMPLE_COUNT(kinds[0].data) && kinds[kind].data[i]; i++)
		put_value(key, kinds[kind].data[i], out);
	for (size_t i = 0; i < SAMPLE_COUNT(common); i++)
		if (i < 2 || below(2))
			put_value(key, common[i], out);
	for (size_t i = 0; is_question && i < SAMPLE_COUNT(asked); i++)
		put_value(key, asked[i], out);
	for (size_t i = 0; !is_question && i < SAMPLE_COUNT(answered); i++)
		put_value(key, answered[i], out);
	if (!is_question)
		buf_add_text(out, below(2) ? "CON/Y." : "CON/P.HRS/048.");
}

static void make_index(const struct ncic_keys_key *key, struct buf *out)
{
	static const char *const indexes[][4] = {{"NAM", "DOB", "SEX", "RAC"}, {"NAM", "DOB", "SEX"}, {"SID"}, {"FBI"}, {"SOC"},
	                                         {"MNU"}};
	static const char *const more[] = {"PUR", "ATN", "AGN", "PHO"};
	size_t index = below(SAMPLE_COUNT(indexes));
	for (size_t i = 0; i < SAMPLE_COUNT(indexes[0]) && indexes[index][i]; i++)
		put_value(key, indexes[index][i], out);
	for (size_t i = 0; i < SAMPLE_COUNT(more); i++)
		if (below(2))
			put_value(key, more[i], out);
}

/* A text of that key with what it must say and some of what it may; whether it is one that may be said is for the reader. */
static void make_text(const struct ncic_keys_key *key, struct buf *out)
{
	bool is_modify = (key->flags & NCIC_KEYS_MODIFY) != 0, has[SAMPLE_COUNT(sets)], is_in;
	size_t odds = 1 + below(6);
	make_header(key, out);
	if (key->flags & NCIC_KEYS_CONFIRM) {
		make_confirmation(key, out);
		return;
	}
	if (key->flags & NCIC_KEYS_INDEX) {
		make_index(key, out);
		return;
	}
	for (size_t i = 0; i < SAMPLE_COUNT(sets); i++)
		has[i] = !below(2);
	for (size_t i = 0; i < ncic_fields_count(); i++) {
		const char *tag = ncic_fields_at(i)->tag;
		bool is_required = takes(key->required, tag), is_one = takes(key->one_of, tag);
		bool is_out = is_left_out(tag, has, &is_in) && !is_modify;
		bool is_wanted = is_required || (is_one && !is_out && below(3));
		if (!is_wanted && (is_out || !(is_one || takes(key->optional, tag)) || (!is_in && below(odds))))
			continue;
		if (is_modify && !is_required && !takes(key->kept, tag) && !below(4))
			buf_printf(out, "%s/.", tag);
		else
			put_value(key, tag, out);
	}
}

static struct kind_host alone(void)
{
	return (struct kind_host){.party = "", .ori = "", .agency = ""};
}

static bool write(const struct kind_host *host, const struct draft *draft, struct buf *out)
{
	struct message message = {.type = draft->type, .from = BYTES_LIT("ct.doc"), .by = draft->by, .purpose = draft->purpose};
	struct kind_message passing = {.message = &message, .main = draft->parts[0].bytes, .tag = ""};
	struct err err = {.reason = ""};
	bool wrote = false;
	if (FAILED(ncic_format.write(NULL, host, &passing, out, &wrote, &err)))
		fail_msg("%s", err.reason);
	return wrote;
}

static void open_draft(const struct kind_reading *reading, const char *text, struct draft *draft)
{
	struct err err = {.reason = ""};
	assert_int_equal(reading->drafts_count, 1);
	if (FAILED(plain_read(buf_bytes(&reading->drafts[0].plain), draft, &err)))
		fail_msg("%s: %s", text, err.reason);
}

static void check_same(struct bytes before, struct bytes after, const char *text, const char *again)
{
	size_t steps = 100000;
	struct buf one, two;
	struct err err;
	if (value_equal(before, after, &steps))
		return;
	buf_init(&one, SAMPLE_BYTES_MAX);
	buf_init(&two, SAMPLE_BYTES_MAX);
	assert_false(FAILED(json_from_pack(before, 1, &one, &err)) || FAILED(json_from_pack(after, 1, &two, &err)));
	fail_msg("%s\nwritten as\n%s\n%.*s\nbecame\n%.*s", text, again, (int)one.len, (const char *)one.at, (int)two.len,
	         (const char *)two.at);
}

/* Read, written, read: the same message; written again: the same text. False when the text may not be said at all. */
static bool goes_round(struct buf *text)
{
	struct kind_host host = alone();
	struct kind_reading first, second;
	struct draft one, two;
	struct buf written, again;
	buf_add_byte(text, 0);
	text->len--;
	kind_reading_init(&first);
	ncic_format.read(NULL, &host, buf_bytes(text), &first);
	if (first.faults_count) {
		if (getenv("LIAISON_SHOW"))
			sample_print((const char *)text->at, &first);
		kind_reading_done(&first);
		return false;
	}
	buf_init(&written, SAMPLE_BYTES_MAX);
	buf_init(&again, SAMPLE_BYTES_MAX);
	sample_drafts_fit((const char *)text->at, &first);
	open_draft(&first, (const char *)text->at, &one);
	if (!write(&host, &one, &written))
		fail_msg("not written: %s", (const char *)text->at);
	kind_reading_init(&second);
	ncic_format.read(NULL, &host, buf_bytes(&written), &second);
	buf_add_byte(&written, 0);
	written.len--;
	sample_print((const char *)written.at, &second);
	open_draft(&second, (const char *)written.at, &two);
	assert_true(bytes_equal(one.type, two.type));
	check_same(one.parts[0].bytes, two.parts[0].bytes, (const char *)text->at, (const char *)written.at);
	assert_int_equal(second.unmapped_count, 0);
	assert_true(bytes_equal(one.subject, two.subject));
	assert_true(bytes_equal(one.by, two.by));
	assert_true(bytes_equal(one.purpose, two.purpose));
	assert_true(write(&host, &two, &again));
	assert_true(bytes_equal(buf_bytes(&written), buf_bytes(&again)));
	draft_done(&one);
	draft_done(&two);
	kind_reading_done(&first);
	kind_reading_done(&second);
	buf_done(&written);
	buf_done(&again);
	return true;
}

static const char *const mkes[] = {"EW", "EWC", "EWA", "EWJ", "EWJC", "EWJA", "ET", "ETC", "ETA", "EN",  "XN",  "MW",  "XW",
	                               "LW", "CW",  "QW",  "QWA", "QV",   "QH",   "QR", "YQ",  "YR",  "PPQ", "PBQ", "PCQ", "PAQ",
	                               "CPQ", "EC", "MC",  "XC"};

static void reads_back_the_message_that_it_wrote_for_every_key(void **state)
{
	(void)state;
	clock_freeze(SAMPLE_TODAY);
	const char *from = getenv("LIAISON_SEED");
	seed = 20260601;
	for (; from && *from; from++)
		seed = seed * 31 + (uint8_t)*from;
	for (size_t i = 0; i < SAMPLE_COUNT(mkes); i++) {
		const struct ncic_keys_key *key = ncic_keys_find(mkes[i]);
		size_t gone = 0;
		assert_non_null(key);
		for (size_t tries = 0; tries < 4000 && gone < 40; tries++) {
			struct buf text;
			buf_init(&text, SAMPLE_BYTES_MAX);
			make_text(key, &text);
			gone += goes_round(&text);
			buf_done(&text);
		}
		if (gone < 40)
			fail_msg("%s: only %zu texts that may be said", mkes[i], gone);
	}
	clock_release();
}

static void says_every_free_text_so_that_it_is_read_the_same(void **state)
{
	static const char *const texts[] = {
	    "AM.CTDOC001G.CT0006400,CT0009300.*41.TXT\r\nATTN ALL PATROL. RADIO CHECK.\r\n\r\nEND",
	    "AM.CTDOC001G.CT.TXT\r\nFROM DOC PAROLE\r\nATTN DESK\r\n\r\nLOBBY CLOSED.",
	    "AM.CTDOC001G.CT.TXT\r\nATTN DESK\r\n\r\nATTN DESK\r\n\r\nTWICE",
	    "AM.CTDOC001G.CT.TXT\r\nATTN DESK\r\nLOBBY",
	    "AM.CTDOC001G.CT.TXT\r\nFROM HERE ON.",
	    "ER.NL0000000.TXT\r\n.22. INVALID MESSAGE FORMAT",
	    "SM.NL0000000.CT.TXT\r\n.04. OUT OF SERVICE",
	};
	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT(texts); i++) {
		struct buf text;
		buf_init(&text, SAMPLE_BYTES_MAX);
		buf_add_text(&text, texts[i]);
		if (!goes_round(&text))
			fail_msg("refused: %s", texts[i]);
		buf_done(&text);
	}
}

static void needs_no_agency_of_its_own(void **state)
{
	struct kind_host host = alone();
	struct kind_reading reading;
	(void)state;
	clock_freeze(SAMPLE_TODAY);
	assert_string_equal(ncic_format.name, "ncic");
	assert_string_equal(ncic_format.ending, ".ncic");
	kind_reading_init(&reading);
	ncic_format.read(NULL, &host, BYTES_LIT("CW.CTDOC001G.TXT\r\nNIC/W900000017.NAM/DELGADO,MARCUS.DCL/20260520."), &reading);
	sample_draft_is(&reading, "/type", "warrant.clear/1");
	sample_draft_is(&reading, "/body/agency/name", "CTDOC001G");
	sample_draft_is(&reading, "/body/warrant_no", NULL);
	sample_draft_is(&reading, "/re", NULL);
	kind_reading_done(&reading);
	clock_release();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_back_the_message_that_it_wrote_for_every_key),
	    cmocka_unit_test(says_every_free_text_so_that_it_is_read_the_same),
	    cmocka_unit_test(needs_no_agency_of_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
