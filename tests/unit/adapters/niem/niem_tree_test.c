/* The tree is libxml2's: what it lets through is seen by what niem_read makes of it, and what it does not by the faults. */
#include "unit/adapters/niem/niem_fixture.h"

#define CORE "http://release.niem.gov/niem/niem-core/3.0/"
#define ROOT "<r:CustodyReleaseReport xmlns:r='urn:x' xmlns:nc='" CORE "' xmlns:s='http://release.niem.gov/niem/structures/3.0/'>"
#define END "</r:CustodyReleaseReport>"

enum { DEPTH_FINE = 64 };

static void read_bytes(struct fixture *fixture, struct bytes document)
{
	char *exact = mem_text_n(document.at ? (const void *)document.at : "", document.len);
	fixture_again(fixture);
	fixture_niem(fixture, bytes_of(exact, document.len));
	mem_free(exact);
}

static const struct kind_fault *first_fault(struct fixture *fixture, const char *document)
{
	read_bytes(fixture, bytes_text(document));
	assert_int_equal(fixture->reading.drafts_count, 0);
	assert_true(fixture->reading.faults_count > 0);
	return &fixture->reading.faults[0];
}

static void refuses_a_doctype_before_anything_in_it_is_read(void **state)
{
	static const char *const documents[] = {
	    "<!DOCTYPE r:CustodyReleaseReport>\n" ROOT END,
	    "<!DOCTYPE a SYSTEM 'http://127.0.0.1:1/a.dtd'>\n" ROOT END,
	    "<!DOCTYPE a PUBLIC '-//x' 'file:///etc/passwd'>\n" ROOT END,
	    "<!DOCTYPE a [<!ENTITY x 'y'>]>\n" ROOT "&x;" END,
	    "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>\n" ROOT "&x;" END,
	    "<!DOCTYPE a [<!ENTITY % x SYSTEM 'file:///etc/passwd'> %x;]>\n" ROOT END,
	    "<!DOCTYPE a [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'><!ENTITY c "
	    "'&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;'>"
	    "<!ENTITY d '&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;'><!ENTITY e '&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;'>]>\n" ROOT "&e;" END,
	    "<!DOCTYPE a [<!ATTLIST a x CDATA 'y'>]>\n" ROOT END,
	    "<!DOCTYPE a [ garbage",
	};
	struct fixture fixture;
	(void)state;
	fixture_init(&fixture);
	for (size_t i = 0; i < sizeof(documents) / sizeof(*documents); i++) {
		const struct kind_fault *fault = first_fault(&fixture, documents[i]);
		assert_int_equal(fault->err.code, CODE_MALFORMED);
		assert_string_equal(fault->err.reason, "a DOCTYPE is not allowed; leave it out");
		assert_int_equal(fault->line, 1);
		assert_int_equal(fixture.reading.faults_count, 1);
	}
	fixture_done(&fixture);
}

static void refuses_what_is_not_well_formed_with_the_line(void **state)
{
	static const struct {
		const char *document;
		int line;
	} cases[] = {
	    {"no XML at all", 1},
	    {"<?xml version='1.0'?>", 1},
	    {ROOT, 1},
	    {ROOT "\n<nc:Release>\n" END, 3},
	    {ROOT "\n<nc:Release", 2},
	    {ROOT "\n<y:Release/>" END, 2},
	    {ROOT "\n&undefined;" END, 2},
	    {ROOT "\n\xff" END, 2},
	    {ROOT "\n&#0;" END, 2},
	    {ROOT "\n\x01" END, 2},
	    {ROOT "\n<a b='1' b='2'/>" END, 2},
	    {ROOT END "\n<a/>", 2},
	    {"<?xml version='1.0' encoding='no-such-encoding'?>" ROOT END, 1},
	};
	struct fixture fixture;
	(void)state;
	fixture_init(&fixture);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct kind_fault *fault = first_fault(&fixture, cases[i].document);
		assert_int_equal(fault->err.code, CODE_MALFORMED);
		assert_int_equal(strncmp(fault->err.reason, "not well-formed XML", 19), 0);
		if (fault->line != cases[i].line)
			fail_msg("line %d of %s", fault->line, cases[i].document);
	}
	assert_string_equal(first_fault(&fixture, "")->err.reason, "the document is empty");
	read_bytes(&fixture, BYTES_LIT(ROOT "\0" END));
	assert_int_equal(fixture.reading.faults_count, 1);
	fixture_done(&fixture);
}

