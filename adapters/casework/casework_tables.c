#include "adapters/casework/casework_tables.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define REFERRAL_ID {"^/referral_number | ^/reference_number", "/referral_id", CASEWORK_NUMBER_OF, NULL}
#define PERSON                                                                                                                             \
	{"^/service_user_data/last_name | ^/service_user/last_name", "/person/name/family", CASEWORK_TEXT, NULL},                             \
	{"^/service_user_data/first_name | ^/service_user/first_name", "/person/name/given", CASEWORK_TEXT, NULL},                            \
	{"^/service_user_data/date_of_birth | ^/service_user/date_of_birth", "/person/dob", CASEWORK_DATE, NULL},                             \
	{"^/service_user_data/gender | ^/service_user/gender", "/person/sex", CASEWORK_KNOWN, "Male=M Female=F M=M F=F"},                     \
	{"^/service_user_data/doc_number | ^/service_user/doc_number", "/person/ids/doc_number", CASEWORK_TEXT, NULL},                        \
	{"^/service_user_data/sid | ^/service_user/sid", "/person/ids/sid", CASEWORK_NUMBER_OF, NULL}
/* The document knows persons of the authority by name only: the agency is the one whose adapter reads it. */
#define OFFICER                                                                                                                            \
	{"=@agency", "/officer/name", CASEWORK_TEXT, NULL}, {"=@ori", "/officer/ori", CASEWORK_TEXT, NULL}

static const struct casework_row referral_send[] = {
	REFERRAL_ID, PERSON,
	{"/service_category | /contract/service", "/service", CASEWORK_CODE,
	 "ACCOMMODATION=HOUSING HOUSING=HOUSING EMPLOYMENT=EMPLOYMENT EDUCATION=EDUCATION MH=MH SUD_OP=SUD_OP SUD_IOP=SUD_IOP SUD_RES=SUD_RES WM=WM "
	 "MOUD=MOUD SO_TX=SO_TX DV=DV RES_HALFWAY=RES_HALFWAY DAY_REPORT=DAY_REPORT"},
	{"/mandatory", "/mandatory", CASEWORK_FLAG, NULL},
	{"/legal_basis", "/legal_basis", CASEWORK_CODE,
	 "PAROLE_CONDITION=PAROLE_CONDITION PROBATION_CONDITION=PROBATION_CONDITION COURT_ORDER=COURT_ORDER VOLUNTARY=VOLUNTARY"},
	{"/referral_details/reason_for_referral | /referral_details/reason_for_referral_before_allocation", "/reason", CASEWORK_TEXT, NULL},
	{"/desired_outcomes/*", "/desired_outcomes/*", CASEWORK_TEXT, NULL},
	OFFICER,
	{"/probation_practitioner_details/name", "/officer/officer", CASEWORK_TEXT, NULL},
	{"/probation_practitioner_details/probation_office", "/officer/unit", CASEWORK_TEXT, NULL},
	{"/service_provider_name", "/provider/name", CASEWORK_TEXT, NULL},
	{"/referal_location/type | /referral_location/type", "/location", CASEWORK_CODE, "CUSTODY=CUSTODY COMMUNITY=COMMUNITY"},
	{"/referal_location/expected_release_date | /referral_location/expected_release_date", "/expected_release", CASEWORK_DATE, NULL},
	{"/referal_location/expected_probation_office | /referral_location/expected_probation_office", "/expected_office", CASEWORK_TEXT, NULL},
	{"/interpreting_language", "/language", CASEWORK_TEXT, NULL},
	{"/needs_interpreter", "/needs_interpreter", CASEWORK_FLAG, NULL},
	{"/additional_needs_information", "/additional_needs", CASEWORK_TEXT, NULL},
	{"/accessibility_needs", "/accessibility", CASEWORK_TEXT, NULL},
	{"/when_unavailable", "/unavailable", CASEWORK_TEXT, NULL},
	{"/referral_details/completion_deadline", "/complete_by", CASEWORK_DATE, NULL},
	{"/relevant_sentence_end_date", "/supervision_end", CASEWORK_DATE, NULL},
	{"/referral_details/further_information", "/further_information", CASEWORK_TEXT, NULL},
	{"/has_additional_responsibilities", "/has_caring_duties", CASEWORK_FLAG, NULL},
	{"/supplementary_risk", "/risk", CASEWORK_TEXT, NULL},
	{"/referral_details/maximum_enforceable_days", "/max_days", CASEWORK_INT, NULL},
};

