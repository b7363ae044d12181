#include "adapters/niem/niem_tables.h"

/* clang-format off */
#define W "j:Warrant/"
#define ENFORCING W "j:CourtOrderEnforcementAgency/"
#define MORE W "x:WarrantAugmentation/"
#define CHARGE "nc:Case/j:CaseAugmentation/j:CaseCharge/"
#define SUBJECT W "j:CourtOrderDesignatedSubject/"
#define PERSON "=nc:Person#Person | " SUBJECT "nc:RoleOfPerson | ?nc:Person"
#define OCA ENFORCING "x:AgencyRecordIdentification" ID
#define REPOSITORY F(MORE "x:StateWarrantRepositoryIdentification" ID " | " ENFORCING "x:WarrantAugmentation/x:StateWarrantRepositoryIdentification" ID, "/repository_id", NIEM_TEXT)
#define NIC F(MORE "x:NCICIdentification" ID, "/nic", NIEM_UPPER)
/* A warrant without a number of its own goes by the number of the agency's case. */
#define NUMBER {W "nc:ActivityIdentification" ID " | " OCA, "/warrant_no", NIEM_UPPER, NIEM_ALSO, NULL, NULL}
#define REQUESTED F(W "j:CourtOrderRequestEntity/nc:EntityPerson/x:PersonEmployeeIdentification" ID, "/requested_by", NIEM_TEXT)
#define REFERRED(person) REFER(SUBJECT "nc:RoleOfPerson", person, "Person")
#define CAUTIONS(pointer) F("nc:Person#Person/x:PersonCautionCodeText | " SUBJECT "nc:RoleOfPerson/x:PersonCautionCodeText", pointer "/-", NIEM_TEXT)
#define ADDRESS "nc:ContactInformation/nc:ContactMailingAddress | nc:Location/nc:Address"

/* Of what is issued and of what is changed. */
#define ENTRY(at) \
	F("nc:Case/nc:CaseDocketID", at "/case_no", NIEM_TEXT), \
	F("nc:Case/x:CourtDocketID", at "/docket", NIEM_TEXT), \
	F("nc:Case/x:CriminalTrackingNumber | nc:Case/nc:ActivityIdentification" ID, at "/tracking_no", NIEM_TEXT), \
	F(CHARGE "x:GeneralOffenseCharacterDescriptionText", at "/general_offense", NIEM_TEXT), \
	F(CHARGE "j:ChargeDescriptionText", at "/offense/text", NIEM_TEXT), \
	F(CHARGE "x:ProsecutionChargeCodeText", at "/charge_code", NIEM_TEXT), \
	ELSE(CHARGE "x:ChargeCodeText", at "/offense/code", NIEM_TEXT, "^" at "/charge_code"), \
	F(CHARGE "x:OriginalOffenseCodeText", at "/offense/original_code", NIEM_TEXT)
#define ORDER(at) \
	F(W "j:CourtOrderIssuingCourt/" ORI, at "/court_ori", NIEM_UPPER), \
	MUST(W "j:CourtOrderIssuingDate/nc:Date", at "/warrant_date", NIEM_DATE), \
	F(W "j:CourtOrderIssuingOfficial/nc:RoleOfPerson/nc:PersonName", at "/authority/name", NIEM_FULL_NAME), \
	F(W "j:CourtOrderIssuingOfficial/x:OfficialTitleText", at "/authority/title", NIEM_TEXT), \
	F(W "j:WarrantAppearanceBail/j:BailSetAmount/nc:Amount | " W "j:WarrantAppearanceBail/j:BailSetAmount", at "/bail_amount", NIEM_NUMBER), \
	F(W "j:WarrantCategoryCode | " W "j:WarrantCategoryText", at "/category", NIEM_WORD), \
	MUST(MORE "nc:ExpirationDate/nc:Date", at "/expires_on", NIEM_DATE), \
	F(MORE "x:ExtraditionLimitCodeText", at "/extradition", NIEM_WORD), \
	F(MORE "x:SubjectPickupRadiusCodeText", at "/pickup_radius", NIEM_TEXT), \
	F(MORE "x:WarrantBroadcastCodeText", at "/broadcast", NIEM_TEXT), \
	F(MORE "x:TransactionControlNumberIdentification" ID, at "/transaction_no", NIEM_TEXT), \
	F(MORE "x:WarrantCommentText", at "/remarks", NIEM_TEXT), \
	F(MORE "x:WarrantEntryCategoryCodeText", at "/entry_category", NIEM_TEXT), \
	F(MORE "x:ConditionViolatedText", at "/conditions_violated/-", NIEM_TEXT), \
	F(MORE "x:NoBondIndicator", at "/no_bond", NIEM_FLAG), \
	F(MORE "x:DNAIndicator", at "/dna", NIEM_FLAG), \
	F(MORE "x:NotifyAlwaysIndicator", at "/notify_always", NIEM_FLAG)
