#include "adapters/niem/niem_tables.h"

/* clang-format off */
static const struct niem_row name_rows[] = {
	F("nc:PersonGivenName", "/given", NIEM_TEXT),
	F("nc:PersonMiddleName", "/middle", NIEM_TEXT),
	F("nc:PersonSurName", "/family", NIEM_TEXT),
	F("nc:PersonNameSuffixText", "/suffix", NIEM_TEXT),
};
NIEM_ROWS(niem_rows_name, name_rows);

static const struct niem_row other_id_rows[] = {
	F("nc:IdentificationCategoryText | nc:IdentificationSourceText", "/kind", NIEM_TEXT),
	F("nc:IdentificationID", "/id", NIEM_TEXT),
	DEFAULT("/kind", "other"),
};
static const struct niem_row more_sid_rows[] = {F("nc:IdentificationID", "/id", NIEM_TEXT), ALWAYS("/kind", "sid")};
static const struct niem_row persistent_rows[] = {F("nc:IdentificationID", "/id", NIEM_TEXT), ALWAYS("/kind", "persistent")};
static const struct niem_row tracking_rows[] = {F("nc:IdentificationID", "/id", NIEM_TEXT), ALWAYS("/kind", "tracking")};
static NIEM_ROWS(other_ids, other_id_rows);
static NIEM_ROWS(more_sids, more_sid_rows);
static NIEM_ROWS(persistent, persistent_rows);
static NIEM_ROWS(tracking, tracking_rows);

#define LICENSE "j:PersonAugmentation/j:DriverLicense/j:DriverLicenseIdentification/"
#define BORN "nc:PersonBirthLocation/"
static const struct niem_row person_rows[] = {
	MUST("nc:PersonBirthDate/nc:Date | nc:PersonBirthDate/nc:DateTime", "/dob", NIEM_DATE),
	F(BORN "nc:Address/nc:AddressState/nc:StateCode | j:PersonAugmentation/j:PersonBirthplaceCode | x:PersonBirthPlaceCode | "
	  BORN "nc:Address/nc:LocationStateUSPostalServiceCode | " BORN "nc:LocationCategoryText", "/birthplace", NIEM_UPPER),
	F("nc:PersonCitizenshipText | nc:PersonCitizenshipISO3166Alpha2Code", "/citizenship", NIEM_UPPER),
	MUST("j:PersonEthnicityCode", "/ethnicity", NIEM_WORD),
	F("nc:PersonEthnicityText", "/ethnicity", NIEM_WORD),
	F("x:PersonEthnicityCode", "/ethnicity", NIEM_KNOWN),
	MUST("j:PersonEyeColorCode", "/eyes", NIEM_WORD),
	F("nc:PersonEyeColorText", "/eyes", NIEM_WORD),
	MUST("j:PersonHairColorCode", "/hair", NIEM_WORD),
	F("nc:PersonHairColorText", "/hair", NIEM_WORD),
	F("nc:PersonHeightMeasure", "/height", NIEM_HEIGHT),
	G("nc:PersonName", "/name", niem_rows_name),
	G("nc:PersonAlternateName | ~nc:Identity/nc:IdentityPersonRepresentation/nc:PersonName | ~nc:Identity/nc:IdentityCharacteristics/nc:PersonName",
	  "/aliases/-", niem_rows_name),
	F("nc:PersonPhysicalFeature/nc:PhysicalFeatureCategoryText | nc:PersonPhysicalFeature/j:PhysicalFeatureCategoryCode | "
	  "nc:PersonPhysicalFeature/nc:PhysicalFeatureDescriptionText", "/marks/-", NIEM_TEXT),
	MUST("j:PersonRaceCode", "/race", NIEM_WORD),
	F("nc:PersonRaceText", "/race", NIEM_WORD),
	F("x:PersonRaceCode", "/race", NIEM_KNOWN),
	MUST("j:PersonSexCode", "/sex", NIEM_WORD),
	F("nc:PersonSexText", "/sex", NIEM_WORD),
	F("x:PersonSexCode", "/sex", NIEM_KNOWN),
	MUST("j:PersonSkinToneCode", "/skin", NIEM_WORD),
	F("nc:PersonSkinToneText", "/skin", NIEM_WORD),
	ELSE("nc:PersonSSNIdentification" ID, "/ids/ssn", NIEM_ID_DIGITS, "ssn"),
	F("nc:PersonWeightMeasure", "/weight", NIEM_WEIGHT),
	ELSE(LICENSE "nc:IdentificationID", "/ids/oln", NIEM_ID, "oln"),
	F(LICENSE "nc:IdentificationJurisdiction/nc:JurisdictionText | " LICENSE "nc:IdentificationJurisdiction/nc:StateCode | "
	  LICENSE "nc:IdentificationJurisdiction/j:JurisdictionNCICLISCode | " LICENSE "nc:IdentificationJurisdiction/nc:LocationStateUSPostalServiceCode | "
	  LICENSE "j:IdentificationJurisdictionUSPostalServiceCode | " LICENSE "nc:IdentificationSourceText", "/ids/ols", NIEM_STATE),
	F("j:PersonAugmentation/j:DriverLicense/j:DriverLicenseExpirationDate/nc:Date | j:PersonAugmentation/j:DriverLicense/j:DriverLicenseExpirationDate/nc:Year",
	  "/license_year", NIEM_YEAR),
	ELSE("j:PersonAugmentation/j:PersonFBIIdentification" ID, "/ids/ucn", NIEM_ID, "ucn"),
	ELSE("j:PersonAugmentation/j:PersonStateFingerprintIdentification" ID " | nc:PersonStateIdentification" ID, "/ids/sid", NIEM_ID, "sid"),
	GR("j:PersonAugmentation/j:PersonStateFingerprintIdentification | nc:PersonStateIdentification", "/other_ids/-", more_sids),
	ELSE("x:PersonCorrectionsIdentification" ID, "/ids/doc_number", NIEM_ID, "corrections"),
	F("x:PersonMiscellaneousRecordIdentification" ID, "/misc_numbers/-", NIEM_UPPER),
	GR("x:PersonPersistentIdentification", "/other_ids/-", persistent),
	GR("x:PersonTrackingIdentification", "/other_ids/-", tracking),
	G("nc:PersonOtherIdentification", "/other_ids/-", other_ids),
};
NIEM_ROWS(niem_rows_person, person_rows);

