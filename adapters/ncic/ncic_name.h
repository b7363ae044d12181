/* A person's name: SURNAME,GIVEN MIDDLE SUFFIX in the text, a map in messages (common.json, name). Thread: any, pure. */
#ifndef ADAPTERS_NCIC_NCIC_NAME_H
#define ADAPTERS_NCIC_NCIC_NAME_H

#include "base/bytes.h"

enum { NCIC_NAME_MIN = 3, NCIC_NAME_MAX = 30 };

/* One comma, words of A-Z, ' and - parted by one space, a letter in each half, 3 to 30 characters. */
bool ncic_name_check(struct bytes text);
/* Puts the packed map of a text that ncic_name_check likes: the first given name, the suffix if the last word is one, the rest as
 * middle. */
void ncic_name_put(struct bytes text, struct buf *out);
/* Writes a packed map as text. What is longer than 30 loses, until it fits: the suffix, all but the first letter of the middle
 * name, the middle name, the end of the given name, the end of the surname. False when it cannot be said in these letters at all.
 */
bool ncic_name_say(struct bytes name, char into[static NCIC_NAME_MAX + 1]);
/* What stands before the comma. */
struct bytes ncic_name_surname(struct bytes text);

#endif
