#include "unit/adapters/facility/facility_fixture.h"

#define NC "http://release.niem.gov/niem/niem-core/3.0/"
#define JXDM "http://release.niem.gov/niem/domains/jxdm/5.1/"
#define S "http://release.niem.gov/niem/structures/3.0/"
#define ROOT "<r:CustodyReleaseReport xmlns:r='urn:x' xmlns:nc='" NC "' xmlns:j='" JXDM "' xmlns:s='" S "'>"
#define END "</r:CustodyReleaseReport>"

/* The pieces of a report that is in order, each on a line of its own. */
#define RELEASE_(when, reason)                                                                                                   \
	"<nc:Release><nc:ActivityDate><nc:DateTime>" when "</nc:DateTime></nc:ActivityDate>"                                     \
	"<nc:ActivityReasonText>" reason "</nc:ActivityReasonText><nc:ReleaseToLocation s:ref='L'/></nc:Release>\n"
#define RELEASE RELEASE_("2026-03-02T08:12:00-05:00", "PAROLE")
#define PERSON_(more)                                                                                                            \
	"<nc:Person "                                                                                                            \
	"s:id='P'><nc:PersonName><nc:PersonGivenName>Ann</nc:PersonGivenName><nc:PersonSurName>Doe</nc:PersonSurName></"         \
	"nc:PersonName>" more                                                                                                    \
	"<j:PersonAugmentation><j:PersonStateFingerprintIdentification><nc:IdentificationID>CT123</nc:IdentificationID>"         \
	"</j:PersonStateFingerprintIdentification></j:PersonAugmentation></nc:Person>\n"
#define PERSON PERSON_("")
#define LOCATION                                                                                                                 \
	"<nc:Location s:id='L'><nc:Address><nc:LocationCityName>Avon</nc:LocationCityName>"                                      \
	"<nc:LocationStateUSPostalServiceCode>CT</nc:LocationStateUSPostalServiceCode></nc:Address></nc:Location>\n"
#define DRAFT(person, when, more)                                                                                                \
	"{'type':'release.notification/"                                                                                         \
	"1','subject':{'sid':'CT123'},'body':{'person':{'name':{'family':'Doe','given':'Ann'}," person                           \
	"'ids':{'sid':'CT123'}},'released_at':'" when                                                                            \
	"','facility':{'name':'Osborn Correctional Institution','code':'OCI'}," more                                             \
	"'reason':'PAROLE','destination':{'town':'Avon','state':'CT'}}}"

static void read_bytes(struct fixture *fixture, struct bytes document)
{
	fixture_again(fixture);
	niem_read(&fixture->conf.facility, &fixture->host, document, &fixture->reading);
}

static void read_text(struct fixture *fixture, const char *document)
{
	/* Exactly as long as it is, so that a byte too far is noticed. */
	char *exact = mem_text_n(document, strlen(document));
	read_bytes(fixture, bytes_of(exact, strlen(document)));
	mem_free(exact);
}

static void read_sample(struct fixture *fixture, const char *path)
{
	struct buf document;
	fixture_file(path, &document);
	read_bytes(fixture, buf_bytes(&document));
	buf_done(&document);
}

/* ---- what is read ---- */

static void reads_a_report_of_niem_3_by_its_references(void **state)
{
	struct fixture fixture;
	(void)state;
	fixture_init(&fixture);
	read_sample(&fixture, "tests/samples/facility/release-3.xml");
	fixture_no_faults(&fixture);
	assert_int_equal(fixture.reading.drafts_count, 1);
	fixture_draft_is(
		&fixture, 0,
		"{'type':'release.notification/1','subject':{'doc_number':'00341207','sid':'CT00977213','ucn':'511204KB2'},'body':{"
		"'person':{'name':{'family':'Thornbury','given':'Renée','middle':'A.'},'dob':'1990-05-23','sex':'F','race':'W','"
		"ethnicity':'N',"
		"'eyes':'GRN','height':'506','ids':{'doc_number':'00341207','sid':'CT00977213','ucn':'511204KB2','ssn':'900112233'},"
		"'aliases':[{'family':'Thorn','given':'Renny'}]},'released_at':'2026-03-02T09:30:00-05:00',"
		"'facility':{'name':'York Correctional Institution','code':'YCI'},'reason':'PAROLE',"
		"'destination':{'street':'48 Vine Street','unit':'2F','town':'Hartford','state':'CT','zip':'06112'},"
		"'booking_no':'B2025-204417','case_no':'HHD-CR25-0719931-T','note':'Picked up by her sister.',"
		"'charges':[{'statute':'53a-124','text':'Larceny, third degree'}]}}");
	fixture_done(&fixture);
}

