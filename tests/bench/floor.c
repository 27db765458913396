/*
 * The bare loop.  Knows nothing of our libraries, so that nothing we make
 * slower makes it slower too.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <sqlite3.h>

#include "tests/bench/bench.h"
#include "tests/bench/feed.h"
#include "tests/bench/floor.h"

#define SHA256    32
#define WAL_PAGES 2000

struct floor {
	int root, stage;
	int folders[256];
	uint64_t staged, seq;
	EVP_MD *md;
	EVP_MD_CTX *ctx;
	sqlite3 *db;
	sqlite3_stmt *begin, *commit, *unit, *ledger, *target;
	int wal_pages;
};

static void
sql(struct floor *f, const char *text)
{
	if (sqlite3_exec(f->db, text, NULL, NULL, NULL) != SQLITE_OK)
		bench_die("floor: %s: %s", text, sqlite3_errmsg(f->db));
}

static sqlite3_stmt *
prepare(struct floor *f, const char *text)
{
	sqlite3_stmt *s;

	if (sqlite3_prepare_v3(f->db, text, -1, SQLITE_PREPARE_PERSISTENT, &s,
		NULL) != SQLITE_OK)
		bench_die("floor: %s: %s", text, sqlite3_errmsg(f->db));
	return s;
}

static void
step(struct floor *f, sqlite3_stmt *s)
{
	if (sqlite3_step(s) != SQLITE_DONE)
		bench_die("floor: %s", sqlite3_errmsg(f->db));
	sqlite3_reset(s);
}

static int
on_wal(void *arg, sqlite3 *db, const char *name, int pages)
{
	(void)db;
	(void)name;
	((struct floor *)arg)->wal_pages = pages;
	return SQLITE_OK;
}

/* The rows of masterd's schema 1, with its indexes. */
static void
make_tables(struct floor *f)
{
	sql(f, "PRAGMA journal_mode=WAL");
	sql(f, "PRAGMA synchronous=FULL");
	sql(f, "PRAGMA wal_autocheckpoint=0");
	sql(f, "PRAGMA cache_size=-4096");
	sql(f,
	    "CREATE TABLE target (id INTEGER PRIMARY KEY, units INTEGER, "
	    "unit_bytes INTEGER) STRICT");
	sql(f, "INSERT INTO target VALUES (1, 0, 0)");
	sql(f,
	    "CREATE TABLE unit (id INTEGER PRIMARY KEY AUTOINCREMENT, "
	    "target INTEGER NOT NULL, sha256 BLOB NOT NULL, bytes INTEGER, "
	    "features INTEGER, bot INTEGER, added_ms INTEGER, "
	    "UNIQUE (target, sha256)) STRICT");
	sql(f, "CREATE INDEX unit_serial ON unit (target)");
	sql(f,
	    "CREATE TABLE ledger (id INTEGER PRIMARY KEY, epoch INTEGER, "
	    "seq INTEGER, copy INTEGER, digest BLOB, kind TEXT, outcome TEXT, "
	    "bytes INTEGER, records INTEGER, taken_ms INTEGER, "
	    "UNIQUE (epoch, seq, copy)) STRICT");
	sql(f, "CREATE INDEX ledger_taken ON ledger (taken_ms)");
	f->begin = prepare(f, "BEGIN IMMEDIATE");
	f->commit = prepare(f, "COMMIT");
	f->unit = prepare(f,
	    "INSERT INTO unit (target, sha256, bytes, features, bot, added_ms) "
	    "VALUES (1, ?, ?, 7, 1, ?)");
	f->ledger = prepare(f,
	    "INSERT INTO ledger (epoch, seq, copy, digest, kind, outcome, "
	    "bytes, records, taken_ms) VALUES (1, ?, 0, ?, 'corpus', "
	    "'ingested', 200000, 65, ?)");
	f->target = prepare(f,
	    "UPDATE target SET units = units + ?1, unit_bytes = unit_bytes + "
	    "?1 * 4096 WHERE id = 1");
}

static int
make_dir(int at, const char *name)
{
	int fd;

	mkdirat(at, name, 0750);
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		bench_die("floor: cannot make '%s'", name);
	return fd;
}

