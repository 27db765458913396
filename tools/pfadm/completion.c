/*
 * The completion scripts.  They know all words and options; to name things
 * they ask us, with the options that say which master, and we ask it.
 */
#include <stdio.h>
#include <string.h>

#include "tools/pfadm/commands.h"
#include "tools/pfadm/completion.h"

#define MOST 500 /* names */

/* ---- what can be what ------------------------------------------------ */

static const struct noun {
	const char *kind, *path, *key;
} nouns[] = {{"JOB", "jobs", "id"}, {"BOT", "bots", "name"},
    {"BUILD", "builds", "id"}, {"TARGET", "targets", "target"},
    {"PROJECT", "targets", "project"}, {"CRASH", "crashes", "id"},
    {"BUCKET", "buckets?all=1", "id"}, {"ENTRY", "spool", "id"},
    {"ACCOUNT", "accounts", "name"}};

static const struct noun *
find_noun(const char *kind, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(nouns) / sizeof(nouns[0]); i++)
		if (strlen(nouns[i].kind) == len &&
		    strncmp(nouns[i].kind, kind, len) == 0)
			return &nouns[i];
	return NULL;
}

const char *
completion_kind(const char *argument)
{
	const struct noun *n;
	const char *p = argument;
	size_t len;

	for (; *p != '\0'; p += len + (p[len] != '\0')) {
		len = strcspn(p, "[]. |");
		if ((n = find_noun(p, len)) != NULL)
			return n->kind;
		if (len == 3 && strncmp(p, "DIR", 3) == 0)
			return "FILE";
		if (len == 4 && strncmp(p, "FILE", 4) == 0)
			return "FILE";
		if (len == 4 && strncmp(p, "ROOT", 4) == 0)
			return "FILE";
		if (len == 4 && strncmp(p, "PATH", 4) == 0)
			return "FILE";
	}
	return NULL;
}

const char *
completion_words(const char *option)
{
	static const struct {
		const char *option, *words;
	} all[] = {{"engine", "libfuzzer afl honggfuzz command"},
	    {"sanitizer", "address memory thread undefined none"},
	    {"color", "auto always never"}, {"kind", "bot ci reader"},
	    {"status",
		"pending running paused completed failed timed_out cancelled "
		"open fixed closed muted good bad new removed waiting crashed "
		"quiet"},
	    {"as", "fixed wontfix invalid duplicate obsolete"}};
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(all[i].option, option) == 0)
			return all[i].words;
	return NULL;
}

/* ---- names ----------------------------------------------------------- */

/* A project has many targets. */
static bool
printed_before(const struct rows *rows, size_t i, const char *key)
{
	const char *name = json_get_string(rows->list[i], key, "");
	size_t k;

	for (k = 0; k < i; k++)
		if (strcmp(json_get_string(rows->list[k], key, ""), name) == 0)
			return true;
	return false;
}

static void
print_names(const struct rows *rows, const struct noun *n, const char *begin)
{
	const char *name;
	size_t i;

	for (i = 0; i < rows->count && i < MOST; i++) {
		name = json_get_string(rows->list[i], n->key, "");
		if (*name != '\0' && strncmp(name, begin, strlen(begin)) == 0 &&
		    (strcmp(n->kind, "PROJECT") != 0 ||
			!printed_before(rows, i, n->key)))
			printf("%s\n", name);
	}
}

int
cmd_complete(struct pfadm *pf)
{
	const struct noun *n = find_noun(pf->arg, strlen(pf->arg));
	struct rows rows = {NULL, 0, 0, NULL, 0};
	const struct json_value *v;
	char address[64];
	struct reply r;
	struct err e;

	if (n == NULL)
		return EXIT_DONE;
	snprintf(address, sizeof(address), "%s%s", n->path,
	    strcmp(n->path, "spool") == 0      ? ""
		: strchr(n->path, '?') == NULL ? "?limit=500&order=newest"
					       : "&limit=500&order=newest");
	if (client_get(pf->client, address, &r, &e) == 0)
		for (v = json_first(json_get(json_root(r.json), "items"));
		     v != NULL; v = json_next(v))
			rows_add(&rows, v);
	print_names(&rows, n, pf->arg_count > 1 ? pf->args[1] : "");
	rows_release(&rows);
	reply_release(&r);
	return EXIT_DONE;
}

/* ---- scripts --------------------------------------------------------- */

static bool
hidden(const struct command *c)
{
	return c->words[0] == '_';
}

