/*
 * The accounts of spool/: found, watched, scanned, drained.
 *
 * inotify is a hint.  Start-up, overflow, the 60 s timer and a moved folder
 * all end in rescan(), which is the only place that adds work.
 */
#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/random.h"
#include "lib/wire/invitation.h"
#include "masterd/intake/fair.h"
#include "masterd/intake/incoming.h"
#include "masterd/intake/reject.h"

#define RESCAN_MS 60000
#define REVIVE_MS 200  /* after a hint that a folder came or went */
#define LOST_MS   5000 /* while a folder is not there */

#define URGENT_CLASSES 2 /* h and c */

/* Bundles of one account before another's turn: the decode child of the one
 * has to be done before that of the next begins. */
#define TURN_BUNDLES 8

/* Heartbeats go first, but where bots beat faster than they can be heard, of
 * so many bundles the last turn is for what else waits. */
#define ROUND_BUNDLES 40

#define COUNT_MS    5000
#define COUNT_FILES 100000 /* where there is no limit */
#define RATE_MS     20     /* at least, until the next look at a bucket */

struct incoming {
	int spool_dir; /* ROOT/spool */
	struct loop *loop;
	struct reject *reject;
	loop_fn *wake;
	void *arg;
	struct account *accounts;
	struct account *turn[FAIR_CLASSES];
	int served[FAIR_CLASSES]; /* in this turn */
	int round;                /* bundles of it so far */
	int classes;              /* that are taken now */
	struct loop_source *timer, *watch;
	struct incoming_limits hooks; /* limits: NULL when there are none */
	struct loop_source *count_timer, *rate_timer;
	uint64_t
	    rate_up; /* up-time for which rate_timer is set; 0: it is not */
};

static const struct spool_names names = {bundle_name_ok, bundle_name_order};

/* What is no bundle by its name leaves a reason and goes (PROTOCOL 13). */
static void
odd(void *arg, const char *name)
{
	struct account *a = arg;

	reject_odd(a->incoming->reject, a->name.text, spool_new_fd(a->spool),
	    name, "its name is not that of a bundle");
}

/* From the spool's waiting names to turns among bots. */
static void
collect(struct account *a)
{
	struct bundle_id id;
	const char *name;

	while ((name = spool_next(a->spool)) != NULL)
		if (bundle_id_parse(&id, name, NULL) == 0)
			fair_add(a->fair, &id, name);
}

static void
scan(struct account *a)
{
	struct err e;

	if (spool_scan(a->spool, odd, a, &e) == -1)
		log_error("incoming.unreadable", LOG_T("account", a->name.text),
		    LOG_T("reason", e.text));
	collect(a);
}

static void on_hint(void *arg, bool lost);

static void
watch(struct account *a)
{
	struct err e;

	loop_drop(a->watch);
	a->watch = loop_watch(
	    a->incoming->loop, spool_new_fd(a->spool), on_hint, a, &e);
	if (a->watch == NULL)
		log_warn("incoming.unwatched", LOG_T("account", a->name.text),
		    LOG_T("reason", e.text));
}

static void
on_hint(void *arg, bool lost)
{
	struct account *a = arg;

	if (lost) {
		a->watched_lost = true;
		loop_timer_set(a->incoming->timer, REVIVE_MS, NULL);
	}
	scan(a);
	a->incoming->wake(a->incoming->arg);
}

/* Is the folder that we look at still the one under its path?  A watch says
 * nothing when a folder above it was moved. */
static bool
in_place(const struct account *a)
{
	char path[NAME_MAX_LEN + 16];
	struct stat ours, now;

	snprintf(path, sizeof(path), "%s/incoming/new", a->name.text);
	return fstat(spool_new_fd(a->spool), &ours) == 0 &&
	    fstatat(a->incoming->spool_dir, path, &now, 0) == 0 &&
	    ours.st_dev == now.st_dev && ours.st_ino == now.st_ino;
}

/* The folder was moved or replaced: look it up by its path again. */
static void
revive(struct account *a)
{
	struct err e;

	if (a->watch != NULL && !a->watched_lost && in_place(a))
		return;
	a->watched_lost = true;
	if (spool_reopen(a->spool, &e) == -1) {
		log_error("incoming.gone", LOG_T("account", a->name.text),
		    LOG_T("reason", e.text));
		return;
	}
	a->watched_lost = false;
	watch(a);
}

static struct account *
find(struct incoming *in, const char *name)
{
	struct account *a;

	for (a = in->accounts; a != NULL; a = a->next)
		if (strcmp(a->name.text, name) == 0)
			return a;
	return NULL;
}

/* ---- limits ---------------------------------------------------------- */

static void
ask_limits(struct incoming *in, struct account *a)
{
	if (in->hooks.limits == NULL)
		return;
	in->hooks.limits(in->hooks.arg, a->name.text, &a->limits);
	meter_set(&a->meter, a->limits.rate, clock_up_ms());
}

