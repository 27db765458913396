/*
 * One way for a signal and for a person.
 */
#include <string.h>

#include "lib/base/json.h"
#include "lib/base/loop.h"
#include "masterd/db/audit.h"
#include "masterd/db/judge.h"
#include "masterd/reload.h"

struct came {
	bool settings, templates; /* the files were good */
	int jobs;                 /* that have other values now */
	bool rules, judged;       /* their file is good; and another */
};

/* ---- what came of it ------------------------------------------------- */

static void
put_words(struct buf *out, const char *key, const char *words)
{
	struct buf word = BUF_INIT;
	size_t len;

	json_open(out, key, '[');
	for (; *words != '\0'; words += len) {
		words += strspn(words, " ");
		len = strcspn(words, " ");
		buf_reset(&word);
		buf_add(&word, words, len);
		if (len > 0)
			json_put_string(out, NULL, word.data);
	}
	json_close(out, ']');
	buf_release(&word);
}

static void
put_settings(struct buf *out, const struct reload *l, const struct came *c)
{
	json_put_bool(out, "good", c->settings);
	put_words(out, "changed", l->settings->taken);
	put_words(out, "waiting", l->settings->waiting);
	json_put_string(out, "problem", l->settings->problem);
}

static void
put_templates(struct buf *out, const struct reload *l, const struct came *c)
{
	json_put_bool(out, "good", c->templates);
	json_put_u64(out, "jobs", (uint64_t)c->jobs);
	json_put_string(out, "problem", l->jobs->problem);
}

static void
put_rules(struct buf *out, const struct reload *l, const struct came *c)
{
	json_put_bool(out, "good", c->rules);
	json_put_bool(out, "changed", c->judged);
	json_put_string(out, "name", rules_name(judge_rules(l->db)).text);
	json_put_string(out, "file", l->rules->path);
	json_put_string(out, "problem", l->rules->problem);
}

/* ---- and who wanted it ----------------------------------------------- */

static int
note(const struct reload *l, const struct admin_reload *how,
    const struct came *c, struct err *e)
{
	struct buf settings = BUF_INIT, templates = BUF_INIT, rules = BUF_INIT;
	struct audit_entry a = {.who = how->who,
	    .what = "settings.reloaded",
	    .subject = "master",
	    .before = "",
	    .reason = how->reason,
	    .trace = how->trace};
	int got = 0;

	json_open(&settings, NULL, '{');
	put_settings(&settings, l, c);
	json_close(&settings, '}');
	json_open(&templates, NULL, '{');
	put_templates(&templates, l, c);
	json_close(&templates, '}');
	json_open(&rules, NULL, '{');
	put_rules(&rules, l, c);
	json_close(&rules, '}');
	a.after = settings.data;
	if (c->settings)
		got = audit_add(l->db, &a, e);
	a.what = "templates.reloaded";
	a.after = templates.data;
	if (got == 0 && c->templates)
		got = audit_add(l->db, &a, e);
	a.what = "rules.loaded";
	a.after = rules.data;
	if (got == 0 && c->judged)
		got = audit_add(l->db, &a, e);
	buf_release(&settings);
	buf_release(&templates);
	buf_release(&rules);
	return got;
}

static int
commit_note(const struct reload *l, const struct admin_reload *how,
    const struct came *c, struct err *e)
{
	if (!c->settings && !c->templates && !c->judged)
		return 0;
	if (db_begin(l->db, e) == -1)
		return -1;
	if (note(l, how, c, e) == 0 && db_commit(l->db, e) == 0)
		return 0;
	db_rollback(l->db);
	return -1;
}

int
reload_all(const struct reload *l, const struct admin_reload *how,
    struct buf *out, struct err *e)
{
	struct came c = {false, false, 0, false, false};
	bool failed;
	int got;

	if (db_in_transaction(l->db))
		return err_set(e, ERR_AGAIN, "the master is busy");
	loop_notify("RELOADING=1");
	if ((c.settings = settings_reload(l->settings)))
		l->taken(l->arg);
	c.templates =
	    jobs_reload_templates(l->jobs, l->settings->templates, &failed, e);
	c.jobs = l->jobs->changed;
	if (c.templates)
		l->moved(l->arg);
	if (!failed)
		failed =
		    rules_file_reload(l->rules, &c.rules, &c.judged, e) == -1;
	got = failed ? -1 : commit_note(l, how, &c, e);
	loop_notify("READY=1");
	if (got == -1 || out == NULL)
		return got;
	json_open(out, "settings", '{');
	put_settings(out, l, &c);
	json_close(out, '}');
	json_open(out, "templates", '{');
	put_templates(out, l, &c);
	json_close(out, '}');
	json_open(out, "rules", '{');
	put_rules(out, l, &c);
	json_close(out, '}');
	return 0;
}
