/*
 * Words to bits, bots to classes, jobs to groups.  Only words that some job
 * or task names get a bit: a tag that every bot has for itself and nobody
 * asks for makes no class of its own.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "masterd/plan/match.h"

#define BLANKS " ,\t\n"

/* ---- texts to numbers ------------------------------------------------ */

struct names {
	struct name_text {
		char *text;
		size_t len;
	} * list;
	size_t count, room;
	unsigned *table; /* number + 1; 0: free */
	size_t size;     /* of the table, a power of 2 */
};

static uint64_t
hash(const char *text, size_t len)
{
	uint64_t h = 0xcbf29ce484222325;

	while (len-- > 0)
		h = (h ^ (unsigned char)*text++) * 0x100000001b3;
	return h ^ h >> 29;
}

static size_t
find_place(const struct names *n, const char *text, size_t len)
{
	size_t at = hash(text, len) & (n->size - 1);
	const struct name_text *t;

	for (; n->table[at] != 0; at = (at + 1) & (n->size - 1)) {
		t = &n->list[n->table[at] - 1];
		if (t->len == len && memcmp(t->text, text, len) == 0)
			break;
	}
	return at;
}

static void
widen(struct names *n)
{
	size_t i;

	n->room = n->room == 0 ? 32 : n->room * 2;
	n->size = n->room * 2;
	n->list = mem_resize(n->list, n->room, sizeof(*n->list));
	free(n->table);
	n->table = mem_array(n->size, sizeof(*n->table));
	for (i = 0; i < n->count; i++)
		n->table[find_place(n, n->list[i].text, n->list[i].len)] =
		    (unsigned)i + 1;
}

/* The number of a text; a new one gets the next. */
static unsigned
number_of(struct names *n, const char *text, size_t len)
{
	struct name_text *t;
	size_t at;

	if (n->count == n->room)
		widen(n);
	at = find_place(n, text, len);
	if (n->table[at] == 0) {
		t = &n->list[n->count++];
		t->text = mem_alloc(len + 1);
		memcpy(t->text, text, len);
		t->len = len;
		n->table[at] = (unsigned)n->count;
	}
	return n->table[at] - 1;
}

/* -1 when nobody has named it. */
static long
look_up(const struct names *n, const char *text, size_t len)
{
	return n->count == 0 ? -1
			     : (long)n->table[find_place(n, text, len)] - 1;
}

static void
names_release(struct names *n)
{
	size_t i;

	for (i = 0; i < n->count; i++)
		free(n->list[i].text);
	free(n->list);
	free(n->table);
}

/* ---- words ----------------------------------------------------------- */

/* Kinds, as the first letter of a word's name. */
#define ENGINE    'e'
#define SANITIZER 's'
#define ARCH      'a'
#define TAG       't'
#define HOST      'h'
#define REST      'r' /* one word: what jobs may not have */

/* A demand is what jobs may have in common, a kind what bots may. */
struct match_words {
	struct names words, demands, kinds;
	size_t width;         /* of a set of words, in uint64_t */
	uint64_t *need, *ban; /* sets, by demand */
	uint64_t *have;       /* sets, by kind */
	unsigned *job_demand, *task_demand, *bot_kind;
	struct buf scratch;
};

static void
set_bit(uint64_t *set, unsigned bit)
{
	set[bit / 64] |= UINT64_C(1) << bit % 64;
}

static bool
has_bit(const uint64_t *set, unsigned bit)
{
	return set[bit / 64] >> bit % 64 & 1;
}

/* One spelling of each architecture. */
static const char *
arch_name(const char *arch)
{
	if (strcmp(arch, "x86-64") == 0 || strcmp(arch, "amd64") == 0)
		return "x86_64";
	return strcmp(arch, "arm64") == 0 ? "aarch64" : arch;
}

static void
spell(struct buf *b, char kind, const char *word, size_t len)
{
	buf_reset(b);
	buf_addc(b, kind);
	buf_add(b, word, len);
}

