/*
 * pf-local and pfadm, as a person would call them.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "lib/base/spawn.h"
#include "tests/bench/bench.h"
#include "tests/bench/farm.h"

#define WORDS   24
#define WAIT_MS 90000

static struct farm *running;

static void
run(const char *const *argv, struct buf *said)
{
	struct spawn s = {.argv = argv, .in = -1, .out = -1, .err = -1};
	struct err e;
	int status = spawn_run(&s, said, 65536, WAIT_MS, &e);

	if (status == -1)
		bench_die_err(&e);
	if (status != 0)
		bench_die("%s %s: %s", argv[0], argv[1], buf_text(said));
}

static void
down(void)
{
	const char *argv[] = {bench_program("pf-local"), "down", NULL, NULL};
	struct buf said = BUF_INIT;
	struct farm *f = running;

	running = NULL;
	if (f == NULL)
		return;
	argv[2] = f->root;
	run(argv, &said);
	buf_release(&said);
}

void
farm_up(struct farm *f, const char *folder)
{
	const char *argv[] = {bench_program("pf-local"), "up", f->root,
	    "--bots", "1", "--slots", "1", "--link", "sftp", NULL};
	struct buf said = BUF_INIT;

	snprintf(f->root, sizeof(f->root), "%.*s/farm", PATH_MAX - 16, folder);
	running = f;
	atexit(down);
	run(argv, &said);
	buf_release(&said);
}

void
farm_adm(struct farm *f, const char *const *words, struct buf *said)
{
	const char *argv[WORDS + 4] = {
	    bench_program("pfadm"), "--root", f->root};
	char *end;
	int i;

	for (i = 0; words[i] != NULL; i++) {
		if (i == WORDS)
			bench_die("too many words for pfadm");
		argv[3 + i] = words[i];
	}
	run(argv, said);
	if (said->len > 0 && (end = strchr(said->data, '\n')) != NULL)
		*end = '\0';
}

int
farm_pid(const struct farm *f, const char *name)
{
	char path[PATH_MAX + 64];
	struct buf text = BUF_INIT;
	const char *at;
	struct err e;
	int pid;

	snprintf(path, sizeof(path), "%s/local/pids/%s.json", f->root, name);
	if (fs_read_file(AT_FDCWD, path, &text, 4096, &e) == -1)
		bench_die_err(&e);
	if ((at = strstr(buf_text(&text), "\"pid\":")) == NULL)
		bench_die("no pid in '%s'", path);
	pid = atoi(at + strlen("\"pid\":"));
	buf_release(&text);
	return pid;
}