static const struct casework_row referral_withdraw[] = {
	REFERRAL_ID,
	{"/withdrawn_at | /concluded_at | /end_requested_at", "/withdrawn_at", CASEWORK_STAMP, NULL},
	{"/withdrawal_reason_code", "/reason", CASEWORK_KNOWN,
	 "EAR=MADE_IN_ERROR ERR=MADE_IN_ERROR ANR=NO_LONGER_NEEDED INE=OTHER MIS=MADE_IN_ERROR MOV=MOVED REC=RETURNED_TO_CUSTODY DIE=DECEASED "
	 "RETURNED_TO_CUSTODY=RETURNED_TO_CUSTODY MOVED=MOVED NO_LONGER_NEEDED=NO_LONGER_NEEDED REFERRED_ELSEWHERE=REFERRED_ELSEWHERE "
	 "CONDITION_REMOVED=CONDITION_REMOVED REFUSED_BY_PERSON=REFUSED_BY_PERSON MADE_IN_ERROR=MADE_IN_ERROR DECEASED=DECEASED"},
	{"=OTHER", "/reason", CASEWORK_TEXT, NULL}, /* the words for why are in the note */
	OFFICER,
	{"/withdrawal_comments", "/note", CASEWORK_TEXT, NULL},
};

/* A plan that has no number gets the case's and its place. Its approval carries the same. */
static const struct casework_row plan_submit[] = {
	REFERRAL_ID, PERSON,
	{"=@plan", "/plan_no", CASEWORK_NUMBER_OF, NULL},
	{"/submitted_at | /created_at", "/submitted_at", CASEWORK_STAMP, NULL},
	{"^/service_provider_name", "/program/name", CASEWORK_TEXT, NULL},
	{"^/desired_outcomes/*", "/goals/*/goal", CASEWORK_TEXT, NULL},
	{"/action_plan_activities/*/description", "/activities/*/text", CASEWORK_TEXT, NULL},
	{"/action_plan_activities/*/createdAt", "/activities/*/added_on", CASEWORK_DATE, NULL},
	{"/action_plan_activities/*/created_at", "/activities/*/added_on", CASEWORK_DATE, NULL},
	{"/number_of_sessions", "/sessions", CASEWORK_INT, NULL},
};

static const struct casework_row plan_approve[] = {
	REFERRAL_ID,
	{"=@plan", "/plan_no", CASEWORK_NUMBER_OF, NULL},
	{"=APPROVED", "/decision", CASEWORK_TEXT, NULL},
	{"/approved_at", "/decided_at", CASEWORK_STAMP, NULL},
	OFFICER,
	{"/approved_by", "/officer/officer", CASEWORK_TEXT, NULL},
};

static const struct casework_row attendance_report[] = {
	REFERRAL_ID, PERSON,
	{"/id", "/session_id", CASEWORK_TEXT, NULL},
	{"/appointment_time", "/at", CASEWORK_STAMP, NULL},
	{"/duration_minutes", "/minutes", CASEWORK_INT, NULL},
	{"/appointment_delivery_type/appointment_session_type", "/kind", CASEWORK_KNOWN, "ONE_TO_ONE=ONE_TO_ONE GROUP=GROUP"},
	{"/appointment_delivery_type/appointment_delivery_type", "/delivery", CASEWORK_KNOWN,
	 "PHONE_CALL=PHONE VIDEO_CALL=VIDEO IN_PERSON_MEETING_PROBATION_OFFICE=IN_PERSON_OFFICE IN_PERSON_MEETING_OTHER=IN_PERSON_OTHER"},
	{"/appointment_delivery_type/nps_office_name | /appointment_delivery_type/first_address_line", "/place/name", CASEWORK_TEXT, NULL},
	/* Who was late was there. */
	{"/late", "/attended", CASEWORK_KNOWN, "true=LATE"},
	{"/attended", "/attended", CASEWORK_CODE, "YES=YES NO=NO LATE=LATE"},
	{"/did_session_happen", "/took_place", CASEWORK_FLAG, NULL},
	{"/late_reason", "/late_reason", CASEWORK_TEXT, NULL},
	{"/no_session_reason_type", "/no_session/reason", CASEWORK_CODE,
	 "POP_ACCEPTABLE=PERSON_ACCEPTABLE POP_UNACCEPTABLE=PERSON_UNACCEPTABLE LOGISTICS=LOGISTICS"},
	{"/no_session_reason_pop_acceptable | /no_session_reason_pop_unacceptable | /no_session_reason_logistics | /no_attendance_information",
	 "/no_session/text", CASEWORK_TEXT, NULL},
	{"/session_behaviour | /attendance_behaviour", "/behavior_note", CASEWORK_TEXT, NULL},
	{"/session_summary", "/summary", CASEWORK_TEXT, NULL},
	{"/session_response", "/response", CASEWORK_TEXT, NULL},
	{"/session_concerns", "/concerns", CASEWORK_TEXT, NULL},
	{"/future_session_plan", "/next_plan", CASEWORK_TEXT, NULL},
	/* A flag that is not there was not raised. */
	{"/notifyppof_attendance_behaviour", "/notify_officer", CASEWORK_FLAG, NULL},
	{"=false", "/notify_officer", CASEWORK_FLAG, NULL},
	{"/session_feedback_submitted_at | /appointment_feedback_submitted_at | /attendance_submitted_at", "/submitted_at", CASEWORK_STAMP, NULL},
	{"/session_feedback_submitted_by | /appointment_feedback_submitted_by", "/submitted_by", CASEWORK_TEXT, NULL},
};