static void lists_by_path_what_it_does_not_take(void **state)
{
	struct fixture fixture;
	(void)state;
	fixture_init(&fixture);
	read_sample(&fixture, "tests/samples/facility/release-3.xml");
	AUTO_FREE char *unmapped = fixture_unmapped(&fixture);
	assert_string_equal(unmapped, "DocumentIdentification/IdentificationID\n"
	                              "Custody/Person/PersonWeightMeasure/MeasureValueText\n"
	                              "Custody/Person/PersonWeightMeasure/MeasureUnitText\n"
	                              "Custody/Charge/ChargeSeverityText\n");
	fixture_done(&fixture);
}

static void reads_a_report_of_niem_6_by_its_uris(void **state)
{
	struct fixture fixture;
	(void)state;
	fixture_init(&fixture);
	read_sample(&fixture, "tests/samples/facility/release-6.xml");
	fixture_no_faults(&fixture);
	fixture_draft_is(
		&fixture, 0,
		"{'type':'release.notification/1','subject':{'sid':'CT00618834'},'body':{'person':{'name':{'family':'Castellanos',"
		"'given':'Ines'},'ids':{'sid':'CT00618834'}},'released_at':'2026-03-02T14:30:00Z','facility':{'name':"
		"'Osborn Correctional Institution','code':'OCI'},'reason':'BOND','destination':{'town':'Hartford','state':'CT'}}}");
	assert_int_equal(fixture.reading.unmapped_count, 0);
	fixture_done(&fixture);
}

static void knows_elements_by_namespace_and_never_by_prefix(void **state)
{
	struct fixture fixture;
	(void)state;
	fixture_init(&fixture);
	read_text(&fixture, ROOT RELEASE PERSON LOCATION END);
	fixture_draft_is(&fixture, 0, DRAFT("", "2026-03-02T08:12:00-05:00", ""));
	/* The same prefixes bound to something else say nothing. */
	read_text(&fixture, "<r:CustodyReleaseReport xmlns:r='urn:x' xmlns:nc='urn:nc' xmlns:j='" JXDM "' xmlns:s='" S
	                    "'>" RELEASE PERSON LOCATION END);
	fixture_only_faults(&fixture, "1 Custody/Release schema is missing\n");
	fixture_done(&fixture);
}

static void takes_the_core_of_every_release_of_niem(void **state)
{
	static const char *const cores[][3] = {
		{"http://niem.gov/niem/niem-core/2.0", "http://niem.gov/niem/domains/jxdm/4.1",
		 "http://niem.gov/niem/structures/2.0"},
		{NC, JXDM, S},
		{"http://release.niem.gov/niem/niem-core/4.0/", "http://release.niem.gov/niem/domains/jxdm/6.1/",
		 "http://release.niem.gov/niem/structures/4.0/"},
		{"http://release.niem.gov/niem/niem-core/5.0/", "http://release.niem.gov/niem/domains/jxdm/7.2/",
		 "http://release.niem.gov/niem/structures/5.0/"},
		{"https://docs.oasis-open.org/niemopen/ns/model/niem-core/6.0/",
		 "https://docs.oasis-open.org/niemopen/ns/model/domains/justice/6.0/",
		 "https://docs.oasis-open.org/niemopen/ns/model/structures/6.0/"},
	};
	struct fixture fixture;
	(void)state;
	fixture_init(&fixture);
	for (size_t i = 0; i < sizeof(cores) / sizeof(*cores); i++) {
		AUTO_FREE char *text = mem_printf(
			"<CustodyReleaseReport xmlns='urn:x' xmlns:nc='%s' xmlns:j='%s' xmlns:s='%s'>%s</CustodyReleaseReport>",
			cores[i][0], cores[i][1], cores[i][2], RELEASE PERSON LOCATION);
		read_text(&fixture, text);
		fixture_no_faults(&fixture);
		fixture_draft_is(&fixture, 0, DRAFT("", "2026-03-02T08:12:00-05:00", ""));
	}
	fixture_done(&fixture);
}

