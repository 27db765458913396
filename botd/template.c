/*
 * Templates of names and folders.  A scheduler's ids come from its variables;
 * who has none gets the boot and the process, which no other task of this
 * host has at the same time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "botd/template.h"
#include "lib/base/clock.h"
#include "lib/base/digest.h"

#define PART_MOST   64
#define BOOT_DIGITS 8
#define MARK_DIGITS 8
#define FIT                          \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ" \
	"abcdefghijklmnopqrstuvwxyz0123456789._-"

static const char *const job_ids[] = {"SLURM_ARRAY_JOB_ID", "SLURM_JOB_ID",
    "PBS_JOBID", "LSB_JOBID", "JOB_ID", NULL};
static const char *const task_ids[] = {"SLURM_ARRAY_TASK_ID", "SLURM_PROCID",
    "PBS_ARRAY_INDEX", "LSB_JOBINDEX", "SGE_TASK_ID", "JOB_COMPLETION_INDEX",
    NULL};

static const char *
variable(void *arg, const char *name)
{
	(void)arg;
	return getenv(name);
}

void
template_world(struct template_world *w, char host[256])
{
	static struct clock_text boot;

	boot = clock_boot_id();
	host[0] = '\0';
	if (gethostname(host, 255) == -1)
		host[0] = '\0';
	host[255] = '\0';
	*w = (struct template_world){
	    host, boot.text, (long)getpid(), variable, NULL};
}

/* The first that is set; Grid Engine says "undefined" for none. */
static const char *
first_of(const struct template_world *w, const char *const *names)
{
	const char *value;

	for (; *names != NULL; names++) {
		value = w->variable(w->arg, *names);
		if (value != NULL && value[0] != '\0' &&
		    strcmp(value, "undefined") != 0)
			return value;
	}
	return NULL;
}

static void
add_part(struct buf *out, const char *text, size_t len)
{
	size_t i;

	if (len > PART_MOST)
		len = PART_MOST;
	for (i = 0; i < len && text[i] != '[' && text[i] != '\0'; i++) {
		/* No ".." and no hidden folder, whatever a variable says. */
		if (strchr(FIT, text[i]) == NULL || (i == 0 && text[i] == '.'))
			buf_addc(out, '-');
		else
			buf_addc(out, text[i]);
	}
}

static void
add_task(struct buf *out, const struct template_world *w)
{
	const char *id = first_of(w, task_ids), *tasks, *rank;

	if (id == NULL) {
		buf_printf(out, "%ld", w->pid);
		return;
	}
	add_part(out, id, strlen(id));
	/* Several processes of one array task share its number. */
	tasks = w->variable(w->arg, "SLURM_NTASKS");
	rank = w->variable(w->arg, "SLURM_PROCID");
	if (tasks != NULL && rank != NULL && rank != id &&
	    strtol(tasks, NULL, 10) > 1 &&
	    w->variable(w->arg, "SLURM_ARRAY_TASK_ID") != NULL) {
		buf_addc(out, '.');
		add_part(out, rank, strlen(rank));
	}
}

static int
add_value(
    struct buf *out, char letter, const struct template_world *w, struct err *e)
{
	const char *id;

	switch (letter) {
	case 'h':
		add_part(out, w->host, strcspn(w->host, "."));
		return 0;
	case 'j':
		if ((id = first_of(w, job_ids)) != NULL)
			add_part(out, id, strlen(id));
		else
			add_part(out, w->boot, BOOT_DIGITS);
		return 0;
	case 't':
		add_task(out, w);
		return 0;
	case '%':
		buf_addc(out, '%');
		return 0;
	default:
		return err_set(e, ERR_REFUSED,
		    "'%%%.1s' stands for nothing: accepted are %%h (host), %%j "
		    "(job), %%t (task) and %%%%",
		    letter == '\0' ? "" : &letter);
	}
}

int
template_expand(struct buf *out, const char *text,
    const struct template_world *w, struct err *e)
{
	buf_reset(out);
	for (; *text != '\0'; text++) {
		if (*text != '%')
			buf_addc(out, *text);
		else if (add_value(out, *++text, w, e) == -1)
			return -1;
	}
	return 0;
}

bool
template_is(const char *text)
{
	return strchr(text, '%') != NULL;
}

void
template_escape(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '%')
			buf_addc(out, '%');
		buf_addc(out, *text);
	}
}

/* Lower case, no '-' at the begin; all of it. */
static void
fit(struct buf *out, const char *text)
{
	char c;

	for (; *text != '\0'; text++) {
		c = *text;
		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9'))
			c = '-';
		if (c != '-' || out->len > 0)
			buf_addc(out, c);
	}
}

struct name
template_name(const char *text)
{
	struct buf all = BUF_INIT;
	struct name n = {""};
	struct digest d;

	fit(&all, text);
	if (all.len == 0)
		buf_adds(&all, "bot");
	if (all.len <= NAME_MAX_LEN) {
		memcpy(n.text, all.data, all.len + 1);
	} else {
		digest_of(&d, text, strlen(text));
		snprintf(n.text, sizeof(n.text), "%.*s-%.*s",
		    NAME_MAX_LEN - MARK_DIGITS - 1, all.data, MARK_DIGITS,
		    digest_hex(&d).text);
	}
	buf_release(&all);
	return n;
}
