/*
 * What the store itself says: files of builds, units by their names, crash
 * folders and job folders for what metadata/ had not reached; and from the
 * spool, what each bot was told last.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/text.h"
#include "lib/wire/invitation.h"
#include "lib/wire/manifest.h"
#include "masterd/admin/traits.h"
#include "masterd/db/bots.h"
#include "masterd/rebuild_internal.h"

static bool
is_file(int at, const char *name, struct stat *st)
{
	return fstatat(at, name, st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st->st_mode);
}

/* With --verify: has it the content that its name says? */
static bool
has_content(struct rebuild *r, int at, const char *name, const char *path,
    const struct digest *sha256)
{
	struct digest now;
	struct err e;
	int fd, got;

	if (!r->verify)
		return true;
	if ((fd = fs_open_foreign(at, name, NULL, &e)) == -1) {
		rebuild_note(r, path, e.text);
		return false;
	}
	got = fs_hash(fd, &now, NULL, &e);
	close(fd);
	if (got == 0 && digest_equal(&now, sha256))
		return true;
	rebuild_note(r, path,
	    got == 0 ? "has not the content that its name says" : e.text);
	return false;
}

/* ---- builds ---------------------------------------------------------- */

static int
scan_traits(struct rebuild *r, const char *path, uint32_t *traits)
{
	char bytes[65536];
	struct traits_scan scan;
	ssize_t n;
	int fd = fs_open_foreign(r->root, path, NULL, NULL);

	traits_init(&scan);
	while (fd != -1 && (n = read(fd, bytes, sizeof(bytes))) > 0)
		traits_add(&scan, bytes, (size_t)n);
	if (fd != -1)
		close(fd);
	*traits = scan.traits;
	return 0;
}

/* 1 when the file is there and noted as a file of the build, 0, -1. */
static int
take_build_file(struct rebuild *r, int64_t build, const char *json,
    const struct ticket_file *f)
{
	struct digest_hex hex = digest_hex(&f->sha256);
	uint32_t traits = TRAIT_SEEN;
	char path[128];
	struct stat st;
	int got;

	snprintf(
	    path, sizeof(path), "builds/files/%.2s/%s", hex.text, hex.text);
	if (!is_file(r->root, path, &st) || (uint64_t)st.st_size != f->size ||
	    !has_content(r, r->root, path, path, &f->sha256))
		return 0;
	got = rebuild_traits(r->db, json, &f->sha256, &traits, &r->failed);
	if (got == -1)
		return -1;
	if (got == 2)
		scan_traits(r, path, &traits);
	if (rebuild_build_file(
		r->db, build, &f->sha256, f->size, traits, &r->failed) == -1)
		return -1;
	return rebuild_made(r) == -1 ? -1 : 1;
}

static int
take_files(struct rebuild *r, int64_t build, const char *json,
    const struct manifest *m, char *why, size_t size)
{
	int i, got, missing = 0;

	for (i = 0; i < m->count; i++) {
		got = take_build_file(r, build, json, &m->files[i]);
		if (got == -1)
			return -1;
		if (got == 0 && missing++ == 0)
			snprintf(why, size,
			    "'%s' is not there, or not whole: add it again",
			    m->files[i].path);
	}
	return missing;
}

static int
read_manifest(struct rebuild *r, const struct digest *id, const char *path,
    struct manifest *m, struct err *e)
{
	struct buf text = BUF_INIT;
	struct digest now;
	int result;

	result = fs_read_file(r->root, path, &text, MANIFEST_MAX_BYTES, e);
	if (result == 0) {
		digest_of(&now, buf_text(&text), text.len);
		result = digest_equal(&now, id)
		    ? manifest_parse(m, buf_text(&text), text.len, e)
		    : err_set(e, ERR_REFUSED,
			  "has not the content that its name says");
	}
	buf_release(&text);
	return result;
}

int
rebuild_build_files(
    struct rebuild *r, const struct digest *id, const char *json)
{
	char path[128], why[600] = "";
	struct manifest m = {NULL, 0, 0};
	bool wanted = false;
	int64_t build = 0;
	struct err e;
	int got;

	snprintf(path, sizeof(path), "builds/%s.manifest", digest_hex(id).text);
	got = rebuild_build(r->db, id, &build, &wanted, &r->failed);
	if (got != 1)
		return got == -1
		    ? -1
		    : rebuild_note(r, path, "another build stands in its copy");
	got = read_manifest(r, id, path, &m, &e);
	if (got == -1)
		snprintf(why, sizeof(why), "%s", e.text);
	else
		got = take_files(r, build, json, &m, why, sizeof(why));
	manifest_release(&m);
	if (r->failed.cls != ERR_NONE)
		return -1;
	/* One that was removed may have lost them already. */
	if (got == 0 || !wanted)
		return 0;
	rebuild_note(r, path, why);
	return rebuild_build_lost(r->db, build, why, &r->failed);
}