static const struct niem_row location_rows[] = {
	F("nc:AddressFullText", "/text", NIEM_TEXT),
	F("nc:AddressSecondaryUnitText", "/unit", NIEM_TEXT),
	F("nc:AddressStreet | nc:LocationStreet", "/street", NIEM_STREET),
	F("nc:AddressCityName | nc:LocationCityName", "/town", NIEM_TEXT),
	F("nc:LocationCountyName | nc:AddressCountyName | nc:AddressCounty", "/county", NIEM_TEXT),
	F("nc:AddressState/nc:StateCode | nc:AddressState/nc:StateUSPostalServiceCode | nc:AddressState/nc:StateName | nc:LocationStateUSPostalServiceCode | "
	  "nc:LocationStateName | nc:LocationStateNCICRESCode | nc:LocationStateNCICLSTACode | nc:LocationStateNCICLISCode | "
	  "nc:LocationStateFIPS5-2AlphaCode | nc:LocationState/nc:StateName", "/state", NIEM_STATE),
	F("nc:AddressPostalCode | nc:LocationPostalCode", "/zip", NIEM_TEXT),
};
NIEM_ROWS(niem_rows_location, location_rows);

#define PHONE "nc:ContactTelephoneNumber/nc:FullTelephoneNumber/nc:TelephoneNumberFullID"
static const struct niem_row organization_rows[] = {
	F("nc:OrganizationBranchName | nc:OrganizationUnitName | nc:OrganizationSubUnit/nc:OrganizationName | nc:OrganizationSubUnitName", "/unit", NIEM_TEXT),
	F("nc:OrganizationIdentification" ID, "/code", NIEM_TEXT),
	F("nc:OrganizationName | j:CourtName", "/name", NIEM_TEXT),
	F("nc:OrganizationPrimaryContactInformation/nc:ContactEmailID | ~nc:ContactInformation/nc:ContactEmailID", "/email", NIEM_TEXT),
	F("nc:OrganizationPrimaryContactInformation/" PHONE " | ~nc:ContactInformation/" PHONE, "/phone", NIEM_TEXT),
	ELSE(ORI " | j:OrganizationORIIdentification" ID, "/ori", NIEM_UPPER, "/code"),
};
NIEM_ROWS(niem_rows_organization, organization_rows);

static const struct niem_row agency_rows[] = {
	F("nc:OrganizationUnitName", "/unit", NIEM_TEXT),
	F("nc:OrganizationName", "/name", NIEM_TEXT),
	F("nc:OrganizationPrimaryContactInformation/nc:ContactResponder/nc:PersonName", "/officer", NIEM_FULL_NAME),
	F("nc:OrganizationPrimaryContactInformation/" PHONE, "/phone", NIEM_TEXT),
	F(ORI, "/ori", NIEM_UPPER),
	COPY("/name", "/ori"),
};
NIEM_ROWS(niem_rows_agency, agency_rows);