#define WANTED(at) \
	ELSE(SUBJECT "j:SubjectCorrectionsIdentification" ID, at "/person/ids/doc_number", NIEM_ID, "corrections"), \
	G(PERSON, at "/person", niem_rows_person), \
	CAUTIONS(at "/cautions"), \
	G("nc:Vehicle", at "/vehicle", niem_rows_vehicle), \
	G(ADDRESS, at "/last_known", niem_rows_location)

static const struct niem_row warrant_rows[] = {
	G("x:IssuingAgency", "/issuer", niem_rows_agency),
	ENTRY(""),
	NUMBER,
	REFERRED("/person"),
	F(ENFORCING ORI, "/enforcing_ori", NIEM_UPPER),
	{OCA, "/oca", NIEM_UPPER, NIEM_ALSO, NULL, NULL},
	ORDER(""),
	REQUESTED,
	REPOSITORY,
	NIC,
	MUST(MORE "x:ValidationDate/nc:Date", "/validated_on", NIEM_DATE),
	F(MORE "x:WarrantStatusCode", "/status", NIEM_WORD),
	F(MORE "x:JuvenileIndicator", "/juvenile", NIEM_FLAG),
	F(MORE "x:TemporaryIndicator", "/temporary", NIEM_FLAG),
	F(MORE "x:AlertCode", "/alert", NIEM_WORD),
	F(MORE "x:WarrantFileCode", "/file", NIEM_TEXT),
	WANTED(""),
	DEFAULT("/cautions", "[]"),
};
NIEM_ROWS(niem_rows_warrant, warrant_rows);

static const struct niem_row accepted_rows[] = {
	G("x:AcceptingAgency", "/agency", niem_rows_agency),
	F("x:IssuingAgency/" ORI, "/issuer_ori", NIEM_UPPER),
	NUMBER,
	REFERRED("/person"),
	F(ENFORCING ORI, "/enforcing_ori", NIEM_UPPER),
	{OCA, "/oca", NIEM_UPPER, NIEM_ALSO, NULL, NULL},
	REQUESTED,
	REPOSITORY,
	NIC,
	F(MORE "x:WarrantEntryCategoryCodeText", "/entry_category", NIEM_TEXT),
	F(MORE "x:AcceptedDate/nc:DateTime", "/accepted_at", NIEM_STAMP),
	F(MORE "x:WarrantCommentText", "/note", NIEM_TEXT),
	G(PERSON, "/person", niem_rows_person),
	G("x:PersonName", "/person_name", niem_rows_name),
};
NIEM_ROWS(niem_rows_accepted, accepted_rows);

static const struct niem_row rejected_rows[] = {
	G("x:RejectingAgency", "/agency", niem_rows_agency),
	F("x:IssuingAgency/" ORI, "/issuer_ori", NIEM_UPPER),
	NUMBER,
	REFERRED("/person"),
	F(ENFORCING ORI, "/enforcing_ori", NIEM_UPPER),
	{OCA, "/oca", NIEM_UPPER, NIEM_ALSO, NULL, NULL},
	NIC,
	F(MORE "x:WarrantRejectionCode", "/reject_code", NIEM_WORD),
	F(MORE "x:WarrantRejectionFieldText", "/field", NIEM_TEXT),
	F(MORE "x:WarrantRejectionReasonText", "/reason", NIEM_TEXT),
	F(MORE "x:RejectedDate/nc:DateTime", "/rejected_at", NIEM_STAMP),
	G(PERSON, "/person", niem_rows_person),
	G("x:PersonName", "/person_name", niem_rows_name),
	DEFAULT("/reject_code", "OTHER"),
};
NIEM_ROWS(niem_rows_rejected, rejected_rows);

