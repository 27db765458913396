/*
 * seal: a bundle from files, for tests and by hand.  The options only collect
 * a first line and a list of records; the bundle is then written in one go by
 * the writer that bots use, which keeps all limits.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/text.h"
#include "spool/spool.h"
#include "tools/pf-spool/pf_spool.h"

struct piece {
	struct record record;
	const char *json; /* parsed when its payload is known */
	const char *file; /* payload, NULL: none */
};

struct seal {
	struct bundle_header header;
	bool has_kind;
	const char *out, *into;
	struct piece *pieces;
	int count;
	char path[4096]; /* where it went */
};

typedef int set_fn(struct seal *, const char *text, struct err *);

static struct piece *
add_piece(struct seal *s, enum record_type type, const char *file)
{
	struct piece *p;

	s->pieces =
	    mem_resize(s->pieces, (size_t)s->count + 1, sizeof(*s->pieces));
	p = &s->pieces[s->count++];
	memset(p, 0, sizeof(*p));
	p->record.type = type;
	p->file = file;
	return p;
}

/* ---- options --------------------------------------------------------- */

static int
bad_value(struct err *e, const char *what, const char *text)
{
	return err_set(e, ERR_REFUSED, "'%s' is no %s", text, what);
}

static int
set_kind(struct seal *s, const char *text, struct err *e)
{
	s->has_kind = true;
	return bundle_kind_parse(&s->header.kind, text) == 0
	    ? 0
	    : bad_value(e, "kind of bundle", text);
}

static int
set_account(struct seal *s, const char *text, struct err *e)
{
	return name_parse(&s->header.account, "account", text, e);
}

static int
set_bot(struct seal *s, const char *text, struct err *e)
{
	return name_parse(&s->header.bot, "bot", text, e);
}

static int
set_id(uint64_t *id, const char *what, const char *text, struct err *e)
{
	if (text_to_hex64(id, text) == -1 || *id == 0)
		return bad_value(e, what, text);
	return 0;
}

static int
set_epoch(struct seal *s, const char *text, struct err *e)
{
	return set_id(&s->header.epoch, "epoch (16 hex digits)", text, e);
}

static int
set_lease(struct seal *s, const char *text, struct err *e)
{
	return set_id(&s->header.lease, "lease (16 hex digits)", text, e);
}

static int
set_job(struct seal *s, const char *text, struct err *e)
{
	return set_id(&s->header.job, "job (16 hex digits)", text, e);
}

static int
set_seq(struct seal *s, const char *text, struct err *e)
{
	if (text_to_u64(&s->header.seq, text) == -1 || s->header.seq == 0)
		return bad_value(e, "seq", text);
	return 0;
}

static int
set_sealed(struct seal *s, const char *text, struct err *e)
{
	return text_to_u64(&s->header.sealed_ms, text) == 0
	    ? 0
	    : bad_value(e, "time in milliseconds", text);
}

static int
set_target(struct seal *s, const char *text, struct err *e)
{
	s->header.has_target = true;
	return target_path_parse(
	    &s->header.project, &s->header.target, text, e);
}

static int
set_build(struct seal *s, const char *text, struct err *e)
{
	s->header.has_build = true;
	return digest_parse(&s->header.build, text) == 0
	    ? 0
	    : bad_value(e, "build (64 hex digits)", text);
}

static int
set_trace(struct seal *s, const char *text, struct err *e)
{
	return text_copy(s->header.trace, sizeof(s->header.trace), text)
	    ? 0
	    : bad_value(e, "trace", text);
}

static int
set_out(struct seal *s, const char *text, struct err *e)
{
	(void)e;
	s->out = text;
	return 0;
}

static int
set_into(struct seal *s, const char *text, struct err *e)
{
	(void)e;
	s->into = text;
	return 0;
}

static int
add_unit(struct seal *s, const char *text, struct err *e)
{
	(void)e;
	add_piece(s, REC_UNIT, text);
	return 0;
}

