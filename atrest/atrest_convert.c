#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "atrest/atrest_inside.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "pages/pages.h"

/* One database on its way: read as it lies on the disk, written sealed with the first key. */
struct conversion {
	const char *path;
	int from, to; /* -1: not open */
	struct vault_hand *hand;
	struct atrest_head old, new;
	bool is_sealed; /* the old one */
	uint8_t in[ATREST_SEGMENT_MAX], out[ATREST_SEGMENT_MAX];
};

/* ---- looking ---- */

/* *ret_len: less than len at the end of the file. */
static RESULT read_at(int fd, const char *path, uint8_t *into, size_t len, int64_t offset, size_t *ret_len, struct err *err)
{
	*ret_len = 0;
	while (*ret_len < len) {
		ssize_t got = pread(fd, into + *ret_len, len - *ret_len, offset + (int64_t)*ret_len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_errno(err, path, "cannot read it");
		if (got == 0)
			break;
		*ret_len += (size_t)got;
	}
	return OK;
}

static RESULT open_for_look(const char *path, int *ret_fd, enum atrest_state *ret_state, struct atrest_head *ret_head, struct err *err)
{
	uint8_t head[ATREST_HEAD];
	size_t len = 0;

	*ret_state = ATREST_ABSENT;
	*ret_fd = open(path, O_RDWR | O_CLOEXEC);
	if (*ret_fd < 0 && (errno == EACCES || errno == EROFS)) /* another user's, or a medium that cannot be written */
		*ret_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*ret_fd < 0)
		return errno == ENOENT ? OK : err_errno(err, path, "cannot open it");
	result r = read_at(*ret_fd, path, head, sizeof(head), 0, &len, err);
	if (!FAILED(r) && len > 0)
		*ret_state = len == sizeof(head) && atrest_head_read(head, ret_head) ? ATREST_SEALED : ATREST_PLAIN;
	return r;
}

static void count_one(const uint8_t *id, const struct vault *vault, struct atrest_count *count)
{
	count->blocks++;
	for (size_t i = 0; vault != NULL && i < vault_count(vault); i++) {
		if (memcmp(vault_id(vault, i), id, VAULT_ID_LEN) == 0) {
			count->by_key[i]++;
			return;
		}
	}
	count->by_others++;
}

static RESULT count_all(int fd, const char *path, const struct vault *vault, struct atrest_count *count, struct err *err)
{
	uint8_t id[VAULT_ID_LEN];
	size_t len = 0;

	for (int64_t block = 0;; block++) {
		TRY(read_at(fd, path, id, sizeof(id), atrest_segment_at(ATREST_BLOCKS, block * ATREST_PAGE).physical + ATREST_PAGE, &len, err));
		if (len < sizeof(id))
			return OK;
		count_one(id, vault, count);
	}
}

result atrest_look(const char *path, const struct vault *vault, struct atrest_count *ret, struct err *err)
{
	struct atrest_head head;
	struct stat about;
	int fd = -1;

	memset(ret, 0, sizeof(*ret));
	result r = open_for_look(path, &fd, &ret->state, &head, err);
	if (!FAILED(r) && ret->state == ATREST_SEALED)
		r = count_all(fd, path, vault, ret, err);
	else if (!FAILED(r) && ret->state == ATREST_PLAIN && fstat(fd, &about) == 0)
		ret->blocks = (uint64_t)about.st_size / ATREST_PAGE;
	if (fd >= 0)
		close(fd);
	return r;
}

result atrest_may_open(const char *path, const struct vault *vault, struct err *err)
{
	struct atrest_head head;
	enum atrest_state state;
	struct atrest_count count = {.blocks = 0};
	uint8_t id[VAULT_ID_LEN];
	char text[2 * VAULT_ID_LEN + 1];
	size_t len = 0;
	int fd = -1;

	result r = open_for_look(path, &fd, &state, &head, err);
	if (!FAILED(r) && state == ATREST_SEALED)
		r = read_at(fd, path, id, sizeof(id), ATREST_HEAD + ATREST_PAGE, &len, err);
	if (fd >= 0)
		close(fd);
	TRY(r);
	if (state != ATREST_SEALED || len < sizeof(id))
		return OK;
	if (vault == NULL)
		return err_set(err, CODE_KEY, path, "it is sealed, and no key is set; set at_rest.key to the ring that sealed it");
	count_one(id, vault, &count);
	return count.by_others == 0 ? OK
	                            : err_set(err, CODE_KEY, path, "it is sealed with the key %s, which is not in the ring of at_rest.key",
	                                      text_hex(bytes_of(id, sizeof(id)), text));
}

