#include "adapters/facility/niem.h"

#include "adapters/facility/release.h"
#include "base/clock.h"
#include "base/text.h"
#include "schemas/message.h"

#include <stdio.h>
#include <string.h>

enum { WRITER_DEPTH_MAX = 12, POINTER_MAX = 64 };

#define NIEM "https://docs.oasis-open.org/niemopen/ns/model/"

/* Elements are opened when the first text within them comes, so that none is empty. */
struct writer {
	struct buf *out;
	struct bytes body;
	const char *open[WRITER_DEPTH_MAX]; /* "nc:Person structures:id=\"P1\"" */
	size_t depth, written;
	bool failed; /* something that XML 1.0 has no way to say */
};

static void indent(struct writer *writer, size_t depth)
{
	for (size_t i = 0; i < depth; i++)
		buf_add_byte(writer->out, '\t');
}

static void begin(struct writer *writer, const char *element)
{
	writer->open[writer->depth++] = element;
}

static void open_pending(struct writer *writer)
{
	for (; writer->written < writer->depth; writer->written++) {
		indent(writer, writer->written);
		buf_printf(writer->out, "<%s>\n", writer->open[writer->written]);
	}
}

static void end(struct writer *writer)
{
	const char *element = writer->open[--writer->depth];
	if (writer->written <= writer->depth)
		return;
	writer->written--;
	indent(writer, writer->depth);
	buf_printf(writer->out, "</%.*s>\n", (int)strcspn(element, " "), element);
}

static bool is_sayable(struct bytes text)
{
	for (size_t i = 0; i < text.len; i++) {
		bool is_control = text.at[i] < 0x20 && text.at[i] != '\t' && text.at[i] != '\n' && text.at[i] != '\r';
		bool is_nothing = i + 2 < text.len && text.at[i] == 0xef && text.at[i + 1] == 0xbf && text.at[i + 2] >= 0xbe;
		if (is_control || is_nothing)
			return false;
	}
	return text_is_utf8(text);
}

static void escape(struct bytes text, struct buf *out)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == '&')
			buf_add_text(out, "&amp;");
		else if (text.at[i] == '<')
			buf_add_text(out, "&lt;");
		else if (text.at[i] == '>')
			buf_add_text(out, "&gt;");
		else if (text.at[i] == '\r')
			buf_add_text(out, "&#13;");
		else
			buf_add_byte(out, text.at[i]);
	}
}

/* A reader would take these for the layout of the document. */
static bool has_layout(struct bytes text)
{
	return memchr(text.at, '\n', text.len) || memchr(text.at, '\t', text.len) || memchr(text.at, '\r', text.len) ||
	       text.at[0] == ' ' || text.at[text.len - 1] == ' ';
}

static void leaf(struct writer *writer, const char *element, struct bytes text)
{
	if (text.len == 0)
		return;
	writer->failed = writer->failed || !is_sayable(text);
	open_pending(writer);
	indent(writer, writer->depth);
	buf_printf(writer->out, "<%s%s>", element, has_layout(text) ? " xml:space=\"preserve\"" : "");
	escape(text, writer->out);
	buf_printf(writer->out, "</%s>\n", element);
}

/* An element that says where another one is. */
static void point(struct writer *writer, const char *element, const char *id)
{
	open_pending(writer);
	indent(writer, writer->depth);
	buf_printf(writer->out, "<%s structures:ref=\"%s\"/>\n", element, id);
}

static struct bytes text_at(const struct writer *writer, const char *pointer)
{
	struct bytes value, text;
	return pack_pointer(writer->body, pointer, &value) && pack_as_text(value, &text) ? text : BYTES_NONE;
}

/* The text at a pointer of the body, if it is there. */
static void put(struct writer *writer, const char *element, const char *pointer)
{
	leaf(writer, element, text_at(writer, pointer));
}

/* Within one element more: nc:Date, nc:IdentificationID. */
static void put_in(struct writer *writer, const char *above, const char *element, const char *pointer)
{
	begin(writer, above);
	put(writer, element, pointer);
	end(writer);
}

/* The whole number at a pointer, also one that was written as 180.0; -1: none. */
static int64_t number_at(const struct writer *writer, const char *pointer)
{
	struct bytes value;
	int64_t number = -1;
	if (!pack_pointer(writer->body, pointer, &value))
		return -1;
	struct pack_in in = pack_in(value, NULL);
	struct pack_item item = pack_next(&in, "");
	if (item.kind == PACK_INT)
		number = item.integer;
	else if (item.kind == PACK_FLOAT && item.number >= 0 && item.number < 10000)
		number = (int64_t)item.number;
	return number;
}

static void put_number(struct writer *writer, const char *element, int64_t number)
{
	char text[24];
	if (number < 0)
		return;
	snprintf(text, sizeof(text), "%lld", (long long)number);
	leaf(writer, element, bytes_text(text));
}

static size_t list_count(const struct writer *writer, const char *pointer)
{
	struct bytes value;
	if (!pack_pointer(writer->body, pointer, &value))
		return 0;
	struct pack_in in = pack_in(value, NULL);
	return pack_array(&in, "");
}

