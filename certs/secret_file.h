/* Files that hold a secret: a key, a PIN. Read into memory that is locked and left out of dumps, and only when nobody else may read them.
 * A name "credential:NAME" is the file of that name that systemd gave to the service (LoadCredential=). Thread: any. */
#ifndef CERTS_SECRET_FILE_H
#define CERTS_SECRET_FILE_H

#include "base/bytes.h"

struct secret_file {
	struct bytes bytes; /* borrowed until secret_file_done */
	void *memory;
	size_t size;
};

bool secret_file_is_credential(const char *name);
/* permission when group or others have any right on it; key when it is no regular file or has more than max bytes; io; config when systemd gave no
 * credentials. what: "key", "PIN", for the reason. */
RESULT secret_file_read(const char *name, const char *what, size_t max, struct secret_file *ret, struct err *err);
void secret_file_done(struct secret_file *file); /* wipes */

#endif