static void gives_a_time_without_a_zone_the_facilitys(void **state)
{
	static const struct {
		const char *when, *expected; /* NULL: refused */
	} cases[] = {
		{"2026-07-04T08:12:00", "2026-07-04T08:12:00-04:00"},
		{"2026-03-02T08:12:00.250", "2026-03-02T08:12:00.250-05:00"},
		{"2026-03-02T08:12:00Z", "2026-03-02T08:12:00Z"},
		{"\n\t2026-03-02T08:12:00-05:00\n\t", "2026-03-02T08:12:00-05:00"},
		{"2026-03-02", NULL},
		{"2026-02-30T08:12:00-05:00", NULL},
		{"2026-02-30T08:12:00", NULL},
		{"2026-03-02T24:12:00Z", NULL},
		{"2026-03-08T02:30:00", NULL},
		{"2026-03-02T08:12", NULL},
		{"2026-03-02T08:12:00.", NULL},
		{"yesterday", NULL},
		{"2026-03-02 08:12:00 and so on", NULL},
	};
	struct fixture fixture;
	(void)state;
	fixture_init(&fixture);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		AUTO_FREE char *text = mem_printf(
			"%s<nc:Release><nc:ActivityDate><nc:Date%s>%s</nc:Date%s></nc:ActivityDate><nc:ActivityReasonText>PAROLE</nc:"
			"ActivityReasonText><nc:ReleaseToLocation s:ref='L'/></nc:Release>%s",
		    ROOT, "Time", cases[i].when, "Time", PERSON LOCATION END);
		read_text(&fixture, text);
		if (!cases[i].expected) {
			assert_int_equal(fixture.reading.faults_count, 1);
			assert_string_equal(fixture.reading.faults[0].err.field, "Release/ActivityDate/DateTime");
			assert_int_equal(fixture.reading.drafts_count, 0);
			continue;
		}
		AUTO_FREE char *draft = mem_printf(DRAFT("", "%s", ""), cases[i].expected);
		fixture_no_faults(&fixture);
		fixture_draft_is(&fixture, 0, draft);
	}
	fixture_done(&fixture);
}

static void takes_a_code_of_the_agencys_own_only_where_it_is_known(void **state)
{
	struct fixture fixture;
	(void)state;
	fixture_init(&fixture);
	read_text(&fixture, ROOT RELEASE PERSON_("<r:PersonRaceCode>White</r:PersonRaceCode>") LOCATION END);
	fixture_draft_is(&fixture, 0, DRAFT("'race':'W',", "2026-03-02T08:12:00-05:00", ""));
	read_text(&fixture, ROOT RELEASE PERSON_("<r:PersonRaceCode>W</r:PersonRaceCode>") LOCATION END);
	fixture_draft_is(&fixture, 0, DRAFT("", "2026-03-02T08:12:00-05:00", ""));
	AUTO_FREE char *unmapped = fixture_unmapped(&fixture);
	assert_string_equal(unmapped, "Person/PersonRaceCode\n");
	fixture_done(&fixture);
}

/* ---- what is refused ---- */

static void names_every_fault_at_once_with_its_line_and_path(void **state)
{
	struct fixture fixture;
	(void)state;
	fixture_init(&fixture);
	read_text(&fixture,
	          ROOT "\n" RELEASE_(
	              "2026-03-02T25:00:00Z",
	              "Vacation") "<nc:Person s:id='P'>\n<nc:PersonBirthDate><nc:Date>1990-02-30</nc:Date></nc:PersonBirthDate>\n"
	                          "<nc:PersonName><nc:PersonSurName> "
	                          "</nc:PersonSurName></nc:PersonName><j:PersonSexCode>X</j:PersonSexCode></nc:Person>\n"
	                          "<nc:Location s:id='L'/>" END);
	fixture_only_faults(
		&fixture,
		"2 Custody/Person/PersonName/PersonSurName schema is missing\n"
		"2 Custody/Person/PersonName/PersonGivenName schema is missing\n"
		"2 Custody/Release/ReleaseToLocation/Address/AddressCityName schema is missing\n"
		"2 Custody/Release/ReleaseToLocation/Address/AddressState/StateCode schema is missing\n"
		"2 Custody/Booking/BookingSubject/SubjectIdentification/IdentificationID schema is missing, and so are the state's "
		"and the FBI's "
		"number; a release needs at least one of the three\n"
		"4 Person/PersonBirthDate/Date schema must be a date like 2026-03-01\n"
		"5 Person/PersonSexCode schema must be one of M, F, U\n"
		"2 Release/ActivityDate/DateTime schema must be a date and time with its zone, like 2026-03-01T09:30:00-05:00\n"
		"2 Release/ActivityReasonText schema must be one of PAROLE, SPECIAL_PAROLE, TRANSITIONAL_SUPERVISION, HALFWAY_HOUSE, "
		"END_OF_SENTENCE, BOND, COURT_ORDER, OTHER\n");
	fixture_done(&fixture);
}