/* Calls "fn" with each word of a list. */
static void
each_word(struct match_words *w, char kind, const char *list,
    void (*fn)(struct match_words *w, uint64_t *set, bool banned),
    uint64_t *set)
{
	bool banned;
	size_t len;

	for (list += strspn(list, BLANKS); *list != '\0';
	     list += strspn(list, BLANKS)) {
		len = strcspn(list, BLANKS);
		banned = kind == TAG && *list == '!';
		if (len > banned) {
			spell(&w->scratch, kind, list + banned, len - banned);
			fn(w, set, banned);
		}
		list += len;
	}
}

/* ---- what is asked for ----------------------------------------------- */

/* A build that no mark names is like any other. */
static int64_t
marked(const struct schedule_input *in, int64_t build)
{
	size_t i;

	for (i = 0; i < in->mark_count; i++)
		if (in->marks[i].build == build)
			return build;
	return 0;
}

struct asked {
	const char *engine, *sanitizer, *arch, *tags;
	int64_t build;
	bool job;
};

static void
put_field(struct buf *b, const char *text)
{
	buf_adds(b, text);
	buf_addc(b, '\0');
}

static unsigned
demand_of(struct match_words *w, const struct schedule_input *in,
    const struct asked *a)
{
	int64_t build = in->mark_count == 0 ? 0 : marked(in, a->build);
	struct buf *key = &w->scratch;

	buf_reset(key);
	put_field(key, a->engine);
	put_field(key, a->sanitizer);
	put_field(key, arch_name(a->arch));
	put_field(key, a->tags);
	buf_add(key, &build, sizeof(build));
	buf_addc(key, a->job ? 1 : 0);
	return number_of(&w->demands, key->data, key->len);
}

static void
name_it(struct match_words *w, uint64_t *set, bool banned)
{
	(void)set;
	(void)banned;
	number_of(&w->words, w->scratch.data, w->scratch.len);
}

/* "set" is need, and ban lies behind all needs. */
static void
ask_it(struct match_words *w, uint64_t *set, bool banned)
{
	unsigned bit = number_of(&w->words, w->scratch.data, w->scratch.len);

	set_bit(set + (banned ? (size_t)(w->ban - w->need) : 0), bit);
}

/* All words of a demand, from its own key. */
static void
demand_words(struct match_words *w, const struct schedule_input *in, size_t d,
    void (*fn)(struct match_words *w, uint64_t *set, bool banned))
{
	static const char order[] = {ENGINE, SANITIZER, ARCH, TAG};
	uint64_t *set = w->need == NULL ? NULL : w->need + d * w->width;
	const char *p = w->demands.list[d].text;
	int64_t build;
	size_t i;

	for (i = 0; i < sizeof(order); i++) {
		each_word(w, order[i], p, fn, set);
		p += strlen(p) + 1;
	}
	memcpy(&build, p, sizeof(build));
	if (p[sizeof(build)] != 0) {
		spell(&w->scratch, REST, "", 0);
		fn(w, set, true);
	}
	for (i = 0; build != 0 && i < in->mark_count; i++) {
		if (in->marks[i].build != build)
			continue;
		spell(&w->scratch, HOST, in->marks[i].host_class,
		    strlen(in->marks[i].host_class));
		fn(w, set, true);
	}
}

static void
read_demands(struct match_words *w, const struct schedule_input *in)
{
	struct asked a;
	size_t i;

	for (i = 0; i < in->job_count; i++) {
		a = (struct asked){in->jobs[i].engine, in->jobs[i].sanitizer,
		    in->jobs[i].arch, in->jobs[i].tags, in->jobs[i].build,
		    true};
		w->job_demand[i] = demand_of(w, in, &a);
	}
	for (i = 0; i < in->task_count; i++) {
		a = (struct asked){in->tasks[i].engine, in->tasks[i].sanitizer,
		    in->tasks[i].arch, "", in->tasks[i].build, false};
		w->task_demand[i] = demand_of(w, in, &a);
	}
	for (i = 0; i < w->demands.count; i++)
		demand_words(w, in, i, name_it);
	w->width = (w->words.count + 63) / 64;
	if (w->width == 0)
		w->width = 1;
	w->need =
	    mem_array(2 * w->demands.count * w->width + 1, sizeof(*w->need));
	w->ban = w->need + w->demands.count * w->width;
	for (i = 0; i < w->demands.count; i++)
		demand_words(w, in, i, ask_it);
}

