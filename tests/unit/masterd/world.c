/*
 * Rows by hand, so that tests of readers need no writer.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/fs.h"
#include "lib/base/text.h"
#include "masterd/db/audit.h"
#include "masterd/db/db_internal.h"
#include "tests/unit/masterd/world.h"

/* clang-format off */
static const char rows[] =
"INSERT INTO account (id, name, added_ms) VALUES (1, 'local', 1000);"
"INSERT INTO bot (id, account, name, owner, state, added_ms, seen_ms, slots,"
" free, engines, tags, os, sandbox) VALUES"
" (1, 1, 'b1', 1, 'up', 1000, 1700000000000, 2, 1, 'libfuzzer afl', '',"
"  'Debian 12', 'bwrap'),"
" (2, 1, 'b2', 1, 'lost', 1000, 1600000000000, 1, 1, '', 'big', '', 'none');"
"INSERT INTO epoch (id, bot, epoch, state, highest, first_ms, last_ms)"
" VALUES (1, 1, '00000000000000e1', 'live', 4, 1000, 2000);"
"UPDATE bot SET epoch = 1 WHERE id = 1;"
"INSERT INTO epoch_range VALUES (1, 'recorded', 1, 3);"
"INSERT INTO epoch_count VALUES (1, 'corpus', 'ingested', 2),"
" (1, 'crash', 'refused', 1);"
"INSERT INTO ledger (epoch, seq, digest, kind, outcome, reason, bytes,"
" records, sealed_ms, taken_ms, file) VALUES"
" (1, 1, zeroblob(32), 'corpus', 'ingested', '', 10, 1, 1, 2, ''),"
" (1, 2, zeroblob(32), 'corpus', 'ingested', '', 10, 1, 1, 2, ''),"
" (1, 3, zeroblob(32), 'crash', 'refused', 'too long', 10, 1, 1, 2,"
"  'b1-00000000000000e1-3-c.pfb');"
"INSERT INTO project VALUES (1, 'zlib', 2, 1000), (2, 'png', 1, 1000);"
"INSERT INTO target (id, project, name, generation, edges, added_ms) VALUES"
" (1, 1, 'inflate', 1, 7, 1000),"
" (2, 1, 'inflate@v2', 2, 0, 1000),"
" (3, 2, 'inflate', 3, 0, 1000);"
"INSERT INTO build (id, sha256, project, revision, engine, sanitizer, files,"
" bytes, added_by, added_ms) VALUES"
" (1, unhex_d('11'), 1, 'r1', 'libfuzzer', 'address', 2, 100, 'user:root',"
"  1700000000000),"
" (2, unhex_d('22'), 1, 'r2', 'libfuzzer', 'undefined', 2, 100,"
"  'user:root', 1700000000000),"
" (3, unhex_d('12'), 2, '', 'libfuzzer', 'address', 1, 100, 'user:root',"
"  1700000000000);"
"INSERT INTO build_target (build, target, program) VALUES (1, 1, 'inflate'), (2, 1, 'inflate'),"
" (1, 2, 'inflate@v2'), (3, 3, 'bin/inflate');"
"INSERT INTO build_file VALUES (unhex_d('44'), 90, 0, 1000);"
"INSERT INTO job (id, job, target, build, current, engine, sanitizer, status,"
" execs, created_by, created_ms, started_ms) VALUES (1, 'aaaaaaaaaaaaaaaa',"
" 1, 1, 1, 'libfuzzer', 'address', 'running', 100, 'user:root', 1700000000000, 1700000001000);"
"INSERT INTO task (id, task, job, target, kind, state) VALUES"
" (1, 'bbbbbbbbbbbbbbbb', 1, 1, 'fuzz', 'leased'),"
" (2, 'bbbbbbbbbbbbbbb2', 1, 1, 'fuzz', 'ready');"
"INSERT INTO lease (id, lease, task, build, bot, epoch, state, slice_ms,"
" named_up, charged_up, offered_ms, started_ms, execs, execs_per_second)"
" VALUES (1, 'cccccccccccccccc', 1, 1, 1, 1, 'running', 60000, 1, 1, 1000, 1000, 50,"
"  25);"
"INSERT INTO unit (target, sha256, bytes, features, bot, added_ms) VALUES"
" (1, unhex_d('51'), 10, 1, 1, 1000), (1, unhex_d('52'), 20, 1, 1, 1000);"
"INSERT INTO bucket (id, project, number, status, type, state, security,"
" first_ms, last_ms) VALUES (1, 1, 1, 'open', 'Heap-buffer-overflow READ 1',"
" 'f\ng\nh', 1, 1000, 2000);"
"INSERT INTO signature (id, project, signature, security, bucket, home, class,"
" type, state, hits, first_ms, last_ms) VALUES (1, 1, unhex_d('66'), 1, 1, 1,"
" 'crash', 'Heap-buffer-overflow READ 1', 'f\ng\nh', 1, 1000, 2000);"
"INSERT INTO crash (id, target, sha256, signature, bucket, rules, type, access,"
" access_size, address, state, tool, security, engine, sanitizer, bytes,"
" has_input, tries, reproduced, first_ms, last_ms, sig) VALUES"
" (1, 1, unhex_d('33'), unhex_d('66'), 1, 1,"
" 'Heap-buffer-overflow READ 1', 'READ', 1, '0x10', 'f\ng\nh', 'asan', 1,"
" 'libfuzzer', 'address', 12, 1, 3, 3, 1000, 2000, 1);"
"INSERT INTO observation (crash, bot, epoch, seq, record, lease, job, build,"
" exit, signal, tries, reproduced, found_ms) VALUES"
" (1, 1, '00000000000000e1', 3, 2, 'cccccccccccccccc', 'aaaaaaaaaaaaaaaa',"
"  unhex_d('11'), 77, 0, 3, 3, 1500);"
"INSERT INTO submission (target, sha256, bytes, name, who, at_ms) VALUES"
" (1, unhex_d('77'), 5, 'x.bin', 'user:root', 1500);"
"INSERT INTO decision (id, project, at_ms, who, verb, bucket, detail) VALUES"
" (1, 1, 1500, 'user:root', 'note', 1, '{}');"
"INSERT INTO event (at_ms, who, what, subject) VALUES"
" (1000, 'master', 'bot.seen', 'bot:b1'),"
" (2000, 'user:root', 'job.created', 'job:aaaaaaaaaaaaaaaa');";

