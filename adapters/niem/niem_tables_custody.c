#include "adapters/niem/niem_tables.h"

/* clang-format off */
#define BOOKING "j:Booking/"
#define SUBJECT BOOKING "j:BookingSubject/"
#define FACILITY BOOKING "j:BookingDetentionFacility/"
#define PERSON "=nc:Person#Person | nc:Release/nc:ReleasePerson | " SUBJECT "nc:RoleOfPerson | " SUBJECT "nc:EntityPerson | ?nc:Person"

/* A charge of a release is one of the common charges, with its codes. */
static const struct niem_row plain_charge_rows[] = {
	F("j:ChargeCountQuantity", "/count", NIEM_INT),
	F("j:ChargeDescriptionText | j:ChargeText", "/text", NIEM_TEXT),
	F("j:ChargeDisposition/nc:DispositionText | j:ChargeDisposition/j:ChargeDispositionOtherText", "/disposition", NIEM_TEXT),
	F("j:ChargeNCICText | j:ChargeNCICCode", "/offense_code", NIEM_TEXT),
	F("j:ChargeSeverityText", "/class", NIEM_WORD),
	F("j:ChargeStatute/j:StatuteCodeSectionIdentification" ID " | j:ChargeStatute/j:StatuteCodeIdentification" ID, "/statute", NIEM_TEXT),
	F("x:ChargeDocketID", "/docket", NIEM_TEXT),
};
static NIEM_ROWS(plain_charges, plain_charge_rows);

static const struct niem_row release_rows[] = {
	F("nc:Case/nc:CaseTrackingID", "/tracking_no", NIEM_TEXT),
	F("nc:Case/nc:CaseDocketID", "/case_no", NIEM_TEXT),
	F(BOOKING "nc:ActivityDate/nc:DateTime", "/booked_at", NIEM_STAMP),
	F(BOOKING "j:BookingAgencyRecordIdentification" ID, "/booking_no", NIEM_TEXT),
	ELSE(FACILITY "nc:FacilityIdentification" ID, "/facility/code", NIEM_TEXT, "/name"),
	F(FACILITY "nc:FacilityName | " BOOKING "j:BookingFacility/nc:FacilityName", "/facility/name", NIEM_TEXT),
	F(FACILITY "x:FacilityORIIdentification" ID, "/facility/ori", NIEM_TEXT),
	REFER(SUBJECT "nc:RoleOfPerson", "/person", "Person"),
	ELSE(SUBJECT "j:SubjectCorrectionsIdentification" ID " | " SUBJECT "j:SubjectIdentification" ID, "/person/ids/doc_number", NIEM_ID, "booking_subject"),
	F(BOOKING "x:BookingStatusCode", "/booking_status", NIEM_TEXT),
	F("j:Detention/j:SupervisionAugmentation/j:SupervisionReleaseEligibilityDate/nc:Date", "/release_eligible_on", NIEM_DATE),
	MUST("nc:Release/nc:ActivityDate/nc:DateTime | nc:Release/nc:ReleaseDate/nc:DateTime | nc:Release/nc:ActivityDate/nc:Date | "
	     BOOKING "j:BookingRelease/nc:ActivityDate/nc:DateTime | " BOOKING "j:BookingRelease/nc:ActivityDate/nc:Date", "/released_at", NIEM_STAMP),
	F("nc:Release/nc:ActivityDescriptionText", "/note", NIEM_TEXT),
	F("nc:Release/nc:ActivityReasonText", "/reason", NIEM_KNOWN),
	F("nc:Release/x:ReleaseReasonText | nc:Release/nc:ActivityReasonText", "/reason_text", NIEM_TEXT),
	REFER("nc:Release/nc:ReleasePerson", "/person", "Person"),
	F("nc:Release/nc:ReleaseSupervisor/nc:EntityOrganization/nc:OrganizationName | nc:Supervision/nc:SupervisionSupervisor/nc:EntityOrganization/nc:OrganizationName",
	  "/supervising_office", NIEM_TEXT),
	G("nc:Release/nc:ReleaseToLocation/nc:Address | nc:Release/nc:ReleaseToLocation/nc:PhysicalAddress | "
	  "nc:Release/nc:ReleaseToLocation/nc:LocationAddress/nc:StructuredAddress", "/destination", niem_rows_location),
	F("nc:Release/x:ReleaseCondition/nc:ActivityDescriptionText", "/conditions/-", NIEM_TEXT),
	F("nc:Release/x:ReleaseAuthorityIdentification" ID, "/authority_ref", NIEM_TEXT),
	F("j:SupervisedRelease/j:SupervisedReleaseCategoryText | nc:Supervision/nc:ActivityCategoryText", "/supervision_type", NIEM_TEXT),
	MUST("j:SupervisedRelease/j:SupervisedReleaseProjectedEndDate/nc:Date", "/supervision_end", NIEM_DATE),
	G("j:BailBond", "/bonds/-", niem_rows_bond),
	G(PERSON, "/person", niem_rows_person),
	G("j:Charge", "/charges/-", plain_charges),
	COPY("/facility/name", "/facility/code"),
	DEFAULT("/facility", NULL),
	DEFAULT("/reason", "OTHER"),
};
NIEM_ROWS(niem_rows_release, release_rows);

