#include "adapters/niem/niem_tables.h"

/* clang-format off */
/* ---- arrests ---- */

#define PACKAGE "x:doPublish/x:PublishMessageContainer/x:PublishMessage/"
#define ITEM PACKAGE "x:DataItemPackage/"
#define DIGEST ITEM "x:Digest/"
static const struct niem_row report_rows[] = {
	F(PACKAGE "x:PDMessageMetadata/x:MessageDateTime", "/reported_at", NIEM_STAMP),
	F(PACKAGE "x:PDMessageMetadata/x:MessageSequenceNumber", "/sequence", NIEM_TEXT),
	F(PACKAGE "x:DataSubmitterMetadata/x:SystemIdentifier/x:SystemID | " PACKAGE "x:DataSubmitterMetadata/x:SystemIdentifier/nc:OrganizationName",
	  "/system", NIEM_TEXT),
	ELSE(ITEM "x:PackageMetadata/x:DataOwnerMetadata/x:DataOwnerIdentifier/x:ORI", "/agency/ori", NIEM_UPPER, "/code"),
	F(ITEM "x:PackageMetadata/x:DataOwnerMetadata/x:DataOwnerIdentifier/nc:OrganizationName", "/agency/name", NIEM_TEXT),
	F(DIGEST "x:EntityActivity/nc:Activity/nc:ActivityCategoryText", "/category", NIEM_TEXT),
	MUST(DIGEST "x:EntityActivity/nc:Activity/nc:ActivityDate", "/arrested_", NIEM_WHEN),
	F(DIGEST "x:EntityActivity/nc:Activity/nc:ActivityIdentification" ID, "/arrest_no", NIEM_TEXT),
	G(DIGEST "x:EntityPerson/j:ArrestSubject/nc:RoleOfPerson | " DIGEST "x:EntityPerson/x:Person", "/person", niem_rows_person),
	GR(ITEM "x:StructuredPayload/x:ArrestReport/x:Person", "/person", niem_rows_person),
};
NIEM_ROWS(niem_rows_arrest_report, report_rows);

#define NOTICE "x:NotifyingArrest/"
#define ARREST NOTICE "j:Arrest/"
static const struct niem_row notice_rows[] = {
	F(NOTICE "x:NotifyingActivityReportingSystemNameText | " NOTICE "x:NotifyingActivityReportingSystemURI", "/system", NIEM_TEXT),
	F(NOTICE "x:IncidentIdentification" ID " | " NOTICE "nc:Incident/nc:ActivityIdentification" ID, "/incident_no", NIEM_TEXT),
	F(NOTICE "x:WarrantIdentification" ID, "/warrant_no", NIEM_TEXT),
	F(NOTICE "x:InCustodyIndicator", "/in_custody", NIEM_FLAG),
	F(NOTICE "x:CustodyFacility/nc:FacilityIdentification" ID, "/custody_at/code", NIEM_TEXT),
	F(NOTICE "x:CustodyFacility/nc:FacilityName", "/custody_at/name", NIEM_TEXT),
	F(NOTICE "x:ReportedDate/nc:DateTime", "/reported_at", NIEM_STAMP),
	F(NOTICE "x:SequenceID", "/sequence", NIEM_TEXT),
	F(NOTICE "nc:CommentText", "/note", NIEM_TEXT),
	F(ARREST "nc:ActivityIdentification" ID, "/arrest_no", NIEM_TEXT),
	F(ARREST "nc:ActivityCategoryText", "/category", NIEM_TEXT),
	MUST(ARREST "nc:ActivityDate", "/arrested_", NIEM_WHEN),
	G(ARREST "j:ArrestAgency", "/agency", niem_rows_organization),
	G(ARREST "j:ArrestCharge", "/charges/-", niem_rows_charge),
	F(ARREST "j:ArrestCommunitySupervisionIndicator", "/supervised", NIEM_FLAG),
	G(ARREST "j:ArrestLocation/nc:Address | " ARREST "j:ArrestLocation/nc:LocationAddress/nc:StructuredAddress", "/location", niem_rows_location),
	F(ARREST "j:ArrestOfficial/nc:RoleOfPerson/nc:PersonName", "/official", NIEM_FULL_NAME),
	F(ARREST "j:Booking/nc:ActivityDate", "/booked_", NIEM_WHEN),
	F(ARREST "j:Booking/j:BookingAgencyRecordIdentification" ID, "/booking_no", NIEM_TEXT),
	REFER(ARREST "j:Booking/j:BookingSubject/nc:RoleOfPerson", "/person", "Person"),
	G("=nc:Person#Person | " ARREST "j:ArrestSubject/nc:RoleOfPerson | " ARREST "j:Booking/j:BookingSubject/nc:RoleOfPerson | " NOTICE
	  "~nc:Person | ?a:Person", "/person", niem_rows_person),
	F("x:ArrestAgencyCode", "/agency/code", NIEM_TEXT),
};
NIEM_ROWS(niem_rows_arrest_notice, notice_rows);

