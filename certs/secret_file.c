#include "certs/secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/secret.h"

#define CREDENTIAL "credential:"

bool secret_file_is_credential(const char *name)
{
	return strncmp(name, CREDENTIAL, strlen(CREDENTIAL)) == 0 && name[strlen(CREDENTIAL)] != '\0' && strchr(name, '/') == NULL;
}

/* Judges the opened file, not the name: what is read is what was judged. A credential's folder is the service's alone, and systemd may let the
 * service in by an access list, which shows as a right of the group. */
static RESULT judge_file(int fd, const char *name, const char *what, size_t max, struct err *err)
{
	mode_t strangers = secret_file_is_credential(name) ? S_IRWXO : S_IRWXG | S_IRWXO;
	struct stat stat;

	if (fstat(fd, &stat) != 0)
		return err_errno(err, name, "cannot look at it");
	if (!S_ISREG(stat.st_mode))
		return err_set(err, CODE_KEY, name, "is not a regular file");
	if ((stat.st_mode & strangers) != 0)
		return err_set(err, CODE_PERMISSION, name, "others than its owner may use the %s (mode %03o); set it to 600", what,
		               (unsigned)stat.st_mode & 0777U);
	if (stat.st_size < 0 || (size_t)stat.st_size > max)
		return err_set(err, CODE_KEY, name, "is too long for a %s", what);
	return OK;
}

static RESULT read_all(int fd, const char *name, const char *what, struct secret_file *file, struct err *err)
{
	uint8_t *into = file->memory;
	size_t len = 0;

	while (len < file->size) {
		ssize_t more = read(fd, into + len, file->size - len);
		if (more < 0 && errno == EINTR)
			continue;
		if (more < 0)
			return err_errno(err, name, "cannot read it");
		if (more == 0)
			break;
		len += (size_t)more;
	}
	if (len == file->size) /* one byte more than is allowed has room */
		return err_set(err, CODE_KEY, name, "is too long for a %s", what);
	file->bytes = bytes_of(into, len);
	return OK;
}

static RESULT read_file(const char *path, const char *name, const char *what, size_t max, struct secret_file *ret, struct err *err)
{
	struct secret_file file = {.size = max + 1};
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return err_errno(err, name, "cannot open it");
	result r = judge_file(fd, name, what, max, err);
	if (!FAILED(r)) {
		file.memory = secret_alloc(file.size);
		r = read_all(fd, name, what, &file, err);
	}
	close(fd);
	if (FAILED(r))
		secret_file_done(&file);
	else
		*ret = file;
	return r;
}

result secret_file_read(const char *name, const char *what, size_t max, struct secret_file *ret, struct err *err)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");

	if (!secret_file_is_credential(name))
		return read_file(name, name, what, max, ret, err);
	if (folder == NULL)
		return err_set(err, CODE_CONFIG, name, "systemd gave this program no credentials; add LoadCredential= to the unit, or name a file");
	AUTO_FREE char *path = mem_printf("%s/%s", folder, name + strlen(CREDENTIAL));
	return read_file(path, name, what, max, ret, err);
}

void secret_file_done(struct secret_file *file)
{
	secret_free(file->memory, file->size);
	*file = (struct secret_file){.bytes = BYTES_NONE};
}