/* ---- what is there --------------------------------------------------- */

static void
have_it(struct match_words *w, uint64_t *set, bool banned)
{
	long bit = look_up(&w->words, w->scratch.data, w->scratch.len);

	if (bit != -1 && !banned)
		set_bit(set, (unsigned)bit);
}

/* A bot that names none has them all. */
static void
have_list(struct match_words *w, char kind, const char *list, uint64_t *set)
{
	size_t i;

	if (list[strspn(list, BLANKS)] != '\0') {
		each_word(w, kind, list, have_it, set);
		return;
	}
	for (i = 0; i < w->words.count; i++)
		if (w->words.list[i].text[0] == kind)
			set_bit(set, (unsigned)i);
}

static void
kind_words(struct match_words *w, size_t k)
{
	uint64_t *set = w->have + k * w->width;
	const char *p = w->kinds.list[k].text;

	each_word(w, ENGINE, p, have_it, set);
	p += strlen(p) + 1;
	have_list(w, SANITIZER, p, set);
	p += strlen(p) + 1;
	have_list(w, ARCH, p, set);
	p += strlen(p) + 1;
	each_word(w, TAG, p, have_it, set);
	p += strlen(p) + 1;
	spell(&w->scratch, HOST, p, strlen(p));
	have_it(w, set, false);
	if (p[strlen(p) + 1] != '\0') {
		spell(&w->scratch, REST, "", 0);
		have_it(w, set, false);
	}
}

static void
read_kinds(struct match_words *w, const struct schedule_input *in)
{
	const struct schedule_bot *b;
	size_t i;

	for (i = 0; i < in->bot_count; i++) {
		b = &in->bots[i];
		buf_reset(&w->scratch);
		put_field(&w->scratch, b->engines);
		put_field(&w->scratch, b->sanitizers);
		put_field(&w->scratch, arch_name(b->arch));
		put_field(&w->scratch, b->tags);
		put_field(&w->scratch, b->host_class);
		put_field(&w->scratch, b->rests ? "1" : "");
		w->bot_kind[i] =
		    number_of(&w->kinds, w->scratch.data, w->scratch.len);
	}
	w->have = mem_array(w->kinds.count * w->width + 1, sizeof(*w->have));
	for (i = 0; i < w->kinds.count; i++)
		kind_words(w, i);
}

/* ---- classes and groups ---------------------------------------------- */

static bool
can(const struct match_words *w, size_t demand, size_t kind)
{
	const uint64_t *need = w->need + demand * w->width;
	const uint64_t *ban = w->ban + demand * w->width;
	const uint64_t *have = w->have + kind * w->width;
	size_t i;

	for (i = 0; i < w->width; i++)
		if ((need[i] & ~have[i]) != 0 || (ban[i] & have[i]) != 0)
			return false;
	return true;
}

/*
 * Number what looks alike: "rows" rows of "width" bytes each.  of[i] becomes
 * the number of row i; returns how many numbers there are.
 */
static size_t
alike(const char *table, size_t rows, size_t width, unsigned *of)
{
	struct names n = {0};
	size_t i, count;

	for (i = 0; i < rows; i++)
		of[i] = number_of(&n, table + i * width, width);
	count = n.count;
	names_release(&n);
	return count;
}

