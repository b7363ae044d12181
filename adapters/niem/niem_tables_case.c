#include "adapters/niem/niem_tables.h"

/* clang-format off */
/* ---- supervision ---- */

static const struct niem_row hearing_office_rows[] = {
	F("nc:OrganizationIdentification" ID, "/code", NIEM_TEXT),
	F("nc:OrganizationName", "/name", NIEM_TEXT),
	F("x:OrganizationEmailID | ~nc:ContactInformation/nc:ContactEmailID", "/email", NIEM_TEXT),
	F("x:OrganizationTelephoneNumberID", "/phone", NIEM_TEXT),
	F("x:OrganizationUnitName", "/unit", NIEM_TEXT),
	ELSE(ORI, "/ori", NIEM_UPPER, "/code"),
};
static NIEM_ROWS(office, hearing_office_rows);

#define S(way) "x:" way "/"
#define SUPERVISOR(way) S(way) "nc:SupervisionSupervisor/"
#define TERM(way) S(way) "j:SupervisionAugmentation/"
#define ENDED F("x:SupervisionEndDate/nc:Date", "/ended_on", NIEM_DATE), F("x:SupervisionEndReasonText", "/reason", NIEM_WORD), \
	F("x:SupervisionEndReasonDescriptionText", "/reason_text", NIEM_TEXT)
#define CHANGED F("x:EffectiveDate/nc:Date", "/effective", NIEM_DATE), F("x:ChangeReasonText", "/reason", NIEM_TEXT), \
	G("x:FormerOfficer", "/from_officer", niem_rows_officer), G("x:FormerOrganization", "/from_office", office)
#define PROBATION \
	F(S("Supervision") "nc:SupervisionPersonStatus/nc:StatusText | " S("Supervision") "nc:SupervisionPersonStatus/nc:StatusDescriptionText", "/status", NIEM_TEXT), \
	G(SUPERVISOR("Supervision") "nc:EntityOrganization", "/office", office), \
	G(SUPERVISOR("Supervision") "nc:EntityPerson", "/officer", niem_rows_officer), \
	MUST(TERM("Supervision") "j:SupervisionAssignedTerm/nc:ActivityDateRange/nc:StartDate/nc:Date", "/start", NIEM_DATE), \
	MUST(TERM("Supervision") "j:SupervisionAssignedTerm/nc:ActivityDateRange/nc:EndDate/nc:Date", "/end", NIEM_DATE), \
	F(TERM("Supervision") "j:SupervisionLevelText", "/level", NIEM_TEXT), \
	G(S("Supervision") "x:Probationer#Person | " S("Supervision") "nc:SupervisionPerson", "/person", niem_rows_person), \
	{S("Supervision") "x:ProbationerIdentity/nc:IdentityPersonRepresentation/nc:PersonName", "/person/aliases/-", NIEM_GROUP, NIEM_READ, NULL, &niem_rows_name}, \
	F(S("Supervision") "x:SupervisionIdentification" ID, "/supervision_id", NIEM_TEXT), \
	F("x:ProbationCaseIdentification" ID " | nc:Case/nc:ActivityIdentification" ID, "/case_no", NIEM_TEXT), \
	G("j:EnforcementOfficial/nc:RoleOfPerson", "/supervisor", niem_rows_officer), \
	F("j:EnforcementOfficial/j:EnforcementOfficialBadgeIdentification" ID, "/supervisor/badge", NIEM_TEXT), \
	SYSTEM, ALWAYS("/kind", "PROBATION")
#define SYSTEM \
	F("x:ContactEmailID | nc:ContactInformation/nc:ContactEmailID", "/contact_email", NIEM_TEXT), \
	F("x:SystemName | ^x:SystemName", "/system", NIEM_TEXT), \
	F("x:CommentText", "/note", NIEM_TEXT)
