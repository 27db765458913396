/*
 * Kits of crashes: `crash kit` makes one file, `crash repro` a folder that is
 * run and thrown away.
 */
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/archive/kit.h"
#include "lib/base/fs.h"
#include "lib/base/json.h"
#include "lib/base/spawn.h"
#include "lib/base/text.h"
#include "tools/pfadm/commands.h"
#include "tools/pfadm/kit_fetch.h"

#define RUNS      10
#define RUNS_MOST 99999

/* A folder of our own, with the kit in kit/. */
struct place {
	char path[4096];
	int top, kit;
};

static int
make_place(struct place *p, struct err *e)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(p->path, sizeof(p->path), "%s/pf-kit.XXXXXX",
	    tmp == NULL || tmp[0] != '/' ? "/tmp" : tmp);
	if (mkdtemp(p->path) == NULL)
		return err_sys(e, "cannot make the folder '%s'", p->path);
	p->top = open(p->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	p->kit = p->top == -1 ? -1 : fs_make_dir_open(p->top, "kit", 0755, e);
	if (p->kit == -1) {
		rmdir(p->path);
		return err_sys(e, "cannot use the folder '%s'", p->path);
	}
	return 0;
}

static void
remove_place(struct place *p)
{
	struct err e;

	close(p->kit);
	if (fs_remove_tree(p->top, "kit", &e) == -1)
		fprintf(stderr, "pfadm: left behind in '%s': %s\n", p->path,
		    e.text);
	(void)unlinkat(p->top, "kit.tar", 0);
	close(p->top);
	(void)rmdir(p->path);
}

/* ---- kit ------------------------------------------------------------------ */

static int
pack(const struct place *p, const char *top, int fd, const char *output)
{
	struct err e;
	int got = archive_kit(p->kit, top, fd, &e);

	if (close(fd) == -1 && got == 0)
		got = err_sys(&e, "cannot write '%s'", output);
	if (got == -1)
		fprintf(stderr, "pfadm: %s\n", e.text);
	return got;
}

/* Whole under its name, or not there at all. */
static int
write_kit(struct pfadm *pf, const struct place *p, const char *top,
    const char *output)
{
	char beside[4096];
	struct err e;
	int fd;

	if (strcmp(output, "-") == 0) {
		fflush(stdout);
		fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
		return pack(p, top, fd, output) == -1 ? EXIT_FAILED : 0;
	}
	snprintf(beside, sizeof(beside), "%s.part", output);
	fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd == -1) {
		err_sys(&e, "cannot make '%s'", beside);
		return complain(pf, &e, NULL);
	}
	if (pack(p, top, fd, output) == -1) {
		unlink(beside);
		return EXIT_FAILED;
	}
	if (rename(beside, output) == -1) {
		err_sys(&e, "cannot make '%s'", output);
		unlink(beside);
		return complain(pf, &e, NULL);
	}
	return 0;
}

static void
tell(const struct pfadm *pf, const struct kit *k, const char *name,
    const char *output)
{
	struct buf out = BUF_INIT;

	if (k->missing.len > 0)
		fprintf(stderr,
		    "pfadm: neither in the build nor on this machine:\n%s",
		    buf_text(&k->missing));
	if (strcmp(output, "-") == 0)
		return;
	if (!pf->o.json) {
		printf("%s: %d files, %s; sh repro.sh in it runs it\n", output,
		    k->line_count + 1, text_size(k->bytes).text);
		return;
	}
	json_open(&out, NULL, '{');
	json_put_u64(&out, "api", 1);
	json_open(&out, "item", '{');
	json_put_string(&out, "crash", name);
	json_put_string(&out, "kit", output);
	json_put_u64(&out, "files", (uint64_t)k->line_count + 1);
	json_put_u64(&out, "bytes", k->bytes);
	json_put_bool(&out, "scrubbed", k->scrub);
	json_close(&out, '}');
	json_close(&out, '}');
	puts(out.data);
	buf_release(&out);
}

static int
check_runs(struct pfadm *pf, uint64_t runs, uint64_t *out)
{
	*out = runs == 0 ? RUNS : runs;
	if (runs == 0 && (pf->o.given & O_RUNS) != 0)
		return complain_usage(
		    "%s: -n: at least once", pf->command->words);
	if (*out > RUNS_MOST)
		return complain_usage(
		    "%s: at most %d times", pf->command->words, RUNS_MOST);
	return 0;
}

int
cmd_crash_kit(struct pfadm *pf)
{
	struct kit k = {.scrub = pf->o.scrub};
	char name[160], top[32], output[40];
	const char *to = pf->o.output;
	struct place p;
	struct err e;
	int code = check_runs(pf, pf->o.runs, &k.runs);

	if (code != 0)
		return code;
	if (to != NULL && strcmp(to, "-") == 0 && pf->tty)
		return complain_usage("crash kit: a tar is not for a terminal");
	if (make_place(&p, &e) == -1)
		return complain(pf, &e, NULL);
	code = kit_fetch(pf, &k, p.kit, name);
	if (code == 0) {
		snprintf(top, sizeof(top), "crash-%.12s", name);
		snprintf(output, sizeof(output), "%s.tar", top);
		to = to == NULL ? output : to;
		code = write_kit(pf, &p, top, to);
	}
	if (code == 0)
		tell(pf, &k, name, to);
	kit_release(&k);
	remove_place(&p);
	return code;
}

/* ---- repro ---------------------------------------------------------------- */

static int
run_script(struct pfadm *pf, const struct place *p)
{
	const char *argv[] = {"sh", "repro.sh", NULL};
	char dir[sizeof(p->path) + 8];
	struct spawn s = {.argv = argv,
	    .dir = dir,
	    .in = -1,
	    .out = STDOUT_FILENO,
	    .err = -1};
	struct err e;
	pid_t pid;
	int status;

	snprintf(dir, sizeof(dir), "%s/kit", p->path);
	fflush(stdout);
	if ((pid = spawn(&s, &e)) == -1)
		return complain(pf, &e, NULL);
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return EXIT_FAILED;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : EXIT_FAILED;
}

int
cmd_crash_repro(struct pfadm *pf)
{
	struct kit k = {.scrub = false};
	char name[160];
	struct place p;
	struct err e;
	int code;

	code = check_runs(pf, pf->o.runs, &k.runs);
	if (code != 0)
		return code;
	if (make_place(&p, &e) == -1)
		return complain(pf, &e, NULL);
	code = kit_fetch(pf, &k, p.kit, name);
	if (code == 0)
		code = run_script(pf, &p);
	kit_release(&k);
	remove_place(&p);
	return code;
}
