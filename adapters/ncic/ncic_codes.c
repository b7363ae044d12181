#include "adapters/ncic/ncic_codes.h"

#include "adapters/ncic/ncic_tables.h"

#include <string.h>

/* Codes are parted by a bar; a code's words, where it has any, stand behind an equals sign. */
static const char *const lists[NCIC_CODES_COUNT] = {
	[NCIC_CODES_SEX] = "M|F|U",
	[NCIC_CODES_RACE] = "A|B|I|U|W",
	[NCIC_CODES_ETHNICITY] = "H|N|U",
	[NCIC_CODES_EYE] = "BLK|BLU|BRO|GRN|GRY|HAZ|MAR|MUL|PNK|XXX",
	[NCIC_CODES_HAIR] = "BLK|BLN|BLU|BRO|GRN|GRY|ONG|PLE|PNK|RED|SDY|WHI|XXX",
	[NCIC_CODES_SKIN] = "ALB|BLK|DBR|DRK|FAR|LBR|LGT|MBR|MED|OLV|RUD|SAL|YEL",
	[NCIC_CODES_STATE] =
	    "AK|AL|AR|AZ|CA|CO|CT|DC|DE|FL|GA|HI|IA|ID|IL|IN|KS|KY|LA|MA|MD|ME|MI|MN|MO|MS|MT|NB|NC|ND|NH|NJ|NM|NV|NY|OH|OK|"
	    "OR|PA|RI|SC|SD|TN|TX|UT|VA|VT|WA|WI|WV|WY|AM|BK|CG|GM|HO|JI|JR|KI|MH|MK|MW|PL|PR|VI|VL|WK",
	[NCIC_CODES_ABROAD] =
	    "AB|BC|MB|NF|NK|NS|NT|ON|PE|PQ|SN|XN|YT|AA|AD|AE|AF|AH|AI|AJ|AN|AO|AP|AQ|AS|AT|AU|AV|BB|BD|BE|BF|BG|BH|BI|BL|BM|"
	    "BN|BO|BP|BQ|BR|BS|BT|BU|BV|BW|BX|BY|BZ|CB|CC|CD|CF|CJ|CM|CP|CQ|CR|CS|CV|CW|CY|DB|DD|DG|DH|DI|DJ|DK|DM|DN|DR|EK|"
	    "EL|EN|EO|ER|ES|ET|EU|EY|EZ|FA|FD|FG|FJ|FN|FO|FP|FR|FS|GB|GC|GD|GE|GF|GG|GI|GJ|GK|GN|GO|GP|GS|GT|GY|GZ|HC|HD|HE|"
	    "HK|HN|HR|HS|HT|HU|IB|IC|IE|II|IM|IO|IQ|IR|IS|IT|IU|IY|JA|JE|JM|JN|JO|JU|KB|KC|KE|KH|KN|KO|KT|KU|KV|KZ|LB|LD|LE|"
	    "LF|LH|LI|LN|LO|LS|LT|LU|LX|LY|MF|MG|MJ|ML|MM|MP|MQ|MU|MV|MY|MZ|NE|NG|NI|NN|NO|NP|NQ|NR|NU|NW|NX|NZ|OC|OF|OI|OM|"
	    "PC|PD|PF|PG|PI|PK|PM|PO|PS|PT|PU|PV|QA|RA|RB|RC|RE|RF|RG|RH|RR|RS|RU|RV|RW|RY|SA|SB|SE|SF|SG|SH|SJ|SM|SP|SQ|SR|"
	    "SS|SU|SV|SW|SY|SZ|TC|TD|TE|TF|TG|TH|TJ|TK|TM|TO|TP|TQ|TR|TS|TT|TU|TV|TW|TY|TZ|UG|UK|UM|UN|UR|US|UV|UY|UZ|VB|VV|"
	    "VY|VZ|WB|WF|WL|WN|WS|XA|XB|XX|YG|YO|YY|ZB|ZC|ZD|ZF|ZI|ZM|ZO|ZR",
	[NCIC_CODES_EXTRADITION] =
	    "1=FELONY, FULL EXTRADITION|2=FELONY, LIMITED EXTRADITION, SEE MIS|3=FELONY, SURROUNDING STATES ONLY|"
	    "4=FELONY, IN STATE ONLY, SEE MIS|5=FELONY, ARRANGEMENTS PENDING, SEE MIS|6=FELONY, NOT YET DECIDED|"
	    "A=MISDEMEANOR, FULL EXTRADITION|B=MISDEMEANOR, LIMITED EXTRADITION, SEE MIS|C=MISDEMEANOR, SURROUNDING STATES ONLY|"
	    "D=MISDEMEANOR, IN STATE ONLY, SEE MIS|E=MISDEMEANOR, ARRANGEMENTS PENDING, SEE MIS|F=MISDEMEANOR, NOT YET DECIDED",
	[NCIC_CODES_CAUTION] =
	    "00=ARMED AND DANGEROUS|01=OTHER, SEE MIS|05=VIOLENT|10=MARTIAL ARTS|15=EXPLOSIVES|20=ABUSES DRUGS|25=ESCAPE RISK|"
	    "30=SEXUALLY VIOLENT PREDATOR|35=SEX OFFENDER|40=INTERNATIONAL FLIGHT RISK|50=HEART CONDITION|55=ALCOHOLIC|60=ALLERGIES|"
	    "65=EPILEPSY|70=SUICIDAL|80=NEEDS MEDICATION|85=HEMOPHILIAC|90=DIABETIC",
	[NCIC_CODES_HIT] = "1|2|3|4|5|6|7|8|9",
	[NCIC_CODES_ORIGIN_OWED] = "4901|4902|4999|5011|5012|5013|5014|5015|8100|8101|8102",
	[NCIC_CODES_PLATE] =
	    "AM|AP|AQ|AR|AT|BU|CC|CI|CL|CM|CN|CO|CU|DA|DB|DD|DL|DP|DU|DV|DX|EX|FD|FG|FM|HI|IP|IT|JJ|LE|LF|LS|MC|MD|MF|ML|MP|"
	    "MR|MV|MY|NG|NP|OB|OR|PC|PE|PF|PH|PP|PR|PS|PX|RE|RV|SC|SN|ST|SV|TK|TL|TM|TP|TR|TX|US|VF|ZZ",
	[NCIC_CODES_REASON] =
	    "ADMIN CLOSING|CASE DROPPED|FRAUD COMPLAINT|HIT LOCAL|HIT NCIC|HIT STATE|IDENTIFIED|LOCATED|NOT MISSING|"
	    "NOT WANTED|OTHER MEANS|PREVIOUSLY IDENTIFIED|PREVIOUSLY LOCATED|VICTIM WITHDREW|VOL RETURN|WARRANT DISMISSED",
	[NCIC_CODES_NUMBER] = "AF|AN|AR|AS|CG|CI|FN|MC|MD|MP|NA|NS|OA|PI|PP|PS|SS|VA",
	[NCIC_CODES_PURPOSE] = "A|C|D|F|H|I|J|S|V|X",
	[NCIC_CODES_RECORD] = "SV|WP|PO|MP|SL|SG|SA|SS|SB|SP",
	[NCIC_CODES_CONFIRMATION] = "Y|N|P|E",
	[NCIC_CODES_PRIORITY] = "U|R",
	[NCIC_CODES_DISPOSITION] = "EXTR|NOEX",
	[NCIC_CODES_FLAG] = "Y|N",
	[NCIC_CODES_CATEGORY] =
	    "ARREST WARRANT|PAROLE REMAND|VIOLATION OF PROBATION|BENCH WARRANT NO BOND|BENCH WARRANT|CAPIAS|FELONY ARREST|"
	    "MISDEMEANOR ARREST|INSTANTER|MULTICASE",
	[NCIC_CODES_SUFFIX] = "JR|SR|II|III|IV|V",
	[NCIC_CODES_CHARACTER] =
	    "ACCESSORY AFTER THE FACT|ACCESSORY BEFORE THE FACT|AID/ABET|ASSAULT TO COMMIT|ATTEMPT TO COMMIT|"
	    "CONSPIRACY TO COMMIT|FACILITATION OF|SOLICITATION OF|THREAT TO COMMIT",
	[NCIC_CODES_STATUS] = "ACTIVE|STAYED|INACTIVE|RETURNED|RECALLED|EXPIRED",
	[NCIC_CODES_SUPERVISION] = "PAROLE|PROBATION|CORRECTIONS",
	[NCIC_CODES_FILE] = "A|B|C|G|H|J|K|L|M|N|O|P|R|S|T|U|V|W|X|Z",
};