/* Second words of a noun, or first words of all (noun NULL), each once. */
static void
put_words(const char *noun)
{
	size_t skip = noun == NULL ? 0 : strlen(noun) + 1, len;
	const char *last = "", *word;
	int i;

	for (i = 0; i < command_count; i++) {
		if (hidden(&commands[i]) ||
		    (noun != NULL &&
			(strncmp(commands[i].words, noun, skip - 1) != 0 ||
			    commands[i].words[skip - 1] != ' ')))
			continue;
		word = commands[i].words + skip;
		len = strcspn(word, " ");
		if (strlen(last) >= len && strncmp(last, word, len) == 0 &&
		    (last[len] == ' ' || last[len] == '\0'))
			continue;
		printf("%s%.*s", *last == '\0' ? "" : " ", (int)len, word);
		last = word;
	}
}

static void
put_options(uint64_t bits)
{
	const struct option_spec *s;
	const char *blank = "";
	int i;

	for (i = 0; i < option_spec_count; i++) {
		s = &option_specs[i];
		if ((s->bit & bits) == 0)
			continue;
		printf("%s--%s", blank, s->name);
		blank = " ";
	}
}

/* "case" arms: what may follow the words of each noun. */
static void
put_noun_arms(const char *arm)
{
	const char *last = "";
	char noun[32];
	size_t len;
	int i;

	for (i = 0; i < command_count; i++) {
		len = strcspn(commands[i].words, " ");
		if (commands[i].words[len] == '\0' ||
		    (strlen(last) > len &&
			strncmp(last, commands[i].words, len + 1) == 0))
			continue;
		last = commands[i].words;
		printf("\t%.*s) %s'", (int)len, last, arm);
		snprintf(noun, sizeof(noun), "%.*s", (int)len, last);
		put_words(noun);
		puts("' ;;");
	}
}

/* And what each command takes: its options, and what its names are of. */
static void
put_command_arms(void)
{
	const struct command *c;
	const char *kind;
	int i;

	for (i = 0; i < command_count; i++) {
		c = &commands[i];
		if (hidden(c))
			continue;
		kind = completion_kind(c->argument);
		printf("\t'%s') kind=%s flags='", c->words,
		    strcmp(c->words, "completion") == 0 ? "SHELL"
			: kind == NULL                  ? "''"
							: kind);
		put_options(c->options);
		puts("' ;;");
	}
}

/* What the value of an option is: a name, a word, or anything. */
static void
put_value_arms(void)
{
	const struct option_spec *s;
	const char *kind, *words;
	int i;

	for (i = 0; i < option_spec_count; i++) {
		s = &option_specs[i];
		if (s->argument == NULL)
			continue;
		kind = completion_kind(s->argument);
		if (s->bit == O_PROJECT)
			kind = "PROJECT";
		if (s->bit == O_ACCOUNT)
			kind = "ACCOUNT";
		words = completion_words(s->name);
		printf("\t--%s", s->name);
		if (s->letter != '\0')
			printf("|-%c", s->letter);
		printf(") kind=%s list='%s' ;;\n", kind == NULL ? "''" : kind,
		    words == NULL ? "" : words);
	}
}

/* Shared by both: from the words before the cursor to kind, words, options.
 * Only what a POSIX shell has, so that zsh reads it, too. */
static void
put_engine(void)
{
	puts("# pfadm knows its words; whatever is a name is asked of the "
	     "master.\n"
	     "_pfadm_noun() {\n"
	     "\tcase $1 in");
	put_noun_arms("list=");
	puts("\t*) return 1 ;;\n"
	     "\tesac\n"
	     "}\n"
	     "_pfadm_command() {\n"
	     "\tcase $1 in");
	put_command_arms();
	puts("\t*) return 1 ;;\n"
	     "\tesac\n"
	     "}\n"
	     "_pfadm_value() {\n"
	     "\tkind='' list=''\n"
	     "\tcase $1 in");
	put_value_arms();
	puts("\t*) return 1 ;;\n"
	     "\tesac\n"
	     "}");
	fputs("# _pfadm_look WORD...: the words between pfadm and the cursor\n"
	      "_pfadm_look() {\n"
	      "\tlocal word first='' second=''\n"
	      "\tkind='' list='' flags='' where=() value=''\n"
	      "\twhile [ $# -gt 0 ]; do\n"
	      "\t\tword=$1\n"
	      "\t\tshift\n"
	      "\t\tcase $word in\n"
	      "\t\t--*=*) case $word in --host=*|--root=*|--socket=*)\n"
	      "\t\t\twhere+=(\"$word\") ;; esac ;;\n"
	      "\t\t-*) if _pfadm_value \"$word\"; then\n"
	      "\t\t\t[ $# -gt 0 ] || { value=yes; return; }\n"
	      "\t\t\tcase $word in --host|-H|--root|--socket)\n"
	      "\t\t\t\twhere+=(\"$word\" \"$1\") ;; esac\n"
	      "\t\t\tshift\n"
	      "\t\tfi ;;\n"
	      "\t\t*) if [ -z \"$first\" ]; then first=$word\n"
	      "\t\t\telif [ -z \"$second\" ]; then second=$word; fi ;;\n"
	      "\t\tesac\n"
	      "\tdone\n"
	      "\tkind='' list=''\n"
	      "\tcase $first/$second in */ls) second=list ;;\n"
	      "\tspool/rm) second=drop ;; */rm) second=remove ;; esac\n"
	      "\tif [ -z \"$first\" ]; then list='",
	    stdout);
	put_words(NULL);
	fputs("'\n"
	      "\telif [ -n \"$second\" ] &&\n"
	      "\t    _pfadm_command \"$first $second\"; then :\n"
	      "\telif _pfadm_command \"$first\"; then\n"
	      "\t\t[ -n \"$second\" ] || _pfadm_noun \"$first\" || :\n"
	      "\telif [ -z \"$second\" ]; then _pfadm_noun \"$first\" || :\n"
	      "\tfi\n"
	      "\tif [ \"$first\" = help ]; then\n"
	      "\t\tif [ -n \"$second\" ]; then _pfadm_noun \"$second\" || :\n"
	      "\t\telse list='",
	    stdout);
	put_words(NULL);
	fputs("'; fi\n"
	      "\tfi\n"
	      "\tflags=\"$flags ",
	    stdout);
	put_options(O_ANY);
	puts("\"\n"
	     "\t[ \"$kind\" != SHELL ] || { kind='' list='bash zsh'; }\n"
	     "}");
}