static void refuses_every_report_that_was_cut_off(void **state)
{
	struct fixture fixture;
	struct buf document;
	(void)state;
	fixture_init(&fixture);
	fixture_file("tests/samples/niem/release-6.xml", &document);
	/* Only the white space behind the last element may be missing. */
	size_t least = document.len;
	while (document.at[least - 1] != '>')
		least--;
	for (size_t len = 0; len < least; len++) {
		read_bytes(&fixture, bytes_of(document.at, len));
		assert_int_equal(fixture.reading.drafts_count, 0);
		assert_int_equal(fixture.reading.faults_count, 1);
	}
	read_bytes(&fixture, bytes_of(document.at, least));
	fixture_no_faults(&fixture);
	buf_done(&document);
	fixture_done(&fixture);
}

static void nest(struct buf *document, int depth)
{
	buf_init(document, FIXTURE_MAX);
	buf_add_text(document, ROOT "\n");
	for (int i = 1; i < depth; i++)
		buf_add_text(document, "<a>");
	for (int i = 1; i < depth; i++)
		buf_add_text(document, "</a>");
	buf_add_text(document, END);
}

static void refuses_65_levels_and_not_64(void **state)
{
	struct fixture fixture;
	struct buf document;
	(void)state;
	fixture_init(&fixture);
	nest(&document, DEPTH_FINE);
	read_bytes(&fixture, buf_bytes(&document));
	assert_string_equal(fixture.reading.faults[0].err.reason, "is missing");
	buf_done(&document);
	for (int depth = DEPTH_FINE + 1; depth < 200000; depth *= 40) {
		nest(&document, depth);
		read_bytes(&fixture, buf_bytes(&document));
		fixture_only_faults(&fixture, "2  too_large elements are nested deeper than 64\n");
		buf_done(&document);
	}
	fixture_done(&fixture);
}

static void refuses_more_than_a_mebibyte(void **state)
{
	struct fixture fixture;
	struct buf document;
	(void)state;
	fixture_init(&fixture);
	buf_init(&document, FIXTURE_MAX);
	buf_add_text(&document, ROOT);
	while (document.len < (1 << 20) - sizeof(END) + 1)
		buf_add_byte(&document, ' ');
	buf_add_text(&document, END);
	read_bytes(&fixture, buf_bytes(&document));
	assert_string_equal(fixture.reading.faults[0].err.reason, "is missing");
	buf_add_byte(&document, '\n');
	read_bytes(&fixture, buf_bytes(&document));
	fixture_only_faults(&fixture, "0  too_large 1048577 bytes; an XML document may have 1048576\n");
	buf_done(&document);
	fixture_done(&fixture);
}

static void gives_up_on_references_that_lead_in_circles(void **state)
{
	static const char *const documents[] = {
	    ROOT "<nc:Release s:id='A' s:ref='A'/>" END,
	    ROOT "<nc:Release s:ref='A'/><nc:Release s:id='A' s:ref='B'/><nc:Release s:id='B' s:ref='A'/>" END,
	    ROOT "<nc:Release s:id='R'><nc:ReleaseToLocation s:ref='R'/><nc:ReleasePerson s:ref='R'/></nc:Release>" END,
	};
	struct fixture fixture;
	(void)state;
	fixture_init(&fixture);
	for (size_t i = 0; i < sizeof(documents) / sizeof(*documents); i++)
		first_fault(&fixture, documents[i]);
	fixture_done(&fixture);
}

/* Every path leads through thousands of references to an element with thousands of references: to follow them all would take
 * years. */
