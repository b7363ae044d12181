/* What the files of the stream share; nobody else includes this. Thread: as the stream's. */
#ifndef CERTS_STREAM_INSIDE_H
#define CERTS_STREAM_INSIDE_H

#include <openssl/ssl.h>

#include "certs/stream.h"

SSL *stream_ssl(const struct stream *stream); /* borrowed */

#endif