static void
put_bash(void)
{
	puts("# bash completion for pfadm, made by: pfadm completion bash");
	put_engine();
	puts("_pfadm() {\n"
	     "\tlocal kind list flags value where cur given\n"
	     "\t# COMP_WORDS is cut at ':', and ssh:// has one.\n"
	     "\tread -ra given <<<\"${COMP_LINE:0:COMP_POINT}x\"\n"
	     "\tcur=${given[-1]%x}\n"
	     "\t_pfadm_look \"${given[@]:1:${#given[@]}-2}\"\n"
	     "\tif [[ -z $value && $cur == -* ]]; then\n"
	     "\t\tCOMPREPLY=($(compgen -W \"$flags\" -- \"$cur\"))\n"
	     "\telif [[ $kind == FILE ]]; then\n"
	     "\t\tcompopt -o filenames 2>/dev/null\n"
	     "\t\tCOMPREPLY=($(compgen -f -- \"$cur\"))\n"
	     "\telif [[ -n $kind ]]; then\n"
	     "\t\tCOMPREPLY=($(compgen -W \"$list $(pfadm \"${where[@]}\" \\\n"
	     "\t\t    __complete \"$kind\" \"$cur\" 2>/dev/null)\" -- "
	     "\"$cur\"))\n"
	     "\telse\n"
	     "\t\tCOMPREPLY=($(compgen -W \"$list\" -- \"$cur\"))\n"
	     "\tfi\n"
	     "}\n"
	     "complete -F _pfadm pfadm");
}

static void
put_zsh(void)
{
	puts("#compdef pfadm\n"
	     "# zsh completion for pfadm, made by: pfadm completion zsh");
	put_engine();
	puts("_pfadm() {\n"
	     "\tlocal kind list flags value cur\n"
	     "\tlocal -a where given\n"
	     "\tgiven=(\"${(@)words[2,CURRENT-1]}\")\n"
	     "\tcur=${words[CURRENT]}\n"
	     "\t_pfadm_look \"${given[@]}\"\n"
	     "\tif [[ -z $value && $cur == -* ]]; then\n"
	     "\t\tcompadd -- ${=flags}\n"
	     "\telif [[ $kind == FILE ]]; then\n"
	     "\t\t_files\n"
	     "\telif [[ -n $kind ]]; then\n"
	     "\t\tcompadd -- ${=list} ${(f)\"$(pfadm \"${where[@]}\" \\\n"
	     "\t\t    __complete \"$kind\" \"$cur\" 2>/dev/null)\"}\n"
	     "\telse\n"
	     "\t\tcompadd -- ${=list}\n"
	     "\tfi\n"
	     "}\n"
	     "if [[ $zsh_eval_context[-1] == loadautofunc ]]; then\n"
	     "\t_pfadm \"$@\"\n"
	     "else\n"
	     "\tcompdef _pfadm pfadm\n"
	     "fi");
}

int
cmd_completion(struct pfadm *pf)
{
	if (strcmp(pf->arg, "bash") == 0)
		put_bash();
	else if (strcmp(pf->arg, "zsh") == 0)
		put_zsh();
	else
		return complain_usage(
		    "completion: bash or zsh, not '%.40s'", pf->arg);
	return EXIT_DONE;
}