/* ---- merging the log ---- */

static RESULT run_sql(sqlite3 *db, const char *path, const char *sql, struct err *err)
{
	int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);

	if (rc == SQLITE_OK)
		return OK;
	return err_set(err, rc == SQLITE_BUSY || rc == SQLITE_LOCKED ? CODE_BUSY : CODE_IO, path, "%s%s", sqlite3_errmsg(db),
	               rc == SQLITE_BUSY || rc == SQLITE_LOCKED ? "; stop the program that has it open" : "");
}

/* Nobody else has it open then, and all of it is in the one file. */
static RESULT merge_log(const char *path, struct err *err)
{
	sqlite3 *db = NULL;
	int rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, pages_vfs(true));
	result r = rc == SQLITE_OK ? OK : err_set(err, CODE_IO, path, "%s", sqlite3_errmsg(db));

	if (!FAILED(r))
		r = run_sql(db, path, "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT; PRAGMA wal_checkpoint(TRUNCATE);", err);
	if (sqlite3_close(db) != SQLITE_OK && !FAILED(r))
		r = err_set(err, CODE_IO, path, "it cannot be closed");
	return r;
}

/* ---- writing anew ---- */

static RESULT write_at(int fd, const char *path, const uint8_t *from, size_t len, int64_t offset, struct err *err)
{
	for (size_t done = 0; done < len;) {
		ssize_t wrote = pwrite(fd, from + done, len - done, offset + (int64_t)done);
		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote < 0)
			return err_errno(err, path, "cannot write it");
		done += (size_t)wrote;
	}
	return OK;
}

/* A block that was passed over and never written; as zeros, sealed or not. */
static bool is_hole(const uint8_t *at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (at[i])
			return false;
	return true;
}

/* *ret_more false: there is no such block. */
static RESULT read_block(struct conversion *conversion, int64_t block, bool *ret_more, struct err *err)
{
	uint8_t about[ATREST_ABOUT];
	struct atrest_segment segment = atrest_segment_at(ATREST_BLOCKS, block * ATREST_PAGE);
	size_t wanted = conversion->is_sealed ? ATREST_SEGMENT_MAX : ATREST_PAGE, len = 0;

	TRY(read_at(conversion->from, conversion->path, conversion->in, wanted, conversion->is_sealed ? segment.physical : segment.logical, &len, err));
	*ret_more = len == wanted;
	if (!*ret_more || !conversion->is_sealed || is_hole(conversion->in, len))
		return OK;
	result r = vault_hand_open(conversion->hand, atrest_about(&conversion->old, segment.number, about), conversion->in, ATREST_PAGE, conversion->in + ATREST_PAGE,
	                           conversion->in, err);
	if (FAILED(r))
		err_prefix(err, conversion->path);
	return r;
}

static RESULT write_blocks(struct conversion *conversion, struct err *err)
{
	uint8_t about[ATREST_ABOUT], head[ATREST_HEAD];
	bool more = true;

	atrest_head_write(&conversion->new, head);
	TRY(write_at(conversion->to, conversion->path, head, sizeof(head), 0, err));
	for (int64_t block = 0;; block++) {
		struct atrest_segment segment = atrest_segment_at(ATREST_BLOCKS, block * ATREST_PAGE);
		TRY(read_block(conversion, block, &more, err));
		if (!more)
			break;
		TRY(vault_hand_seal(conversion->hand, atrest_about(&conversion->new, segment.number, about), conversion->in, ATREST_PAGE, conversion->out,
		                    conversion->out + ATREST_PAGE, err));
		TRY(write_at(conversion->to, conversion->path, conversion->out, ATREST_SEGMENT_MAX, segment.physical, err));
	}
	return fsync(conversion->to) == 0 ? OK : err_errno(err, conversion->path, "cannot write it");
}

