#include "adapters/niem/niem_tree.h"

#include "adapters/niem/niem_crowd.h"
#include "base/mem.h"
#include "base/text.h"

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <stdio.h>
#include <string.h>

enum {
	HOPS_MAX = 8,
	LISTED_MAX = 1000,
	FAULTS_MAX = 200,
	WORDS_MAX = 200,
	STEPS_MAX = 1000000,
	ASSOCIATIONS_MAX = 4096,
	VALUE_MAX = 240
};

/* ---- parsing ---- */

enum parse_what { PARSE_FINE, PARSE_DOCTYPE, PARSE_DEEP, PARSE_CROWDED, PARSE_BROKEN };

struct parse {
	enum parse_what what;
	int line;
	char words[WORDS_MAX];
};

static void note(xmlParserCtxt *parser, enum parse_what what)
{
	struct parse *parse = parser->_private;
	if (parse->what != PARSE_FINE)
		return;
	parse->what = what;
	parse->line = parser->input ? parser->input->line : 0;
	xmlStopParser(parser);
}

/* The first word of a DOCTYPE is the last one that is read: without it there are no entities. */
static void on_doctype(void *ctx, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
	(void)name;
	(void)external;
	(void)system;
	note(ctx, PARSE_DOCTYPE);
}

static void on_start(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int namespaces_count,
                     const xmlChar **namespaces, int attributes_count, int defaulted_count, const xmlChar **attributes)
{
	xmlParserCtxt *parser = ctx;
	if (parser->nodeNr >= NIEM_TREE_DEPTH_MAX)
		note(parser, PARSE_DEEP);
	else
		xmlSAX2StartElementNs(ctx, name, prefix, uri, namespaces_count, namespaces, attributes_count, defaulted_count,
		                      attributes);
}

static void on_error(void *ctx, xmlError *error)
{
	xmlParserCtxt *parser = ctx;
	struct parse *parse = parser->_private;
	if (parse->what != PARSE_FINE || !error || error->level < XML_ERR_ERROR)
		return;
	const char *message = error->message ? error->message : "";
	parse->what = PARSE_BROKEN;
	parse->line = error->line;
	text_safe(bytes_of(message, strcspn(message, "\r\n")), parse->words, sizeof(parse->words));
}

static void explain(const struct parse *parse, struct kind_reading *into)
{
	if (parse->what == PARSE_DOCTYPE)
		kind_reading_fault(into, parse->line, CODE_MALFORMED, "", "a DOCTYPE is not allowed; leave it out");
	else if (parse->what == PARSE_DEEP)
		kind_reading_fault(into, parse->line, CODE_TOO_LARGE, "", "elements are nested deeper than %d",
		                   NIEM_TREE_DEPTH_MAX);
	else if (parse->what == PARSE_CROWDED)
		kind_reading_fault(into, parse->line, CODE_TOO_LARGE, "", "an element has more than %d attributes", NIEM_CROWD_MAX);
	else
		kind_reading_fault(into, parse->line, CODE_MALFORMED, "", "not well-formed XML%s%s", parse->words[0] ? ": " : "",
		                   parse->words);
}

static xmlDoc *parse_document(struct bytes document, struct parse *parse)
{
	/* NODICT: names are the document's own, so that freeing it needs nothing else. No entity is ever replaced, nothing is
	 * loaded. */
	const int options = XML_PARSE_NONET | XML_PARSE_NOCDATA | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NODICT |
	                    XML_PARSE_BIG_LINES;
	if (niem_crowd_is(document, &parse->line)) {
		parse->what = PARSE_CROWDED;
		return NULL;
	}
	xmlParserCtxt *parser = xmlNewParserCtxt();
	if (!parser)
		return NULL;
	parser->_private = parse;
	parser->sax->internalSubset = on_doctype;
	parser->sax->externalSubset = on_doctype;
	parser->sax->startElementNs = on_start;
	parser->sax->serror = on_error;
	xmlDoc *doc = xmlCtxtReadMemory(parser, (const char *)document.at, (int)document.len, NULL, NULL, options);
	bool is_sound = parser->wellFormed && parser->nsWellFormed && parse->what == PARSE_FINE;
	xmlFreeParserCtxt(parser);
	if (is_sound)
		return doc;
	xmlFreeDoc(doc);
	return NULL;
}

/* ---- names ---- */

enum space { SPACE_NIEM, SPACE_DOMAIN, SPACE_STRUCTURES, SPACE_OTHER };