static int
add_crash(struct seal *s, const char *text, struct err *e)
{
	struct record *r = &add_piece(s, REC_CRASH, text)->record;

	(void)e;
	text_copy(r->word, sizeof(r->word), "libfuzzer");
	text_copy(r->word2, sizeof(r->word2), "address");
	r->n[CRASH_EXIT] = 77;
	r->n[CRASH_TRIES] = r->n[CRASH_REPRODUCED] = 3;
	return 0;
}

static int
add_report(struct seal *s, const char *text, struct err *e)
{
	(void)e;
	add_piece(s, REC_REPORT, text);
	return 0;
}

static int
add_minimised(struct seal *s, const char *text, struct err *e)
{
	(void)e;
	add_piece(s, REC_MINIMISED, text);
	return 0;
}

static int
add_complete(struct seal *s, const char *text, struct err *e)
{
	struct piece *p;
	int i;

	for (i = 0; i < RESULT_COUNT; i++)
		if (strcmp(lease_result_name((enum lease_result)i), text) == 0)
			break;
	if (i == RESULT_COUNT)
		return bad_value(e, "result of a lease", text);
	p = add_piece(s, REC_COMPLETE, NULL);
	text_copy(p->record.word2, sizeof(p->record.word2), text);
	return 0;
}

static int
add_check(struct seal *s, const char *text, struct err *e)
{
	enum check_verdict v;

	if (check_verdict_parse(&v, text) == -1)
		return bad_value(e, "verdict of a check", text);
	text_copy(
	    add_piece(s, REC_CHECK, NULL)->record.word, WORD_MAX_LEN + 1, text);
	return 0;
}

/* FIRST-LAST of the bundle's own epoch. */
static int
add_needs(struct seal *s, const char *text, struct err *e)
{
	struct record *r = &add_piece(s, REC_NEEDS, NULL)->record;
	char first[24];
	const char *dash = strchr(text, '-');

	if (dash == NULL || (size_t)(dash - text) >= sizeof(first))
		return bad_value(e, "range of seqs (FIRST-LAST)", text);
	memcpy(first, text, (size_t)(dash - text));
	first[dash - text] = '\0';
	if (text_to_u64(&r->n[RANGE_FIRST], first) == -1 ||
	    text_to_u64(&r->n[RANGE_LAST], dash + 1) == -1)
		return bad_value(e, "range of seqs (FIRST-LAST)", text);
	return 0;
}

static int
add_record(struct seal *s, const char *text, struct err *e)
{
	(void)e;
	add_piece(s, REC_COUNT, NULL)->json = text;
	return 0;
}

static int
set_payload(struct seal *s, const char *text, struct err *e)
{
	const struct piece *last =
	    s->count == 0 ? NULL : &s->pieces[s->count - 1];

	if (last == NULL ||
	    (last->json == NULL && last->record.type != REC_CHECK))
		return err_set(
		    e, ERR_REFUSED, "--payload without its --record");
	s->pieces[s->count - 1].file = text;
	return 0;
}

/* clang-format off */
static const struct rule {
	const char *name, *value, *help;
	set_fn *set;
} rules[] = {
	{ "kind", "K", "register, heartbeat, crash, corpus, ...", set_kind },
	{ "account", "A", "default 'local'", set_account },
	{ "bot", "B", "name of the bot", set_bot },
	{ "epoch", "E", "16 hex digits", set_epoch },
	{ "seq", "N", "from 1", set_seq },
	{ "target", "P/T", "project/target", set_target },
	{ "lease", "L", "16 hex digits", set_lease },
	{ "job", "J", "16 hex digits", set_job },
	{ "build", "D", "64 hex digits", set_build },
	{ "trace", "T", "letters, digits and '-'", set_trace },
	{ "sealed", "MS", "time of sealing, default now", set_sealed },
	{ "unit", "FILE", "a corpus file", add_unit },
	{ "crash", "FILE", "a crashing input", add_crash },
	{ "report", "FILE", "report of the crash before it", add_report },
	{ "minimised", "FILE", "a smaller input for it", add_minimised },
	{ "complete", "RESULT", "done, failed or cancelled, of --lease",
	    add_complete },
	{ "check", "VERDICT", "good, bad or incompatible, of a build",
	    add_check },
	{ "needs", "N-M", "seqs of --epoch that must be in before it",
	    add_needs },
	{ "record", "JSON", "any record, without its size", add_record },
	{ "payload", "FILE", "payload of the --record or --check before it",
	    set_payload },
	{ "out", "PATH", "(or -o) file, or folder for a file named by rule",
	    set_out },
	{ "into", "INCOMING", "through INCOMING/tmp to INCOMING/new",
	    set_into },
};
/* clang-format on */

