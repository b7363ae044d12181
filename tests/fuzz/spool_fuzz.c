/* A file in the spool folder: the input is its name, a NUL, and what stands in it. It is sent or refused whole, or left alone as one that is being written; and
 * nothing is written outside the four folders. */
#include "fuzz/fuzz.h"
#include "fuzz/desk.h"

#include "adapters/runtime/port_spool_inside.h"
#include "base/file.h"

#include <fcntl.h>

enum { NAME_MOST = 255 };

static struct desk *desk;
static struct port_spool *port;
static char above[64], folder[80];

static void leave(void)
{
	port_spool_free(port);
	desk_close(desk);
	nftw(above, pki_fixture_remove, 16, FTW_DEPTH | FTW_PHYS);
}

static void begin(void)
{
	struct err err;
	if (desk)
		return;
	log_setup("fuzz", LOG_ERROR, LOG_FORMAT_AUTO);
	desk = desk_open_police(65536);
	snprintf(above, sizeof(above), "/dev/shm/liaison-spool-XXXXXX");
	fuzz_must(mkdtemp(above) != NULL);
	snprintf(folder, sizeof(folder), "%s/spool", above);
	desk_fine(port_spool_new(&desk->office, folder, NULL, true, &port, &err), &err);
	atexit(leave);
}

/* How many there are, whatever they are called; takes them away. */
static size_t empty(const char *path)
{
	char **names = NULL;
	struct err err;
	size_t count = 0, hidden = 0;
	for (int pass = 0; pass < 2; pass++) {
		size_t *into = pass ? &hidden : &count;
		desk_fine(pass ? file_list_hidden(path, &names, into, &err) : file_list(path, "", &names, into, &err), &err);
		for (size_t i = 0; i < *into; i++) {
			AUTO_FREE char *file = mem_printf("%s/%s", path, names[i]);
			fuzz_must(unlink(file) == 0);
		}
		file_list_free(names, *into);
	}
	return count + hidden;
}

static bool put(struct bytes name, struct bytes text)
{
	AUTO_FREE char *path = mem_printf("%s/%.*s", port->folders[SPOOL_OUTBOX], (int)name.len, (const char *)name.at);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (fd < 0)
		return false; /* a name that no file can have */
	bool fine = write(fd, text.at, text.len) == (ssize_t)text.len;
	close(fd);
	return fine;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size ? memchr(data, 0, size) : NULL;
	begin();
	if (!end || end == data || end - data > NAME_MOST || memchr(data, '/', (size_t)(end - data)))
		return 0;
	struct bytes name = bytes_of(data, (size_t)(end - data)), text = bytes_of(end + 1, size - name.len - 1);
	if (text.len > 65536 || !put(name, text))
		return 0;
	port_spool_scan(port);
	desk_commit(desk);
	size_t left = empty(port->folders[SPOOL_OUTBOX]), sent = empty(port->folders[SPOOL_SENT]), refused = empty(port->folders[SPOOL_REFUSED]);
	fuzz_must(left + (sent > 0) + (refused > 0) == 1 && refused <= 2 && empty(port->folders[SPOOL_INBOX]) == 0);
	return 0;
}
