#include "adapters/facility/niem_tree.h"

#include "base/mem.h"
#include "base/text.h"

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <stdio.h>
#include <string.h>

enum { HOPS_MAX = 8, LISTED_MAX = 1000, FAULTS_MAX = 200, WORDS_MAX = 200, STEPS_MAX = 1000000 };

/* ---- parsing ---- */

enum parse_what { PARSE_FINE, PARSE_DOCTYPE, PARSE_DEEP, PARSE_BROKEN };

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

enum space { SPACE_CORE, SPACE_JUSTICE, SPACE_STRUCTURES, SPACE_OTHER };

/* A document has few namespaces and many elements: the answer is kept in the namespace's _private, plus one. */
static enum space space_of(xmlNs *ns)
{
	static const struct {
		const char *pattern;
		enum space space;
	} spaces[] = {
		{"http://niem.gov/niem/niem-core/*", SPACE_CORE},
		{"http://release.niem.gov/niem/niem-core/*", SPACE_CORE},
		{"https://docs.oasis-open.org/niemopen/ns/model/niem-core/*", SPACE_CORE},
		{"http://niem.gov/niem/domains/jxdm/*", SPACE_JUSTICE},
		{"http://release.niem.gov/niem/domains/jxdm/*", SPACE_JUSTICE},
		{"https://docs.oasis-open.org/niemopen/ns/model/domains/justice/*", SPACE_JUSTICE},
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

/* A step is "nc:Name"; it ends at a slash. */
static bool is_step(const xmlNode *element, const char *step)
{
	const char *name = strchr(step, ':') + 1;
	size_t len = strcspn(name, "/");
	enum space space = step[0] == 'n' ? SPACE_CORE : step[0] == 'j' ? SPACE_JUSTICE : SPACE_OTHER;
	return element->type == XML_ELEMENT_NODE && space_of(element->ns) == space &&
	       strlen((const char *)element->name) == len && !strncmp((const char *)element->name, name, len);
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
	if (has_elements(element))
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

static bool link_all(struct niem_tree *tree, struct kind_reading *into)
{
	size_t before = into->faults_count;
	xmlNode *root = niem_tree_root(tree);
	for (xmlNode *at = root; at && into->faults_count < FAULTS_MAX; at = next_element(root, at))
		if (id_of(at) && xmlHashAddEntry(tree->ids, (const xmlChar *)id_of(at), at) != 0)
			fault_at(at, into, "another element has this structures:id", id_of(at));
	for (xmlNode *at = root; at && into->faults_count < FAULTS_MAX; at = next_element(root, at))
		if (reference_of(at) && !xmlHashLookup(tree->ids, (const xmlChar *)reference_of(at)))
			fault_at(at, into, "no element has the structures:id that is referred to", reference_of(at));
	return into->faults_count == before;
}

bool niem_tree_open(struct niem_tree *tree, struct bytes document, struct kind_reading *into)
{
	struct parse parse = {.what = PARSE_FINE};
	*tree = (struct niem_tree){NULL, NULL, STEPS_MAX};
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
	*tree = (struct niem_tree){NULL, NULL, 0};
}

xmlNode *niem_tree_root(const struct niem_tree *tree)
{
	return xmlDocGetRootElement(tree->doc);
}

/* ---- finding ---- */

static xmlNode *find(struct niem_tree *tree, xmlNode *from, const char *path, size_t *skip)
{
	const char *rest = strchr(path, '/');
	xmlNode *inside = resolve(tree, from);
	for (xmlNode *at = inside ? inside->children : NULL; at; at = at->next) {
		if (tree->steps == 0)
			return NULL;
		tree->steps--;
		if (!is_step(at, path))
			continue;
		if (rest) {
			xmlNode *found = find(tree, at, rest + 1, skip);
			if (found)
				return found;
		} else if ((*skip)-- == 0) {
			return resolve(tree, at);
		}
	}
	return NULL;
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

static void list_attributes(const xmlNode *element, struct kind_reading *into)
{
	char path[ERR_FIELD_MAX];
	for (const xmlAttr *at = element->properties; at && into->unmapped_count < LISTED_MAX; at = at->next) {
		if (is_wiring(at))
			continue;
		AUTO_FREE char *what = mem_printf("%s/@%s", niem_tree_path(element, path), (const char *)at->name);
		kind_reading_unmapped(into, what);
	}
}

void niem_tree_list_rest(const struct niem_tree *tree, struct kind_reading *into)
{
	xmlNode *root = niem_tree_root(tree);
	for (xmlNode *at = root; at && into->unmapped_count < LISTED_MAX; at = next_element(root, at)) {
		char path[ERR_FIELD_MAX];
		bool says = has_words(at) || (reference_of(at) && !has_elements(at));
		if (says && !niem_tree_is_taken(at))
			kind_reading_unmapped(into, niem_tree_path(at, path));
		list_attributes(at, into);
	}
}