static int
see_manifest(struct rebuild *r, const char *path, int dirfd, const char *name)
{
	char hex[DIGEST_HEX + 1];
	struct digest id;
	int64_t build;
	bool wanted;
	int got;

	(void)dirfd;
	if (strcmp(name, "files") == 0)
		return 0;
	snprintf(hex, sizeof(hex), "%.64s", name);
	if (digest_parse(&id, hex) == -1 ||
	    strcmp(name + DIGEST_HEX, ".manifest") != 0)
		return rebuild_note(r, path, "is no manifest");
	got = rebuild_build(r->db, &id, &build, &wanted, &r->failed);
	if (got == 0)
		return rebuild_note(r, path,
		    "whose build it is, is written nowhere: add it again");
	return got == -1 ? -1 : 0;
}

/* ---- P/T/... --------------------------------------------------------- */

struct place {
	char project[NAME_MAX_LEN + 1];
	char target[TARGET_MAX_LEN + 1];
	char rest[256]; /* after the next '/' */
};

/* "corpus/P/T/rest": names that passed their gates. */
static bool
place_of(struct place *p, const char *path, const char *top)
{
	const char *project = path + strlen(top) + 1, *target, *rest;

	if ((target = strchr(project, '/')) == NULL ||
	    (rest = strchr(++target, '/')) == NULL ||
	    target - project > NAME_MAX_LEN + 1 ||
	    rest - target > TARGET_MAX_LEN)
		return false;
	snprintf(p->project, sizeof(p->project), "%.*s",
	    (int)(target - project - 1), project);
	snprintf(
	    p->target, sizeof(p->target), "%.*s", (int)(rest - target), target);
	return text_copy(p->rest, sizeof(p->rest), rest + 1) &&
	    (name_ok(p->project) || strcmp(p->project, PROJECT_LOST) == 0) &&
	    target_name_ok(p->target);
}

/* Its row is r->target: a folder's files come one after the other. */
static int
target_of(struct rebuild *r, const struct place *p)
{
	char name[sizeof(r->target_name)];

	snprintf(name, sizeof(name), "%s/%s", p->project, p->target);
	if (r->target != 0 && strcmp(name, r->target_name) == 0)
		return 0;
	text_copy(r->target_name, sizeof(r->target_name), name);
	return rebuild_target(
	    r->db, p->project, p->target, &r->target, &r->failed);
}

/* ---- units ----------------------------------------------------------- */

static int
see_unit(struct rebuild *r, const char *path, int dirfd, const char *name)
{
	struct digest sha256;
	struct place p;
	struct stat st;

	if (strstr(path, "/quarantine/") != NULL)
		return 0;
	if (!place_of(&p, path, "corpus") || strlen(name) != DIGEST_HEX ||
	    digest_parse(&sha256, name) == -1 ||
	    strncmp(p.rest, name, 2) != 0 || p.rest[2] != '/' ||
	    !is_file(dirfd, name, &st))
		return rebuild_note(r, path, "is no unit by its name");
	if (!has_content(r, dirfd, name, path, &sha256))
		return 0;
	if (target_of(r, &p) == -1 ||
	    rebuild_unit(r->db, r->target, &sha256, (uint64_t)st.st_size,
		(uint64_t)st.st_mtim.tv_sec * 1000, &r->failed) == -1)
		return -1;
	return rebuild_made(r);
}

/* ---- crashes --------------------------------------------------------- */

static int
note_input(struct rebuild *r, const struct place *p,
    const struct digest *sha256, const char *folder, bool *there)
{
	char path[REBUILD_PATH_MAX + 8];
	struct stat st;

	snprintf(path, sizeof(path), "%s/input", folder);
	*there = is_file(r->root, path, &st) &&
	    has_content(r, r->root, path, path, sha256);
	if (target_of(r, p) == -1)
		return -1;
	return rebuild_input(r->db, r->target, sha256, *there, &r->failed);
}

int
rebuild_crash_input(struct rebuild *r, const char *path)
{
	char folder[REBUILD_PATH_MAX], hex[DIGEST_HEX + 1];
	struct digest sha256;
	struct place p;
	bool there;

	snprintf(hex, sizeof(hex), "%.64s", strrchr(path, '/') + 1);
	if (!place_of(&p, path, "metadata/crashes") ||
	    digest_parse(&sha256, hex) == -1)
		return 0;
	snprintf(folder, sizeof(folder), "crashes/%s/%s/%s", p.project,
	    p.target, hex);
	return note_input(r, &p, &sha256, folder, &there);
}

/* The buckets in whose folders an input is linked: one for each of its
 * signatures, so that two say little of either. */