/* A document has few namespaces and many elements: the answer is kept in the namespace's _private, plus one. */
static enum space space_of(xmlNs *ns)
{
	static const struct {
		const char *pattern;
		enum space space;
	} spaces[] = {
	    {"http://niem.gov/niem/*", SPACE_DOMAIN},
	    {"http://release.niem.gov/niem/*", SPACE_DOMAIN},
	    {"https://docs.oasis-open.org/niemopen/ns/model/*", SPACE_DOMAIN},
	    {"http://niem.gov/niem/niem-core/*", SPACE_NIEM},
	    {"http://release.niem.gov/niem/niem-core/*", SPACE_NIEM},
	    {"https://docs.oasis-open.org/niemopen/ns/model/niem-core/*", SPACE_NIEM},
	    {"http://niem.gov/niem/domains/jxdm/*", SPACE_NIEM},
	    {"http://release.niem.gov/niem/domains/jxdm/*", SPACE_NIEM},
	    {"https://docs.oasis-open.org/niemopen/ns/model/domains/justice/*", SPACE_NIEM},
	    {"http://niem.gov/niem/structures/*", SPACE_STRUCTURES},
	    {"http://release.niem.gov/niem/structures/*", SPACE_STRUCTURES},
	    {"https://docs.oasis-open.org/niemopen/ns/model/structures/*", SPACE_STRUCTURES},
	};
	enum space space = SPACE_OTHER;
	if (!ns || !ns->href)
		return SPACE_OTHER;
	if (ns->_private)
		return (enum space)((uintptr_t)ns->_private - 1);
	for (size_t i = 0; i < sizeof(spaces) / sizeof(*spaces); i++)
		if (text_match(spaces[i].pattern, bytes_text((const char *)ns->href)))
			space = spaces[i].space;
	ns->_private = (void *)((uintptr_t)space + 1);
	return space;
}

/* NIEM 2 called an element that only refers to another one by the other's name and "Reference". */
static bool is_named(const xmlNode *element, const char *name, size_t len)
{
	const char *is = (const char *)element->name;
	return !strncmp(is, name, len) && (is[len] == 0 || !strcmp(is + len, "Reference"));
}

static bool is_in_space(const xmlNode *element, char prefix)
{
	enum space space = space_of(element->ns);
	bool is_of_domain = space == SPACE_DOMAIN; /* which exchanges treat as an extension as often as not */
	return prefix == 'a' || is_of_domain || (prefix == 'x' ? space != SPACE_NIEM : space == SPACE_NIEM);
}

/* "[nc:Name=value]": one of its own elements says so. */
static bool has_value(xmlNode *element, const char *condition)
{
	const char *name = strchr(condition, ':') + 1, *value = strchr(condition, '=') + 1;
	for (xmlNode *at = element->children; at; at = at->next) {
		if (at->type != XML_ELEMENT_NODE || !is_named(at, name, strcspn(name, "=")))
			continue;
		AUTO_FREE char *text = niem_tree_text(at);
		if (text_equal_nocase(bytes_text(text), bytes_of(value, strcspn(value, "]")))) {
			niem_tree_take(at);
			return true;
		}
	}
	return false;
}

/* A step is "nc:Name", "nc:Name[nc:Other=value]" or either with "#id" behind it; it ends at a slash. */
static bool is_step(xmlNode *element, const char *step)
{
	const char *name = strchr(step, ':') + 1;
	size_t len = strcspn(name, "/[#");
	return element->type == XML_ELEMENT_NODE && is_in_space(element, step[0]) && is_named(element, name, len) &&
	       (name[len] != '[' || has_value(element, name + len + 1));
}

/* ---- references ---- */

/* The value of structures:NAME, or NULL; borrowed. */
static const char *structures_value(const xmlNode *element, const char *name)
{
	for (const xmlAttr *at = element->properties; at; at = at->next)
		if (space_of(at->ns) == SPACE_STRUCTURES && !strcmp((const char *)at->name, name) && at->children &&
		    at->children->content)
			return (const char *)at->children->content;
	return NULL;
}

static bool has_elements(const xmlNode *element)
{
	for (const xmlNode *at = element->children; at; at = at->next)
		if (at->type == XML_ELEMENT_NODE)
			return true;
	return false;
}

/* The id that an element refers to instead of saying something itself, or NULL. */
static const char *reference_of(const xmlNode *element)
{
	const char *ref = structures_value(element, "ref"), *uri = structures_value(element, "uri");
	if (ref)
		return ref;
	return uri && uri[0] == '#' && !has_elements(element) ? uri + 1 : NULL;
}

static const char *id_of(const xmlNode *element)
{
	const char *id = structures_value(element, "id"), *uri = structures_value(element, "uri");
	if (id)
		return id;
	return uri && uri[0] == '#' && has_elements(element) ? uri + 1 : NULL;
}

