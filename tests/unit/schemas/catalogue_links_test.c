/* What files say of each other, judged when the catalogue is finished. */
#include "unit/schemas/sample.h"

#include "schemas/catalogue.h"

static result add(struct catalogue *catalogue, const char *name, const char *json, struct err *err)
{
	AUTO_FREE char *text = mem_text(json);
	for (char *at = text; *at; at++)
		if (*at == '\'')
			*at = '"';
	return catalogue_add(catalogue, name, bytes_text(text), err);
}

#define TYPE(name, answers, more, properties)                                                                                                    \
	"{'type':'" name "','title':'T','description':'D','originators':['any'],'subject':[],'priority':1,'answers':[" answers "]," more             \
	"'parts':{'main':{'class':'CJ','required':true,'schema':{'type':'object','properties':{" properties "},'additionalProperties':false}}}}"
#define ASKS(more) TYPE("a/1", "'b/1'", more, "'p':{'enum':['U','R']},'at':{'type':'string'}")
#define ANSWERS TYPE("b/1", "", "", "'result':{'enum':['Y','N']},'hours':{'type':'integer'}")
#define MOVES(moves) ASKS("'lifecycle':[{'name':'l','moves':[" moves "]}],")
#define LIFECYCLE(states) "{'lifecycle':'l','title':'T','description':'D','keys':[{'name':'k'}],'states':{" states "}}"
#define OPEN_SHUT "'open':{'title':'O','blocks':['release']},'shut':{'title':'S','terminal':true}"
#define START "{'from':['none'],'to':'open'}"
#define END "{'from':['open'],'to':'shut'}"