#define BADGE "Enforcement Official Badge ID"
static const struct niem_row officer_rows[] = {
	F("nc:PersonName | .", "/name", NIEM_FULL_NAME),
	F("nc:PersonOtherIdentification[nc:IdentificationCategoryText=" BADGE "]/nc:IdentificationID", "/badge", NIEM_TEXT),
	F("x:OfficialCategoryText", "/category", NIEM_TEXT),
	F("x:OfficialStatusText", "/status", NIEM_TEXT),
	F("x:OfficialEmailID | ~nc:ContactInformation/nc:ContactEmailID", "/email", NIEM_TEXT),
	F("x:OfficialTelephoneNumberID | ~nc:ContactInformation/" PHONE, "/phone", NIEM_TEXT),
};
NIEM_ROWS(niem_rows_officer, officer_rows);

static const struct niem_row attorney_rows[] = {
	F("nc:RoleOfPerson/nc:PersonName", "/name", NIEM_FULL_NAME),
	F("x:CaseOfficialAugmentation/x:AttorneyCatCode", "/category", NIEM_TEXT),
};
NIEM_ROWS(niem_rows_attorney, attorney_rows);

#define ACTION "j:SentenceCondition/nc:ConditionDisciplinaryAction/"
static const struct niem_row sentence_rows[] = {
	MUST("nc:ActivityDate/nc:Date | nc:ActivityDate/nc:DateTime", "/imposed_on", NIEM_DATE),
	F("j:SentenceConfinementCreditIndicator", "/credit", NIEM_FLAG),
	F("j:SentenceCondition/nc:ActivityDescriptionText", "/condition", NIEM_TEXT),
	F(ACTION "nc:DisciplinaryActionFee/nc:ObligationDueAmount/nc:Amount | " ACTION "nc:DisciplinaryActionFee/nc:ObligationDueAmount", "/fee", NIEM_NUMBER),
	F(ACTION "nc:DisciplinaryActionRestitution/nc:ObligationDueAmount/nc:Amount | " ACTION "nc:DisciplinaryActionRestitution/nc:ObligationDueAmount",
	  "/restitution", NIEM_NUMBER),
	F("j:SentenceDeferredTerm/j:TermDuration", "/deferred", NIEM_TEXT),
	F("j:SentenceDescriptionText", "/description", NIEM_TEXT),
	F("j:SentenceGroupingText", "/grouping", NIEM_TEXT),
	F("j:SentenceImposedText", "/text", NIEM_TEXT),
	F("j:SentenceTerm/j:TermDuration", "/duration", NIEM_TEXT),
	F("j:SentenceTerm/j:TermLifeIndicator", "/life", NIEM_FLAG),
	F("j:SentenceTerm/j:TermMaximumDuration", "/maximum", NIEM_TEXT),
	F("j:SentenceTerm/j:TermMinimumDuration", "/minimum", NIEM_TEXT),
	F("x:SentenceAugmentation/x:SentenceCode", "/code", NIEM_TEXT),
	G("x:SentenceCourtOrganization", "/court", niem_rows_organization),
	F("x:SentenceDocketIdentification" ID, "/docket", NIEM_TEXT),
	F("x:SentenceTermCategoryCode", "/category", NIEM_TEXT),
};
NIEM_ROWS(niem_rows_sentence, sentence_rows);

