/* An XML document of the NIEM kind as a tree, parsed as a stranger's: no DOCTYPE, so no entities and nothing fetched; bounded
 * size and depth. Elements are known by the family of their namespace and their local name, never by prefix, and across the
 * releases of NIEM 2 to 6. References (structures:ref, and uri from NIEM 4 on) are followed on the way.
 *
 * A path is steps with slashes between them:
 *   nc:Name j:Name      of NIEM's core or of any of its domains: between releases names have moved
 *   x:Name              of an exchange, an extension or a domain of NIEM other than justice
 *   a:Name              of any namespace
 *   nc:Name[nc:Id=SSN]  that has such an element of its own
 *   nc:Name#Person      the same; where it is written it gets that structures:id
 *   ~nc:Name            a member of an association that this element is a member of, too
 *   /nc:Name            at the beginning of a path: anywhere below
 * Only this room's files that begin with niem include this. Thread: the adapter's loop. */
#ifndef ADAPTERS_NIEM_NIEM_TREE_H
#define ADAPTERS_NIEM_NIEM_TREE_H

#include <libxml/hash.h>
#include <libxml/tree.h>

#include "adapters/kind/kind.h"

enum { NIEM_TREE_BYTES_MAX = 1 << 20, NIEM_TREE_DEPTH_MAX = 64 };

struct niem_tree {
	xmlDoc *doc;
	xmlHashTable *ids; /* of elements, by structures:id */
	xmlNode **associations;
	size_t associations_count;
	size_t steps; /* that finding may still take: references can be woven so that paths through them never end */
};

/* False, with the faults in `into`, when it is not well-formed, has a DOCTYPE, is too large or too deep, or has a reference into
 * nothing. */
bool niem_tree_open(struct niem_tree *tree, struct bytes document, struct kind_reading *into);
void niem_tree_done(struct niem_tree *tree);
xmlNode *niem_tree_root(const struct niem_tree *tree);

/* The nth element (from 0) that the path leads to ("nc:PersonName/nc:PersonSurName"), references followed; NULL when there is
 * none, or when the document was too entangled to go on (niem_tree_is_worn). */
xmlNode *niem_tree_find(struct niem_tree *tree, xmlNode *from, const char *path, size_t nth);
bool niem_tree_is_worn(const struct niem_tree *tree);
/* How many elements of that step ("nc:Release") the whole document has, mere references apart. */
size_t niem_tree_count(const struct niem_tree *tree, const char *step);
/* The text of an element: ends trimmed, line breaks as spaces, unless it is marked xml:space="preserve". Owned. */
char *niem_tree_text(const xmlNode *element);
int niem_tree_line(const xmlNode *element);
/* Local names from below the root: "Custody/Release/ActivityDate/DateTime"; too long: cut at the beginning. Returns into. */
const char *niem_tree_path(const xmlNode *element, char into[static ERR_FIELD_MAX]);

/* What has been understood is taken; all else that says something is listed as "PATH = VALUE". */
void niem_tree_take(xmlNode *element);
void niem_tree_give_back(xmlNode *element);
bool niem_tree_is_taken(const xmlNode *element);
void niem_tree_list_rest(const struct niem_tree *tree, struct kind_reading *into);

#endif