static void
merge(struct match *m, const struct schedule_input *in)
{
	struct match_words *w = m->words;
	size_t demands = w->demands.count, kinds = w->kinds.count, d, k;
	char *table = mem_alloc(demands * kinds + 1);
	char *turned = mem_alloc(demands * kinds + 1);
	unsigned *group = mem_array(demands + 1, sizeof(*group));
	unsigned *class = mem_array(kinds + 1, sizeof(*class));

	for (d = 0; d < demands; d++)
		for (k = 0; k < kinds; k++)
			table[d * kinds + k] = turned[k * demands + d] =
			    can(w, d, k);
	m->groups = alike(table, demands, kinds, group);
	m->classes = alike(turned, kinds, demands, class);
	m->fits = mem_array(m->groups * m->classes + 1, sizeof(*m->fits));
	for (d = 0; d < demands; d++)
		for (k = 0; k < kinds; k++)
			m->fits[group[d] * m->classes + class[k]] =
			    table[d * kinds + k] != 0;
	for (d = 0; d < in->job_count; d++)
		m->job_group[d] = group[w->job_demand[d]];
	for (d = 0; d < in->task_count; d++)
		m->task_group[d] = group[w->task_demand[d]];
	for (k = 0; k < in->bot_count; k++)
		m->bot_class[k] = class[w->bot_kind[k]];
	free(table);
	free(turned);
	free(group);
	free(class);
}

struct match *
match_new(const struct schedule_input *in)
{
	struct match *m = mem_alloc(sizeof(*m));
	struct match_words *w = m->words = mem_alloc(sizeof(*w));

	w->job_demand = mem_array(in->job_count + 1, sizeof(unsigned));
	w->task_demand = mem_array(in->task_count + 1, sizeof(unsigned));
	w->bot_kind = mem_array(in->bot_count + 1, sizeof(unsigned));
	m->job_group = mem_array(in->job_count + 1, sizeof(unsigned));
	m->task_group = mem_array(in->task_count + 1, sizeof(unsigned));
	m->bot_class = mem_array(in->bot_count + 1, sizeof(unsigned));
	read_demands(w, in);
	read_kinds(w, in);
	m->word_count = w->words.count;
	merge(m, in);
	return m;
}

void
match_free(struct match *m)
{
	struct match_words *w;

	if (m == NULL)
		return;
	w = m->words;
	names_release(&w->words);
	names_release(&w->demands);
	names_release(&w->kinds);
	free(w->need);
	free(w->have);
	free(w->job_demand);
	free(w->task_demand);
	free(w->bot_kind);
	buf_release(&w->scratch);
	free(w);
	free(m->bot_class);
	free(m->job_group);
	free(m->task_group);
	free(m->fits);
	free(m);
}

/* ---- why not --------------------------------------------------------- */

static enum match_miss
lacks(char kind)
{
	switch (kind) {
	case ENGINE:
		return MISS_ENGINE;
	case SANITIZER:
		return MISS_SANITIZER;
	case ARCH:
		return MISS_ARCH;
	default:
		return MISS_TAG;
	}
}

static enum match_miss
banned_by(char kind)
{
	if (kind == REST)
		return MISS_REST;
	return kind == TAG ? MISS_TAG_BAN : MISS_HOST;
}

enum match_miss
match_miss(const struct match *m, size_t job, size_t bot, unsigned *from,
    const char **word)
{
	const struct match_words *w = m->words;
	const uint64_t *need = w->need + w->job_demand[job] * w->width;
	const uint64_t *ban = w->ban + w->job_demand[job] * w->width;
	const uint64_t *have = w->have + w->bot_kind[bot] * w->width;
	unsigned i;
	char kind;

	while (*from < w->words.count) {
		i = (*from)++;
		kind = w->words.list[i].text[0];
		*word = w->words.list[i].text + 1;
		if (has_bit(need, i) && !has_bit(have, i))
			return lacks(kind);
		if (has_bit(ban, i) && has_bit(have, i))
			return banned_by(kind);
	}
	return MISS_NONE;
}