#define PAROLE \
	F("x:ParoleCaseIdentification" ID, "/case_no", NIEM_TEXT), \
	F("x:ParoleHearing/nc:ActivityDate/nc:Date", "/hearing_on", NIEM_DATE), \
	F("x:ParoleHearing/nc:ActivityDescriptionText", "/hearing", NIEM_TEXT), \
	F("j:Supervision/nc:SupervisionPersonStatus/nc:StatusText", "/status", NIEM_TEXT), \
	G("j:Supervision/nc:SupervisionPerson#Person | x:ParoleeIdentity/nc:IdentityPersonRepresentation | x:Parolee", "/person", niem_rows_person), \
	{"x:ParoleeIdentity/nc:IdentityPersonRepresentation/nc:PersonName", "/person/aliases/-", NIEM_GROUP, NIEM_READ, NULL, &niem_rows_name}, \
	G("j:Supervision/nc:SupervisionSupervisor/nc:EntityOrganization", "/office", office), \
	G("j:Supervision/nc:SupervisionSupervisor/nc:EntityPerson", "/officer", niem_rows_officer), \
	MUST("j:Supervision/j:SupervisionAugmentation/j:SupervisionAssignedTerm/nc:ActivityDateRange/nc:StartDate/nc:Date", "/start", NIEM_DATE), \
	MUST("j:Supervision/j:SupervisionAugmentation/j:SupervisionAssignedTerm/nc:ActivityDateRange/nc:EndDate/nc:Date", "/end", NIEM_DATE), \
	F("j:Supervision/j:SupervisionAugmentation/j:SupervisionLevelText", "/level", NIEM_TEXT), \
	F("x:SupervisionIdentification" ID " | j:Supervision/nc:ActivityIdentification" ID " | j:Supervision/x:SupervisionIdentification" ID, "/supervision_id", NIEM_TEXT), \
	G("j:EnforcementOfficial/nc:RoleOfPerson", "/supervisor", niem_rows_officer), \
	SYSTEM, ALWAYS("/kind", "PAROLE")

static const struct niem_row parole_open_rows[] = {PAROLE};
NIEM_ROWS(niem_rows_parole_open, parole_open_rows);
static const struct niem_row parole_change_rows[] = {PAROLE, CHANGED};
NIEM_ROWS(niem_rows_parole_change, parole_change_rows);
static const struct niem_row parole_close_rows[] = {PAROLE, ENDED};
NIEM_ROWS(niem_rows_parole_close, parole_close_rows);
static const struct niem_row probation_open_rows[] = {PROBATION};
NIEM_ROWS(niem_rows_probation_open, probation_open_rows);
static const struct niem_row probation_change_rows[] = {PROBATION, CHANGED};
NIEM_ROWS(niem_rows_probation_change, probation_change_rows);
static const struct niem_row probation_close_rows[] = {PROBATION, ENDED};
NIEM_ROWS(niem_rows_probation_close, probation_close_rows);

/* ---- a consent ---- */

#define DECISION "x:ConsentDecision/"
#define RECORDER DECISION "x:ConsentDecisionRecordingEntity/"
static const struct niem_row consent_rows[] = {
	F("nc:DocumentFileControlID", "/control_no", NIEM_TEXT),
	F("nc:DocumentIdentification" ID, "/document_no", NIEM_TEXT),
	F("j:Booking/j:BookingAgencyRecordIdentification" ID, "/booking_no", NIEM_TEXT),
	REFER("j:Booking/j:BookingSubject/nc:RoleOfPerson", "/person", "Person"),
	ELSE("j:Booking/j:BookingSubject/j:SubjectCorrectionsIdentification" ID " | j:Booking/j:BookingSubject/j:SubjectIdentification" ID,
	     "/person/ids/doc_number", NIEM_ID, "booking_subject"),
	G("=nc:Person#Person | j:Booking/j:BookingSubject/nc:RoleOfPerson | ?nc:Person", "/person", niem_rows_person),
	F(DECISION "nc:ActivityIdentification" ID, "/consent_id", NIEM_TEXT),
	MUST(DECISION "nc:ActivityDate", "/decided_", NIEM_WHEN),
	F(DECISION "j:ActivityAugmentation/j:Narrative/nc:CommentText", "/comment", NIEM_TEXT),
	F(DECISION "x:ConsentDecisionCode | " DECISION "x:ConsentDecisionText", "/decision", NIEM_KNOWN),
	F(DECISION "x:ConsentDecisionDescriptionText | " DECISION "x:ConsentDecisionCode | " DECISION "x:ConsentDecisionText", "/decision_text", NIEM_TEXT),
	F(DECISION "x:ConsentPurposeCode | " DECISION "x:ConsentPurposeText", "/purpose", NIEM_TEXT),
	F(RECORDER "nc:EntityPerson/nc:PersonName", "/recorded_by", NIEM_FULL_NAME),
	F(RECORDER "x:RecordingEntityUsernameText", "/recorder_login", NIEM_TEXT),
	DEFAULT("/decision", "OTHER"),
};
NIEM_ROWS(niem_rows_consent, consent_rows);

/* ---- an order of commitment ---- */

static const struct niem_row order_sentence_rows[] = {
	G("j:Charge", "/charge", niem_rows_charge),
	G("j:Sentence", "/sentence", niem_rows_sentence),
	F("x:MaxDuration/j:DurationYear", "/maximum/years", NIEM_INT),
	F("x:MaxDuration/j:DurationMonth", "/maximum/months", NIEM_INT),
	F("x:MaxDuration/j:DurationDay", "/maximum/days", NIEM_INT),
	F("x:OffenseDate/nc:Date", "/offense_on", NIEM_DATE),
	F("nc:DispositionDate/nc:Date", "/disposed_on", NIEM_DATE),
	F("j:SentenceDate/nc:Date", "/sentenced_on", NIEM_DATE),
	F("x:HabitualOffenderIndicator", "/habitual", NIEM_FLAG),
	F("x:SentenceVacatedDate/nc:Date", "/vacated_on", NIEM_DATE),
	F("x:SentenceRevocationDate/nc:Date", "/revoked_on", NIEM_DATE),
};
static NIEM_ROWS(order_sentence, order_sentence_rows);

