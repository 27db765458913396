/*
 * The master itself: whether it is well, its settings read again, and the end
 * of a tunnel on its machine.
 */
#include <string.h>
#include <unistd.h>

#include "lib/base/version.h"
#include "tools/pfadm/commands.h"
#include "tools/pfadm/far_end.h"

/* ---- stdio ----------------------------------------------------------- */

/* Its standard output belongs to the one at the other end, so failures are
 * sentences and exit codes, never JSON. */
int
cmd_system_stdio(struct pfadm *pf)
{
	struct err e;
	int fd = far_connect(pf->where.socket, &e), got;

	pf->o.json = false;
	if (fd == -1)
		return complain(pf, &e, &(struct reply){.status = 0});
	got = far_copy(fd, &e);
	close(fd);
	return got == -1 ? complain(pf, &e, NULL) : EXIT_DONE;
}

/* ---- check ----------------------------------------------------------- */

enum health { HEALTHY, WARNING, CRITICAL };

static enum health
health_of(const struct json_value *item)
{
	bool good = false;

	json_bool(json_get(item, "good"), &good);
	if (good)
		return HEALTHY;
	return strcmp(json_get_string(item, "severity", "error"), "error") == 0
	    ? CRITICAL
	    : WARNING;
}

static void
print_one(struct pfadm *pf, const struct json_value *item)
{
	enum health h = health_of(item);
	const char *fix = json_get_string(item, "fix", "");
	const char *word = h == HEALTHY ? "ok" : h == WARNING ? "LOOK" : "BAD";
	const char *state = h == HEALTHY ? "good"
	    : h == WARNING               ? "warning"
					 : "bad";
	const char *glyph = !pf->look.utf8 ? "" : h == HEALTHY ? "✓ " : "✗ ";

	printf("%s%s%-4s%s  %-14s %s\n", state_color(state, &pf->look), glyph,
	    word, color_end(&pf->look), json_get_string(item, "name", ""),
	    json_get_string(item, "text", ""));
	if (h != HEALTHY && *fix != '\0')
		printf("      %-14s fix: %s\n", "", fix);
}

/* One line, as monitoring reads it. */
static int
print_nagios(const struct json_value *items, enum health worst)
{
	static const char *const words[] = {"OK", "WARNING", "CRITICAL"};
	const struct json_value *v;
	int bad = 0;

	printf("PANDAFUZZ %s", words[worst]);
	for (v = json_first(items); v != NULL; v = json_next(v))
		if (health_of(v) != HEALTHY)
			printf("%s%s: %s", bad++ == 0 ? " - " : "; ",
			    json_get_string(v, "name", ""),
			    json_get_string(v, "text", ""));
	printf("%s\n", bad == 0 ? " - all is well" : "");
	return (int)worst;
}

static int
tell_checks(struct pfadm *pf, const struct reply *r)
{
	const struct json_value *items = json_get(json_root(r->json), "items");
	enum health worst = HEALTHY;
	const struct json_value *v;

	for (v = json_first(items); v != NULL; v = json_next(v))
		if (health_of(v) > worst)
			worst = health_of(v);
	if (pf->o.nagios)
		return print_nagios(items, worst);
	if (pf->o.json)
		print_reply_json(r);
	else
		for (v = json_first(items); v != NULL; v = json_next(v))
			print_one(pf, v);
	return worst == HEALTHY ? EXIT_DONE : EXIT_FINDINGS;
}

int
cmd_system_check(struct pfadm *pf)
{
	struct reply r;
	struct err e;
	int code;

	if (client_get(pf->client, "system/check", &r, &e) == 0)
		code = tell_checks(pf, &r);
	else if (!pf->o.nagios)
		code = complain(pf, &e, &r);
	else {
		/* 2: it is down; 3: nobody knows. */
		code = r.status == 0 ? 2 : 3;
		printf("PANDAFUZZ %s - %s\n",
		    code == 2 ? "CRITICAL" : "UNKNOWN", e.text);
	}
	reply_release(&r);
	return code;
}

/* ---- reload, version ------------------------------------------------- */

/* "settings: read again; changed: leases.slice; ..." */
static bool
tell_reloaded(struct pfadm *pf, const char *what, const struct json_value *v)
{
	static const struct column lists[] = {{"changed", "changed", CELL_LIST},
	    {"waiting for a restart", "waiting", CELL_LIST}};
	const char *problem = json_get_string(v, "problem", ""), *file;
	struct buf words = BUF_INIT;
	bool good = false;
	int i;

	json_bool(json_get(v, "good"), &good);
	if (pf->o.json)
		return good;
	if (!good) {
		fprintf(stderr, "pfadm: %s: the old ones are in force: %s\n",
		    what, problem);
		return false;
	}
	printf("%s: read again", what);
	/* A file that lies elsewhere is no mistake, and easily one. */
	if (strcmp(what, "rules") == 0) {
		file = json_get_string(v, "file", "");
		printf("; in force: %s, %s%s", json_get_string(v, "name", "?"),
		    *file == '\0' ? "the built-in ones; there is no file"
				  : "the built-in ones and ",
		    file);
	}
	for (i = 0; i < 2; i++) {
		buf_reset(&words);
		table_cell(&words, v, &lists[i], false);
		if (words.len > 0)
			printf("; %s: %s", lists[i].title, words.data);
	}
	putchar('\n');
	buf_release(&words);
	return true;
}

static int
tell_reload(struct pfadm *pf, const struct reply *r)
{
	const struct json_value *item = json_get(json_root(r->json), "item");
	const struct json_value *of_rules = json_get(item, "rules");
	bool settings, templates, rules;

	if (pf->o.json)
		print_reply_json(r);
	settings = tell_reloaded(pf, "settings", json_get(item, "settings"));
	templates = tell_reloaded(pf, "templates", json_get(item, "templates"));
	/* A master of before there were any says nothing of them. */
	rules = of_rules == NULL || tell_reloaded(pf, "rules", of_rules);
	return settings && templates && rules ? EXIT_DONE : EXIT_FAILED;
}

int
cmd_system_reload(struct pfadm *pf)
{
	struct buf body = BUF_INIT;
	struct reply r;
	struct err e;
	int code;

	json_open(&body, NULL, '{');
	if (pf->o.reason != NULL)
		json_put_string(&body, "reason", pf->o.reason);
	json_close(&body, '}');
	if (client_send(pf->client, "POST", "system/reload", body.data,
		body.len, &r, &e) == -1)
		code = complain(pf, &e, &r);
	else
		code = tell_reload(pf, &r);
	reply_release(&r);
	buf_release(&body);
	return code;
}

static void
print_version(struct pfadm *pf, const struct json_value *root)
{
	(void)pf;
	printf("master %s\n",
	    json_get_string(json_get(root, "item"), "version", "?"));
}

int
cmd_version(struct pfadm *pf)
{
	if (!pf->o.json) {
		puts("pfadm  " PANDAFUZZ_VERSION);
		fflush(stdout);
	}
	pf->o.no_pager = true;
	return show_reply(pf, "status", print_version);
}