static const char hostile[] =
"UPDATE bot SET os = bad(), engines = bad(), tags = bad(), sandbox = bad(),"
" arch = bad(), said = bad(), holds = 1;"
"UPDATE crash SET type = bad(), state = bad(), access = bad(), tool = bad(),"
" address = bad();"
"UPDATE bucket SET type = bad(), state = bad();"
"UPDATE ledger SET reason = bad(), file = bad(), trace = bad();"
"UPDATE job SET reason = bad(), trace = bad(), status = 'failed',"
" ended_ms = 9000000000000;"
"UPDATE task SET reason = bad(); UPDATE lease SET reason = bad();"
"UPDATE observation SET trace = bad();"
"UPDATE submission SET name = bad(), reason = bad(), who = bad(), trace = bad();"
"UPDATE decision SET detail = bad(), reason = bad(), who = bad();"
"UPDATE signature SET type = bad(), state = bad(), stack = bad();"
"UPDATE crash SET parents = bad(), series = bad(), security_rule = bad();"
"UPDATE event SET what = bad(), subject = bad(), detail = bad(),"
" who = bad(), trace = bad();";
/* clang-format on */

/* unhex_d('ab'): a digest of 32 bytes 0xab. */
static void
unhex_d(sqlite3_context *c, int n, sqlite3_value **v)
{
	unsigned char bytes[32];

	(void)n;
	memset(bytes,
	    (int)strtoul((const char *)sqlite3_value_text(v[0]), NULL, 16),
	    sizeof(bytes));
	sqlite3_result_blob(c, bytes, sizeof(bytes), SQLITE_TRANSIENT);
}

static void
bad(sqlite3_context *c, int n, sqlite3_value **v)
{
	static const char head[] = "\" \\ , ] } \\n \x01\x1f\x7f\n\t\xff\xfe"
				   "\xc3\x28\xed\xa0\x80 '; DROP TABLE job; --";
	size_t len = 1 << 20;
	char *text = mem_alloc(len);

	(void)n;
	(void)v;
	memset(text, '"', len);
	memcpy(text, head, sizeof(head) - 1);
	sqlite3_result_text(c, text, (int)len, free);
}

void
world_sql(struct world *w, const char *sql)
{
	char *why = NULL;

	if (sqlite3_exec(w->db->handle, sql, NULL, NULL, &why) != SQLITE_OK) {
		fprintf(stderr, "world: %s\n", why);
		exit(1);
	}
}

bool
world_try(struct world *w, const char *sql)
{
	return sqlite3_exec(w->db->handle, sql, NULL, NULL, NULL) == SQLITE_OK;
}

long
world_number(struct world *w, const char *sql)
{
	sqlite3_stmt *s;
	long value = -1;

	if (sqlite3_prepare_v2(w->db->handle, sql, -1, &s, NULL) != SQLITE_OK) {
		fprintf(stderr, "world: %s\n", sqlite3_errmsg(w->db->handle));
		exit(1);
	}
	if (sqlite3_step(s) == SQLITE_ROW)
		value = (long)sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return value;
}

struct world *
world_new(void)
{
	char path[] = "/tmp/pf-world.XXXXXX";

	if (mkdtemp(path) == NULL) {
		perror("world");
		exit(1);
	}
	return world_new_at(path);
}

struct world *
world_new_at(const char *path)
{
	struct world *w = mem_alloc(sizeof(*w));
	const struct audit_entry change = {"user:alice", "job.created",
	    "job:" WORLD_JOB, "", "{}", "to see", "00aa"};
	struct err e = {.text = "no such folder"};

	text_copy(w->path, sizeof(w->path), path);
	if ((w->root = open(w->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) ==
		-1 ||
	    (w->db = db_open(w->root, &e)) == NULL) {
		fprintf(stderr, "world: %s\n", e.text);
		exit(1);
	}
	sqlite3_create_function(w->db->handle, "unhex_d", 1, SQLITE_UTF8, NULL,
	    unhex_d, NULL, NULL);
	sqlite3_create_function(
	    w->db->handle, "bad", 0, SQLITE_UTF8, NULL, bad, NULL, NULL);
	world_sql(w, rows);
	if (db_begin(w->db, &e) == -1 || audit_add(w->db, &change, &e) == -1 ||
	    db_commit(w->db, &e) == -1) {
		fprintf(stderr, "world: %s\n", e.text);
		exit(1);
	}
	return w;
}

void
world_make_hostile(struct world *w)
{
	world_sql(w, hostile);
}

void
world_free(struct world *w)
{
	db_close(w->db);
	close(w->root);
	fs_remove_tree(AT_FDCWD, w->path, NULL);
	free(w);
}