static void refuses_what_is_not_one_release_of_one_person(void **state)
{
	static const struct {
		const char *document, *faults;
	} cases[] = {
		{"<r:BookingReport xmlns:r='urn:x'/>", "1  schema a BookingReport; only a CustodyReleaseReport is read here\n"},
		{ROOT END, "1 Custody/Release schema is missing\n"},
		{ROOT RELEASE RELEASE PERSON LOCATION END,
		 "1 Custody/Release schema there are several; a report tells of one release\n"},
		{ROOT "<r:Custody>" RELEASE PERSON LOCATION "</r:Custody><r:Custody/>" END,
		 "1 Custody/Release schema there are several; a report tells of one release\n"},
		{ROOT RELEASE PERSON "<nc:Person><nc:PersonName/></nc:Person>" LOCATION END,
		 "1 Custody/Person schema there are several; Release/ReleasePerson must tell which of them left\n"},
		{ROOT RELEASE LOCATION PERSON "<nc:Person s:id='P'/>" END,
		 "4 Person[2] malformed another element has this structures:id: P\n"},
		{ROOT RELEASE PERSON END,
		 "1 Release/ReleaseToLocation malformed no element has the structures:id that is referred to: L\n"},
		{ROOT "<j:Booking><j:BookingSubject><nc:RoleOfPerson s:ref='Q'/></j:BookingSubject></j:Booking><nc:Person s:id='Q'/>"
	          "<nc:Release><nc:ReleasePerson s:ref='P'/></nc:Release>" PERSON END,
		 "1 Custody/Release/ReleasePerson schema is not the person of the booking\n"},
	};
	struct fixture fixture;
	(void)state;
	fixture_init(&fixture);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		read_text(&fixture, cases[i].document);
		fixture_only_faults(&fixture, cases[i].faults);
	}
	fixture_done(&fixture);
}

/* ---- written and read again ---- */

static const uint8_t an_id[UUID_LEN] = {1,    0x9c, 0x8f, 0x2a, 0x6b, 0x7d, 0x7c, 0x10,
                                        0x9a, 0x44, 0x0f, 0x3b, 0x5e, 0x2d, 0x7a, 0x61};

static bool write_body(struct bytes type, struct bytes body, struct buf *out)
{
	struct message message = {.type = type, .id = an_id, .issued = 1772442720412};
	struct kind_message passing = {.message = &message, .main = body};
	struct err err = {.reason = ""};
	bool wrote = true;
	buf_init(out, FIXTURE_MAX);
	assert_int_equal(niem_write(&passing, out, &wrote, &err).code, CODE_OK);
	assert_int_equal(wrote, out->len > 0);
	return wrote;
}

static void reads_back(struct fixture *fixture, struct bytes body)
{
	struct buf out;
	struct bytes again;
	assert_true(write_body(BYTES_LIT("release.notification/1"), body, &out));
	read_bytes(fixture, buf_bytes(&out));
	if (fixture->reading.faults_count)
		fail_msg("%s: %s\n%.*s", fixture->reading.faults[0].err.field, fixture->reading.faults[0].err.reason,
		         (int)out.len, (const char *)out.at);
	assert_int_equal(fixture->reading.drafts_count, 1);
	assert_true(pack_find(buf_bytes(&fixture->reading.drafts[0].plain), "body", &again));
	fixture_same(again, body);
	/* Only what says that it is a document, not whose. */
	AUTO_FREE char *unmapped = fixture_unmapped(fixture);
	assert_string_equal(unmapped, "DocumentCreationDate/DateTime\nDocumentIdentification/IdentificationID\n");
	buf_done(&out);
}

static void writes_reports_that_read_back_to_the_same_body(void **state)
{
	struct fixture fixture;
	struct bytes examples, valid;
	(void)state;
	fixture_init(&fixture);
	const struct catalogue_type *type = catalogue_find(fixture.catalogue, BYTES_LIT("release.notification/1"));
	assert_true(pack_find(buf_bytes(&type->source), "examples", &examples));
	assert_true(pack_find(examples, "valid", &valid));
	struct pack_in in = pack_in(valid, NULL);
	size_t count = pack_array(&in, "");
	assert_true(count >= 2);
	for (size_t i = 0; i < count; i++) {
		struct bytes body, example = pack_value(&in, "");
		assert_true(pack_find(example, "body", &body));
		reads_back(&fixture, body);
	}
	fixture_done(&fixture);
}