/* "ABOVE/INDEX/BELOW" */
static const char *item(char into[static POINTER_MAX], const char *above, size_t index, const char *below)
{
	snprintf(into, POINTER_MAX, "%s/%zu%s", above, index, below);
	return into;
}

/* ---- the report ---- */

static void put_measures(struct writer *writer)
{
	struct bytes height = text_at(writer, "/person/height");
	int64_t feet = 0, inches = 0, weight = number_at(writer, "/person/weight");
	struct err err;
	if (height.len == 3 && !FAILED(text_int(bytes_of(height.at, 1), 0, 9, &feet, &err)) &&
	    !FAILED(text_int(bytes_of(height.at + (height.at[1] == '0' ? 2 : 1), height.at[1] == '0' ? 1 : 2), 0, 11, &inches,
	                     &err))) {
		begin(writer, "nc:PersonHeightMeasure");
		put_number(writer, "nc:MeasureValueText", feet * 12 + inches);
		leaf(writer, "nc:MeasureUnitText", BYTES_LIT("in"));
		end(writer);
	}
	if (weight >= 0) {
		begin(writer, "nc:PersonWeightMeasure");
		put_number(writer, "nc:MeasureValueText", weight);
		leaf(writer, "nc:MeasureUnitText", BYTES_LIT("lb"));
		end(writer);
	}
}

static void put_name(struct writer *writer, const char *above, size_t index, bool is_alias)
{
	static const char *const parts[][2] = {{"nc:PersonGivenName", "/given"},
	                                       {"nc:PersonMiddleName", "/middle"},
	                                       {"nc:PersonSurName", "/family"},
	                                       {"nc:PersonNameSuffixText", "/suffix"}};
	begin(writer, "nc:PersonName");
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		char pointer[POINTER_MAX];
		if (is_alias)
			item(pointer, above, index, parts[i][1]);
		else
			snprintf(pointer, sizeof(pointer), "%s%s", above, parts[i][1]);
		put(writer, parts[i][0], pointer);
	}
	end(writer);
}

static void put_identifiers(struct writer *writer)
{
	begin(writer, "j:PersonAugmentation");
	if (text_at(writer, "/person/ids/oln").len) {
		begin(writer, "j:DriverLicense");
		begin(writer, "j:DriverLicenseIdentification");
		put(writer, "nc:IdentificationID", "/person/ids/oln");
		put_in(writer, "nc:IdentificationJurisdiction", "nc:JurisdictionText", "/person/ids/ols");
		end(writer);
		end(writer);
	}
	put_in(writer, "j:PersonFBIIdentification", "nc:IdentificationID", "/person/ids/ucn");
	put_in(writer, "j:PersonStateFingerprintIdentification", "nc:IdentificationID", "/person/ids/sid");
	end(writer);
}

static void put_person(struct writer *writer)
{
	char pointer[POINTER_MAX];
	begin(writer, "nc:Person structures:id=\"Person\"");
	put_in(writer, "nc:PersonBirthDate", "nc:Date", "/person/dob");
	begin(writer, "nc:PersonBirthLocation");
	begin(writer, "nc:Address");
	put_in(writer, "nc:AddressState", "nc:StateCode", "/person/birthplace");
	end(writer);
	end(writer);
	put(writer, "j:PersonEthnicityCode", "/person/ethnicity");
	put(writer, "j:PersonEyeColorCode", "/person/eyes");
	put(writer, "j:PersonHairColorCode", "/person/hair");
	put_name(writer, "/person/name", 0, false);
	put_measures(writer);
	for (size_t i = 0; i < list_count(writer, "/person/marks"); i++)
		put_in(writer, "nc:PersonPhysicalFeature", "nc:PhysicalFeatureCategoryText",
		       item(pointer, "/person/marks", i, ""));
	put(writer, "j:PersonRaceCode", "/person/race");
	put(writer, "j:PersonSexCode", "/person/sex");
	put(writer, "j:PersonSkinToneCode", "/person/skin");
	put_in(writer, "nc:PersonSSNIdentification", "nc:IdentificationID", "/person/ids/ssn");
	put_identifiers(writer);
	end(writer);
}

static void put_aliases(struct writer *writer)
{
	size_t count = list_count(writer, "/person/aliases");
	char id[POINTER_MAX];
	for (size_t i = 0; i < count; i++) {
		snprintf(id, sizeof(id), "nc:Identity structures:id=\"Alias%zu\"", i + 1);
		begin(writer, id);
		begin(writer, "nc:IdentityCharacteristics");
		put_name(writer, "/person/aliases", i, true);
		end(writer);
		end(writer);
	}
	begin(writer, "nc:PersonAliasIdentityAssociation");
	for (size_t i = 0; i < count; i++) {
		if (i == 0)
			point(writer, "nc:Person", "Person");
		snprintf(id, sizeof(id), "Alias%zu", i + 1);
		point(writer, "nc:Identity", id);
	}
	end(writer);
}