static const struct niem_row charge_rows[] = {
	F("j:ChargeApplicabilityText", "/modifier", NIEM_TEXT),
	F("j:ChargeCategoryDescriptionText", "/category", NIEM_TEXT),
	F("j:ChargeCountQuantity", "/count", NIEM_INT),
	F("j:ChargeDescriptionText", "/text", NIEM_TEXT),
	MUST("j:ChargeDisposition/nc:DispositionDate/nc:Date", "/disposition_on", NIEM_DATE),
	F("j:ChargeDisposition/nc:DispositionText | j:ChargeDisposition/j:ChargeDispositionOtherText", "/disposition", NIEM_TEXT),
	F("j:ChargeDisposition/x:ChargeDispositionAugmentation/x:CourtDispositionCode", "/disposition_code", NIEM_TEXT),
	F("j:ChargeHighestIndicator", "/highest", NIEM_FLAG),
	F("j:ChargeNCICText | j:ChargeNCICCode", "/offense_code", NIEM_TEXT),
	MUST("j:ChargePlea/nc:ActivityDate/nc:Date", "/plea_on", NIEM_DATE),
	F("j:ChargePlea/x:PleaAugmentation/x:OriginalPleaCode | j:ChargePlea/x:PleaAugmentation/x:PleaChangeCode | j:ChargePlea/j:PleaCategoryText | "
	  "j:ChargePlea/j:PleaCategoryCode", "/plea", NIEM_TEXT),
	G("j:ChargeSentence", "/sentence", niem_rows_sentence),
	F("j:ChargeSequenceID", "/sequence", NIEM_TEXT),
	F("j:ChargeSeverityText | j:ChargeSeverityDescriptionText | j:ChargeSeverityLevelCode", "/severity", NIEM_TEXT),
	F("j:ChargeStatute/j:StatuteCodeIdentification" ID, "/statute_code", NIEM_TEXT),
	F("j:ChargeStatute/j:StatuteCodeSectionIdentification" ID " | j:ChargeText", "/statute", NIEM_TEXT),
	F("j:ChargeTrackingIdentification" ID " | j:ChargeIdentification" ID, "/tracking_no", NIEM_TEXT),
	F("x:ChargeDocketID", "/docket", NIEM_TEXT),
	F("x:ChargeJurisdictionCourt/j:CourtName", "/court", NIEM_TEXT),
	F("x:HoldForAgency/nc:OrganizationName", "/hold_for", NIEM_TEXT),
	F("x:ChargeOffense/nc:ActivityDate | ~j:Offense/nc:ActivityDate", "/offense_", NIEM_WHEN),
	F("x:ChargeOffense/nc:ActivityDescriptionText | ~j:Offense/nc:ActivityDescriptionText", "/offense", NIEM_TEXT),
	F("x:ChargeOffense/j:OffenseCategoryText | ~j:Offense/j:OffenseCategoryText", "/offense_category", NIEM_TEXT),
};
NIEM_ROWS(niem_rows_charge, charge_rows);

static const struct niem_row bond_rows[] = {
	F("nc:ActivityIdentification" ID, "/bond_no", NIEM_TEXT),
	F("nc:ActivityCategoryText", "/type", NIEM_TEXT),
	F("nc:ActivityStatus/nc:StatusDescriptionText", "/status", NIEM_TEXT),
	F("j:BailBondAmount/nc:Amount | j:BailBondAmount", "/amount", NIEM_NUMBER),
	F("j:BailBondIssuerEntity/nc:EntityOrganization/nc:OrganizationName", "/issuer", NIEM_TEXT),
	F("x:BailBondRemainingAmount/nc:Amount", "/remaining", NIEM_NUMBER),
};
NIEM_ROWS(niem_rows_bond, bond_rows);

static const struct niem_row arrest_rows[] = {
	F("nc:ActivityIdentification" ID, "/arrest_no", NIEM_TEXT),
	F("nc:ActivityCategoryText", "/category", NIEM_TEXT),
	MUST("nc:ActivityDate", "/", NIEM_WHEN),
	G("j:ArrestAgency", "/agency", niem_rows_organization),
	G("j:ArrestCharge", "/charges/-", niem_rows_charge),
	G("j:ArrestLocation/nc:Address | j:ArrestLocation/nc:LocationAddress/nc:StructuredAddress", "/location", niem_rows_location),
	F("j:ArrestOfficial/nc:RoleOfPerson/nc:PersonName", "/official", NIEM_FULL_NAME),
};
NIEM_ROWS(niem_rows_arrest, arrest_rows);

#define REGISTRATION(path) "x:VehicleRegistration/" path " | ~j:ItemRegistration/" path
static const struct niem_row vehicle_rows[] = {
	F(".", "/color", NIEM_COLOR),
	F("nc:ItemMakeName | nc:VehicleMakeCode", "/make", NIEM_UPPER),
	F("nc:ItemModelName | nc:VehicleModelCode", "/model", NIEM_UPPER),
	F("nc:ItemModelYearDate", "/year", NIEM_INT),
	F("nc:ItemStyleText | nc:VehicleStyleCode", "/style", NIEM_UPPER),
	F("nc:VehicleIdentification" ID, "/vin", NIEM_SQUEEZE),
	F(REGISTRATION("j:RegistrationExpirationDate/nc:YearMonthDate") " | " REGISTRATION("j:RegistrationExpirationDate/nc:YearDate"), "/plate_year", NIEM_YEAR),
	F(REGISTRATION("j:JurisdictionNCICLISCode"), "/plate_state", NIEM_STATE),
	F(REGISTRATION("j:ConveyanceRegistrationPlateIdentification" ID), "/plate", NIEM_SQUEEZE),
	F(REGISTRATION("j:ConveyanceRegistrationPlateCategoryText") " | " REGISTRATION("j:ConveyanceRegistrationPlateCategoryCode"), "/plate_type", NIEM_UPPER),
};
NIEM_ROWS(niem_rows_vehicle, vehicle_rows);
/* clang-format on */