static void refuses_what_does_not_fit_together(void **state)
{
	static const struct {
		const char *asks, *lifecycle, *field, *reason;
	} cases[] = {
		{MOVES(START "," END), LIFECYCLE(OPEN_SHUT), NULL, NULL},
		{ASKS(""), LIFECYCLE(OPEN_SHUT), NULL, NULL}, /* nothing moves it yet */
		{MOVES(START), LIFECYCLE(OPEN_SHUT), "l.lifecycle.json: /states/shut", "no move of any type leads here from none"},
		{MOVES(END), LIFECYCLE(OPEN_SHUT), "l.lifecycle.json: /states/open", "no move of any type leads here from none"},
		{MOVES(START "," END ",{'from':['lost'],'to':'lost'}"), LIFECYCLE(OPEN_SHUT ",'lost':{'title':'L'}"),
	         "l.lifecycle.json: /states/lost", "no move of any type leads here from none"},
		{MOVES("{'from':['none','opened'],'to':'open'}"), LIFECYCLE(OPEN_SHUT), "a-1.json: /lifecycle/0/moves/0/from/1",
	         "opened is no state of l"},
		{MOVES(START ",{'from':['open'],'to':'none'}"), LIFECYCLE(OPEN_SHUT), "a-1.json: /lifecycle/0/moves/1/to", "none is no state of l"},
		{MOVES(START ",{'from':['open'],'to':'closed'}"), LIFECYCLE(OPEN_SHUT), "a-1.json: /lifecycle/0/moves/1/to",
	         "closed is no state of l"},
		{MOVES("{'from':['none'],'to':'open','when':{'/q':['U']}}"), LIFECYCLE(OPEN_SHUT), "a-1.json: /lifecycle/0/moves/0/when/~1q",
	         "the main part of a/1 can have nothing at /q"},
		{MOVES("{'from':['none'],'to':'open','when':{'/p':['U','V']}}"), LIFECYCLE(OPEN_SHUT),
	         "a-1.json: /lifecycle/0/moves/0/when/~1p/1", "/p of a/1 can never be V"},
		{ASKS("'lifecycle':[{'name':'l','each':true,'moves':[" START "]}],"), LIFECYCLE(OPEN_SHUT), "a-1.json: /lifecycle/0/name",
	         "with \"each\" a lifecycle is \"optional\", too"},
		{ASKS("'lifecycle':[{'name':'l','each':true,'optional':true,'moves':[" START "]}],"),
	         "{'lifecycle':'l','title':'T','description':'D','keys':[{'name':'k','per_owner':true}],'states':{" OPEN_SHUT "}}",
	         "a-1.json: /lifecycle/0/name", "\"each\" is not for l, whose key k is each agency's own"},
		{MOVES(START), NULL, "a-1.json: /lifecycle/0/name", "l is no lifecycle of the catalogue"},
		{ASKS("'interlock':'release',"), LIFECYCLE(OPEN_SHUT), NULL, NULL},
		{ASKS("'interlock':'arrest',"), LIFECYCLE(OPEN_SHUT), "a-1.json: /interlock", "no state of any lifecycle blocks arrest"},
		{ASKS("'exchange':'/result',"), NULL, NULL, NULL},
		{ASKS("'exchange':'/outcome',"), NULL, "a-1.json: /exchange", "no answer to a/1 can have anything at /outcome"},
		{TYPE("a/1", "", "'exchange':'/result',", ""), NULL, "a-1.json: /exchange", "no answer to a/1 can have anything at /result"},
		{ASKS("'due':{'within':'1h','met_by':['b/1'],'from':'/at'},"), NULL, NULL, NULL},
		{ASKS("'due':{'within':'1h','met_by':['c/1']},"), NULL, "a-1.json: /due/met_by/0", "c/1 is no type of the catalogue"},
		{ASKS("'due':{'within':'1h','from':'/since'},"), NULL, "a-1.json: /due/from", "the main part of a/1 can have nothing at /since"},
		{ASKS("'due':{'within':[{'when':{'/p':['X']},'within':'1h'}]},"), NULL, "a-1.json: /due/within/0/when/~1p/0",
	         "/p of a/1 can never be X"},
		{ASKS("'due':{'within':'1h','rearm':{'type':'b/1','when':{'/result':['N']},'hours':'/hours'}},"), NULL, NULL, NULL},
		{ASKS("'due':{'within':'1h','rearm':{'type':'z/1','hours':'/hours'}},"), NULL, "a-1.json: /due/rearm/type",
	         "z/1 is no type of the catalogue"},
		{ASKS("'due':{'within':'1h','rearm':{'type':'b/1','hours':'/days'}},"), NULL, "a-1.json: /due/rearm/hours",
	         "the main part of b/1 can have nothing at /days"},
		{ASKS("'due':{'within':'1h','rearm':{'type':'b/1','when':{'/p':['U']},'hours':'/hours'}},"), NULL,
	         "a-1.json: /due/rearm/when/~1p", "the main part of b/1 can have nothing at /p"},
		{"{'type':'a/1','title':'T','description':'D','originators':['any'],'subject':[],'priority':1,'answers':[],'due':{'within':'1h',"
	         "'from':'/at'},'parts':{'other':{'class':'CJ','required':true,'schema':true}}}",
	         NULL, "a-1.json: /due/from", "a/1 has no main part"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct err err = {.field = "", .reason = ""};
		struct catalogue *catalogue = catalogue_new();
		result r = add(catalogue, "x/b-1.json", ANSWERS, &err);
		if (!FAILED(r))
			r = add(catalogue, "x/a-1.json", cases[i].asks, &err);
		if (!FAILED(r) && cases[i].lifecycle)
			r = add(catalogue, "x/l.lifecycle.json", cases[i].lifecycle, &err);
		if (!FAILED(r))
			r = catalogue_finish(catalogue, &err);
		catalogue_unref(catalogue);
		if (FAILED(r) != (cases[i].field != NULL) ||
		    (cases[i].field && (r.code != CODE_MALFORMED || strcmp(err.field, cases[i].field) != 0 || strcmp(err.reason, cases[i].reason) != 0)))
			fail_msg("%zu: %s: %s: %s", i, code_text(r.code), err.field, err.reason);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_what_does_not_fit_together),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
