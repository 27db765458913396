/*
 * The command line over the table of keys: one parser for all programs that
 * have settings, so that an option is the same word as its key everywhere.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/config_command.h"

#define OPTION_KEY 1000 /* + index into the table */

/* clang-format off */
static const struct option fixed[] = {
	{ "config",		required_argument, NULL, 'f' },
	{ "check-config",	no_argument, NULL, CONFIG_CHECK },
	{ "print-config",	no_argument, NULL, CONFIG_PRINT },
	{ "help",		no_argument, NULL, CONFIG_HELP },
	{ "version",		no_argument, NULL, CONFIG_VERSION },
};
#define FIXED (sizeof(fixed) / sizeof(fixed[0]))
/* clang-format on */

void
config_option_name(char name[CONFIG_OPTION_MAX], const char *key)
{
	char *p;

	snprintf(name, CONFIG_OPTION_MAX, "--%s", key);
	for (p = name; *p != '\0'; p++)
		if (*p == '_' || *p == '.')
			*p = '-';
}

static void
add_option(
    struct config_command *c, const struct config_key *key, const char *text)
{
	struct config_sources *s = &c->sources;
	struct config_option *o;
	char name[CONFIG_OPTION_MAX];

	s->options =
	    mem_resize(s->options, s->option_count + 1, sizeof(*s->options));
	o = &s->options[s->option_count++];
	config_option_name(name, key->name);
	*o = (struct config_option){
	    key->name, text == NULL ? "yes" : text, mem_strdup(name)};
}

static struct option *
make_list(const struct config_table *t, char (*names)[CONFIG_OPTION_MAX])
{
	struct option *list = mem_array(t->count + FIXED + 1, sizeof(*list));
	size_t i;

	memcpy(list, fixed, sizeof(fixed));
	for (i = 0; i < t->count; i++) {
		config_option_name(names[i], t->keys[i].name);
		list[FIXED + i] = (struct option){names[i] + 2,
		    t->keys[i].type == CONFIG_BOOL ? optional_argument
						   : required_argument,
		    NULL, OPTION_KEY + (int)i};
	}
	return list;
}

void
config_command_parse(const struct config_table *t, int argc, char **argv,
    struct config_command *c)
{
	char(*names)[CONFIG_OPTION_MAX] = mem_array(t->count, sizeof(*names));
	struct option *list = make_list(t, names);
	int o;

	memset(c, 0, sizeof(*c));
	optind = 0; /* a second parse starts anew, as in tests */
	while (c->what < CONFIG_HELP &&
	    (o = getopt_long(argc, argv, "h", list, NULL)) != -1) {
		if (o == 'f')
			c->sources.file = optarg;
		else if (o >= OPTION_KEY)
			add_option(c, &t->keys[o - OPTION_KEY], optarg);
		else if (o == 'h')
			c->what = CONFIG_HELP;
		else
			c->what = o == '?' ? CONFIG_WRONG : (enum config_what)o;
	}
	c->rest = optind;
	free(list);
	free(names);
}

void
config_command_release(struct config_command *c)
{
	size_t i;

	for (i = 0; i < c->sources.option_count; i++)
		free((char *)c->sources.options[i].origin);
	free(c->sources.options);
	memset(c, 0, sizeof(*c));
}

int
config_start(const struct config_table *t, const struct config_command *c,
    void *out, struct config_said *said)
{
	struct buf text = BUF_INIT;
	struct err e;

	if (config_load(t, &c->sources, out, said, &e) == -1) {
		fprintf(stderr, "%s\n", buf_text(&said->complaints));
		return 2;
	}
	if (c->what != CONFIG_RUN && said->warnings.len > 0)
		fprintf(stderr, "%s\n", said->warnings.data);
	if (c->what == CONFIG_CHECK) {
		printf("pandafuzz-%s: the configuration is fine (%s)\n",
		    t->program,
		    said->files.len == 0 ? "no file" : said->files.data);
	} else if (c->what == CONFIG_PRINT) {
		config_print(t, out, said->origins, &text);
		fputs(buf_text(&text), stdout);
		buf_release(&text);
	}
	return c->what == CONFIG_RUN ? -1 : 0;
}