/* ---- persons supervised in another state ---- */

#define ROLE(role) "nc:ActivityInvolvedPersonAssociation[nc:PersonActivityInvolvementText=" role "]/nc:Person"
static const struct niem_row side_rows[] = {
	G(".", "/officer", niem_rows_officer),
	G("x:PersonOrganization | ~nc:Organization", "/office", niem_rows_organization),
};
static NIEM_ROWS(side, side_rows);

#define COMPACT(notice) \
	F(notice "x:NotifyingActivityReportingSystemNameText", "/system", NIEM_TEXT), \
	F(notice "x:NotifyingActivityReportingSystemURI", "/system_uri", NIEM_TEXT), \
	F(notice "j:Warrant/nc:ActivityIdentification" ID, "/compact_no", NIEM_TEXT), \
	F(notice "j:Offense/nc:ActivityDescriptionText", "/offense", NIEM_TEXT), \
	G(notice "x:NotifyingOrganization", "/agency", niem_rows_organization), \
	G(notice "x:IncidentOrganization | " notice "nc:Incident/~nc:Organization", "/incident_agency", niem_rows_organization), \
	G(ROLE("Sending"), "/sending", side), \
	G(ROLE("Receiving"), "/receiving", side), \
	G(ROLE("Subject") " | " notice "j:Warrant/j:CourtOrderDesignatedSubject/nc:RoleOfPerson", "/person", niem_rows_person)

static const struct niem_row wanted_rows[] = {COMPACT("x:NotifyingWanted/"), ALWAYS("/basis", "WANTED")};
NIEM_ROWS(niem_rows_wanted, wanted_rows);
static const struct niem_row warranted_rows[] = {COMPACT("x:NotifyingWarrant/"), ALWAYS("/basis", "WARRANT")};
NIEM_ROWS(niem_rows_warranted, warranted_rows);

/* ---- subscriptions ---- */

#define QUALIFIER F("x:SubscriptionQualifierIdentification" ID " | x:SubscriptionIdentification" ID, "/subscription_id", NIEM_UPPER)
static const struct niem_row subscribe_rows[] = {
	F("x:SubscriptionRelatedCaseIdentification" ID, "/case_no", NIEM_TEXT),
	ELSE("x:Subject/nc:PersonSSNIdentification" ID, "/ids/ssn", NIEM_DIGITS, NULL),
	F("x:Subject/j:PersonAugmentation/j:DriverLicense/j:DriverLicenseIdentification" ID, "/ids/oln", NIEM_UPPER),
	F("x:Subject/j:PersonAugmentation/j:DriverLicense/j:DriverLicenseIdentification/nc:IdentificationSourceText", "/ids/ols", NIEM_STATE),
	F("x:Subject/j:PersonAugmentation/j:PersonFBIIdentification" ID, "/ids/ucn", NIEM_UPPER),
	F("x:Subject/j:PersonAugmentation/j:PersonStateFingerprintIdentification" ID, "/ids/sid", NIEM_UPPER),
	F("x:Subject/j:SubjectCorrectionsIdentification" ID, "/ids/doc_number", NIEM_UPPER),
	QUALIFIER,
	MUST("nc:DateRange/nc:StartDate/nc:Date", "/from", NIEM_DATE),
	MUST("nc:DateRange/nc:EndDate/nc:Date", "/until", NIEM_DATE),
	F("x:CriminalSubscriptionReasonCode | x:SubscriptionReasonText", "/reason", NIEM_TEXT),
	F("x:TriggeringEvents/x:FederalTriggeringEventCode", "/topics/-", NIEM_KNOWN),
	DEFAULT("/reason", "supervision"),
};
NIEM_ROWS(niem_rows_subscribe, subscribe_rows);

static const struct niem_row unsubscribe_rows[] = {
	QUALIFIER,
	F("x:CriminalSubscriptionReasonCode | x:SubscriptionReasonText", "/reason", NIEM_TEXT),
};
NIEM_ROWS(niem_rows_unsubscribe, unsubscribe_rows);
/* clang-format on */