static const struct niem_row cancel_rows[] = {
	G("x:IssuingAgency", "/agency", niem_rows_agency),
	NUMBER,
	REFERRED("/person_name"),
	F(W "j:CourtOrderRecallDate/nc:Date", "/cancelled_on", NIEM_DATE),
	F(W "j:CourtOrderRecallReasonText", "/reason", NIEM_TEXT),
	REQUESTED,
	REPOSITORY,
	NIC,
	F(MORE "x:WarrantCommentText", "/note", NIEM_TEXT),
	F(MORE "x:WarrantFileCode", "/file", NIEM_TEXT),
	G("nc:Person#Person/nc:PersonName | " SUBJECT "nc:RoleOfPerson/nc:PersonName", "/person_name", niem_rows_name),
};
NIEM_ROWS(niem_rows_cancel, cancel_rows);

static const struct niem_row modify_rows[] = {
	G("x:IssuingAgency", "/agency", niem_rows_agency),
	ENTRY("/changes"),
	NUMBER,
	REFERRED("/changes/person"),
	{ENFORCING ORI, "/changes/enforcing_ori", NIEM_UPPER, 0, NULL, NULL},
	ORDER("/changes"),
	F(W "j:CourtOrderRequestEntity/nc:EntityPerson/x:PersonEmployeeIdentification" ID, "/changes/requested_by", NIEM_TEXT),
	REPOSITORY,
	NIC,
	MUST(MORE "x:ValidationDate/nc:Date", "/validated_on", NIEM_DATE),
	F(MORE "x:WarrantStatusCode", "/status", NIEM_WORD),
	F(MORE "x:ModifiedAgencyRecordIdentification" ID, "/changes/oca", NIEM_TEXT),
	F(MORE "x:DeletedFieldText", "/delete/-", NIEM_TEXT),
	F(MORE "x:WarrantFileCode", "/file", NIEM_TEXT),
	G("x:PersonName | nc:Person/nc:PersonName | " SUBJECT "nc:RoleOfPerson/nc:PersonName", "/person_name", niem_rows_name),
	WANTED("/changes"),
};
NIEM_ROWS(niem_rows_modify, modify_rows);

static const struct niem_row modify_result_rows[] = {
	G("x:AnsweringAgency", "/agency", niem_rows_agency),
	NUMBER,
	REFERRED("/person"),
	F(ENFORCING ORI, "/enforcing_ori", NIEM_UPPER),
	REPOSITORY,
	NIC,
	F(MORE "x:WarrantModificationAcceptedIndicator", "/accepted", NIEM_FLAG),
	F(MORE "x:ModifiedWarrantNumber" ID, "/modified_warrant_no", NIEM_TEXT),
	F(MORE "x:WarrantRejectionFieldText", "/field", NIEM_TEXT),
	F(MORE "x:WarrantRejectionReasonText", "/reason", NIEM_TEXT),
	F(MORE "x:AnsweredDate/nc:DateTime", "/at", NIEM_STAMP),
	G(PERSON, "/person", niem_rows_person),
	G("x:PersonName", "/person_name", niem_rows_name),
};
NIEM_ROWS(niem_rows_modify_result, modify_result_rows);

static const struct niem_row supplement_rows[] = {
	G("x:IssuingAgency", "/agency", niem_rows_agency),
	NUMBER,
	REPOSITORY,
	NIC,
	F(MORE "x:SupplementActionCode", "/action", NIEM_WORD),
	F(MORE "x:WarrantFileCode", "/file", NIEM_TEXT),
	G("nc:Person#Person/nc:PersonName | " SUBJECT "nc:RoleOfPerson/nc:PersonName", "/person_name", niem_rows_name),
	G(PERSON, "/items", niem_rows_person),
	CAUTIONS("/items/cautions"),
	G("nc:Vehicle", "/items/vehicle", niem_rows_vehicle),
	G(ADDRESS, "/items/address", niem_rows_location),
	DEFAULT("/action", "ADD"),
};
NIEM_ROWS(niem_rows_supplement, supplement_rows);