#define BODY(note, family)                                                                                                       \
	"{'person':{'name':{'family':'" family "','given':'Ann','suffix':'Jr'},'weight':180.0,'height':'600','skin':'MED',"      \
	"'ids':{'ucn':'1A','ssn':'900112233','oln':'X1','ols':'CT'},'aliases':[{'family':'A','given':'B','middle':'C'},{'"       \
	"family':'D','given':'E'}],"                                                                                             \
	"'marks':['TAT L ARM','SC R HND']},'released_at':'2026-03-02T08:12:00.5-05:00','facility':{'name':'York  "               \
	"C.I.'},'reason':'OTHER',"                                                                                               \
	"'destination':{'town':'Avon','state':'CT','zip':'06001-1234','unit':'3B'},'note':'" note "',"                           \
	"'charges':[{'statute':'53a-103','class':'FD','count':2,'docket':'HHD-CR24-0712345-T','disposition':'Guilty','offense_"  \
	"code':'2299'},{'statute':'X'}]}"

static void writes_whatever_the_schema_lets_through(void **state)
{
	static const char *const bodies[] = {
	    BODY("one\\ntwo\\t three ", "Doe"),       BODY(" \\r\\n ", "<&>]]>"),
	    BODY("a\\r", "\\\"O\\u2019Neill\\\""),    BODY("&amp;", "A  B"),
	    BODY("\\u0085\\u2028", "\\ud83d\\ude00"),
	};
	struct fixture fixture;
	struct buf body;
	(void)state;
	fixture_init(&fixture);
	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
		fixture_pack(bodies[i], &body);
		reads_back(&fixture, buf_bytes(&body));
		buf_done(&body);
	}
	fixture_done(&fixture);
}

static void does_not_write_what_xml_cannot_say_nor_other_types(void **state)
{
	struct buf body, out;
	(void)state;
	fixture_pack(BODY("\\uffff", "Doe"), &body);
	assert_false(write_body(BYTES_LIT("release.notification/1"), buf_bytes(&body), &out));
	buf_done(&out);
	buf_done(&body);
	fixture_pack(BODY("x", "Doe"), &body);
	assert_false(write_body(BYTES_LIT("warrant.issue/1"), buf_bytes(&body), &out));
	buf_done(&out);
	assert_false(write_body(BYTES_LIT("release.notification/1"), BYTES_NONE, &out));
	buf_done(&out);
	buf_done(&body);
}

static void says_so_when_the_report_does_not_fit(void **state)
{
	struct message message = {.type = BYTES_LIT("release.notification/1"), .id = an_id, .issued = 1};
	struct buf body, out;
	struct err err = {.reason = ""};
	bool wrote = true;
	(void)state;
	fixture_pack(BODY("x", "Doe"), &body);
	struct kind_message passing = {.message = &message, .main = buf_bytes(&body)};
	buf_init(&out, 100);
	assert_int_equal(niem_write(&passing, &out, &wrote, &err).code, CODE_TOO_LARGE);
	buf_done(&out);
	buf_done(&body);
}

/* ---- the samples that nobody here wrote ---- */

static bool read_foreign(struct fixture *fixture, const char *name, struct buf *out)
{
	const char *shared = getenv("LIAISON_SHARED");
	struct err err;
	AUTO_FREE char *path =
	    mem_printf("%s/samples/ojbc-main/custody/%s", shared ? shared : LIAISON_SOURCE_DIR "/../shared", name);
	if (FAILED(file_read(path, FIXTURE_MAX, out, &err))) {
		print_message("skipped: no samples beside the checkout (LIAISON_SHARED names another folder)\n");
		buf_done(out);
		return false;
	}
	fixture_init_with(fixture, "facility = { name = \"Adams\"; values = { reason = { OTHER = \"String\"; }; }; };");
	return true;
}

/* Puts `to` in the place of the only `from`, of the same length or shorter. */
static void mend(struct buf *document, const char *from, const char *to)
{
	uint8_t *at = memmem(document->at, document->len, from, strlen(from));
	assert_non_null(at);
	memset(at, ' ', strlen(from));
	memcpy(at, to, strlen(to));
}