static void gives_up_on_references_woven_without_end(void **state)
{
	struct fixture fixture;
	struct buf document;
	(void)state;
	fixture_init(&fixture);
	buf_init(&document, FIXTURE_MAX);
	buf_add_text(&document, ROOT "<nc:Release/><nc:Person s:id='P'>");
	for (int i = 0; i < 4000; i++)
		buf_add_text(&document, "<nc:PersonBirthLocation s:ref='B'/>");
	buf_add_text(&document, "</nc:Person><r:B s:id='B'>");
	for (int i = 0; i < 4000; i++)
		buf_add_text(&document, "<nc:Address s:ref='C'/>");
	buf_add_text(&document, "</r:B><r:C s:id='C'>");
	for (int i = 0; i < 4000; i++)
		buf_add_text(&document, "<nc:AddressState s:ref='B'/>");
	buf_add_text(&document, "</r:C>" END);
	read_bytes(&fixture, buf_bytes(&document));
	assert_int_equal(fixture.reading.drafts_count, 0);
	AUTO_FREE char *faults = fixture_faults(&fixture);
	fixture_has(faults, "references are too entangled to be followed");
	buf_done(&document);
	fixture_done(&fixture);
}

static void lists_every_text_and_attribute_that_nothing_took(void **state)
{
	struct fixture fixture;
	(void)state;
	fixture_init(&fixture);
	read_bytes(&fixture,
	           BYTES_LIT(ROOT "<nc:Release/>loose<a b='1' s:metadata='m'>x<!-- y --></a><a><![CDATA[z]]></a><c> </c>"
	                          "<d s:ref='R'/><e s:id='R'/>" END));
	AUTO_FREE char *unmapped = fixture_unmapped(&fixture);
	assert_string_equal(unmapped, "CustodyReleaseReport = loose\na[1] = x\na[1]/@b = 1\na[2] = z\nd = R\n");
	fixture_done(&fixture);
}

static void lists_at_most_a_thousand(void **state)
{
	struct fixture fixture;
	struct buf document;
	(void)state;
	fixture_init(&fixture);
	buf_init(&document, FIXTURE_MAX);
	buf_add_text(&document, ROOT "<nc:Release/>");
	for (int i = 0; i < 3000; i++)
		buf_add_text(&document, "<a b='1'>x</a>");
	buf_add_text(&document, END);
	read_bytes(&fixture, buf_bytes(&document));
	assert_int_equal(fixture.reading.unmapped_count, 1000);
	buf_done(&document);
	fixture_done(&fixture);
}

static void cuts_a_path_that_is_too_long_at_its_beginning(void **state)
{
	struct fixture fixture;
	struct buf document;
	(void)state;
	fixture_init(&fixture);
	buf_init(&document, FIXTURE_MAX);
	buf_add_text(&document, ROOT "<nc:Release/>");
	for (int i = 0; i < 30; i++)
		buf_add_text(&document, "<\xc3\xa9l\xc3\xa9ment>");
	buf_add_text(&document, "<last>x</last>");
	for (int i = 0; i < 30; i++)
		buf_add_text(&document, "</\xc3\xa9l\xc3\xa9ment>");
	buf_add_text(&document, END);
	read_bytes(&fixture, buf_bytes(&document));
	const char *path = fixture.reading.unmapped[0];
	assert_true(strlen(path) < ERR_FIELD_MAX + 4 && strlen(path) > ERR_FIELD_MAX - 4);
	assert_int_equal(strncmp(path, "...", 3), 0);
	assert_string_equal(path + strlen(path) - 19, "/\xc3\xa9l\xc3\xa9ment/last = x");
	buf_done(&document);
	fixture_done(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(refuses_a_doctype_before_anything_in_it_is_read),
	    cmocka_unit_test(refuses_what_is_not_well_formed_with_the_line),
	    cmocka_unit_test(refuses_every_report_that_was_cut_off),
	    cmocka_unit_test(refuses_65_levels_and_not_64),
	    cmocka_unit_test(refuses_more_than_a_mebibyte),
	    cmocka_unit_test(gives_up_on_references_that_lead_in_circles),
	    cmocka_unit_test(gives_up_on_references_woven_without_end),
	    cmocka_unit_test(lists_every_text_and_attribute_that_nothing_took),
	    cmocka_unit_test(lists_at_most_a_thousand),
	    cmocka_unit_test(cuts_a_path_that_is_too_long_at_its_beginning),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
