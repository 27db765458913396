/*
 * Bytes of a crash, and the units of a corpus: answers that may be long and
 * go out as they come.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/pfadm/commands.h"

/* A file is complete or not there: written beside, then renamed. */
static int
download_file(struct pfadm *pf, const char *address)
{
	char beside[4096];
	struct reply r = {.status = 1};
	struct err e;
	int fd, got;

	snprintf(beside, sizeof(beside), "%s.part", pf->o.output);
	fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd == -1) {
		err_sys(&e, "cannot make '%s'", beside);
		return complain(pf, &e, NULL);
	}
	got = client_download(pf->client, address, fd, &r, &e);
	if (close(fd) == -1 && got == 0)
		got = err_sys(&e, "cannot write '%s'", beside);
	if (got == 0 && rename(beside, pf->o.output) == -1)
		got = err_sys(&e, "cannot make '%s'", pf->o.output);
	if (got == -1) {
		unlink(beside);
		got = complain(pf, &e, &r);
	}
	reply_release(&r);
	return got;
}

static int
download(struct pfadm *pf, const char *address)
{
	struct reply r;
	struct err e;
	int code = 0;

	fflush(stdout);
	if (client_download(pf->client, address, STDOUT_FILENO, &r, &e) == -1)
		code = complain(pf, &e, &r);
	reply_release(&r);
	return code;
}

int
cmd_crash_get(struct pfadm *pf)
{
	struct buf address = BUF_INIT;
	int code;

	if (pf->tty && pf->o.output == NULL && !pf->o.report)
		return complain_usage("crash get: the input is bytes, not "
				      "for a terminal: -o FILE");
	buf_adds(&address, client_path(pf->client, "crashes/%s", pf->arg));
	buf_adds(&address, pf->o.report ? "/report" : "/input");
	if (pf->o.target != NULL)
		buf_adds(&address,
		    client_path(pf->client, "?target=%s", pf->o.target));
	code = pf->o.output != NULL ? download_file(pf, address.data)
				    : download(pf, address.data);
	buf_release(&address);
	return code;
}

/* A page on a terminal; otherwise all units, as JSON straight through. */
int
cmd_corpus_list(struct pfadm *pf)
{
	static const struct listing units = {
	    "corpus", unit_columns, "no units", true, false, NULL};
	struct buf address = BUF_INIT;
	int code;

	buf_adds(
	    &address, client_path(pf->client, "corpus?target=%s", pf->arg));
	if (pf->o.json && !pf->o.has_lines) {
		buf_adds(&address, "&all=1");
		code = download(pf, address.data);
		if (code == 0)
			code = write(STDOUT_FILENO, "\n", 1) == 1 ? 0 : 1;
	} else {
		if (pf->o.all) {
			pf->o.has_lines = true;
			pf->o.lines = 0;
		}
		code = show_listing(pf, &units, address.data);
	}
	buf_release(&address);
	return code;
}

/* Crashes, or what was handed in. */
int
cmd_crash_list(struct pfadm *pf)
{
	struct buf address = BUF_INIT;
	int code;

	if (!pf->o.added)
		return pf->o.status == NULL
		    ? show_list(pf)
		    : complain_usage("crash list: crashes have no status; "
				     "--added inputs have");
	if (pf->o.project != NULL || pf->o.bucket != NULL ||
	    pf->o.sarif != NULL)
		return complain_usage(
		    "crash list --added: by --target and --status only");
	buf_adds(&address, "submissions");
	if (pf->o.target != NULL)
		buf_adds(&address,
		    client_path(pf->client, "?target=%s", pf->o.target));
	if (pf->o.status != NULL) {
		buf_addc(&address, pf->o.target == NULL ? '?' : '&');
		buf_adds(&address,
		    client_path(pf->client, "state=%s", pf->o.status));
	}
	code = show_listing(pf, &list_submissions, address.data);
	buf_release(&address);
	return code;
}