static void reads_a_report_that_others_wrote(void **state)
{
	struct fixture fixture;
	struct buf document;
	(void)state;
	if (!read_foreign(&fixture, "CustodyReleaseReport-Adams.xml", &document))
		skip();
	/* Its fingerprint number is longer than any; all else is in order, once the settings know its word for the reason. */
	read_bytes(&fixture, buf_bytes(&document));
	fixture_only_faults(
		&fixture,
		"129 Custody/Person/PersonAugmentation/PersonStateFingerprintIdentification/IdentificationID schema must be a state "
		"fingerprint number: the state's two letters and at most eight letters or digits, like CT01284417\n");
	mend(&document, "CO0120010324", "CO12001032");
	read_bytes(&fixture, buf_bytes(&document));
	fixture_no_faults(&fixture);
	fixture_draft_is(&fixture, 0,
	                 "{'type':'release.notification/"
	                 "1','subject':{'sid':'CO12001032','ucn':'FBI45678'},'body':{'person':{'name':{'family':'Strong',"
	                 "'given':'Otis','middle':'H.'},'dob':'1968-12-17','sex':'F','ethnicity':'H','eyes':'BLU','hair':'BLN','"
	                 "ids':{'sid':'CO12001032',"
	                 "'ucn':'FBI45678','ssn':'123456789'},'aliases':[{'family':'Heisenberg','given':'Walter'},{'family':'"
	                 "Jackson','given':'Walt',"
	                 "'middle':'Hartwell'},{'family':'White','given':'Walt'}]},'released_at':'2001-12-17T09:30:47.0Z','"
	                 "facility':{'name':'Facility ID'},"
	                 "'reason':'OTHER','destination':{'street':'392 Woodlawn Ave','unit':'Apt "
	                 "#34','town':'Burlington','state':'NY','zip':'05408'},"
	                 "'booking_no':'Booking Number','case_no':'DID45678','note':'String'}}");
	AUTO_FREE char *unmapped = fixture_unmapped(&fixture);
	fixture_has(unmapped, "Custody/Release/ReleaseCondition/ActivityDescriptionText\n");
	fixture_has(unmapped, "Custody/Person/PersonRaceCode\n");
	fixture_has(unmapped, "Custody/Person/PersonBehavioralHealthInformation\n");
	fixture_has(unmapped, "Custody/BehavioralHealthInformation/PrescribedMedication/Medication/ItemName\n");
	fixture_has(unmapped, "Custody/Identity[2]/IdentityPersonRepresentation/PersonBirthDate/Date\n");
	buf_done(&document);
	fixture_done(&fixture);
}

static void refuses_other_reports_that_others_wrote(void **state)
{
	static const struct {
		const char *name, *faults;
	} cases[] = {
		{"BookingReport-Pima.xml", "schema a BookingReport; only a CustodyReleaseReport is read here\n"},
		{"CustodyStatusChangeReport-Adams.xml",
		 "schema a CustodyStatusChangeReport; only a CustodyReleaseReport is read here\n"},
		{"CustodyQueryRequest.xml", "schema a CustodyQueryRequest; only a CustodyReleaseReport is read here\n"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fixture fixture;
		struct buf document;
		if (!read_foreign(&fixture, cases[i].name, &document))
			skip();
		read_bytes(&fixture, buf_bytes(&document));
		AUTO_FREE char *faults = fixture_faults(&fixture);
		fixture_has(faults, cases[i].faults);
		assert_int_equal(fixture.reading.faults_count, 1);
		assert_int_equal(fixture.reading.drafts_count, 0);
		buf_done(&document);
		fixture_done(&fixture);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_report_of_niem_3_by_its_references),
		cmocka_unit_test(lists_by_path_what_it_does_not_take),
		cmocka_unit_test(reads_a_report_of_niem_6_by_its_uris),
		cmocka_unit_test(knows_elements_by_namespace_and_never_by_prefix),
		cmocka_unit_test(takes_the_core_of_every_release_of_niem),
		cmocka_unit_test(gives_a_time_without_a_zone_the_facilitys),
		cmocka_unit_test(takes_a_code_of_the_agencys_own_only_where_it_is_known),
		cmocka_unit_test(names_every_fault_at_once_with_its_line_and_path),
		cmocka_unit_test(refuses_what_is_not_one_release_of_one_person),
		cmocka_unit_test(writes_reports_that_read_back_to_the_same_body),
		cmocka_unit_test(writes_whatever_the_schema_lets_through),
		cmocka_unit_test(does_not_write_what_xml_cannot_say_nor_other_types),
		cmocka_unit_test(says_so_when_the_report_does_not_fit),
		cmocka_unit_test(reads_a_report_that_others_wrote),
		cmocka_unit_test(refuses_other_reports_that_others_wrote),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