#define NAMED(path, pointer) F(path "/nc:RoleOfPerson/nc:PersonName", pointer, NIEM_FULL_NAME)
static const struct niem_row commitment_rows[] = {
	MUST("nc:DocumentCreationDate/nc:DateTime | nc:DocumentCreationDate/nc:Date", "/ordered_on", NIEM_DATE),
	F("nc:DocumentIdentification" ID, "/document_no", NIEM_TEXT),
	F("x:OrderCategoryCode", "/kind", NIEM_WORD),
	F("x:UniformCommitmentOrderIdentification", "/order_no", NIEM_TEXT),
	ELSE("j:OrganizationORIIdentification" ID, "/court/ori", NIEM_UPPER, "/code"),
	G("nc:Organization", "/court", niem_rows_organization),
	F("x:ParishCodeText", "/district_code", NIEM_TEXT),
	F("x:ParishCodeDescriptionText", "/district", NIEM_TEXT),
	F("nc:CaseDocketID | nc:Case/nc:CaseDocketID", "/case_no", NIEM_TEXT),
	G("nc:Person", "/person", niem_rows_person),
	{"j:PersonStateFingerprintIdentification" ID, "/person/ids/sid", NIEM_ID, NIEM_READ, "sid", NULL},
	F("x:OriginalSentenceIndicator", "/original", NIEM_FLAG),
	F("x:AmendedSentenceIndicator", "/amended", NIEM_FLAG),
	F("x:RevocationSentenceIndicator", "/revocation", NIEM_FLAG),
	F("x:HabitualSentenceIndicator", "/habitual", NIEM_FLAG),
	F("x:HabitualSentenceDocketNumber", "/habitual_docket", NIEM_TEXT),
	F("x:HabitualSentenceChargeText", "/habitual_charge", NIEM_TEXT),
	G("x:UCOSentence", "/sentences/-", order_sentence),
	F("x:UCOUniversalConcurrentIndicator", "/concurrent_with_all", NIEM_FLAG),
	F("x:UCOConcurrentIndicator", "/concurrent", NIEM_FLAG),
	F("x:UCOConcurrentDocketNumbers", "/concurrent_dockets", NIEM_TEXT),
	F("x:UCOConcurrentParishes", "/concurrent_districts", NIEM_TEXT),
	F("x:UCOConcurrentJudicialDistricts", "/concurrent_courts", NIEM_TEXT),
	F("x:UCOConsecutiveIndicator", "/consecutive", NIEM_FLAG),
	F("x:UCOConsecutiveDocketNumbers", "/consecutive_dockets", NIEM_TEXT),
	F("x:UCOConsecutiveParishes", "/consecutive_districts", NIEM_TEXT),
	F("x:UCOConsecutiveJudicialDistricts", "/consecutive_courts", NIEM_TEXT),
	F("j:SentenceConfinementCreditIndicator", "/credit", NIEM_FLAG),
	F("x:MinimumSentenceWaivedIndicator", "/minimum_waived", NIEM_FLAG),
	F("x:MultipleBillIndicator", "/multiple_bill", NIEM_FLAG),
	F("x:ReentryIndicator", "/reentry", NIEM_FLAG),
	F("x:SentenceStartDate/nc:Date", "/starts_on", NIEM_DATE),
	F("x:ProbationRequiredIndicator", "/probation_required", NIEM_FLAG),
	F("j:RegisteredSexualOffenderIndicator", "/sex_offender", NIEM_FLAG),
	F("x:SubstanceUseScreeningIndicator", "/substance_screening", NIEM_FLAG),
	F("x:MentalHealthScreeningIndicator", "/mental_health_screening", NIEM_FLAG),
	F("x:IntensiveIncarcerationIndicator", "/intensive_incarceration", NIEM_FLAG),
	F("x:WorkProgramIndicator", "/work_program", NIEM_FLAG),
	F("nc:CommentText", "/comment", NIEM_TEXT),
	NAMED("j:CourtClerk", "/clerk"),
	NAMED("j:CourtReporter", "/reporter"),
	G("j:CaseProsecutionAttorney", "/prosecutor", niem_rows_attorney),
	G("x:ProsecutionLocationAddress", "/prosecutor/address", niem_rows_location),
	G("j:CaseDefenseAttorney", "/defense", niem_rows_attorney),
	G("x:CaseDefenseAddress", "/defense/address", niem_rows_location),
	G("j:CaseJudge", "/judge", niem_rows_attorney),
	G("x:CaseJudgeAddress", "/judge/address", niem_rows_location),
	F("x:JudgeSignatureDate/nc:Date", "/signed_on", NIEM_DATE),
};
NIEM_ROWS(niem_rows_commitment, commitment_rows);