static const struct niem_row supervisor_rows[] = {
	F("nc:EntityPerson/nc:PersonName | nc:EntityPerson", "/name", NIEM_FULL_NAME),
	F("x:SupervisorCategoryText", "/category", NIEM_TEXT),
	F("x:SupervisorStatus/nc:StatusDescriptionText", "/status", NIEM_TEXT),
	F("x:OfficialBadgeIdentification" ID, "/badge", NIEM_TEXT),
	F("x:OfficialEmailID | ~nc:ContactInformation/nc:ContactEmailID", "/email", NIEM_TEXT),
	F("x:OfficialTelephoneNumberID | ~nc:ContactInformation/nc:ContactTelephoneNumber/nc:FullTelephoneNumber/nc:TelephoneNumberFullID", "/phone", NIEM_TEXT),
};
static NIEM_ROWS(supervisor, supervisor_rows);

static const struct niem_row next_event_rows[] = {
	F("nc:ActivityDate", "/", NIEM_WHEN),
	F("nc:ActivityName | nc:ActivityDescriptionText", "/event", NIEM_TEXT),
	F("j:CourtEventCourt/j:CourtName", "/court", NIEM_TEXT),
};
static NIEM_ROWS(next_event, next_event_rows);

#define HOUSING "j:Detention/j:SupervisionAugmentation/"
/* What a booking and a change of status have in common. */
#define CUSTODY \
	F("nc:Case/nc:CaseTrackingID", "/tracking_no", NIEM_TEXT), \
	F("nc:Case/nc:CaseDocketID", "/case_no", NIEM_TEXT), \
	F(BOOKING "nc:ActivityDate", "/booked_", NIEM_WHEN), \
	G(BOOKING "j:BookingAgency", "/agency", niem_rows_organization), \
	F(BOOKING "j:BookingAgencyRecordIdentification" ID, "/booking_no", NIEM_TEXT), \
	ELSE(FACILITY "nc:FacilityIdentification" ID, "/facility/code", NIEM_TEXT, "/name"), \
	F(FACILITY "nc:FacilityName | " BOOKING "j:BookingFacility/nc:FacilityName", "/facility/name", NIEM_TEXT), \
	F(FACILITY "x:FacilityORIIdentification" ID, "/facility/ori", NIEM_TEXT), \
	REFER(SUBJECT "nc:RoleOfPerson", "/person", "Person"), \
	ELSE(SUBJECT "j:SubjectCorrectionsIdentification" ID " | " SUBJECT "j:SubjectIdentification" ID, "/person/ids/doc_number", NIEM_ID, "booking_subject"), \
	F(SUBJECT "x:SubjectLocationStatus/nc:StatusDescriptionText", "/location_status", NIEM_TEXT), \
	F(BOOKING "x:BookingStatusCode", "/booking_status", NIEM_TEXT), \
	F("j:Detention/nc:ActivityDate/nc:Date", "/detained_on", NIEM_DATE), \
	F("j:Detention/nc:SupervisionCustodyStatus/nc:StatusDescriptionText", "/custody_status", NIEM_TEXT), \
	G("j:Detention/nc:SupervisionSupervisor", "/supervisor", supervisor), \
	F(HOUSING "j:SupervisionReleaseEligibilityDate/nc:Date", "/release_eligible_on", NIEM_DATE), \
	F(HOUSING "j:SupervisionAreaIdentification" ID, "/housing/area", NIEM_TEXT), \
	F(HOUSING "j:SupervisionBedIdentification" ID, "/housing/bed", NIEM_TEXT), \
	F(HOUSING "j:SupervisionBedIdentification/x:BedCategoryCode", "/housing/bed_category", NIEM_TEXT), \
	F(HOUSING "j:SupervisionCellIdentification" ID, "/housing/cell", NIEM_TEXT), \
	F(HOUSING "j:SupervisionCondition/nc:ActivityDescriptionText", "/conditions/-", NIEM_TEXT), \
	F("j:Detention/x:DetentionImmigrationHoldIndicator | j:Detention/x:DetentiontImmigrationHoldIndicator", "/immigration_hold", NIEM_FLAG), \
	F("j:Detention/x:InmateWorkReleaseIndicator", "/work_release", NIEM_FLAG), \
	F("j:Detention/x:InmateJailResidentIndicator", "/resident", NIEM_FLAG), \
	F("j:Detention/x:InmateWorkerIndicator", "/worker", NIEM_FLAG), \
	F("j:Detention/x:AllowAccountDepositIndicator", "/deposits_allowed", NIEM_FLAG), \
	F("nc:Release/nc:ActivityDate/nc:DateTime", "/released_at", NIEM_STAMP), \
	G("j:BailBond", "/bonds/-", niem_rows_bond), \
	G("j:Charge", "/charges/-", niem_rows_charge), \
	G("j:Arrest", "/arrests/-", niem_rows_arrest), \
	F("j:PersonCriminalHistorySummary/j:RegisteredSexualOffenderIndicator", "/sex_offender", NIEM_FLAG), \
	G("x:NextCourtEvent", "/next_event", next_event), \
	G(PERSON, "/person", niem_rows_person), \
	F("x:BookingCommentText", "/note", NIEM_TEXT), \
	COPY("/facility/name", "/facility/code")

static const struct niem_row booking_rows[] = {CUSTODY};
NIEM_ROWS(niem_rows_booking, booking_rows);

static const struct niem_row status_rows[] = {
	CUSTODY,
	F("x:StatusChange/nc:ActivityDate/nc:DateTime", "/changed_at", NIEM_STAMP),
	F("x:StatusChange/x:FromStatusText", "/from", NIEM_TEXT),
	F("x:StatusChange/x:ToStatusText", "/to", NIEM_TEXT),
	F("x:StatusChange/nc:ActivityReasonText", "/reason", NIEM_TEXT),
	F("x:StatusChange/x:AssignmentCategoryCode", "/assignment", NIEM_TEXT),
};
NIEM_ROWS(niem_rows_status, status_rows);
/* clang-format on */