static xmlNode *resolve(const struct niem_tree *tree, xmlNode *element)
{
	for (int hops = 0; element && hops < HOPS_MAX; hops++) {
		const char *ref = reference_of(element);
		if (!ref)
			return element;
		niem_tree_take(element);
		element = xmlHashLookup(tree->ids, (const xmlChar *)ref);
	}
	return NULL;
}

/* In the order of the document; NULL behind the last. */
static xmlNode *next_element(const xmlNode *root, xmlNode *element)
{
	if (element->type == XML_ELEMENT_NODE && has_elements(element))
		return xmlFirstElementChild(element);
	while (element && element != root) {
		xmlNode *next = xmlNextElementSibling(element);
		if (next)
			return next;
		element = element->parent;
	}
	return NULL;
}

static void fault_at(const xmlNode *element, struct kind_reading *into, const char *what, const char *id)
{
	char path[ERR_FIELD_MAX], safe[WORDS_MAX];
	kind_reading_fault(into, niem_tree_line(element), CODE_MALFORMED, niem_tree_path(element, path), "%s: %s", what,
	                   text_safe(bytes_text(id), safe, sizeof(safe)));
}

static bool is_association(const xmlNode *element)
{
	size_t len = element && element->type == XML_ELEMENT_NODE ? strlen((const char *)element->name) : 0;
	return len >= 11 && !strcmp((const char *)element->name + len - 11, "Association");
}

static void note_association(struct niem_tree *tree, xmlNode *element)
{
	if (!is_association(element) || tree->associations_count == ASSOCIATIONS_MAX)
		return;
	tree->associations = mem_grow(tree->associations, tree->associations_count + 1, sizeof(xmlNode *));
	tree->associations[tree->associations_count++] = element;
}

static bool link_all(struct niem_tree *tree, struct kind_reading *into)
{
	size_t before = into->faults_count;
	xmlNode *root = niem_tree_root(tree);
	for (xmlNode *at = root; at && into->faults_count < FAULTS_MAX; at = next_element(root, at))
		if (id_of(at) && xmlHashAddEntry(tree->ids, (const xmlChar *)id_of(at), at) != 0)
			fault_at(at, into, "another element has this structures:id", id_of(at));
	for (xmlNode *at = root; at; at = next_element(root, at))
		note_association(tree, at);
	for (xmlNode *at = root; at && into->faults_count < FAULTS_MAX; at = next_element(root, at))
		/* An association with what is not there says nothing; it is listed. */
		if (reference_of(at) && !is_association(at->parent) &&
		    !xmlHashLookup(tree->ids, (const xmlChar *)reference_of(at)))
			fault_at(at, into, "no element has the structures:id that is referred to", reference_of(at));
	return into->faults_count == before;
}

bool niem_tree_open(struct niem_tree *tree, struct bytes document, struct kind_reading *into)
{
	struct parse parse = {.what = PARSE_FINE};
	*tree = (struct niem_tree){.steps = STEPS_MAX};
	if (document.len == 0) {
		kind_reading_fault(into, 0, CODE_MALFORMED, "", "the document is empty");
		return false;
	}
	if (document.len > NIEM_TREE_BYTES_MAX) {
		kind_reading_fault(into, 0, CODE_TOO_LARGE, "", "%zu bytes; an XML document may have %d", document.len,
		                   NIEM_TREE_BYTES_MAX);
		return false;
	}
	tree->doc = parse_document(document, &parse);
	if (!tree->doc || !niem_tree_root(tree)) {
		explain(&parse, into);
		return false;
	}
	tree->ids = xmlHashCreate(64);
	return tree->ids && link_all(tree, into);
}

void niem_tree_done(struct niem_tree *tree)
{
	if (tree->ids)
		xmlHashFree(tree->ids, NULL);
	xmlFreeDoc(tree->doc);
	mem_free(tree->associations);
	*tree = (struct niem_tree){.steps = 0};
}

xmlNode *niem_tree_root(const struct niem_tree *tree)
{
	return xmlDocGetRootElement(tree->doc);
}

/* ---- finding ---- */

static xmlNode *find(struct niem_tree *tree, xmlNode *from, const char *path, size_t *skip);

/* The element fits the first step: what the rest of the path finds in it, or itself. */
static xmlNode *find_in(struct niem_tree *tree, xmlNode *at, const char *path, size_t *skip)
{
	const char *rest = strchr(path, '/');
	if (tree->steps == 0)
		return NULL;
	tree->steps--;
	if (at->type != XML_ELEMENT_NODE || !is_step(at, path))
		return NULL;
	if (rest)
		return find(tree, at, rest + 1, skip);
	return (*skip)-- == 0 ? resolve(tree, at) : NULL;
}