struct floor *
floor_open(const char *root)
{
	struct floor *f = calloc(1, sizeof(*f));
	char name[PATH_MAX];
	int corpus, i;

	if (f == NULL)
		bench_die("floor: out of memory");
	f->root = make_dir(AT_FDCWD, root);
	f->stage = make_dir(f->root, "stage");
	corpus = make_dir(f->root, "corpus");
	for (i = 0; i < 256; i++) {
		snprintf(name, sizeof(name), "%02x", (unsigned)i);
		f->folders[i] = make_dir(corpus, name);
	}
	close(corpus);
	f->md = EVP_MD_fetch(NULL, "SHA256", NULL);
	f->ctx = EVP_MD_CTX_new();
	snprintf(name, sizeof(name), "%s/floor.db", root);
	if (sqlite3_open_v2(name, &f->db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
		    SQLITE_OPEN_NOMUTEX,
		NULL) != SQLITE_OK)
		bench_die("floor: cannot open '%s'", name);
	sqlite3_wal_hook(f->db, on_wal, f);
	make_tables(f);
	return f;
}

void
floor_close(struct floor *f)
{
	int i;

	sqlite3_finalize(f->begin);
	sqlite3_finalize(f->commit);
	sqlite3_finalize(f->unit);
	sqlite3_finalize(f->ledger);
	sqlite3_finalize(f->target);
	sqlite3_close(f->db);
	EVP_MD_CTX_free(f->ctx);
	EVP_MD_free(f->md);
	for (i = 0; i < 256; i++)
		close(f->folders[i]);
	close(f->stage);
	close(f->root);
	free(f);
}

static void
hash(struct floor *f, const uint8_t *bytes, size_t len, uint8_t *digest)
{
	EVP_DigestInit_ex2(f->ctx, f->md, NULL);
	EVP_DigestUpdate(f->ctx, bytes, len);
	EVP_DigestFinal_ex(f->ctx, digest, NULL);
}

static void
to_hex(char *out, const uint8_t *digest)
{
	static const char digits[] = "0123456789abcdef";
	int i;

	for (i = 0; i < SHA256; i++) {
		*out++ = digits[digest[i] >> 4];
		*out++ = digits[digest[i] & 15];
	}
	*out = '\0';
}

static void
write_unit(struct floor *f, const uint8_t *bytes, uint8_t *digest)
{
	char tmp[32], name[2 * SHA256 + 1];
	int fd;

	hash(f, bytes, FEED_UNIT, digest);
	snprintf(tmp, sizeof(tmp), "%ju", (uintmax_t)++f->staged);
	fd = openat(
	    f->stage, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
	if (fd == -1 || write(fd, bytes, FEED_UNIT) != FEED_UNIT ||
	    close(fd) == -1)
		bench_die("floor: cannot write a unit");
	to_hex(name, digest);
	if (renameat(f->stage, tmp, f->folders[digest[0]], name) == -1)
		bench_die("floor: cannot name a unit");
}

static void
insert(struct floor *f, const struct floor_batch *b, const uint8_t *digests)
{
	int64_t now = (int64_t)time(NULL) * 1000;
	int i, units = b->bundles * b->units;

	step(f, f->begin);
	for (i = 0; i < units; i++) {
		sqlite3_bind_blob(
		    f->unit, 1, digests + i * SHA256, SHA256, SQLITE_STATIC);
		sqlite3_bind_int64(f->unit, 2, FEED_UNIT);
		sqlite3_bind_int64(f->unit, 3, now);
		step(f, f->unit);
	}
	for (i = 0; i < b->bundles; i++) {
		sqlite3_bind_int64(f->ledger, 1, (int64_t)++f->seq);
		sqlite3_bind_blob(f->ledger, 2, digests, SHA256, SQLITE_STATIC);
		sqlite3_bind_int64(f->ledger, 3, now);
		step(f, f->ledger);
	}
	sqlite3_bind_int64(f->target, 1, units);
	step(f, f->target);
	step(f, f->commit);
}

void
floor_batch(struct floor *f, const struct floor_batch *b, const uint8_t *units)
{
	int i, count = b->bundles * b->units;
	uint8_t *digests = malloc((size_t)count * SHA256);

	if (digests == NULL)
		bench_die("floor: out of memory");
	for (i = 0; i < count; i++)
		write_unit(f, units + (size_t)i * FEED_UNIT,
		    digests + (size_t)i * SHA256);
	if (syncfs(f->root) == -1)
		bench_die("floor: cannot sync");
	insert(f, b, digests);
	free(digests);
}

void
floor_between(struct floor *f)
{
	if (f->wal_pages <= WAL_PAGES)
		return;
	sqlite3_wal_checkpoint_v2(
	    f->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	f->wal_pages = 0;
}