/* Over its rate since the last count, and still behind. */
static void
judge_rate(struct account *a)
{
	bool behind = a->starved && fair_count(a->fair) > 0;

	a->starved = false;
	if (!behind || a->level != USAGE_OPEN)
		return;
	a->level = USAGE_HOLD;
	snprintf(a->hold, sizeof(a->hold),
	    "this account sends more than its %ju bundles a minute",
	    (uintmax_t)a->limits.rate);
}

static void
count(struct account *a)
{
	uint64_t most = a->limits.files == 0 ? COUNT_FILES : a->limits.files;

	usage_count(&a->usage, spool_tmp_fd(a->spool), spool_new_fd(a->spool),
	    2 * most + 1000);
	a->level = usage_judge(
	    &a->usage, &a->limits, a->level, a->hold, sizeof(a->hold));
	judge_rate(a);
	a->incoming->hooks.counted(a->incoming->hooks.arg, a);
}

static void
on_count(void *arg)
{
	struct incoming *in = arg;
	struct account *a;

	loop_timer_set(in->count_timer, COUNT_MS, NULL);
	for (a = in->accounts; a != NULL; a = a->next)
		count(a);
}

static void
on_rate(void *arg)
{
	struct incoming *in = arg;

	in->rate_up = 0;
	in->wake(in->arg);
}

void
incoming_limit(struct incoming *in, const struct incoming_limits *l)
{
	struct account *a;

	in->hooks = *l;
	for (a = in->accounts; a != NULL; a = a->next)
		ask_limits(in, a);
	loop_timer_set(in->count_timer, 0, NULL);
	loop_timer_set(in->rate_timer, 0, NULL);
}

static enum meter_what
meter_of(int cls)
{
	return cls == 0 ? METER_BEATS : METER_REST;
}

static void
wake_in(struct incoming *in, uint64_t ms)
{
	uint64_t at;

	if (ms < RATE_MS)
		ms = RATE_MS;
	at = clock_up_ms() + ms;
	if (in->rate_up != 0 && in->rate_up <= at)
		return;
	in->rate_up = at;
	loop_timer_set(in->rate_timer, ms, NULL);
}

/* Has it something of this class, and may it be served?  What has to wait
 * wakes us when its time has come. */
static bool
may_serve(struct account *a, int cls)
{
	uint64_t wait;

	if (!fair_has(a->fair, cls))
		return false;
	wait = meter_wait(&a->meter, meter_of(cls), clock_up_ms());
	if (wait == 0)
		return true;
	a->starved = true;
	wake_in(a->incoming, wait);
	return false;
}

/* ---- accounts -------------------------------------------------------- */

static int
found(void *arg, int dirfd, const char *name)
{
	struct incoming *in = arg;
	struct account *a;
	struct name checked;
	struct err e;
	int fd;

	if (name_parse(&checked, "account", name, NULL) == -1 ||
	    strcmp(name, ENROL_ACCOUNT) == 0 || find(in, name) != NULL)
		return 0;
	if ((fd = fs_open_dir(dirfd, name, NULL)) == -1)
		return 0;
	a = mem_alloc(sizeof(*a));
	a->name = checked;
	a->incoming = in;
	a->spool = spool_open(fd, "incoming", &names, false, &e);
	close(fd);
	if (a->spool == NULL) {
		log_warn("account.incomplete", LOG_T("account", name),
		    LOG_T("reason", e.text));
		free(a);
		return 0;
	}
	a->fair = fair_new();
	a->next = in->accounts;
	in->accounts = a;
	ask_limits(in, a);
	/* Watch first, then scan: nothing falls between. */
	watch(a);
	scan(a);
	log_info("account.found", LOG_T("account", name));
	return 0;
}

static void
rescan(struct incoming *in)
{
	struct account *a;
	struct err e;

	if (fs_each(in->spool_dir, found, in, &e) == -1)
		log_error("spool.unreadable", LOG_T("reason", e.text));
	for (a = in->accounts; a != NULL; a = a->next) {
		revive(a);
		scan(a);
	}
	in->wake(in->arg);
}

static void
on_timer(void *arg)
{
	struct incoming *in = arg;

	uint64_t next = RESCAN_MS - random_below(RESCAN_MS / 10);
	struct account *a;

	rescan(in);
	for (a = in->accounts; a != NULL; a = a->next)
		if (a->watched_lost)
			next = LOST_MS;
	loop_timer_set(in->timer, next, NULL);
}

/* A folder appeared in spool/: whoever makes an account needs a moment to
 * make what is in it. */
static void
on_account(void *arg, bool lost)
{
	struct incoming *in = arg;

	(void)lost;
	loop_timer_set(in->timer, REVIVE_MS, NULL);
}

