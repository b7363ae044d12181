#include "adapters/niem/niem_words.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* clang-format off */
static const struct {
	const char *field, *word, *code;
} words[] = {
	{"sex", "Male", "M"},
	{"sex", "Female", "F"},
	{"sex", "Unknown", "U"},
	{"race", "White", "W"},
	{"race", "Caucasian", "W"},
	{"race", "Black", "B"},
	{"race", "African American", "B"},
	{"race", "Black or African American", "B"},
	{"race", "Asian", "A"},
	{"race", "Asian or Pacific Islander", "A"},
	{"race", "Unknown", "U"},
	{"race", "American Indian", "I"},
	{"race", "American Indian or Alaska Native", "I"},
	{"race", "Native American", "I"},
	{"ethnicity", "Hispanic", "H"},
	{"ethnicity", "Hispanic or Latino", "H"},
	{"ethnicity", "Non-Hispanic", "N"},
	{"ethnicity", "Not Hispanic", "N"},
	{"ethnicity", "Not Hispanic or Latino", "N"},
	{"ethnicity", "Unknown", "U"},
	{"eyes", "Black", "BLK"},
	{"eyes", "Blue", "BLU"},
	{"eyes", "Brown", "BRO"},
	{"eyes", "BRN", "BRO"},
	{"eyes", "Green", "GRN"},
	{"eyes", "Gray", "GRY"},
	{"eyes", "Grey", "GRY"},
	{"eyes", "Hazel", "HAZ"},
	{"eyes", "Maroon", "MAR"},
	{"eyes", "Multicolored", "MUL"},
	{"eyes", "Pink", "PNK"},
	{"eyes", "Unknown", "XXX"},
	{"hair", "Black", "BLK"},
	{"hair", "Blond", "BLN"},
	{"hair", "Blonde", "BLN"},
	{"hair", "BLD", "BLN"},
	{"hair", "Blue", "BLU"},
	{"hair", "Brown", "BRO"},
	{"hair", "BRN", "BRO"},
	{"hair", "Green", "GRN"},
	{"hair", "Gray", "GRY"},
	{"hair", "Grey", "GRY"},
	{"hair", "Orange", "ONG"},
	{"hair", "Pink", "PNK"},
	{"hair", "Purple", "PLE"},
	{"hair", "Red", "RED"},
	{"hair", "Auburn", "RED"},
	{"hair", "Sandy", "SDY"},
	{"hair", "White", "WHI"},
	{"hair", "Unknown", "XXX"},
	{"hair", "Bald", "XXX"},
	{"hair", "BAL", "XXX"},
	{"skin", "Albino", "ALB"},
	{"skin", "Black", "BLK"},
	{"skin", "Dark", "DRK"},
	{"skin", "Fair", "FAR"},
	{"skin", "Light", "LGT"},
	{"skin", "Medium", "MED"},
	{"skin", "Olive", "OLV"},
	{"skin", "Ruddy", "RUD"},
	{"skin", "Sallow", "SAL"},
	{"skin", "Yellow", "YEL"},
	{"reason", "Parole", "PAROLE"},
	{"reason", "Paroled", "PAROLE"},
	{"reason", "PAROLE", "PAROLE"},
	{"reason", "Special parole", "SPECIAL_PAROLE"},
	{"reason", "SPECIAL_PAROLE", "SPECIAL_PAROLE"},
	{"reason", "Transitional supervision", "TRANSITIONAL_SUPERVISION"},
	{"reason", "TRANSITIONAL_SUPERVISION", "TRANSITIONAL_SUPERVISION"},
	{"reason", "Halfway house", "HALFWAY_HOUSE"},
	{"reason", "HALFWAY_HOUSE", "HALFWAY_HOUSE"},
	{"reason", "End of sentence", "END_OF_SENTENCE"},
	{"reason", "Time served", "END_OF_SENTENCE"},
	{"reason", "Sentence served", "END_OF_SENTENCE"},
	{"reason", "Expiration of sentence", "END_OF_SENTENCE"},
	{"reason", "END_OF_SENTENCE", "END_OF_SENTENCE"},
	{"reason", "Bond", "BOND"},
	{"reason", "Bonded", "BOND"},
	{"reason", "Bail", "BOND"},
	{"reason", "Bond posted", "BOND"},
	{"reason", "Bail posted", "BOND"},
	{"reason", "Court order", "COURT_ORDER"},
	{"reason", "Court ordered", "COURT_ORDER"},
	{"reason", "Released by court", "COURT_ORDER"},
	{"reason", "ROR", "COURT_ORDER"},
	{"reason", "Own recognizance", "COURT_ORDER"},
	{"reason", "Released on own recognizance", "COURT_ORDER"},
	{"reason", "COURT_ORDER", "COURT_ORDER"},
	{"reason", "Other", "OTHER"},
	{"closed", "Completed", "COMPLETED"},
	{"closed", "Completed early", "COMPLETED_EARLY"},
	{"closed", "Early termination", "COMPLETED_EARLY"},
	{"closed", "COMPLETED_EARLY", "COMPLETED_EARLY"},
	{"closed", "Expired", "EXPIRED"},
	{"closed", "Revoked", "REVOKED"},
	{"closed", "Transferred", "TRANSFERRED"},
	{"closed", "Absconded", "ABSCONDED"},
	{"closed", "Deceased", "DECEASED"},
	{"closed", "Dead", "DECEASED"},
	{"closed", "Other", "OTHER"},
	{"decision", "Consent granted", "GRANTED"},
	{"decision", "Granted", "GRANTED"},
	{"decision", "Consent denied", "DENIED"},
	{"decision", "Denied", "DENIED"},
	{"decision", "Refused", "DENIED"},
	{"decision", "Consent refused", "DENIED"},
	{"decision", "Consent revoked", "REVOKED"},
	{"decision", "Revoked", "REVOKED"},
	{"extradition", "01", "1"},
	{"extradition", "02", "2"},
	{"extradition", "03", "3"},
	{"extradition", "04", "4"},
	{"extradition", "05", "5"},
	{"extradition", "06", "6"},
	{"topics", "Arrest", "arrest"},
	{"topics", "NCIC-WARRANT", "warrant"},
	{"topics", "Warrant", "warrant"},
	{"topics", "Release", "release"},
	{"topics", "Custody release", "release"},
	{"topics", "Contact", "contact"},
	{"topics", "Police contact", "contact"},
	{"class", "Felony", "FU"},
	{"class", "Misdemeanor", "MU"},
	{"class", "Misdemeanour", "MU"},
	{"class", "Violation", "VIOL"},
};