#define RULES (sizeof(rules) / sizeof(rules[0]))

static int
help(void)
{
	size_t i;

	printf("Usage: pf-spool seal OPTION...\n\n"
	       "Make a bundle from files and print where it is.\n\n");
	for (i = 0; i < RULES; i++)
		printf("  --%-10s %-9s %s\n", rules[i].name, rules[i].value,
		    rules[i].help);
	printf(
	    "\nExamples:\n"
	    "  pf-spool seal --kind corpus --bot b1 --epoch 5f3c9a01d2e4b677 "
	    "\\\n    --seq 1 --target png/read --unit a.png --unit b.png "
	    "-o .\n"
	    "  pf-spool seal --kind heartbeat --bot b1 --epoch "
	    "5f3c9a01d2e4b677 \\\n    --seq 2 --into "
	    "spool/local/incoming --record \\\n    '{\"rec\":\"epoch\","
	    "\"epoch\":\"5f3c9a01d2e4b677\",\"oldest\":1,\"highest\":1}'\n");
	return EXIT_OK;
}

static int
parse_options(struct seal *s, int argc, char **argv, struct err *e)
{
	struct option longs[RULES + 1] = {{0}};
	size_t i;
	int c;

	for (i = 0; i < RULES; i++) {
		longs[i].name = rules[i].name;
		longs[i].has_arg = required_argument;
		longs[i].val = 256 + (int)i;
	}
	while ((c = getopt_long(argc, argv, "o:", longs, NULL)) != -1) {
		if (c == '?')
			return err_set(e, ERR_REFUSED, "unknown option");
		if (c == 'o')
			s->out = optarg;
		else if (rules[c - 256].set(s, optarg, e) == -1)
			return -1;
	}
	if (optind < argc)
		return err_set(
		    e, ERR_REFUSED, "'%s' is no option", argv[optind]);
	if (!s->has_kind || s->header.bot.text[0] == '\0' ||
	    s->header.epoch == 0 || s->header.seq == 0)
		return err_set(e, ERR_REFUSED,
		    "--kind, --bot, --epoch and --seq are needed");
	if ((s->out == NULL) == (s->into == NULL))
		return err_set(
		    e, ERR_REFUSED, "one of --out and --into is needed");
	return 0;
}

/* ---- writing --------------------------------------------------------- */

/* A record given as JSON: its size is that of its payload. */
static int
parse_json(struct piece *p, uint64_t size, struct err *e)
{
	struct buf line = BUF_INIT;
	int rc;

	buf_adds(&line, p->json);
	if (p->file != NULL && line.len > 0 && line.data[line.len - 1] == '}') {
		line.len--;
		buf_printf(&line, ",\"size\":%ju}", (uintmax_t)size);
	}
	rc = record_parse(&p->record, buf_text(&line), line.len, e);
	buf_release(&line);
	return rc;
}

/* What follows from the payload and the first line. */
static int
complete_record(
    const struct seal *s, struct piece *p, int fd, uint64_t size, struct err *e)
{
	struct record *r = &p->record;

	if (p->json != NULL)
		return parse_json(p, size, e);
	switch (r->type) {
	case REC_CRASH:
		r->n[CRASH_INPUT_SIZE] = size;
		r->n[CRASH_FOUND_MS] = s->header.sealed_ms;
		return fs_hash(fd, &r->sha256, NULL, e);
	case REC_UNIT:
	case REC_MINIMISED:
		return fs_hash(fd, &r->sha256, NULL, e);
	case REC_COMPLETE:
		r->lease = s->header.lease;
		return 0;
	case REC_NEEDS:
		r->epoch = s->header.epoch;
		return 0;
	default:
		return 0;
	}
}

