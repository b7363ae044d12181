#include "care/care.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/pack.h"
#include "base/text.h"
#include "pages/pages.h"
#include "schemas/json.h"

enum { MANIFEST_MAX = 1 << 20, COPY_STEP = 1 << 16, HEX_LEN = 2 * HASH_LEN + 1 };
static const char manifest_name[] = "manifest.json";

static result make_empty(const char *folder, struct err *err)
{
	char **names = NULL;
	size_t count = 0;
	TRY(file_make_folder(folder, 0700, err));
	TRY(file_list(folder, "", &names, &count, err));
	file_list_free(names, count);
	return count ? err_set(err, CODE_USAGE, folder, "there is something in it; name a folder that is empty or new") : OK;
}

result care_copy_database(const char *data, const char *folder, struct care_copy *copy, struct err *err)
{
	AUTO_FREE char *from = mem_printf("%s/%s", data, copy->database), *to = mem_printf("%s/%s", folder, copy->database);
	int64_t pages = 0;
	TRY(make_empty(folder, err));
	if (access(from, F_OK) != 0)
		return err_errno(err, from, "open");
	copy->made_at = clock_wall_ms();
	TRY(pages_copy(from, to, err));
	TRY(pages_check(to, &pages, err));
	return pages_integrity(to, err);
}

/* Beside, synced, then renamed: nobody finds half a file under its name. */
static result copy_bytes(int from, int to, const char *path, struct err *err)
{
	AUTO_FREE uint8_t *step = mem_alloc(COPY_STEP);
	for (;;) {
		ssize_t got = read(from, step, COPY_STEP);
		if (got < 0)
			return err_errno(err, path, "read");
		if (got == 0)
			return fsync(to) == 0 ? OK : err_errno(err, path, "fsync");
		for (ssize_t at = 0; at < got;) {
			ssize_t put = write(to, step + at, (size_t)(got - at));
			if (put < 0)
				return err_errno(err, path, "write");
			at += put;
		}
	}
}

static result copy_file(const char *path, const char *to, const char *folder, struct err *err)
{
	AUTO_FREE char *beside = mem_printf("%s.part", to);
	int source = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (source < 0)
		return err_errno(err, path, "open");
	int target = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	result r = target < 0 ? err_errno(err, beside, "create") : copy_bytes(source, target, beside, err);
	close(source);
	if (target >= 0)
		close(target);
	if (!FAILED(r) && rename(beside, to) != 0)
		r = err_errno(err, to, "rename");
	return FAILED(r) ? r : file_sync_folder(folder, err);
}

result care_copy_file(const char *path, const char *folder, bool optional, struct err *err)
{
	const char *slash = strrchr(path, '/');
	AUTO_FREE char *to = mem_printf("%s/%s", folder, slash ? slash + 1 : path);
	if (optional && access(path, F_OK) != 0)
		return OK;
	return copy_file(path, to, folder, err);
}

result care_copy_end(const char *folder, const struct care_copy *copy, struct err *err)
{
	char made[CLOCK_TEXT_MAX], hex[HEX_LEN];
	char **names = NULL;
	size_t count = 0;
	struct buf text;
	TRY(file_list(folder, "", &names, &count, err));
	buf_init(&text, MANIFEST_MAX);
	buf_printf(&text, "{\n  \"what\": \"%s\",\n  \"party\": \"%s\",\n  \"made_at\": \"%s\",\n  \"version\": \"%s\",\n", copy->what, copy->party,
	           clock_text(copy->made_at, made), LIAISON_VERSION);
	if (copy->ledger_size >= 0)
		buf_printf(&text, "  \"ledger\": {\"size\": %lld, \"root\": \"%s\"},\n", (long long)copy->ledger_size, text_hex(hash_bytes(&copy->ledger_root), hex));
	buf_add_text(&text, "  \"files\": [");
	result r = OK;
	for (size_t i = 0; i < count && !FAILED(r); i++) {
		AUTO_FREE char *path = mem_printf("%s/%s", folder, names[i]);
		struct hash hash;
		int64_t bytes = 0;
		r = hash_of_file(path, &hash, &bytes, err);
		if (!FAILED(r))
			buf_printf(&text, "%s\n    {\"name\": \"%s\", \"bytes\": %lld, \"sha256\": \"%s\"}", i ? "," : "", names[i], (long long)bytes,
			           text_hex(hash_bytes(&hash), hex));
	}
	buf_add_text(&text, "\n  ]\n}\n");
	file_list_free(names, count);
	AUTO_FREE char *path = mem_printf("%s/%s", folder, manifest_name);
	if (!FAILED(r))
		r = buf_check(&text, path, err);
	if (!FAILED(r))
		r = file_write(path, buf_bytes(&text), 0600, err);
	buf_done(&text);
	return r;
}