static const struct {
	const char *name, *code;
} states[] = {
	{"Alabama", "AL"},
	{"Alaska", "AK"},
	{"Arizona", "AZ"},
	{"Arkansas", "AR"},
	{"California", "CA"},
	{"Colorado", "CO"},
	{"Connecticut", "CT"},
	{"Delaware", "DE"},
	{"District of Columbia", "DC"},
	{"Florida", "FL"},
	{"Georgia", "GA"},
	{"Hawaii", "HI"},
	{"Idaho", "ID"},
	{"Illinois", "IL"},
	{"Indiana", "IN"},
	{"Iowa", "IA"},
	{"Kansas", "KS"},
	{"Kentucky", "KY"},
	{"Louisiana", "LA"},
	{"Maine", "ME"},
	{"Maryland", "MD"},
	{"Massachusetts", "MA"},
	{"Michigan", "MI"},
	{"Minnesota", "MN"},
	{"Mississippi", "MS"},
	{"Missouri", "MO"},
	{"Montana", "MT"},
	{"Nebraska", "NE"},
	{"Nevada", "NV"},
	{"New Hampshire", "NH"},
	{"New Jersey", "NJ"},
	{"New Mexico", "NM"},
	{"New York", "NY"},
	{"North Carolina", "NC"},
	{"North Dakota", "ND"},
	{"Ohio", "OH"},
	{"Oklahoma", "OK"},
	{"Oregon", "OR"},
	{"Pennsylvania", "PA"},
	{"Rhode Island", "RI"},
	{"South Carolina", "SC"},
	{"South Dakota", "SD"},
	{"Tennessee", "TN"},
	{"Texas", "TX"},
	{"Utah", "UT"},
	{"Vermont", "VT"},
	{"Virginia", "VA"},
	{"Washington", "WA"},
	{"West Virginia", "WV"},
	{"Wisconsin", "WI"},
	{"Wyoming", "WY"},
	{"Puerto Rico", "PR"},
};
/* clang-format on */

static void capitals(struct bytes word, char into[static NIEM_CODE_MAX])
{
	size_t len = word.len < NIEM_CODE_MAX - 1 ? word.len : NIEM_CODE_MAX - 1;
	for (size_t i = 0; i < len; i++)
		into[i] = (char)(word.at[i] >= 'a' && word.at[i] <= 'z' ? word.at[i] - 32 : word.at[i] == ' ' ? '_' : word.at[i]);
	into[len] = 0;
}

bool niem_words_code(const char *field, struct bytes word, char into[static NIEM_CODE_MAX])
{
	for (size_t i = 0; i < COUNT(words); i++) {
		bool is_said = text_equal_nocase(bytes_text(words[i].word), word) || bytes_is(word, words[i].code);
		if (strcmp(words[i].field, field) != 0 || !is_said)
			continue;
		snprintf(into, NIEM_CODE_MAX, "%s", words[i].code);
		return true;
	}
	capitals(word, into);
	return false;
}

bool niem_words_state(struct bytes word, char into[static NIEM_CODE_MAX])
{
	for (size_t i = 0; i < COUNT(states); i++)
		if (text_equal_nocase(bytes_text(states[i].name), word)) {
			snprintf(into, NIEM_CODE_MAX, "%s", states[i].code);
			return true;
		}
	capitals(word, into);
	return word.len == 2;
}
