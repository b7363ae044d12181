#include "base/mem.h"

#include <malloc.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Written without stdio: there may be no memory for its buffer either. */
static _Noreturn void out_of_memory(void)
{
	static const char words[] = "out of memory\n";
	ssize_t written = write(STDERR_FILENO, words, sizeof words - 1);
	(void)written;
	abort();
}

void *mem_alloc(size_t size)
{
	return mem_array(1, size);
}

void *mem_array(size_t count, size_t size)
{
	/* Nothing still gets an address of its own: NULL would read as a failure. */
	void *at = count == 0 || size == 0 ? calloc(1, 1) : calloc(count, size);
	if (at == NULL)
		out_of_memory();
	return at;
}

void *mem_grow(void *old, size_t count, size_t size)
{
	/* reallocarray of nothing would free. */
	void *at = count == 0 || size == 0 ? realloc(old, 1) : reallocarray(old, count, size);
	if (at == NULL)
		out_of_memory();
	return at;
}

char *mem_text(const char *text)
{
	return text == NULL ? NULL : mem_text_n(text, strlen(text));
}

char *mem_text_n(const void *at, size_t len)
{
	if (len == SIZE_MAX)
		out_of_memory();
	char *copy = mem_alloc(len + 1);
	if (len > 0)
		memcpy(copy, at, len);
	return copy;
}

char *mem_printf(const char *format, ...)
{
	char *text = NULL;
	va_list arguments;
	va_start(arguments, format);
	int len = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (len < 0)
		out_of_memory();
	return text;
}

void mem_free(void *at)
{
	free(at);
}

size_t mem_room(const void *at)
{
	return malloc_usable_size((void *)(uintptr_t)at);
}

void mem_wipe(void *at, size_t len)
{
	if (len > 0)
		explicit_bzero(at, len);
}

void mem_free_at(void *pointer)
{
	void *at = NULL;
	memcpy(&at, pointer, sizeof at);
	mem_free(at);
}