/* What a file system lets overwrite in place is; the blocks of a disk that moves them by itself are not reached. */
static RESULT overwrite(struct conversion *conversion, struct err *err)
{
	struct stat about;

	if (fstat(conversion->from, &about) != 0)
		return err_errno(err, conversion->path, "cannot look at it");
	memset(conversion->out, 0, sizeof(conversion->out));
	for (int64_t at = 0; at < about.st_size; at += ATREST_PAGE)
		TRY(write_at(conversion->from, conversion->path, conversion->out, ATREST_PAGE, at, err));
	return fsync(conversion->from) == 0 ? OK : err_errno(err, conversion->path, "cannot overwrite what it was");
}

static RESULT take_its_place(struct conversion *conversion, const char *beside, struct err *err)
{
	AUTO_FREE char *folder = mem_text(conversion->path);
	char *slash = strrchr(folder, '/');

	if (rename(beside, conversion->path) != 0)
		return err_errno(err, conversion->path, "cannot put the sealed file in its place");
	if (slash != NULL)
		*slash = '\0';
	return file_sync_folder(slash != NULL ? folder : ".", err);
}

static RESULT convert(struct conversion *conversion, const char *beside, struct err *err)
{
	enum atrest_state state;

	TRY(open_for_look(conversion->path, &conversion->from, &state, &conversion->old, err));
	conversion->is_sealed = state == ATREST_SEALED;
	conversion->to = open(beside, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (conversion->to < 0)
		return err_errno(err, beside, "cannot make it");
	atrest_head_new(ATREST_BLOCKS, &conversion->new);
	TRY(write_blocks(conversion, err));
	TRY(take_its_place(conversion, beside, err));
	return overwrite(conversion, err);
}

result atrest_seal_file(const char *path, const struct vault *vault, bool *ret_done, struct err *err)
{
	struct atrest_count count;

	*ret_done = false;
	TRY(atrest_may_open(path, vault, err));
	TRY(atrest_look(path, vault, &count, err));
	if (count.state == ATREST_ABSENT || (count.state == ATREST_SEALED && count.by_key[0] == count.blocks))
		return OK;
	TRY(merge_log(path, err));
	struct conversion *conversion = mem_alloc(sizeof(*conversion));
	AUTO_FREE char *beside = mem_printf("%s.sealing", path);
	*conversion = (struct conversion){.path = path, .from = -1, .to = -1, .hand = vault_hand_new(vault)};
	result r = convert(conversion, beside, err);
	if (FAILED(r))
		unlink(beside);
	if (conversion->from >= 0)
		close(conversion->from);
	if (conversion->to >= 0)
		close(conversion->to);
	vault_hand_free(conversion->hand);
	mem_wipe(conversion, sizeof(*conversion));
	mem_free(conversion);
	*ret_done = !FAILED(r);
	return r;
}

/* ---- the start of a program ---- */

static RESULT seal_all(const struct vault *vault, const char *folder, const char *const *names, size_t count, size_t *ret_sealed, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		AUTO_FREE char *path = mem_printf("%s/%s", folder, names[i]);
		struct atrest_count state;
		bool was_sealed = false;
		TRY(atrest_may_open(path, vault, err));
		TRY(atrest_look(path, NULL, &state, err));
		if (vault != NULL && state.state == ATREST_PLAIN)
			TRY(atrest_seal_file(path, vault, &was_sealed, err));
		*ret_sealed += was_sealed;
	}
	return OK;
}

result atrest_begin(const char *key, const char *folder, const char *const *names, size_t count, struct atrest_began *ret, struct err *err)
{
	struct vault *vault = NULL;

	*ret = (struct atrest_began){.sealed = 0};
	if (key != NULL) {
		TRY(vault_load(key, &vault, err));
		text_hex(bytes_of(vault_id(vault, 0), VAULT_ID_LEN), ret->key);
		TRY(atrest_setup(vault, err));
	}
	return seal_all(vault, folder, names, count, &ret->sealed, err);
}

result atrest_begin_reading(const char *key, const char *const *paths, size_t count, struct err *err)
{
	struct vault *vault = NULL;
	result r = OK;

	if (key != NULL)
		TRY(vault_load(key, &vault, err));
	for (size_t i = 0; i < count && !FAILED(r); i++)
		r = atrest_may_open(paths[i], vault, err);
	if (!FAILED(r) && vault != NULL)
		return atrest_setup(vault, err);
	vault_free(vault);
	return r;
}