static bool is_member(const struct niem_tree *tree, xmlNode *member, const xmlNode *of)
{
	if (member->type != XML_ELEMENT_NODE)
		return false;
	if (resolve(tree, member) == of)
		return true;
	for (xmlNode *at = member->children; at; at = at->next)
		if (at->type == XML_ELEMENT_NODE && resolve(tree, at) == of)
			return true;
	return false;
}

/* "~nc:Name": the other members of the associations that the element is a member of. */
static xmlNode *find_related(struct niem_tree *tree, xmlNode *inside, const char *path, size_t *skip)
{
	xmlNode *found = NULL;
	for (size_t i = 0; i < tree->associations_count && !found; i++) {
		xmlNode *member = tree->associations[i]->children;
		while (member && tree->steps && !is_member(tree, member, inside)) {
			tree->steps--;
			member = member->next;
		}
		if (!member)
			continue;
		for (xmlNode *at = tree->associations[i]->children; at && !found; at = at->next)
			if (at != member)
				found = find_in(tree, at, path, skip);
	}
	return found;
}

static xmlNode *find(struct niem_tree *tree, xmlNode *from, const char *path, size_t *skip)
{
	xmlNode *inside = resolve(tree, from), *found = NULL;
	if (!inside)
		return NULL;
	if (path[0] == '~')
		return find_related(tree, inside, path + 1, skip);
	bool is_deep = path[0] == '/';
	for (xmlNode *at = inside->children; at && !found && tree->steps;) {
		found = find_in(tree, at, path + (is_deep ? 1 : 0), skip);
		at = is_deep ? next_element(inside, at) : at->next;
	}
	return found;
}

xmlNode *niem_tree_find(struct niem_tree *tree, xmlNode *from, const char *path, size_t nth)
{
	return from ? find(tree, from, path, &nth) : NULL;
}

bool niem_tree_is_worn(const struct niem_tree *tree)
{
	return tree->steps == 0;
}

size_t niem_tree_count(const struct niem_tree *tree, const char *step)
{
	size_t count = 0;
	xmlNode *root = niem_tree_root(tree);
	for (xmlNode *at = root; at; at = next_element(root, at))
		count += is_step(at, step) && !reference_of(at);
	return count;
}

/* ---- saying ---- */

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void add_text(const xmlNode *element, struct buf *raw)
{
	for (const xmlNode *at = element->children; at; at = at->next)
		if ((at->type == XML_TEXT_NODE || at->type == XML_CDATA_SECTION_NODE) && at->content)
			buf_add_text(raw, (const char *)at->content);
}

static bool keeps_space(const xmlNode *element)
{
	for (const xmlAttr *at = element->properties; at; at = at->next)
		if (at->ns && !strcmp((const char *)at->ns->href, (const char *)XML_XML_NAMESPACE) &&
		    !strcmp((const char *)at->name, "space"))
			return at->children && at->children->content && !strcmp((const char *)at->children->content, "preserve");
	return false;
}

/* A run of white space with a line break or a tab in it comes from the layout of the document: it is one space. */
static void add_run(struct bytes run, struct buf *out)
{
	bool is_layout = false;
	for (size_t i = 0; i < run.len; i++)
		is_layout = is_layout || run.at[i] != ' ';
	buf_add(out, is_layout ? BYTES_LIT(" ") : run);
}

static void tidy(struct bytes raw, struct buf *out)
{
	while (raw.len && is_space(raw.at[raw.len - 1]))
		raw.len--;
	for (size_t i = 0; i < raw.len;) {
		size_t from = i;
		while (i < raw.len && is_space(raw.at[i]))
			i++;
		if (i > from && from > 0)
			add_run(bytes_of(raw.at + from, i - from), out);
		if (i < raw.len)
			buf_add_byte(out, raw.at[i++]);
	}
}

char *niem_tree_text(const xmlNode *element)
{
	struct buf raw, text;
	buf_init(&raw, NIEM_TREE_BYTES_MAX);
	buf_init(&text, NIEM_TREE_BYTES_MAX);
	add_text(element, &raw);
	if (keeps_space(element))
		buf_add(&text, buf_bytes(&raw));
	else
		tidy(buf_bytes(&raw), &text);
	char *owned = mem_text_n(text.at ? (const void *)text.at : "", text.len);
	buf_done(&raw);
	buf_done(&text);
	return owned;
}

