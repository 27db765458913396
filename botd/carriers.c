/*
 * "push" and "relay": what their command lines have over the settings.
 */
#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"
#include "botd/carriers.h"
#include "botd/courier/deliver.h"
#include "botd/courier/relay.h"

static bool
complain(const char *text)
{
	fprintf(stderr, "pandafuzz-botd: %s\n", text);
	return false;
}

static void
remove_words(int *argc, char **argv, int at, int n)
{
	memmove(argv + at, argv + at + n,
	    (size_t)(*argc - at - n + 1) * sizeof(*argv));
	*argc -= n;
}

/* "--name VALUE" or "--name=VALUE" at or after "from".  1 when it was there,
 * 0 when not, -1 when it has no value. */
static int
take_option(
    const char **value, const char *name, int from, int *argc, char **argv)
{
	size_t len = strlen(name);
	int i;

	for (i = from; i < *argc && strcmp(argv[i], "--") != 0; i++) {
		if (strncmp(argv[i], name, len) != 0 ||
		    (argv[i][len] != '\0' && argv[i][len] != '='))
			continue;
		if (argv[i][len] == '=') {
			*value = argv[i] + len + 1;
			remove_words(argc, argv, i, 1);
			return 1;
		}
		if (i + 1 >= *argc)
			return -1;
		*value = argv[i + 1];
		remove_words(argc, argv, i, 2);
		return 1;
	}
	return 0;
}

/* Where the verb stands, 0 for nowhere.  It is a word and no option's value
 * in any command line that makes sense with the option it goes with. */
static int
verb_at(const char *verb, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (strcmp(argv[i], verb) == 0)
			return i;
	return 0;
}

bool
carriers_options(struct carriers *c, int *argc, char **argv)
{
	int push = verb_at("push", *argc, argv);
	int relay = verb_at("relay", *argc, argv);
	const char *timeout = NULL;
	struct err e;

	if (relay > 0 && take_option(&c->roots, "--roots", 1, argc, argv) == -1)
		return complain("--roots wants a folder");
	if (push == 0)
		return true;
	switch (take_option(&c->outbox, "--outbox", 1, argc, argv)) {
	case -1:
		return complain("--outbox wants a folder");
	case 0:
		return true;
	default:
		break;
	}
	push = verb_at("push", *argc, argv);
	if (take_option(&timeout, "--timeout", push, argc, argv) == -1)
		return complain("--timeout wants a duration");
	if (timeout != NULL &&
	    text_to_duration(&c->timeout_ms, timeout, &e) == -1)
		return complain(e.text);
	if (timeout != NULL && c->timeout_ms == 0)
		c->timeout_ms = 1; /* one look */
	return true;
}

int
carriers_push(const struct carriers *c, const struct settings *s,
    const struct courier_config *courier)
{
	struct deliver d = {
	    c->outbox, s->account_name, c->timeout_ms, *courier};

	if (c->outbox == NULL) {
		complain("push wants --outbox DIR: a bot's root or outbox");
		return 2;
	}
	if (settings_relayed(s)) {
		complain("push goes over a link: 'relay' is none");
		return 2;
	}
	return deliver_run(&d);
}

int
carriers_relay(const struct carriers *c, const struct settings *s,
    const struct courier_config *courier)
{
	if (c->roots == NULL) {
		complain("relay wants --roots DIR: the bots' roots lie below");
		return 2;
	}
	if (settings_relayed(s)) {
		complain("a relay has a link of its own: 'relay' is none");
		return 2;
	}
	return relay_run(courier, c->roots);
}