struct linked {
	struct rebuild *r;
	const char *project, *hex;
	int count;
	uint64_t number; /* the only one, or one that has no row yet */
};

static int
see_bucket(void *arg, int dirfd, const char *name)
{
	struct linked *l = arg;
	char path[64 + DIGEST_HEX];
	uint64_t number;

	snprintf(path, sizeof(path), "%.32s/%s", name, l->hex);
	if (text_to_u64(&number, name) == -1 ||
	    faccessat(dirfd, path, F_OK, AT_SYMLINK_NOFOLLOW) == -1)
		return 0;
	if (l->count++ == 0 ||
	    rebuild_has_bucket(l->r->db, l->project, number, NULL) == 0)
		l->number = number;
	return 0;
}

static void
find_links(struct linked *l)
{
	char path[64];
	int dir;

	l->count = 0;
	l->number = 0;
	snprintf(path, sizeof(path), "buckets/%s", l->project);
	if ((dir = fs_open_dir(l->r->root, path, NULL)) != -1) {
		fs_each(dir, see_bucket, l, NULL);
		close(dir);
	}
	if (l->count > 1 &&
	    rebuild_has_bucket(l->r->db, l->project, l->number, NULL) != 0)
		l->number = 0;
}

struct reports {
	struct rebuild *r;
	const char *folder;
	int64_t target;
	const struct digest *sha256;
	int missing;
	bool note;
};

/* report-<8 digits>.txt: is there a crash with that signature? */
static int
see_report(void *arg, int dirfd, const char *name)
{
	struct reports *s = arg;
	char path[REBUILD_PATH_MAX + 32], sig[9];
	int got;

	(void)dirfd;
	if (strncmp(name, "report-", 7) != 0 || strlen(name) != 19)
		return 0;
	snprintf(sig, sizeof(sig), "%.8s", name + 7);
	got = rebuild_has_crash(
	    s->r->db, s->target, s->sha256, sig, &s->r->failed);
	if (got != 0)
		return got == 1 ? 0 : -1;
	s->missing++;
	if (!s->note)
		return 0;
	snprintf(path, sizeof(path), "%s/%s", s->folder, name);
	return rebuild_note(
	    s->r, path, "its crash is written nowhere; the file stays");
}

static int
look_at_reports(struct reports *s)
{
	int dir = fs_open_dir(s->r->root, s->folder, NULL), result;

	if (dir == -1)
		return 0;
	s->missing = 0;
	result = fs_each(dir, see_report, s, NULL);
	close(dir);
	return result == -1 && s->r->failed.cls != ERR_NONE ? -1 : 0;
}

static int
see_crash(struct rebuild *r, const char *path, int dirfd, const char *name)
{
	struct digest sha256;
	struct reports s = {.r = r, .folder = path, .sha256 = &sha256};
	struct place p;
	struct linked links = {r, p.project, name, 0, 0};
	bool there;
	int got;

	(void)dirfd;
	if (!place_of(&p, path, "crashes") || strlen(name) != DIGEST_HEX ||
	    digest_parse(&sha256, name) == -1)
		return rebuild_note(r, path, "is no crash by its name");
	if (target_of(r, &p) == -1)
		return -1;
	s.target = r->target;
	got = rebuild_has_crash(r->db, s.target, &sha256, "", &r->failed);
	if (got == -1 || look_at_reports(&s) == -1)
		return -1;
	if (got == 1 && s.missing == 0)
		return 0;
	if (got == 0 &&
	    (got = rebuild_lone_input(r, path, s.target, &sha256)) != 0)
		return got == -1 ? -1 : 0;
	find_links(&links);
	if (links.count > 1 && !r->second_look) {
		r->look_again = true;
		return 0;
	}
	if (note_input(r, &p, &sha256, path, &there) == -1 ||
	    (got == 0 &&
		rebuild_meta(r, path, "meta.json", links.number, there) ==
		    -1) ||
	    rebuild_other_metas(r, path, s.target, &sha256, there) == -1 ||
	    look_at_reports(&s) == -1)
		return -1;
	/* Older masters wrote meta.json anew for each crash of an input. */
	if (got == 1 && s.missing > 0 &&
	    rebuild_meta(r, path, "meta.json", links.number, there) == -1)
		return -1;
	s.note = true;
	return look_at_reports(&s);
}

/* The first look has named what is no crash. */
static int
see_again(struct rebuild *r, const char *path, int dirfd, const char *name)
{
	struct digest sha256;
	struct place p;

	if (!place_of(&p, path, "crashes") || digest_parse(&sha256, name) == -1)
		return 0;
	return see_crash(r, path, dirfd, name);
}

/* ---- jobs ------------------------------------------------------------ */

