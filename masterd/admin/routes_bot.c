/*
 * One bot: its row and why it is idle, its log, and what people do to it.
 */
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "masterd/admin/change.h"
#include "masterd/admin/job_body.h"
#include "masterd/admin/log_place.h"
#include "masterd/db/bots.h"
#include "masterd/db/bots_change.h"

/* ---- showing --------------------------------------------------------- */

/* Into the object of the item that was just answered with. */
static void
reopen_item(struct buf *out)
{
	out->len -= 2; /* the braces of the item and around it */
	out->data[out->len] = '\0';
}

int
show_bot(struct request *r, struct err *e)
{
	const struct admin_hooks *hooks = &r->admin->hooks;
	struct view_key found;
	int got;

	if (request_find(r, VIEW_BOT, r->part[0], NULL, &found, e) == -1 ||
	    reply_item(r, VIEW_BOT, found.id, e) == -1)
		return -1;
	if (hooks->why_bot == NULL)
		return 0;
	reopen_item(&r->out);
	got = hooks->why_bot(hooks->arg, found.id, &r->out, e);
	json_close(&r->out, '}');
	json_close(&r->out, '}');
	return got;
}

int
bot_logs(struct request *r, struct err *e)
{
	struct log_answer a = {.noun = "bot"};
	struct bot_place place;
	struct store_bot bot = {place.account, place.name};
	struct view_key found;
	int got;

	if (request_find(r, VIEW_BOT, r->part[0], NULL, &found, e) == -1 ||
	    bots_place(r->admin->db, found.id, &place, e) == -1 ||
	    log_place_read(r, &a, e) == -1)
		return -1;
	a.key = found.text;
	got = a.follows
	    ? store_bot_log_after(r->admin->store, &bot, &a.place, &a.text, e)
	    : store_bot_log_tail(
		  r->admin->store, &bot, a.lines, &a.text, &a.place, e);
	if (got == 0)
		log_place_answer(r, &a);
	buf_release(&a.text);
	return got;
}

/* ---- changing -------------------------------------------------------- */

struct doing {
	struct bot_act act;
	struct lease_turn turn;
	const char *what; /* in the log of changes */
	int (*run)(struct request *r, struct doing *d, struct err *e);
	bool now;       /* drain */
	uint64_t epoch; /* write-off; 0: all */
	uint64_t count; /* that were written off */
};

/* The change and its line in the log of changes. */
static int
noted(struct request *r, void *arg, struct err *e)
{
	struct change c = CHANGE_INIT;
	struct doing *d = arg;
	int got = change_begin(&c, r, VIEW_BOT, d->act.bot, e);

	if (got == 0)
		got = d->run(r, d, e);
	if (got == 0)
		got = change_end(
		    &c, r, VIEW_BOT, d->act.bot, d->what, d->act.reason, e);
	change_release(&c);
	return got;
}

static int
read_now(struct request *r, struct doing *d, const struct json_value *o,
    struct err *e)
{
	const struct json_value *v = json_get(o, "now");

	if (v != NULL && json_bool(v, &d->now) == -1)
		return job_body_wrong(r, "now", "not true or false", e);
	return 0;
}

static int
read_epoch(struct request *r, struct doing *d, const struct json_value *o,
    struct err *e)
{
	const char *text;

	if (job_body_text(r, o, "epoch", &text, e) == -1)
		return -1;
	if (*text != '\0' &&
	    (text_to_hex64(&d->epoch, text) == -1 || d->epoch == 0))
		return job_body_wrong(r, "epoch", "not 16 hex digits", e);
	return 0;
}

/* The bot of the path, and what the body says. */
static int
begin(struct request *r, struct doing *d, const struct json_value *o,
    struct err *e)
{
	struct view_key found;

	if (request_find(r, VIEW_BOT, r->part[0], NULL, &found, e) == -1 ||
	    change_reason(r, o, &d->act.reason, e) == -1 ||
	    read_now(r, d, o, e) == -1 || read_epoch(r, d, o, e) == -1)
		return -1;
	d->turn =
	    (struct lease_turn){clock_wall_ms(), clock_up_ms(), NULL, NULL};
	d->act.bot = found.id;
	d->act.by = r->peer.name;
	d->act.turn = &d->turn;
	return 0;
}

static int
do_to_bot(
    struct request *r, struct doing *d, const char *const *known, struct err *e)
{
	struct json *body = job_body(r, known, e);
	int got;

	if (body == NULL)
		return -1;
	got = begin(r, d, json_root(body), e);
	if (got == 0)
		got = admin_change(r, noted, d, e);
	if (got == 0)
		got = reply_item(r, VIEW_BOT, d->act.bot, e);
	json_free(body);
	return got;
}

static int
drain(struct request *r, struct doing *d, struct err *e)
{
	return bots_drain(r->admin->db, &d->act, d->now, e);
}

int
bot_drain(struct request *r, struct err *e)
{
	static const char *const known[] = {"reason", "now", NULL};
	struct doing d = {.what = "bot.drained", .run = drain};

	return do_to_bot(r, &d, known, e);
}

static int
resume(struct request *r, struct doing *d, struct err *e)
{
	return bots_resume(r->admin->db, &d->act, e);
}

int
bot_resume(struct request *r, struct err *e)
{
	static const char *const known[] = {"reason", NULL};
	struct doing d = {.what = "bot.resumed", .run = resume};

	return do_to_bot(r, &d, known, e);
}

static int
forget(struct request *r, struct doing *d, struct err *e)
{
	return bots_forget(r->admin->db, &d->act, e);
}

int
bot_forget(struct request *r, struct err *e)
{
	static const char *const known[] = {"reason", NULL};
	struct doing d = {.what = "bot.forgotten", .run = forget};

	return do_to_bot(r, &d, known, e);
}

/* What it changes is no column of the bot's row: the log hears the number. */
static int
write_off(struct request *r, void *arg, struct err *e)
{
	struct doing *d = arg;
	char subject[NAME_MAX_LEN + 8], after[64];
	struct bot_place place;

	if (bots_write_off(r->admin->db, &d->act, d->epoch, &d->count, e) == -1)
		return -1;
	if (d->count == 0)
		return 0;
	if (bots_place(r->admin->db, d->act.bot, &place, e) == -1)
		return -1;
	snprintf(subject, sizeof(subject), "bot:%s", place.name);
	snprintf(
	    after, sizeof(after), "{\"written_off\":%ju}", (uintmax_t)d->count);
	return change_note(
	    r, "bot.written_off", subject, "", after, d->act.reason, e);
}

/* A reason is asked for: it is what stays of what was lost. */
int
bot_write_off(struct request *r, struct err *e)
{
	static const char *const known[] = {"reason", "epoch", NULL};
	struct json *body = job_body(r, known, e);
	struct doing d = {.run = NULL};
	int got;

	if (body == NULL)
		return -1;
	got = begin(r, &d, json_root(body), e);
	if (got == 0 && *d.act.reason == '\0')
		got = job_body_wrong(r, "reason", "why is it gone?", e);
	if (got == 0)
		got = admin_change(r, write_off, &d, e);
	if (got == 0)
		got = reply_item(r, VIEW_BOT, d.act.bot, e);
	if (got == 0) {
		reopen_item(&r->out);
		json_put_u64(&r->out, "written_off", d.count);
		json_close(&r->out, '}');
		json_close(&r->out, '}');
	}
	json_free(body);
	return got;
}
