/*
 * The table of keys, and the texts of single values.  The manual page has the
 * same keys, ranges and defaults: a test compares them.
 */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "lib/base/nearest.h"
#include "lib/base/text.h"
#include "masterd/plan/values_internal.h"

#define SECOND     UINT64_C(1000)
#define HOUR       (3600 * SECOND)
#define DAY        (24 * HOUR)
#define MIB        (UINT64_C(1) << 20)
#define TIB        (UINT64_C(1) << 40)
#define BRANCH_MAX 128 /* as of builds */

static const char *const corpora[] = {"shared", "own", NULL};
static const char *const yes_no[] = {"yes", "no", NULL};

/* clang-format off */
static const struct value_key keys[] = {
	{ "weight", VALUE_NUMBER, "15", 1, 10000, NULL,
	    "share of the machines, beside those of other jobs" },
	{ "slots", VALUE_NUMBER, "0", 0, 100000, NULL,
	    "most slots at once; 0: what is free, fairly shared" },
	{ "floor", VALUE_NUMBER, "0", 0, 100000, NULL,
	    "least slots, while there is work" },
	{ "for", VALUE_DURATION, "0", 0, 3650 * DAY, NULL,
	    "wall time from the first lease on; 0: until cancelled" },
	{ "slice", VALUE_DURATION, "1h", SECOND, HOUR, NULL,
	    "longest session" },
	{ "cpu_time", VALUE_DURATION, "0", 0, 36500 * DAY, NULL,
	    "CPU time of all its sessions; 0: no limit" },
	{ "memory", VALUE_SIZE, "2560MiB", 64 * MIB, TIB, NULL,
	    "memory of a target" },
	{ "timeout", VALUE_DURATION, "0", 0, 1200 * SECOND, NULL,
	    "time for one input; 0: what the target asks for, or 25s" },
	{ "corpus_size", VALUE_SIZE, "0", 0, 16 * TIB, NULL,
	    "bytes at which a session keeps no more units; 0: no limit" },
	{ "corpus", VALUE_CHOICE, "shared", 0, 0, corpora,
	    "the target's corpus, or one of the job's own" },
	{ "follow", VALUE_BRANCH, "main", 0, 0, NULL,
	    "branch whose newest good build is taken" },
	{ "start", VALUE_CHOICE, "no", 0, 0, yes_no,
	    "whether a new target of the project gets a job" },
	{ "tags", VALUE_LIST, "", 0, 0, NULL,
	    "words that a bot must have; with '!': must not" },
	{ "arguments", VALUE_LIST, "", 0, 0, NULL, "flags for the engine" },
	{ "environment", VALUE_LIST, "", 0, 0, NULL, "variables for the target" },
	{ "asan_options", VALUE_LIST, "", 0, 0, NULL,
	    "options of AddressSanitizer" },
	{ "lsan_options", VALUE_LIST, "", 0, 0, NULL,
	    "options of LeakSanitizer" },
	{ "msan_options", VALUE_LIST, "", 0, 0, NULL,
	    "options of MemorySanitizer" },
	{ "tsan_options", VALUE_LIST, "", 0, 0, NULL,
	    "options of ThreadSanitizer" },
	{ "ubsan_options", VALUE_LIST, "", 0, 0, NULL,
	    "options of UndefinedBehaviorSanitizer" },
};
/* clang-format on */
#define KEYS (sizeof(keys) / sizeof(keys[0]))

const struct value_key *
values_keys(size_t *count)
{
	*count = KEYS;
	return keys;
}

const struct value_key *
value_key_find(const char *key)
{
	size_t i, len = strcspn(key, ".");

	for (i = 0; i < KEYS; i++)
		if (strlen(keys[i].name) == len &&
		    memcmp(keys[i].name, key, len) == 0)
			return &keys[i];
	return NULL;
}

void
values_nearest(struct buf *out, const char *typed)
{
	const char *names[KEYS + 1], *near;
	char word[64];
	size_t i;

	for (i = 0; i < KEYS; i++)
		names[i] = keys[i].name;
	names[KEYS] = "inherits";
	text_copy(word, sizeof(word), typed);
	word[strcspn(word, ".")] = '\0';
	near = nearest_word(word, names, KEYS + 1);
	if (near != NULL)
		buf_printf(out, ", nearest is '%s'", near);
}

/* ---- one spelling ---------------------------------------------------- */

struct unit {
	const char *name;
	uint64_t factor;
};