static void put_booking(struct writer *writer)
{
	begin(writer, "j:Booking");
	put_in(writer, "j:BookingAgencyRecordIdentification", "nc:IdentificationID", "/booking_no");
	begin(writer, "j:BookingDetentionFacility");
	put_in(writer, "nc:FacilityIdentification", "nc:IdentificationID", "/facility/code");
	put(writer, "nc:FacilityName", "/facility/name");
	put_in(writer, "crr:FacilityORIIdentification", "nc:IdentificationID", "/facility/ori");
	end(writer);
	begin(writer, "j:BookingSubject");
	point(writer, "nc:EntityPerson", "Person");
	put_in(writer, "j:SubjectCorrectionsIdentification", "nc:IdentificationID", "/person/ids/doc_number");
	end(writer);
	end(writer);
}

static void put_release(struct writer *writer)
{
	begin(writer, "nc:Release");
	put_in(writer, "nc:ActivityDate", "nc:DateTime", "/released_at");
	put(writer, "nc:ActivityDescriptionText", "/note");
	put(writer, "nc:ActivityReasonText", "/reason");
	point(writer, "nc:ReleasePerson", "Person");
	begin(writer, "nc:ReleaseSupervisor");
	put_in(writer, "nc:EntityOrganization", "nc:OrganizationName", "/supervising_office");
	end(writer);
	begin(writer, "nc:ReleaseToLocation");
	begin(writer, "nc:Address");
	put(writer, "nc:AddressSecondaryUnitText", "/destination/unit");
	put_in(writer, "nc:AddressStreet", "nc:StreetFullText", "/destination/street");
	put(writer, "nc:AddressCityName", "/destination/town");
	put_in(writer, "nc:AddressState", "nc:StateCode", "/destination/state");
	put(writer, "nc:AddressPostalCode", "/destination/zip");
	end(writer);
	end(writer);
	put_in(writer, "crr:ReleaseAuthorityIdentification", "nc:IdentificationID", "/authority_ref");
	end(writer);
	begin(writer, "j:SupervisedRelease");
	put(writer, "j:SupervisedReleaseCategoryText", "/supervision_type");
	put_in(writer, "j:SupervisedReleaseProjectedEndDate", "nc:Date", "/supervision_end");
	end(writer);
}

static void put_charges(struct writer *writer)
{
	static const char above[] = "/charges";
	for (size_t i = 0; i < list_count(writer, above); i++) {
		char pointer[POINTER_MAX];
		begin(writer, "j:Charge");
		put_number(writer, "j:ChargeCountQuantity", number_at(writer, item(pointer, above, i, "/count")));
		put(writer, "j:ChargeDescriptionText", item(pointer, above, i, "/text"));
		put_in(writer, "j:ChargeDisposition", "nc:DispositionText", item(pointer, above, i, "/disposition"));
		put(writer, "j:ChargeNCICText", item(pointer, above, i, "/offense_code"));
		put(writer, "j:ChargeSeverityText", item(pointer, above, i, "/class"));
		begin(writer, "j:ChargeStatute");
		put_in(writer, "j:StatuteCodeSectionIdentification", "nc:IdentificationID", item(pointer, above, i, "/statute"));
		end(writer);
		put(writer, "crr:ChargeDocketID", item(pointer, above, i, "/docket"));
		end(writer);
	}
}

static void put_document(struct writer *writer, const struct message *message)
{
	char id[UUID_TEXT_MAX], issued[CLOCK_TEXT_MAX];
	begin(writer, "nc:DocumentCreationDate");
	leaf(writer, "nc:DateTime", bytes_text(clock_text(message->issued, issued)));
	end(writer);
	begin(writer, "nc:DocumentIdentification");
	leaf(writer, "nc:IdentificationID", bytes_text(uuid_text(message->id, id)));
	end(writer);
}

static void put_report(struct writer *writer, const struct message *message)
{
	buf_add_text(writer->out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	begin(writer, "crr:CustodyReleaseReport xmlns:crr=\"urn:liaison:niem:custody-release-report:1\" xmlns:nc=\"" NIEM
	              "niem-core/6.0/\"\n"
	              "\txmlns:j=\"" NIEM "domains/justice/6.0/\" xmlns:structures=\"" NIEM "structures/6.0/\"");
	put_document(writer, message);
	begin(writer, "crr:Custody");
	begin(writer, "nc:Case");
	put(writer, "nc:CaseDocketID", "/case_no");
	end(writer);
	put_booking(writer);
	put_release(writer);
	put_person(writer);
	put_aliases(writer);
	put_charges(writer);
	end(writer);
	end(writer);
}

result niem_write(const struct kind_message *message, struct buf *out, bool *ret_wrote, struct err *err)
{
	struct writer writer = {.out = out, .body = message->main};
	size_t before = out->len;
	*ret_wrote = false;
	if (!bytes_is(message->message->type, RELEASE_TYPE) || message->main.len == 0)
		return OK;
	put_report(&writer, message->message);
	TRY(buf_check(out, "", err));
	if (writer.failed)
		out->len = before;
	*ret_wrote = !writer.failed;
	return OK;
}