/* Lists too long for one literal. */
static const char *const *const long_lists[NCIC_CODES_COUNT] = {
	[NCIC_CODES_OFFENSE] = ncic_tables_offenses, [NCIC_CODES_MARK] = ncic_tables_marks,
	[NCIC_CODES_MAKE] = ncic_tables_makes,       [NCIC_CODES_STYLE] = ncic_tables_styles,
	[NCIC_CODES_COLOR] = ncic_tables_colors,
};

/* The entry of a code: its code and, behind an equals sign, its words. */
static bool find(const char *list, struct bytes code, struct bytes *ret_words)
{
	while (*list) {
		size_t len = strcspn(list, "|");
		const char *equals = memchr(list, '=', len);
		size_t code_len = equals ? (size_t)(equals - list) : len;
		if (code_len == code.len && !memcmp(list, code.at, code_len)) {
			*ret_words = equals ? bytes_of(equals + 1, len - code_len - 1) : BYTES_NONE;
			return true;
		}
		list += len + (list[len] == '|');
	}
	return false;
}

static bool find_in(enum ncic_codes_list list, struct bytes code, struct bytes *ret_words)
{
	if (code.len == 0)
		return false;
	if (!long_lists[list])
		return find(lists[list], code, ret_words);
	for (const char *const *piece = long_lists[list]; *piece; piece++)
		if (find(*piece, code, ret_words))
			return true;
	return false;
}

bool ncic_codes_has(enum ncic_codes_list list, struct bytes code)
{
	struct bytes words;
	return find_in(list, code, &words);
}

struct bytes ncic_codes_words(enum ncic_codes_list list, struct bytes code)
{
	struct bytes words = BYTES_NONE;
	return find_in(list, code, &words) ? words : BYTES_NONE;
}

/* The code whose words these are, in one piece. */
static struct bytes code_in(const char *piece, struct bytes words)
{
	while (*piece) {
		size_t len = strcspn(piece, "|");
		const char *equals = memchr(piece, '=', len);
		if (equals && bytes_equal(bytes_of(equals + 1, len - (size_t)(equals - piece) - 1), words))
			return bytes_of(piece, (size_t)(equals - piece));
		piece += len + (piece[len] == '|');
	}
	return BYTES_NONE;
}

struct bytes ncic_codes_by_words(enum ncic_codes_list list, struct bytes words)
{
	struct bytes code = BYTES_NONE;
	if (!long_lists[list])
		return code_in(lists[list], words);
	for (const char *const *piece = long_lists[list]; *piece && code.len == 0; piece++)
		code = code_in(*piece, words);
	return code;
}