static int
see_job(struct rebuild *r, const char *path, int dirfd, const char *name)
{
	char file[REBUILD_PATH_MAX + 16], only_id[64];
	struct buf text = BUF_INIT;
	struct err e;
	uint64_t id;
	int got;

	(void)dirfd;
	if (text_to_hex64(&id, name) == -1)
		return rebuild_note(r, path, "is no job by its name");
	/* Known already?  Then its folder is a mere view. */
	snprintf(only_id, sizeof(only_id), "{\"job\":\"%s\"}", name);
	if (rebuild_job_view(r->db, only_id, &e) == 0)
		return 0;
	snprintf(file, sizeof(file), "%s/job.json", path);
	got = rebuild_read(r, file, &text);
	if (got == 0 && rebuild_job_view(r->db, text.data, &e) == -1)
		got = rebuild_problem(r, file, &e);
	else if (got == 0)
		rebuild_note(r, file,
		    "its settings are written nowhere: the job is paused");
	buf_release(&text);
	return got == -1 ? -1 : 0;
}

int
rebuild_store(struct rebuild *r)
{
	if (rebuild_walk(r, "builds", 0, see_manifest) == -1 ||
	    rebuild_walk(r, "corpus", 3, see_unit) == -1 ||
	    rebuild_walk(r, "crashes", 2, see_crash) == -1)
		return -1;
	/* Those that are linked in several buckets, now that the others have
	 * said which signature is whose. */
	r->second_look = true;
	if (r->look_again && rebuild_walk(r, "crashes", 2, see_again) == -1)
		return -1;
	return rebuild_walk(r, "jobs", 0, see_job);
}

/* ---- spool ----------------------------------------------------------- */

/* The highest seq of an epoch that was ever answered. */
static uint64_t
last_of(const struct status_epoch *s)
{
	uint64_t last = s->below;
	int i;

	for (i = 0; i < s->above_count; i++)
		if (s->above[i].last > last)
			last = s->above[i].last;
	for (i = 0; i < s->refused_count; i++)
		if (s->refused[i].seq > last)
			last = s->refused[i].seq;
	return last;
}

static int
take_status(struct rebuild *r, const char *account, const char *bot,
    const char *path, uint64_t serial)
{
	struct buf text = BUF_INIT;
	struct err e;
	int64_t row;
	int i, result;

	if (rebuild_bot(r->db, account, bot, serial, &row, &r->failed) == -1)
		return -1;
	result = fs_read_file(r->root, path, &text, STATUS_MAX_BYTES, &e);
	if (result == 0)
		result = status_parse(r->status, buf_text(&text), text.len, &e);
	buf_release(&text);
	if (result == -1)
		return rebuild_problem(r, path, &e);
	for (i = 0; i < r->status->epoch_count && result == 0; i++)
		result = rebuild_epoch(r->db, row, r->status->epochs[i].epoch,
		    last_of(&r->status->epochs[i]), &r->failed);
	return result;
}

static int
see_bot(struct rebuild *r, const char *path, int dirfd, const char *name)
{
	char account[NAME_MAX_LEN + 1], bot[NAME_MAX_LEN + 1];
	char file[REBUILD_PATH_MAX + 16];
	struct stat st;

	(void)dirfd;
	path += strlen("spool/");
	snprintf(
	    account, sizeof(account), "%.*s", (int)strcspn(path, "/"), path);
	snprintf(file, sizeof(file), "spool/%s/status.json", path);
	if (!name_ok(name) || !is_file(r->root, file, &st))
		return 0;
	text_copy(bot, sizeof(bot), name);
	return take_status(r, account, bot, file, (uint64_t)st.st_mtim.tv_sec);
}

static int
see_account(struct rebuild *r, const char *path, int dirfd, const char *name)
{
	char outgoing[REBUILD_PATH_MAX + 16];
	int64_t account;

	(void)dirfd;
	if (!name_ok(name) || strcmp(name, ENROL_ACCOUNT) == 0)
		return 0;
	if (bots_account(r->db, name, clock_wall_ms(), &account, &r->failed) ==
	    -1)
		return -1;
	snprintf(outgoing, sizeof(outgoing), "%s/outgoing", path);
	return rebuild_walk(r, outgoing, 0, see_bot);
}

static int
see_kept(struct rebuild *r, const char *path, int dirfd, const char *name)
{
	size_t len = strlen(name);

	(void)path;
	(void)dirfd;
	r->kept += len > 4 && strstr(name, ".pfb") != NULL &&
	    (len < 7 || strcmp(name + len - 7, ".reason") != 0);
	return 0;
}

int
rebuild_spool(struct rebuild *r)
{
	if (rebuild_walk(r, "spool", 0, see_account) == -1 ||
	    rebuild_walk(r, "rejected", 1, see_kept) == -1)
		return -1;
	return rebuild_walk(r, "held", 1, see_kept);
}
