/* What decoders of frames share. Thread: any, pure. */
#ifndef SCHEMAS_FRAME_READ_H
#define SCHEMAS_FRAME_READ_H

#include "schemas/frame.h"

/* Scans a frame and opens it behind its kind; the reader is failed when it is not of that kind or has not `fields` elements, the
 * kind included. */
struct pack_in frame_read(struct bytes frame, enum frame_kind kind, size_t fields, struct err *err);
/* The element count of the next array, min to max: malformed below, too_large above. */
size_t frame_read_count(struct pack_in *in, const char *field, size_t min, size_t max);
/* Puts "/FIELD/INDEX" before the place of a failure inside an element; nothing when the reader has not failed. */
void frame_read_place(struct pack_in *in, const char *field, size_t index);
/* A reader over what has been checked already: it has no err to write to. */
struct pack_in frame_read_again(const struct pack_in *in);
/* A code by its text, and words of at most size - 1 bytes. */
enum code frame_read_code(struct pack_in *in, const char *field);
struct bytes frame_read_words(struct pack_in *in, const char *field, size_t size);
void frame_write(enum frame_kind kind, size_t fields, struct buf *out);

#endif