static const struct casework_row casenote_share[] = {
	PERSON,
	{"/sent_at", "/written_at", CASEWORK_STAMP, NULL},
	{"=@agency", "/author/name", CASEWORK_TEXT, NULL},
	{"=@ori", "/author/ori", CASEWORK_TEXT, NULL},
	{"/sent_by", "/author/officer", CASEWORK_TEXT, NULL},
	{"/subject", "/subject_line", CASEWORK_TEXT, NULL},
	{"/body", "/text", CASEWORK_TEXT, NULL},
	{"=SUPERVISION", "/scope/0", CASEWORK_TEXT, NULL}, /* whoever reads the case: those who supervise it */
};

/* A service that nobody asked to end ran to its end. */
static const struct casework_row discharge_report[] = {
	REFERRAL_ID, PERSON,
	{"/concluded_at | /end_of_service_report/submitted_at", "/discharged_on", CASEWORK_DATE, NULL},
	{"/end_requested_at", "/type", CASEWORK_THERE, "ADMINISTRATIVE"},
	{"=COMPLETED", "/type", CASEWORK_TEXT, NULL},
	{"/end_requested_at", "/reason", CASEWORK_THERE, "OTHER"},
	{"/end_of_service_report/end_of_service_outcomes/*/acheivement_level", "/reason", CASEWORK_ALL, "ACHIEVED=GOALS_MET"},
	{"=TIME_ENDED", "/reason", CASEWORK_TEXT, NULL},
	{"/service_provider_name", "/program/name", CASEWORK_TEXT, NULL},
	{"/end_of_service_report/end_of_service_outcomes/*/desired_outcome", "/goals/*/goal", CASEWORK_TEXT, NULL},
	{"/end_of_service_report/end_of_service_outcomes/*=Outcome @", "/goals/*/goal", CASEWORK_TEXT, NULL},
	{"/end_of_service_report/end_of_service_outcomes/*/acheivement_level", "/goals/*/outcome", CASEWORK_CODE,
	 "ACHIEVED=ACHIEVED PARTIALLY_ACHIEVED=PARTIALLY_ACHIEVED NOT_ACHIEVED=NOT_ACHIEVED"},
	{"/end_of_service_report/end_of_service_outcomes/*/achievement_level", "/goals/*/outcome", CASEWORK_CODE,
	 "ACHIEVED=ACHIEVED PARTIALLY_ACHIEVED=PARTIALLY_ACHIEVED NOT_ACHIEVED=NOT_ACHIEVED"},
	{"/end_of_service_report/end_of_service_outcomes/*/progression_comments", "/goals/*/progress", CASEWORK_TEXT, NULL},
	{"/end_of_service_report/end_of_service_outcomes/*/additional_task_comments", "/goals/*/further_work", CASEWORK_TEXT, NULL},
	{"/end_of_service_report/further_information", "/summary", CASEWORK_TEXT, NULL},
	{"/end_of_service_report/submitted_at", "/submitted_at", CASEWORK_STAMP, NULL},
	{"/end_of_service_report/submitted_by", "/submitted_by", CASEWORK_TEXT, NULL},
};

