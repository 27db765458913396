/*
 * Failures: one sentence on standard error, a hint where one helps, and the
 * exit code that scripts go by.
 */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "tools/pfadm/interrupt.h"
#include "tools/pfadm/pfadm.h"
#include "tools/pfadm/plain.h"

static bool usage_as_json;

static int
code_of(const struct err *e, const struct reply *reply, const char *code)
{
	if (reply != NULL && reply->status == 0 && e->sys != 0)
		return e->cls == ERR_DENIED ? EXIT_DENIED : EXIT_NO_MASTER;
	if (strcmp(code, "ambiguous") == 0)
		return EXIT_USAGE;
	switch (e->cls) {
	case ERR_NOT_FOUND:
		return EXIT_NOT_FOUND;
	case ERR_DENIED:
		return EXIT_DENIED;
	case ERR_CONFLICT:
		return EXIT_CONFLICT;
	default:
		return EXIT_FAILED;
	}
}

/* Names in it may be those of files. */
static void
say(const char *what, const char *text)
{
	fprintf(stderr, "%s: ", what);
	plain_put_line(stderr, text);
	fputc('\n', stderr);
}

/* The master's own error, or one of the same form. */
static void
print_json(const struct err *e, const struct reply *reply, const char *hint)
{
	struct buf out = BUF_INIT;

	if (reply != NULL && reply->json != NULL && reply->status >= 300) {
		plain_put_json(stdout, reply->body.data, reply->body.len);
		putchar('\n');
		return;
	}
	json_open(&out, NULL, '{');
	json_open(&out, "error", '{');
	json_put_string(&out, "code", err_class_name(e->cls));
	json_put_string(&out, "message", e->text);
	json_put_string(&out, "field", NULL);
	json_put_string(&out, "hint", hint);
	json_close(&out, '}');
	json_close(&out, '}');
	printf("%s\n", out.data);
	buf_release(&out);
}

/* Names that nobody knows: where they are listed. */
static const char *
list_of(const struct command *c, char *hint, size_t size)
{
	int noun, i;

	if (c == NULL)
		return NULL;
	noun = (int)strcspn(c->words, " ");
	snprintf(hint, size, "%.*s list", noun, c->words);
	for (i = 0; i < command_count; i++)
		if (strcmp(commands[i].words, hint) == 0 && &commands[i] != c) {
			snprintf(hint, size, "pfadm %s shows them",
			    commands[i].words);
			return hint;
		}
	return NULL;
}

int
complain(struct pfadm *pf, const struct err *e, const struct reply *reply)
{
	const struct json_value *error =
	    reply == NULL ? NULL : json_get(json_root(reply->json), "error");
	const char *hint = json_get_string(error, "hint", NULL);
	int code = code_of(e, reply, json_get_string(error, "code", ""));
	char list[60];

	if (interrupted())
		return EXIT_INTERRUPTED;
	if (reply != NULL && reply->hint != NULL)
		hint = reply->hint;
	else if (code == EXIT_NO_MASTER)
		hint = "start it: pf-local up ROOT, or systemctl start "
		       "pandafuzz-masterd; --root ROOT says where it is";
	if (code == EXIT_DENIED && hint == NULL)
		hint = "members of the groups pandafuzz-admin and "
		       "pandafuzz-read may use it";
	if (code == EXIT_NOT_FOUND && error != NULL && hint == NULL)
		hint = list_of(pf->command, list, sizeof(list));
	if (pf->o.json)
		print_json(e, reply, hint);
	fflush(stdout);
	say("pfadm", e->text);
	if (hint != NULL)
		say("hint", hint);
	return code;
}

void
complain_as_json(bool yes)
{
	usage_as_json = yes;
}

int
complain_usage(const char *fmt, ...)
{
	struct err e = {.cls = ERR_REFUSED};
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(e.text, sizeof(e.text), fmt, ap);
	va_end(ap);
	if (usage_as_json)
		print_json(&e, NULL, NULL);
	fflush(stdout);
	say("pfadm", e.text);
	return EXIT_USAGE;
}