static int
write_piece(const struct seal *s, struct piece *p, struct bundle_writer *w,
    struct err *e)
{
	uint64_t size = 0;
	int fd = -1, rc;

	if (p->file != NULL &&
	    (fd = fs_open_foreign(AT_FDCWD, p->file, &size, e)) == -1)
		return -1;
	rc = complete_record(s, p, fd, size, e);
	if (rc == 0 && !record_allowed(s->header.kind, p->record.type))
		rc = err_set(e, ERR_REFUSED, "a %s bundle holds no '%s'",
		    bundle_kind_name(s->header.kind),
		    record_name(p->record.type));
	if (rc == 0)
		rc = fd == -1 ? bundle_write(w, &p->record, NULL, 0, e)
			      : bundle_write_file(w, &p->record, fd, size, e);
	if (fd != -1)
		close(fd);
	return rc;
}

static int
write_bundle(const struct seal *s, int fd, struct err *e)
{
	struct bundle_writer *w;
	int i, rc = 0;

	w = bundle_writer_new(fd, &s->header, &BUNDLE_LIMITS, e);
	if (w == NULL)
		return -1;
	for (i = 0; rc == 0 && i < s->count; i++)
		rc = write_piece(s, &s->pieces[i], w, e);
	if (rc == 0)
		rc = bundle_writer_finish(w, NULL, e);
	bundle_writer_free(w);
	return rc;
}

static bool
gate(const char *name)
{
	struct bundle_id id;

	return bundle_id_parse(&id, name, NULL) == 0;
}

static int
seal_into(struct seal *s, const char *name, struct err *e)
{
	const struct spool_names names = {gate, strcmp};
	struct spool *sp;
	int fd, rc = -1;

	if ((sp = spool_open(AT_FDCWD, s->into, &names, false, e)) == NULL)
		return -1;
	snprintf(s->path, sizeof(s->path), "%s/new/%s", s->into, name);
	if ((fd = spool_stage(sp, name, e)) == -1)
		goto out;
	rc = write_bundle(s, fd, e);
	if (rc == -1)
		spool_unstage(sp, fd, name);
	else
		rc = spool_commit(sp, fd, name, e);
out:
	spool_close(sp);
	return rc;
}

static int
seal_out(struct seal *s, const char *name, struct err *e)
{
	struct stat st;
	int fd, rc;

	if (stat(s->out, &st) == 0 && S_ISDIR(st.st_mode))
		snprintf(s->path, sizeof(s->path), "%s/%s", s->out, name);
	else
		text_copy(s->path, sizeof(s->path), s->out);
	fd = open(s->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (fd == -1)
		return err_sys(e, "cannot make '%s'", s->path);
	rc = write_bundle(s, fd, e);
	if (rc == 0 && fsync(fd) == -1)
		rc = err_sys(e, "cannot sync '%s'", s->path);
	close(fd);
	if (rc == -1)
		unlink(s->path);
	return rc;
}

int
seal_command(int argc, char **argv)
{
	struct seal s = {.header = {.pfb = WIRE_VERSION}};
	struct err e = {0};
	struct bundle_id id;
	struct bundle_name name;
	int rc;

	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return help();
	text_copy(
	    s.header.account.text, sizeof(s.header.account.text), "local");
	s.header.sealed_ms = clock_wall_ms();
	if (parse_options(&s, argc, argv, &e) == -1) {
		free(s.pieces);
		return usage_error("seal", e.text);
	}
	id.bot = s.header.bot;
	id.epoch = s.header.epoch;
	id.seq = s.header.seq;
	id.cls = bundle_kind_class(s.header.kind);
	name = bundle_id_format(&id);
	rc = s.into != NULL ? seal_into(&s, name.text, &e)
			    : seal_out(&s, name.text, &e);
	free(s.pieces);
	if (rc == -1)
		return complain(&e);
	printf("%s\n", s.path);
	return EXIT_OK;
}
