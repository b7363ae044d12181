/* An XML document of the NIEM kind as a tree, parsed as a stranger's: no DOCTYPE, so no entities and nothing fetched; bounded
 * size and depth. Elements are known by namespace and local name, never by prefix, and across the releases of NIEM: in a path
 * "nc:" stands for NIEM core, "j:" for the justice domain, "x:" for anything that is neither. References (structures:ref, and uri
 * from NIEM 4 on) are followed on the way. Only the files of this folder that begin with niem include this. Thread: the adapter's
 * loop. */
#ifndef ADAPTERS_FACILITY_NIEM_TREE_H
#define ADAPTERS_FACILITY_NIEM_TREE_H

#include <libxml/hash.h>
#include <libxml/tree.h>

#include "adapters/kind/kind.h"

enum { NIEM_TREE_BYTES_MAX = 1 << 20, NIEM_TREE_DEPTH_MAX = 64 };

struct niem_tree {
	xmlDoc *doc;
	xmlHashTable *ids; /* of elements, by structures:id */
	size_t steps;      /* that finding may still take: references can be woven so that paths through them never end */
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

/* What has been understood is taken; all else that says something is listed. */
void niem_tree_take(xmlNode *element);
bool niem_tree_is_taken(const xmlNode *element);
void niem_tree_list_rest(const struct niem_tree *tree, struct kind_reading *into);

#endif
