#include "pages/pages_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

/* The log's format is SQLite's (sqlite.org/fileformat2.html §4): a header, then frames, each with a page, a salt that is the header's, and a checksum that
 * goes on from the frame before. */
enum { LOG_MAGIC = 0x377f0682, LOG_FORMAT = 3007000, HEADER_SALT = 16, HEADER_SUM = 24, FRAME_COMMIT = 4, FRAME_SALT = 8, FRAME_SUM = 16 };
enum { MARK_SALT = 8, MARK_FRAMES = 16, MARK_COPIED = 20, MARK_BOOT = 24, MARK_SUM = PAGES_MARK_BYTES - 8 };

static const char mark_magic[8] = "LiMark1\n";

struct sum {
	uint32_t a, b;
};

static uint32_t word(const uint8_t *at, bool is_big)
{
	return is_big ? pages_get32(at) : (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];
}

static struct sum add_up(struct sum sum, bool is_big, const uint8_t *at, size_t len)
{
	for (size_t i = 0; i < len; i += 8) {
		sum.a += word(at + i, is_big) + sum.b;
		sum.b += word(at + i + 4, is_big) + sum.a;
	}
	return sum;
}

static struct sum sum_at(const uint8_t *at)
{
	return (struct sum){pages_get32(at), pages_get32(at + 4)};
}

static bool sums_equal(struct sum left, struct sum right)
{
	return left.a == right.a && left.b == right.b;
}

static bool frame_fits(struct sum before, bool is_big, const uint8_t *header, const uint8_t *page)
{
	struct sum sum = add_up(add_up(before, is_big, header, FRAME_SALT), is_big, page, PAGES_BYTES);
	return sums_equal(sum, sum_at(header + FRAME_SUM));
}

static int64_t offset_of(uint32_t frame)
{
	return PAGES_LOG_HEADER + (int64_t)(frame - 1) * PAGES_FRAME_BYTES;
}

static bool is_zero(const uint8_t *at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (at[i] != 0)
			return false;
	return true;
}

/* ── the mark ── */

static char *mark_path(const char *log)
{
	return mem_printf("%.*s-mark", (int)(strlen(log) - strlen("-wal")), log);
}

/* The machine's life: what was written in an earlier one may have been lost by a power cut if nobody synced it. */
static uint8_t boot[PAGES_BOOT];
static pthread_once_t boot_once = PTHREAD_ONCE_INIT;

static void read_boot(void)
{
	struct err ignored;
	struct buf text;
	if (FAILED(file_read("/proc/sys/kernel/random/boot_id", 64, &text, &ignored)))
		return;
	uint64_t crc = pages_crc(1, text.at, text.len);
	memcpy(boot, &crc, sizeof(crc));
	buf_done(&text);
}

/* A mark that does not fit its checksum says nothing; so does one that is not there. */
static void read_mark(int fd, struct pages_mark *ret)
{
	uint8_t text[PAGES_MARK_BYTES];
	memset(ret, 0, sizeof(*ret));
	if (pread(fd, text, sizeof(text), 0) != (ssize_t)sizeof(text) || memcmp(text, mark_magic, sizeof(mark_magic)) != 0)
		return;
	uint64_t crc = pages_crc(0, text, MARK_SUM);
	if (memcmp(&crc, text + MARK_SUM, sizeof(crc)) != 0)
		return;
	pthread_once(&boot_once, read_boot);
	memcpy(ret->salt, text + MARK_SALT, PAGES_SALT);
	ret->frames = pages_get32(text + MARK_FRAMES);
	ret->is_copied = pages_get32(text + MARK_COPIED) != 0;
	ret->is_of_today = !is_zero(boot, PAGES_BOOT) && memcmp(boot, text + MARK_BOOT, PAGES_BOOT) == 0;
}