int niem_tree_line(const xmlNode *element)
{
	long line = xmlGetLineNo(element);
	return line > 0 && line < INT32_MAX ? (int)line : 0;
}

static size_t index_among(const xmlNode *element, bool *ret_alone)
{
	size_t before = 0, all = 0;
	bool is_past = false;
	for (const xmlNode *at = element->parent ? element->parent->children : NULL; at; at = at->next) {
		is_past = is_past || at == element;
		bool is_same = at->type == XML_ELEMENT_NODE && !strcmp((const char *)at->name, (const char *)element->name);
		before += is_same && !is_past;
		all += is_same;
	}
	*ret_alone = all <= 1;
	return before + 1;
}

static void add_path(const xmlNode *element, struct buf *out)
{
	const xmlNode *parent = element->parent;
	bool is_alone = true;
	if (!parent || parent->type != XML_ELEMENT_NODE) {
		buf_add_text(out, out->len ? "" : (const char *)element->name);
		return;
	}
	if (parent->parent && parent->parent->type == XML_ELEMENT_NODE) {
		add_path(parent, out);
		buf_add_byte(out, '/');
	}
	size_t index = index_among(element, &is_alone);
	buf_add_text(out, (const char *)element->name);
	if (!is_alone)
		buf_printf(out, "[%zu]", index);
}

const char *niem_tree_path(const xmlNode *element, char into[static ERR_FIELD_MAX])
{
	struct buf path;
	buf_init(&path, NIEM_TREE_BYTES_MAX);
	add_path(element, &path);
	size_t cut = path.len > ERR_FIELD_MAX - 1 ? path.len - (ERR_FIELD_MAX - 4) : 0;
	while (cut && cut < path.len && (path.at[cut] & 0xc0) == 0x80)
		cut++;
	snprintf(into, ERR_FIELD_MAX, "%s%.*s", cut ? "..." : "", (int)(path.len - cut),
	         path.len ? (const char *)path.at + cut : "");
	buf_done(&path);
	return into;
}

/* ---- what is left ---- */

/* libxml2 leaves _private to its users; it is all zero in a new tree. */
void niem_tree_take(xmlNode *element)
{
	element->_private = element;
}

void niem_tree_give_back(xmlNode *element)
{
	element->_private = NULL;
}

bool niem_tree_is_taken(const xmlNode *element)
{
	return element->_private != NULL;
}

static bool has_words(const xmlNode *element)
{
	for (const xmlNode *at = element->children; at; at = at->next)
		if (at->type != XML_ELEMENT_NODE && at->type != XML_COMMENT_NODE && at->content)
			for (const xmlChar *c = at->content; *c; c++)
				if (!is_space(*c))
					return true;
	return false;
}

/* Attributes that say something of the person, not of the document's own wiring. */
static bool is_wiring(const xmlAttr *attribute)
{
	const char *uri = attribute->ns ? (const char *)attribute->ns->href : "";
	return space_of(attribute->ns) == SPACE_STRUCTURES || !strcmp(uri, "http://www.w3.org/2001/XMLSchema-instance") ||
	       !strcmp(uri, (const char *)XML_XML_NAMESPACE);
}

static void list_one(const char *path, const char *value, struct kind_reading *into)
{
	char safe[VALUE_MAX];
	AUTO_FREE char *what = mem_printf("%s = %s", path, text_safe(bytes_text(value), safe, sizeof(safe)));
	kind_reading_unmapped(into, what);
}

static void list_attributes(const xmlNode *element, struct kind_reading *into)
{
	char path[ERR_FIELD_MAX];
	for (const xmlAttr *at = element->properties; at && into->unmapped_count < LISTED_MAX; at = at->next) {
		if (is_wiring(at))
			continue;
		AUTO_FREE char *above = mem_printf("%s/@%s", niem_tree_path(element, path), (const char *)at->name);
		list_one(above, at->children ? (const char *)at->children->content : "", into);
	}
}

void niem_tree_list_rest(const struct niem_tree *tree, struct kind_reading *into)
{
	xmlNode *root = niem_tree_root(tree);
	for (xmlNode *at = root; at && into->unmapped_count < LISTED_MAX; at = next_element(root, at)) {
		char path[ERR_FIELD_MAX];
		AUTO_FREE char *text = niem_tree_text(at);
		const char *refers_to = has_elements(at) ? NULL : reference_of(at);
		if (!niem_tree_is_taken(at) && has_words(at))
			list_one(niem_tree_path(at, path), text, into);
		else if (!niem_tree_is_taken(at) && refers_to)
			list_one(niem_tree_path(at, path), refers_to, into);
		list_attributes(at, into);
	}
}