/* ---- what a register of warrants answers ---- */

static const struct niem_row hit_rows[] = {
	F("j:Case/nc:ActivityStatus/nc:StatusDescriptionText", "/register/case_status", NIEM_TEXT),
	F("j:Case/nc:CaseDocketID", "/register/case_no", NIEM_TEXT),
	F("x:eBWWarrantStatus", "/register/status", NIEM_TEXT),
	F("j:Bail/nc:ActivityStatus/nc:StatusDescriptionText", "/register/bail_status", NIEM_TEXT),
	F("j:Bail/j:BailSetAmount/nc:Amount | j:Bail/j:BailSetAmount", "/register/bail_amount", NIEM_NUMBER),
	F(W "nc:ActivityIdentification" ID, "/register/number", NIEM_TEXT),
	F(W "nc:ActivityStatus/nc:StatusDescriptionText", "/register/warrant_status", NIEM_TEXT),
	/* The person of the query is told once, for all that was found. */
	{W "j:CourtOrderDesignatedSubject/nc:RoleOfPerson | ^x:eBWResults/j:Person", "/person", NIEM_GROUP, NIEM_ALSO, NULL, &niem_rows_person},
	MUST(W "j:CourtOrderIssuingDate/nc:Date", "/register/issued_on", NIEM_DATE),
	F(W "j:CourtOrderJurisdiction/nc:JurisdictionText", "/register/jurisdiction", NIEM_TEXT),
	F(W "j:CourtOrderStatus/nc:StatusDescriptionText", "/register/order_status", NIEM_TEXT),
	F(W "j:WarrantLevelText", "/register/level", NIEM_TEXT),
};
static NIEM_ROWS(hit, hit_rows);

static const struct niem_row warrants_rows[] = {
	G("x:eBWResults/x:eBWResult", "/hits/-", hit),
	ALWAYS("/result", "HIT"),
};
NIEM_ROWS(niem_rows_warrants, warrants_rows);

#define DENIED(at) at "x:InformationAccessDenial/"
#define DENIAL(at) \
	F(DENIED(at) "x:InformationAccessDenyingSystemNameText", "/missing/-", NIEM_TEXT), \
	F(DENIED(at) "x:InformationAccessDenialReasonText", "/note", NIEM_TEXT), \
	{DENIED(at) "x:ResultText", "/result", NIEM_CONST, 0, "ACCESS_DENIED", NULL}
static const struct niem_row warrants_denied_rows[] = {DENIAL("x:eBWResults/x:QueryResultsMetadata/")};
NIEM_ROWS(niem_rows_warrants_denied, warrants_denied_rows);
static const struct niem_row search_denied_rows[] = {DENIAL("x:SearchResultsMetadata/")};
NIEM_ROWS(niem_rows_search_denied, search_denied_rows);

#define ERRORS "x:SearchResultsMetadata/x:SearchErrors/"
static const struct niem_row search_many_rows[] = {
	F(ERRORS "x:SystemName", "/missing/-", NIEM_TEXT),
	F(ERRORS "x:SearchResultsExceedThresholdError/x:SearchResultsRecordCount", "/found", NIEM_INT),
	F(ERRORS "x:ErrorText", "/note", NIEM_TEXT),
	{ERRORS "x:SearchResultsExceedThresholdError/x:ResultText", "/result", NIEM_CONST, 0, "TOO_MANY", NULL},
};
NIEM_ROWS(niem_rows_search_many, search_many_rows);

static const struct niem_row arrest_error_rows[] = {
	F(ERRORS "x:ErrorText | /x:SearchRequestError/x:ErrorText | x:eBWResults/x:QueryResultsMetadata/x:QueryRequestError/x:ErrorText", "/note", NIEM_TEXT),
	F(ERRORS "x:SystemName | /x:SearchRequestError/x:SystemName | x:eBWResults/x:QueryResultsMetadata/x:QueryRequestError/x:SystemName", "/missing/-", NIEM_TEXT),
	{ERRORS "x:ResultText", "/result", NIEM_CONST, 0, "ERROR", NULL},
};
NIEM_ROWS(niem_rows_arrest_error, arrest_error_rows);
/* clang-format on */
