/* Memory. Sizes that a stranger chooses are bounded before they come here, so running out is a bug or a machine in
 * trouble: these never return NULL, they end the program. Release everything with mem_free. Thread: any. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

void *mem_alloc(size_t size); /* zeroed */
void *mem_array(size_t count, size_t size); /* zeroed; ends the program when count * size overflows */
void *mem_grow(void *old, size_t count, size_t size); /* like reallocarray; new bytes are not zeroed */
char *mem_text(const char *text); /* a copy of a C string; NULL gives NULL */
char *mem_text_n(const void *at, size_t len); /* a copy of len bytes, NUL-terminated */
char *mem_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
void mem_free(void *at); /* NULL is fine */
size_t mem_room(const void *at); /* bytes behind a pointer of these, at least what was asked for; 0 for NULL */
void mem_wipe(void *at, size_t len); /* overwrites, not optimised away */

/* AUTO(mem_free) char *text = …; releases at the end of the scope. */
void mem_free_at(void *pointer);
#define AUTO_FREE __attribute__((cleanup(mem_free_at)))

#endif
