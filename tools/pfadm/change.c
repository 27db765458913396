/*
 * Changes by name: range, question, request, line.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/pfadm/change.h"
#include "tools/pfadm/fetch.h"
#include "tools/pfadm/ranges.h"

#define NAMED 3 /* in a question */

/* ---- may we? --------------------------------------------------------- */

static void
ask(const struct change *c, int count, char **names)
{
	int i;

	fprintf(stderr, "%s %s ", c->verb, c->noun);
	for (i = 0; i < count && i < NAMED; i++)
		fprintf(stderr, "%s%s", i > 0 ? ", " : "", names[i]);
	if (count > NAMED)
		fprintf(stderr, " and %d more", count - NAMED);
	fputs("? [y/N] ", stderr);
	fflush(stderr);
}

int
change_confirm(
    struct pfadm *pf, const struct change *c, int count, char **names)
{
	char answer[16];
	int code;

	if (!c->ask || pf->o.yes || pf->o.dry_run)
		return 0;
	if (!isatty(STDIN_FILENO)) {
		code = complain_usage(
		    "%s asks first, and here is nobody to ask: give --yes",
		    pf->command->words);
		fprintf(stderr, "hint: --dry-run says what it would do\n");
		return code;
	}
	ask(c, count, names);
	if (fgets(answer, sizeof(answer), stdin) != NULL &&
	    (answer[0] == 'y' || answer[0] == 'Y'))
		return 0;
	fprintf(stderr, "nothing was done\n");
	return EXIT_FAILED;
}

/* ---- one ------------------------------------------------------------- */

/* What is there now, and what would be done to it. */
static int
look_only(struct pfadm *pf, const struct change *c, const char *name)
{
	struct reply r;
	struct err e;
	int code = 0;

	if (client_get(pf->client, client_path(pf->client, c->look, name), &r,
		&e) == -1)
		code = complain(pf, &e, &r);
	else if (pf->o.json)
		print_reply_json(&r);
	else
		printf("would %s %s %s\n", c->verb, c->noun, name);
	reply_release(&r);
	return code;
}

static void
tell(struct pfadm *pf, const struct change *c, const char *name,
    const struct reply *r)
{
	const struct json_value *item = json_get(json_root(r->json), "item");

	if (pf->o.json)
		print_reply_json(r);
	else if (c->tell != NULL && item != NULL)
		c->tell(pf, item);
	else
		printf("%s %s: %s\n", c->noun, name, c->done);
}

static void
make_body(struct pfadm *pf, const struct change *c, const char *name,
    struct buf *body)
{
	const struct options *o = &pf->o;

	json_open(body, NULL, '{');
	if (c->key != NULL)
		json_put_string(body, c->key, name);
	if (o->reason != NULL)
		json_put_string(body, "reason", o->reason);
	if (o->expect != NULL)
		json_put_string(body, "expect", o->expect);
	if (o->now)
		json_put_bool(body, "now", true);
	if (o->epoch != NULL)
		json_put_string(body, "epoch", o->epoch);
}

/* DELETE says its reason in the address. */
static void
make_address(struct pfadm *pf, const struct change *c, const char *name,
    struct buf *address)
{
	buf_adds(address,
	    c->key != NULL ? c->path : client_path(pf->client, c->path, name));
	if (strcmp(c->method, "DELETE") == 0 && pf->o.reason != NULL)
		buf_adds(address,
		    client_path(pf->client, "?reason=%s", pf->o.reason));
}

int
change_one(struct pfadm *pf, const struct change *c, const char *name,
    void (*add)(struct pfadm *pf, struct buf *body, void *arg), void *arg)
{
	bool with_body = strcmp(c->method, "DELETE") != 0;
	struct buf address = BUF_INIT, body = BUF_INIT;
	struct reply r;
	struct err e;
	int code = 0;

	if (pf->o.dry_run)
		return look_only(pf, c, name);
	make_address(pf, c, name, &address);
	make_body(pf, c, name, &body);
	if (add != NULL)
		add(pf, &body, arg);
	json_close(&body, '}');
	if (client_send(pf->client, c->method, address.data, body.data,
		with_body ? body.len : 0, &r, &e) == -1)
		code = complain(pf, &e, &r);
	else
		tell(pf, c, name, &r);
	reply_release(&r);
	buf_release(&address);
	buf_release(&body);
	return code;
}

/* ---- all ------------------------------------------------------------- */

static int
expand(const struct change *c, int count, char **words, struct ranges *names)
{
	struct err e;
	int i;

	for (i = 0; i < count; i++) {
		if (c->ranges && ranges_add(names, words[i], &e) == -1)
			return complain_usage("%s", e.text);
	}
	return 0;
}

static int
change_all(struct pfadm *pf, const struct change *c, int count, char **names)
{
	int i, code, worst = change_confirm(pf, c, count, names);

	if (worst != 0)
		return worst;
	for (i = 0; i < count; i++) {
		code = change_one(pf, c, names[i], c->add, NULL);
		if (code > worst)
			worst = code;
		/* Nobody will answer the rest either. */
		if (code == EXIT_NO_MASTER || code == EXIT_INTERRUPTED)
			break;
	}
	return worst;
}

int
change_names(struct pfadm *pf, const struct change *c, int count, char **words)
{
	struct ranges names = {NULL, 0, 0};
	int code = expand(c, count, words, &names);

	if (code == 0)
		code = c->ranges ? change_all(pf, c, names.count, names.list)
				 : change_all(pf, c, count, words);
	ranges_release(&names);
	return code;
}

int
cmd_change(struct pfadm *pf)
{
	return change_names(pf, pf->command->data, pf->arg_count, pf->args);
}