const struct casework_message casework_of_referral[] = {
	{"referral.send/1", "", "/referral_details", referral_send, COUNT(referral_send)},
	{"plan.submit/1", "/action_plans", NULL, plan_submit, COUNT(plan_submit)},
	{"plan.approve/1", "/action_plans", "/approved_by | /approved_at", plan_approve, COUNT(plan_approve)},
	{"attendance.report/1", "/appointment", "/attended | /did_session_happen", attendance_report, COUNT(attendance_report)},
	{"attendance.report/1", "/appointments", "/attended | /did_session_happen", attendance_report, COUNT(attendance_report)},
	{"casenote.share/1", "/case_notes", NULL, casenote_share, COUNT(casenote_share)},
	{"discharge.report/1", "", "/end_of_service_report", discharge_report, COUNT(discharge_report)},
	{"referral.withdraw/1", "", "/withdrawal_reason_code | /withdrawal_comments", referral_withdraw, COUNT(referral_withdraw)},
};
const size_t casework_of_referral_count = COUNT(casework_of_referral);

/* What the list of conditions calls its categories, written without spaces. */
#define CATEGORIES                                                                                                                         \
	"Residenceataspecificplace=RESIDENCE Restrictionofresidency=RESIDENCE Freedomofmovement=MOVEMENT FreedomOfMovement=MOVEMENT "          \
	"Curfewarrangement=CURFEW Disclosureofinformation=DISCLOSURE Drug,alcoholandsolventabuse=DRUG_ALCOHOL "                                \
	"Electronicmonitoring=ELECTRONIC_MONITORING Makingormaintainingcontactwithaperson=NO_CONTACT Associates=NO_CONTACT "                   \
	"Polygraph=POLYGRAPH Restrictionofspecifiedconductorspecifiedacts=CONDUCT "                                                            \
	"Possession,ownership,controlorinspectionofspecifieditemsordocuments=POSSESSION Terroristpersonalsearch=SEARCH "                       \
	"Participationin,orco-operationwith,aprogrammeorsetofactivities=PROGRAM "                                                              \
	"Supervisioninthecommunitybythesupervisingofficer,orotherresponsibleofficer,ororganisation=SUPERVISION"
#define CONDITION(from, to, id, kind)                                                                                                      \
	{from "=" id, to "/id", CASEWORK_TEXT, NULL}, {from "/text", to "/text", CASEWORK_TEXT, NULL},                                              \
	{from "/category", to "/category", CASEWORK_KNOWN, CATEGORIES}, {from "=OTHER", to "/category", CASEWORK_TEXT, NULL},                      \
	{from "=true", to "/mandatory", CASEWORK_FLAG, NULL}, {from "=" kind, to "/kind", CASEWORK_TEXT, NULL},                                          \
	{from "/code", to "/code", CASEWORK_TEXT, NULL}, {from "/tpl", to "/template", CASEWORK_TEXT, NULL}

/* A licence is no authorization: it says which conditions hold, once it has been approved. */
static const struct casework_row conditions_change[] = {
	{"/surname | /lastName", "/person/name/family", CASEWORK_TEXT, NULL},
	{"/forename | /firstName", "/person/name/given", CASEWORK_TEXT, NULL},
	{"/dateOfBirth", "/person/dob", CASEWORK_DATE, NULL},
	{"/docNumber", "/person/ids/doc_number", CASEWORK_TEXT, NULL},
	{"/prisonNumber", "/person/other_ids/0/kind", CASEWORK_THERE, "prison_number"},
	{"/prisonNumber", "/person/other_ids/0/id", CASEWORK_TEXT, NULL},
	{"/licenceStartDate", "/effective_on", CASEWORK_DATE, NULL},
	{"/id", "/authority_ref", CASEWORK_TEXT, NULL},
	{"/approvedByName | /approvedByUsername", "/decided_by/name", CASEWORK_TEXT, NULL},
	{"/approvedByTitle", "/decided_by/title", CASEWORK_TEXT, NULL},
	{"/approvedDateTime", "/decided_by/title", CASEWORK_THERE, "Approver"},
	{"=Licence", "/reason", CASEWORK_TEXT, NULL},
	CONDITION("/conditions/AP/standard/*", "/add/*", "S-@", "STANDARD"),
	CONDITION("/conditions/AP/additional/*", "/add/5000*", "A-@", "ADDITIONAL"),
	CONDITION("/conditions/AP/bespoke/*", "/add/7000*", "B-@", "BESPOKE"),
};

const struct casework_message casework_of_licence[] = {
	{"board.conditions_change/1", "", NULL, conditions_change, COUNT(conditions_change)},
};
const size_t casework_of_licence_count = COUNT(casework_of_licence);