static int write_mark(int fd, const struct pages_mark *mark)
{
	uint8_t text[PAGES_MARK_BYTES] = {0};
	memcpy(text, mark_magic, sizeof(mark_magic));
	memcpy(text + MARK_SALT, mark->salt, PAGES_SALT);
	pages_put32(text + MARK_FRAMES, mark->frames);
	pages_put32(text + MARK_COPIED, mark->is_copied);
	pthread_once(&boot_once, read_boot);
	memcpy(text + MARK_BOOT, boot, PAGES_BOOT);
	uint64_t crc = pages_crc(0, text, MARK_SUM);
	memcpy(text + MARK_SUM, &crc, sizeof(crc));
	ssize_t put = pwrite(fd, text, sizeof(text), 0);
	if (put == (ssize_t)sizeof(text))
		return SQLITE_OK;
	return put >= 0 || errno == ENOSPC || errno == EDQUOT ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

/* ── the whole log ── */

struct scan {
	const char *path;
	pages_read_fn read;
	void *ctx;
	uint32_t count; /* frames that the file has room for */
	bool is_big;
	uint8_t salt[PAGES_SALT];
	struct sum before;
	uint8_t frame[PAGES_FRAME_BYTES];
};

static int lost(const struct scan *scan, const struct pages_mark *mark)
{
	pages_note_damage(scan->path, "the log is gone or was emptied: %u frames were committed in it", mark->frames);
	return SQLITE_IOERR_DATA;
}

/* *ret_none: there is no log yet. */
static int scan_header(struct scan *scan, int64_t size, bool *ret_none)
{
	uint8_t header[PAGES_LOG_HEADER];
	*ret_none = size < PAGES_LOG_HEADER;
	if (*ret_none)
		return SQLITE_OK;
	int rc = scan->read(scan->ctx, header, sizeof(header), 0);
	if (rc != SQLITE_OK)
		return rc;
	*ret_none = is_zero(header, sizeof(header)); /* room was made, and then the power went */
	if (*ret_none)
		return SQLITE_OK;
	scan->is_big = pages_get32(header) & 1;
	scan->before = add_up((struct sum){0, 0}, scan->is_big, header, HEADER_SUM);
	memcpy(scan->salt, header + HEADER_SALT, PAGES_SALT);
	if ((pages_get32(header) & ~1U) != LOG_MAGIC || pages_get32(header + 4) != LOG_FORMAT || pages_get32(header + 8) != PAGES_BYTES ||
	    !sums_equal(scan->before, sum_at(header + HEADER_SUM))) {
		pages_note_damage(scan->path, "the log's header is damaged");
		return SQLITE_IOERR_DATA;
	}
	scan->count = (uint32_t)((size - PAGES_LOG_HEADER) / PAGES_FRAME_BYTES);
	return SQLITE_OK;
}

/* Reads a frame and says whether it goes on from the one that was read before. */
static int scan_frame(struct scan *scan, uint32_t number, bool *ret_fits)
{
	int rc = scan->read(scan->ctx, scan->frame, sizeof(scan->frame), offset_of(number));
	if (rc != SQLITE_OK)
		return rc;
	*ret_fits = memcmp(scan->frame + FRAME_SALT, scan->salt, PAGES_SALT) == 0 &&
	            frame_fits(scan->before, scan->is_big, scan->frame, scan->frame + PAGES_FRAME_HEADER);
	scan->before = sum_at(scan->frame + FRAME_SUM);
	return SQLITE_OK;
}

/* Without a mark to go by: nobody writes a frame of the next transaction before the one before it is synced. A frame that does not fit, and behind its
 * transaction's end one that does, is damage; a bad end alone may be what a power cut left of a commit that nobody was told of. */
static int judge_end(struct scan *scan, uint32_t bad)
{
	bool has_ended = false, fits = false;
	for (uint32_t number = bad; number <= scan->count; number++) {
		int rc = scan_frame(scan, number, &fits);
		if (rc != SQLITE_OK)
			return rc;
		if (has_ended && fits && number > bad) {
			pages_note_damage(scan->path, "frame %u of the log is damaged, and what was committed after it would be lost", bad);
			return SQLITE_IOERR_DATA;
		}
		has_ended = has_ended || (pages_get32(scan->frame + FRAME_COMMIT) != 0 &&
		                          memcmp(scan->frame + FRAME_SALT, scan->salt, PAGES_SALT) == 0);
	}
	return SQLITE_OK;
}

static int judge_mark(const struct scan *scan, const struct pages_mark *mark, uint32_t whole)
{
	bool is_this_log = memcmp(mark->salt, scan->salt, PAGES_SALT) == 0;
	if (is_this_log && whole < mark->frames) {
		pages_note_damage(scan->path, "frame %u of the log is damaged or missing, and %u were committed", whole + 1, mark->frames);
		return SQLITE_IOERR_DATA;
	}
	if (!is_this_log && mark->is_of_today && mark->frames > 0 && !mark->is_copied) {
		pages_note_damage(scan->path, "this is not the log that was written last, and that one is missing");
		return SQLITE_IOERR_DATA;
	}
	return SQLITE_OK;
}

/* found: what the log holds, as a mark. */
static int scan_log(struct scan *scan, int64_t size, const struct pages_mark *mark, struct pages_mark *found)
{
	bool is_none = false, fits = true;
	uint32_t whole = 0;
	memset(found, 0, sizeof(*found));
	int rc = scan_header(scan, size, &is_none);
	if (rc != SQLITE_OK)
		return rc;
	if (is_none)
		return mark->frames > 0 && !mark->is_copied ? lost(scan, mark) : SQLITE_OK;
	memcpy(found->salt, scan->salt, PAGES_SALT);
	struct sum before = scan->before;
	while (whole < scan->count) {
		before = scan->before;
		rc = scan_frame(scan, whole + 1, &fits);
		if (rc != SQLITE_OK)
			return rc;
		if (!fits)
			break;
		whole++;
		if (pages_get32(scan->frame + FRAME_COMMIT) != 0)
			found->frames = whole;
	}
	rc = judge_mark(scan, mark, whole);
	if (rc != SQLITE_OK || whole == scan->count || mark->is_of_today)
		return rc;
	scan->before = before;
	return judge_end(scan, whole + 1);
}

int pages_log_check(const char *path, pages_read_fn read, void *ctx, int64_t size)
{
	AUTO_FREE char *mark_name = mark_path(path);
	struct scan *scan = mem_alloc(sizeof(*scan));
	struct pages_mark mark = {.frames = 0}, found;
	*scan = (struct scan){.path = path, .read = read, .ctx = ctx};
	int fd = open(mark_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0) {
		read_mark(fd, &mark);
		close(fd);
	}
	int rc = scan_log(scan, size, &mark, &found);
	mem_free(scan);
	return rc;
}

/* ── the log that this connection writes ── */

int pages_log_open(struct pages_log *log, const char *path, pages_read_fn read, void *ctx, int64_t size)
{
	AUTO_FREE char *mark_name = mark_path(path);
	struct scan *scan = NULL;
	struct pages_mark found = {.frames = 0};
	*log = (struct pages_log){.path = mem_text(path)};
	log->mark_fd = open(mark_name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (log->mark_fd < 0) {
		mem_free(log->path);
		return errno == ENOSPC || errno == EDQUOT ? SQLITE_FULL : SQLITE_CANTOPEN;
	}
	read_mark(log->mark_fd, &log->mark);
	scan = mem_alloc(sizeof(*scan));
	*scan = (struct scan){.path = log->path, .read = read, .ctx = ctx};
	int rc = scan_log(scan, size, &log->mark, &found);
	mem_free(scan);
	if (rc == SQLITE_OK) {
		log->mark = found;
		memcpy(log->salt, found.salt, PAGES_SALT);
		rc = write_mark(log->mark_fd, &log->mark);
	}
	if (rc != SQLITE_OK)
		pages_log_close(log);
	return rc;
}

void pages_log_close(struct pages_log *log)
{
	close(log->mark_fd);
	mem_free(log->path);
}

/* A frame that was committed is written again only after its transaction failed later on, and was rolled back. */
static int lower_mark(struct pages_log *log, uint32_t frame)
{
	if (frame > log->mark.frames || memcmp(log->mark.salt, log->salt, PAGES_SALT) != 0)
		return SQLITE_OK;
	log->mark.frames = frame - 1;
	return write_mark(log->mark_fd, &log->mark);
}

static int header_written(struct pages_log *log, uint32_t frame, const uint8_t *at)
{
	log->header_frame = frame;
	if (is_zero(at + FRAME_SALT, PAGES_FRAME_HEADER - FRAME_SALT)) {
		/* Its checksum comes with the commit. */
		if (log->loose_from == 0 || frame < log->loose_from)
			log->loose_from = frame;
	} else if (log->loose_from == frame) {
		log->loose_from++;
	}
	if (pages_get32(at + FRAME_COMMIT) != 0)
		log->commit_frame = frame;
	return lower_mark(log, frame);
}

int pages_log_written(struct pages_log *log, const uint8_t *at, int amount, int64_t offset)
{
	if (offset == 0 && amount == PAGES_LOG_HEADER) {
		memcpy(log->salt, at + HEADER_SALT, PAGES_SALT);
		log->commit_frame = log->header_frame = log->loose_from = 0;
		return SQLITE_OK;
	}
	int64_t within = (offset - PAGES_LOG_HEADER) % PAGES_FRAME_BYTES;
	uint32_t frame = (uint32_t)((offset - PAGES_LOG_HEADER) / PAGES_FRAME_BYTES) + 1;
	if (within == 0 && amount == PAGES_FRAME_HEADER)
		return header_written(log, frame, at);
	/* A page that is put in the place of an earlier one of the same transaction. */
	if (within == PAGES_FRAME_HEADER && frame != log->header_frame && (log->loose_from == 0 || frame < log->loose_from))
		log->loose_from = frame;
	log->header_frame = 0;
	return SQLITE_OK;
}

int pages_log_synced(struct pages_log *log)
{
	if (log->commit_frame == 0)
		return SQLITE_OK;
	log->mark = (struct pages_mark){.frames = log->commit_frame};
	memcpy(log->mark.salt, log->salt, PAGES_SALT);
	log->commit_frame = 0;
	return write_mark(log->mark_fd, &log->mark);
}

int pages_log_copied(struct pages_log *log)
{
	log->mark.is_copied = true;
	return write_mark(log->mark_fd, &log->mark);
}

static int release(const char *path, int fd, struct pages_mark *mark)
{
	if (mark->frames > 0 && !mark->is_copied) {
		pages_note_damage(path, "the log holds what the file lacks, and must not be removed");
		return SQLITE_IOERR_DATA;
	}
	mark->is_copied = true;
	int rc = write_mark(fd, mark);
	if (rc == SQLITE_OK && fdatasync(fd) != 0)
		rc = SQLITE_IOERR_FSYNC;
	return rc;
}

int pages_log_release(struct pages_log *log)
{
	return release(log->path, log->mark_fd, &log->mark);
}

int pages_log_release_path(const char *path)
{
	AUTO_FREE char *name = mark_path(path);
	struct pages_mark mark;
	int fd = open(name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? SQLITE_OK : SQLITE_IOERR_DELETE;
	read_mark(fd, &mark);
	int rc = release(path, fd, &mark);
	close(fd);
	return rc;
}

int pages_log_verify(const struct pages_log *log, const char *path, const uint8_t *page, int64_t offset, pages_read_fn read, void *ctx)
{
	uint8_t magic[4], header[PAGES_FRAME_HEADER], before[8];
	int64_t at = offset - PAGES_LOG_HEADER - PAGES_FRAME_HEADER;
	if (at < 0 || at % PAGES_FRAME_BYTES != 0)
		return SQLITE_OK; /* no frame's page: SQLite reads whole frames too, and judges them itself */
	uint32_t frame = (uint32_t)(at / PAGES_FRAME_BYTES) + 1;
	if (log && log->loose_from != 0 && frame >= log->loose_from)
		return SQLITE_OK;
	int rc = read(ctx, magic, sizeof(magic), 0);
	if (rc == SQLITE_OK)
		rc = read(ctx, header, sizeof(header), offset_of(frame));
	if (rc == SQLITE_OK)
		rc = read(ctx, before, sizeof(before), frame == 1 ? HEADER_SUM : offset_of(frame - 1) + FRAME_SUM);
	if (rc != SQLITE_OK || frame_fits(sum_at(before), magic[3] & 1, header, page))
		return rc;
	pages_note_damage(path, "frame %u of the log, with page %u, does not fit its checksum", frame, pages_get32(header));
	return SQLITE_IOERR_DATA;
}