/* ---- dispositions ---- */

#define MORE "x:ChargeAugmentation/"
static const struct niem_row case_charge_rows[] = {
	G(MORE "x:InitialCharge", "/initial", niem_rows_charge),
	G(MORE "x:FinalCharge", "/final", niem_rows_charge),
	GR(".", "/initial", niem_rows_charge),
};
static NIEM_ROWS(case_charge, case_charge_rows);

#define CASE "nc:Case/j:CaseAugmentation/"
static const struct niem_row disposition_rows[] = {
	F("nc:DocumentIdentification" ID, "/document_no", NIEM_TEXT),
	REFER("j:Subject/nc:RoleOfPerson", "/person", "Person"),
	G("=nc:Person#Person | j:Subject/nc:RoleOfPerson | ?nc:Person", "/person", niem_rows_person),
	F("nc:Case/nc:CaseDocketID", "/case_no", NIEM_TEXT),
	F("nc:Case/nc:CaseTrackingID", "/tracking_no", NIEM_TEXT),
	G(CASE "j:CaseCharge", "/charges/-", case_charge),
	F(CASE "j:CaseCourt/nc:OrganizationLocation/nc:Address/x:CountyCode", "/county_code", NIEM_TEXT),
	G(CASE "j:CaseCourt", "/court", niem_rows_organization),
	F(CASE "j:CaseCourtEvent/nc:ActivityDate/nc:Date", "/event_on", NIEM_DATE),
	F(CASE "j:CaseCourtEvent/x:CourtEventAugmentation/x:FailedToAppearIndicator", "/failed_to_appear", NIEM_FLAG),
	G(CASE "j:CaseDefenseAttorney", "/defense", niem_rows_attorney),
	F(CASE "j:CaseHearing/nc:ActivityDate/nc:Date", "/heard_on", NIEM_DATE),
	F(CASE "j:CaseTrial/x:CourtEventAugmentation/x:CourtTrialIndicator", "/trial", NIEM_FLAG),
	F("nc:Case/x:CaseAugmentation/x:FiscalYear", "/fiscal_year", NIEM_INT),
	F("nc:Case/x:CaseAugmentation/j:PresentenceInvestigation/x:PresentenceInvestigationIndicator", "/presentence_investigation", NIEM_FLAG),
	F("nc:Case/x:CaseAugmentation/x:OriginalChargeAmendedIndicator", "/amended", NIEM_FLAG),
	G("j:Arrest", "/arrests/-", niem_rows_arrest),
	F("nc:Incident/nc:ActivityIdentification" ID, "/incident_no", NIEM_TEXT),
	G("nc:Location/nc:Address", "/residence", niem_rows_location),
	F("x:SystemName", "/system", NIEM_TEXT),
	F("x:CommentText", "/note", NIEM_TEXT),
};
NIEM_ROWS(niem_rows_disposition, disposition_rows);

static const struct niem_row update_charge_rows[] = {G(".", "/final", niem_rows_charge)};
static NIEM_ROWS(update_charge, update_charge_rows);

#define UPDATE "x:NotifyingCourtDispositionUpdate/"
#define UPDATED UPDATE "x:CourtDispositionUpdate/"
static const struct niem_row update_rows[] = {
	F(UPDATE "x:NotifyingActivityReportingSystemNameText", "/system", NIEM_TEXT),
	F(UPDATED "x:CycleTrackingIdentification" ID, "/tracking_no", NIEM_TEXT),
	G(UPDATED "j:Charge", "/charges/-", update_charge),
	G(UPDATED "x:Sentence", "/charges/0/final/sentence", niem_rows_sentence),
	MUST(UPDATED "x:Disposition/nc:DispositionDate/nc:Date", "/charges/0/final/disposition_on", NIEM_DATE),
	F(UPDATED "x:Disposition/x:CourtActionCode", "/charges/0/final/disposition", NIEM_TEXT),
	F(UPDATED "x:Disposition/x:DispositionIdentification" ID, "/document_no", NIEM_TEXT),
	F(UPDATED "x:Disposition/x:DispositionDocketIdentification" ID, "/case_no", NIEM_TEXT),
	G(UPDATED "x:Disposition/x:DispositionCourtOrganization", "/court", niem_rows_organization),
	G(UPDATED "j:Charge/~nc:Person | ?a:Person", "/person", niem_rows_person),
};
NIEM_ROWS(niem_rows_disposition_update, update_rows);
/* clang-format on */