/* ── back again ── */

static struct bytes text_in(struct bytes map, const char *key)
{
	struct bytes value, text;
	return pack_find(map, key, &value) && pack_as_text(value, &text) ? text : BYTES_NONE;
}

static int64_t number_in(struct bytes map, const char *key)
{
	struct bytes value;
	int64_t number = -1;
	return pack_find(map, key, &value) && pack_as_int(value, &number) ? number : -1;
}

static result check_file(const char *folder, struct bytes entry, struct err *err)
{
	struct bytes name = text_in(entry, "name"), wanted = text_in(entry, "sha256");
	struct hash hash;
	int64_t bytes = 0;
	char hex[HEX_LEN];
	if (name.len == 0 || memchr(name.at, '/', name.len))
		return err_set(err, CODE_CORRUPT, manifest_name, "it names a file that cannot be");
	AUTO_FREE char *path = mem_printf("%s/%.*s", folder, (int)name.len, (const char *)name.at);
	TRY(hash_of_file(path, &hash, &bytes, err));
	if (bytes != number_in(entry, "bytes") || !bytes_is(wanted, text_hex(hash_bytes(&hash), hex)))
		return err_set(err, CODE_CORRUPT, path, "it is not the file that the manifest is of");
	return OK;
}

static result check_manifest(struct bytes manifest, const char *folder, struct care_copy *copy, struct err *err)
{
	struct bytes files, ledger;
	bool has_database = false;
	if (!bytes_is(text_in(manifest, "what"), copy->what) || !bytes_is(text_in(manifest, "party"), copy->party))
		return err_set(err, CODE_USAGE, folder, "it is a copy of %.*s %.*s, and the configuration is that of %s %s",
		               (int)text_in(manifest, "what").len, (const char *)text_in(manifest, "what").at, (int)text_in(manifest, "party").len,
		               (const char *)text_in(manifest, "party").at, copy->what, copy->party);
	TRY(clock_parse(text_in(manifest, "made_at"), &copy->made_at, err));
	if (pack_find(manifest, "ledger", &ledger)) {
		copy->ledger_size = number_in(ledger, "size");
		TRY(text_unhex(text_in(ledger, "root"), copy->ledger_root.at, HASH_LEN, err));
	}
	if (!pack_find(manifest, "files", &files))
		return err_set(err, CODE_CORRUPT, manifest_name, "it names no files");
	struct pack_in in = pack_in(files, err);
	size_t count = pack_array(&in, "files");
	for (size_t i = 0; i < count && !in.failed; i++) {
		struct bytes entry = pack_value(&in, "files");
		TRY(check_file(folder, entry, err));
		has_database = has_database || bytes_is(text_in(entry, "name"), copy->database);
	}
	return has_database && !in.failed ? OK : err_set(err, CODE_CORRUPT, manifest_name, "it does not name %s", copy->database);
}

result care_copy_check(const char *folder, const char *what, const char *party, const char *database, struct care_copy *ret, struct err *err)
{
	AUTO_FREE char *path = mem_printf("%s/%s", folder, manifest_name), *file = mem_printf("%s/%s", folder, database);
	struct buf json, packed;
	int64_t pages = 0;
	*ret = (struct care_copy){.what = what, .party = party, .database = database, .ledger_size = -1};
	TRY(file_read(path, MANIFEST_MAX, &json, err));
	buf_init(&packed, MANIFEST_MAX);
	result r = json_to_pack(buf_bytes(&json), &packed, err);
	if (!FAILED(r))
		r = check_manifest(buf_bytes(&packed), folder, ret, err);
	if (!FAILED(r))
		r = pages_check(file, &pages, err);
	if (!FAILED(r))
		r = pages_integrity(file, err);
	buf_done(&json);
	buf_done(&packed);
	return r;
}

result care_copy_restore(const char *folder, const char *data, const char *database, struct err *err)
{
	static const char *const endings[] = {"", "-wal", "-mark", "-shm"};
	AUTO_FREE char *from = mem_printf("%s/%s", folder, database), *to = mem_printf("%s/%s", data, database);
	TRY(file_make_folder(data, 0700, err));
	for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
		AUTO_FREE char *path = mem_printf("%s%s", to, endings[i]);
		if (access(path, F_OK) == 0)
			return err_set(err, CODE_USAGE, path, "it is there; stop the program, and move what is in the folder away first: nothing is overwritten");
	}
	return copy_file(from, to, data, err);
}