/* clang-format off */
static const struct unit durations[] = {
	{ "d", DAY }, { "h", HOUR }, { "m", 60 * SECOND }, { "s", SECOND },
	{ "ms", 1 }, { NULL, 0 }
};
static const struct unit sizes[] = {
	{ "TiB", TIB }, { "GiB", MIB << 10 }, { "MiB", MIB }, { "KiB", 1024 },
	{ "", 1 }, { NULL, 0 }
};
/* clang-format on */

/* The largest unit of which it is a whole number. */
static void
spell(struct buf *out, uint64_t n, enum value_kind kind)
{
	const struct unit *u = kind == VALUE_DURATION ? durations : sizes;

	if (n == 0 || kind == VALUE_NUMBER) {
		buf_printf(out, "%" PRIu64, n);
		return;
	}
	while (n % u->factor != 0)
		u++;
	buf_printf(out, "%" PRIu64 "%s", n / u->factor, u->name);
}

static void
spell_words(struct buf *out, const char *const *words)
{
	int i;

	for (i = 0; words[i] != NULL; i++)
		buf_printf(out, "%s%s",
		    i == 0                     ? ""
			: words[i + 1] == NULL ? " or "
					       : ", ",
		    words[i]);
}

void
value_range(struct buf *out, const struct value_key *key)
{
	switch (key->kind) {
	case VALUE_NUMBER:
	case VALUE_DURATION:
	case VALUE_SIZE:
		buf_adds(out,
		    key->kind == VALUE_NUMBER         ? "a number, "
			: key->kind == VALUE_DURATION ? "a duration, "
						      : "a size, ");
		spell(out, key->min, key->kind);
		buf_adds(out, " to ");
		spell(out, key->max, key->kind);
		return;
	case VALUE_CHOICE:
		spell_words(out, key->words);
		return;
	case VALUE_BRANCH:
		buf_adds(out, "a branch");
		return;
	case VALUE_LIST:
		buf_adds(out, "a list");
		return;
	}
}

/* ---- texts of single values ------------------------------------------ */

static int
not_taken(const struct value_key *key, const char *text, struct err *e)
{
	struct buf range = BUF_INIT;

	value_range(&range, key);
	buf_adds(&range,
	    key->kind == VALUE_DURATION   ? ", such as 250ms, 30s, 5m or 1h"
		: key->kind == VALUE_SIZE ? ", such as 512MiB or 2GiB"
		: key->kind == VALUE_BRANCH
		? ": letters, digits and ._/+-, not '-' first"
		: "");
	err_set(e, ERR_REFUSED, "%s: '%s' is not %s", key->name,
	    value_shown(text).text, buf_text(&range));
	buf_release(&range);
	return -1;
}

static int
parse_number(struct buf *out, const struct value_key *key, const char *text,
    struct err *e)
{
	uint64_t n = 0;
	int rc;

	if (key->kind == VALUE_NUMBER)
		rc = text_to_u64(&n, text);
	else if (key->kind == VALUE_DURATION)
		rc = text_to_duration(&n, text, NULL);
	else
		rc = text_to_size(&n, text, NULL);
	if (rc == -1 || n < key->min || n > key->max)
		return not_taken(key, text, e);
	spell(out, n, key->kind);
	return 0;
}

static int
parse_choice(struct buf *out, const struct value_key *key, const char *text,
    struct err *e)
{
	int i;

	if (key->words == yes_no && strcmp(text, "true") == 0)
		text = "yes";
	if (key->words == yes_no && strcmp(text, "false") == 0)
		text = "no";
	for (i = 0; key->words[i] != NULL; i++)
		if (strcmp(key->words[i], text) == 0) {
			buf_adds(out, text);
			return 0;
		}
	return not_taken(key, text, e);
}

static int
parse_branch(struct buf *out, const struct value_key *key, const char *text,
    struct err *e)
{
	const char *p;

	for (p = text; isalnum((unsigned char)*p) ||
	     (*p != '\0' && strchr("._/+-", *p) != NULL);
	     p++)
		;
	if (*p != '\0' || p == text || text[0] == '-' || p - text > BRANCH_MAX)
		return not_taken(key, text, e);
	buf_adds(out, text);
	return 0;
}

int
value_parse(struct buf *out, const struct value_key *key, const char *text,
    struct err *e)
{
	switch (key->kind) {
	case VALUE_CHOICE:
		return parse_choice(out, key, text, e);
	case VALUE_BRANCH:
		return parse_branch(out, key, text, e);
	default:
		return parse_number(out, key, text, e);
	}
}