struct incoming *
incoming_open(int root, struct loop *loop, struct reject *reject, loop_fn *wake,
    void *arg, struct err *e)
{
	struct incoming *in = mem_alloc(sizeof(*in));

	in->loop = loop;
	in->classes = FAIR_CLASSES;
	in->reject = reject;
	in->wake = wake;
	in->arg = arg;
	in->spool_dir = fs_make_dir_open(root, "spool", 0755, e);
	if (in->spool_dir == -1 ||
	    (in->timer = loop_timer(loop, on_timer, in, e)) == NULL ||
	    (in->count_timer = loop_timer(loop, on_count, in, e)) == NULL ||
	    (in->rate_timer = loop_timer(loop, on_rate, in, e)) == NULL ||
	    (in->watch = loop_watch(loop, in->spool_dir, on_account, in, e)) ==
		NULL ||
	    loop_timer_set(in->timer, RESCAN_MS, e) == -1) {
		incoming_close(in);
		return NULL;
	}
	rescan(in);
	return in;
}

void
incoming_close(struct incoming *in)
{
	struct account *a;

	if (in == NULL)
		return;
	while ((a = in->accounts) != NULL) {
		in->accounts = a->next;
		loop_drop(a->watch);
		fair_free(a->fair);
		spool_close(a->spool);
		free(a);
	}
	loop_drop(in->timer);
	loop_drop(in->watch);
	loop_drop(in->count_timer);
	loop_drop(in->rate_timer);
	if (in->spool_dir != -1)
		close(in->spool_dir);
	free(in);
}

/* Who is served in this class and has not had all of its turn yet, or the
 * account after that. */
static struct account *
next_account(struct incoming *in, int cls)
{
	struct account *start, *a;

	if (in->turn[cls] != NULL && in->served[cls] < TURN_BUNDLES &&
	    may_serve(in->turn[cls], cls))
		return in->turn[cls];
	start = in->turn[cls] == NULL || in->turn[cls]->next == NULL
	    ? in->accounts
	    : in->turn[cls]->next;
	for (a = start; a != NULL; a = a->next)
		if (may_serve(a, cls))
			return a;
	for (a = in->accounts; a != start; a = a->next)
		if (may_serve(a, cls))
			return a;
	return NULL;
}

void
incoming_only_urgent(struct incoming *in, bool only)
{
	in->classes = only ? URGENT_CLASSES : FAIR_CLASSES;
}

/* The class of the next bundle and its account, or -1. */
static int
next_class(struct incoming *in, struct account **a)
{
	int first = in->round < ROUND_BUNDLES - TURN_BUNDLES ? 0 : 1, cls;

	for (cls = first; cls < in->classes; cls++)
		if ((*a = next_account(in, cls)) != NULL)
			return cls;
	if (first == 0 || (*a = next_account(in, 0)) == NULL)
		return -1;
	return 0;
}

struct account *
incoming_turn(struct incoming *in)
{
	struct account *a;

	return next_class(in, &a) == -1 ? NULL : a;
}

bool
incoming_next(struct incoming *in, struct account **account, const char **name)
{
	int cls = next_class(in, account);

	if (cls == -1)
		return false;
	if (*account != in->turn[cls] || in->served[cls] == TURN_BUNDLES)
		in->served[cls] = 0;
	in->served[cls]++;
	in->turn[cls] = *account;
	in->round = (in->round + 1) % ROUND_BUNDLES;
	meter_take(&(*account)->meter, meter_of(cls), clock_up_ms());
	*name = fair_next((*account)->fair, cls);
	return true;
}

void
incoming_done(struct account *a, const char *name)
{
	struct err e;

	if (spool_done(a->spool, name, &e) == -1) {
		log_error("incoming.stays", LOG_T("account", a->name.text),
		    LOG_T("bundle", name), LOG_T("reason", e.text));
		spool_forget(a->spool, name);
	}
}

void
incoming_back(struct account *a, const char *name)
{
	struct bundle_id id;

	if (bundle_id_parse(&id, name, NULL) == 0)
		fair_add(a->fair, &id, name);
}

void
incoming_forget(struct account *a, const char *name)
{
	spool_forget(a->spool, name);
}

size_t
incoming_count(const struct incoming *in)
{
	const struct account *a;
	size_t n = 0;

	for (a = in->accounts; a != NULL; a = a->next)
		n += spool_waiting(a->spool) + spool_in_hand(a->spool);
	return n;
}

void
incoming_sweep(struct incoming *in)
{
	struct account *a;
	struct err e;
	int n;

	for (a = in->accounts; a != NULL; a = a->next) {
		n = spool_sweep(a->spool, SPOOL_DEBRIS_MS, clock_wall_ms(), &e);
		if (n == -1)
			log_warn("incoming.unswept",
			    LOG_T("account", a->name.text),
			    LOG_T("reason", e.text));
		else if (n > 0)
			log_info("incoming.swept",
			    LOG_T("account", a->name.text), LOG_N("files", n));
	}
}
