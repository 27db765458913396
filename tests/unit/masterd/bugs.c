/* Bugs in words, and many of them by chance. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/text.h"
#include "lib/triage/facts.h"
#include "lib/triage/rules.h"
#include "masterd/db/db_internal.h"
#include "masterd/db/judge.h"
#include "tests/unit/masterd/bugs.h"

int
bug_setup(void **state)
{
	struct farm *f;
	int i;

	if (farm_setup(state) == -1)
		return -1;
	f = *state;
	for (i = 1; i <= BUG_PROJECTS; i++)
		if (db_run(f->db, NULL,
			"INSERT INTO project (id, name, added_ms) VALUES (?1,"
			" 'p' || ?1, 1)",
			"i", (int64_t)i) == -1 ||
		    db_run(f->db, NULL,
			"INSERT INTO target (id, project, name, generation,"
			" added_ms) VALUES (?1, ?1, 't', 1, 1)",
			"i", (int64_t)i) == -1)
			return -1;
	return 0;
}

static void
name_it(struct triage *t)
{
	const char *lines[TRIAGE_STATE_LINES];
	int i;

	t->state_count = t->stack_count < 3 ? t->stack_count : 3;
	for (i = 0; i < t->state_count; i++) {
		strcpy(t->state[i], t->stack[i]);
		lines[i] = t->state[i];
	}
	t->signature =
	    triage_signature(triage_type_text(t).text, lines, t->state_count);
}

void
bug_make(struct triage *t, const char *access, const char *stack)
{
	char text[1024], *save = NULL, *at;

	memset(t, 0, sizeof(*t));
	strcpy(t->type, "Heap-buffer-overflow");
	if (*access != '\0') {
		snprintf(t->access, sizeof(t->access), "%.*s",
		    (int)strcspn(access, " "), access);
		t->access_size = (uint32_t)atoi(access + strcspn(access, " "));
	}
	text_copy(text, sizeof(text), stack);
	for (at = strtok_r(text, "|", &save); at != NULL;
	     at = strtok_r(NULL, "|", &save))
		text_copy(t->stack[t->stack_count++], TRIAGE_LINE_MAX, at);
	name_it(t);
}

static void
place(struct farm *f, int project, const struct triage *t, int64_t stack,
    bool seen, struct bucket_answer *a)
{
	struct bucket_ask ask = {.project = project,
	    .triage = t,
	    .stack = stack,
	    .now_ms = FARM_NOW,
	    .trace = "",
	    .seen = seen};
	struct err e;

	ask.limits = rules_limits(rules_of(rules_base(), NULL));
	if (buckets_place(f->db, &ask, a, &e) == -1)
		fail_msg("%s", e.text);
}

void
bug_place_triage(struct farm *f, int project, const struct triage *t,
    int64_t stack, struct bucket_answer *a)
{
	place(f, project, t, stack, false, a);
}

void
bug_place_seen(struct farm *f, int project, const struct triage *t,
    struct bucket_answer *a)
{
	place(f, project, t, 0, true, a);
}

void
bug_place(struct farm *f, int project, const char *access, const char *stack,
    struct bucket_answer *a)
{
	struct triage t;

	bug_make(&t, access, stack);
	place(f, project, &t, 0, false, a);
}

int64_t
bug_crash(struct farm *f, int project, int64_t signature, int64_t stack)
{
	assert_int_equal(
	    db_run(f->db, NULL,
		"INSERT INTO crash (target, sha256, signature, bucket, rules,"
		" type, access, access_size, address, state, tool, security,"
		" engine, sanitizer, bytes, has_input, tries, reproduced,"
		" first_ms, last_ms, sig, stack) SELECT ?1, randomblob(32),"
		" signature, bucket, 2, type, '', 0, '', state, '', security,"
		" '', '', 1, 1, 0, 0, 1, 1, id, nullif(?2, 0) FROM signature"
		" WHERE id = ?3",
		"iii", (int64_t)project, stack, signature),
	    0);
	return db_last_id(f->db);
}

void
bug_sql_apart(struct farm *f, int64_t signature)
{
	assert_int_equal(
	    db_run(f->db, NULL, "UPDATE signature SET apart = 1 WHERE id = ?",
		"i", signature),
	    0);
}

/* ---- with reports ----------------------------------------------------- */

/* A report of these frames, "aa|bb", from the top. */
static void
report(struct buf *out, const char *frames)
{
	int n = 0;

	buf_reset(out);
	buf_adds(out,
	    "==7==ERROR: AddressSanitizer: heap-buffer-overflow on address "
	    "0x602000000053 at pc 0x5559b0537c2a bp 0x7ffd71a2c2b0 sp "
	    "0x7ffd71a2c2a8\nREAD of size 4 at 0x602000000053 thread T0\n");
	for (; *frames != '\0';
	     frames += strcspn(frames, "|"), frames += *frames == '|', n++)
		buf_printf(out,
		    "    #%d 0x5559b0537c%02x in %.*s /src/a.c:%d:3\n", n, n,
		    (int)strcspn(frames, "|"), frames, n + 10);
	buf_adds(out, "\nSUMMARY: AddressSanitizer: heap-buffer-overflow\n");
}

void
bug_report(struct farm *f, const struct rules *rules, const char *frames,
    struct bucket_answer *a)
{
	struct facts *facts = calloc(1, sizeof(*facts));
	struct buf text = BUF_INIT, normal = BUF_INIT;
	struct digest d;
	struct triage t;
	int64_t stack = 0, ruleset, id;

	report(&text, frames);
	assert_int_equal(facts_read(facts, text.data, text.len), 0);
	facts_write(&normal, facts);
	triage_settle(&t, facts, rules_of(rules, "p1"), "t");
	d = facts_digest(facts);
	assert_int_equal(
	    db_run(f->db, NULL,
		"INSERT OR IGNORE INTO stack (digest, text) VALUES (?, ?)",
		"dt", &d, normal.data),
	    0);
	db_number(f->db, NULL, &stack, "SELECT id FROM stack WHERE digest = ?",
	    "d", &d);
	judge_use(f->db, rules, NULL);
	judge_ruleset(f->db, rules_name(rules).text, FARM_NOW, &ruleset, NULL);
	bug_place_triage(f, 1, &t, stack, a);
	id = bug_crash(f, 1, a->signature, stack);
	assert_int_equal(
	    db_run(f->db, NULL,
		"UPDATE crash SET ruleset = ?, severity = ?,"
		" severity_rule = ?, security_rule = ?, casr = ?"
		" WHERE id = ?",
		"itttti", ruleset, triage_severity_name(t.severity),
		t.severity_rule, t.security_rule, t.casr, id),
	    0);
	buf_release(&text);
	buf_release(&normal);
	free(facts);
}

/* ---- many ------------------------------------------------------------ */

static const char *const words[] = {"png", "read", "write", "chunk", "inflate",
    "decode", "row", "header", "huff", "table", "copy", "peek", "alloc",
    "string", "parse", "value", "list", "map"};
static const char *const families[] = {"Heap-buffer-overflow",
    "Heap-use-after-free", "UNKNOWN", "Null-dereference", "Stack-overflow",
    "Use-of-uninitialized-value"};

static unsigned
dice(unsigned *seed, unsigned sides)
{
	return (unsigned)rand_r(seed) % sides;
}

static void
frame_make(char *out, unsigned *seed)
{
	snprintf(out, TRIAGE_LINE_MAX, "%s_%s%s", words[dice(seed, 18)],
	    words[dice(seed, 18)],
	    dice(seed, 4) == 0 ? words[dice(seed, 18)] : "");
}

static void
base_make(struct triage *t, unsigned *seed)
{
	int i;

	memset(t, 0, sizeof(*t));
	strcpy(t->type, families[dice(seed, 6)]);
	strcpy(t->access, dice(seed, 2) ? "READ" : "WRITE");
	t->access_size = 1u << dice(seed, 4);
	t->security = dice(seed, 2);
	t->stack_count = 2 + (int)dice(seed, 9);
	for (i = 0; i < t->stack_count; i++)
		frame_make(t->stack[i], seed);
	name_it(t);
}

/* Another way to the same place, or to one near by. */
static void
mutate(struct triage *t, unsigned *seed)
{
	int at = (int)dice(seed, (unsigned)t->stack_count);
	size_t len;

	switch (dice(seed, 6)) {
	case 0:
		t->access_size = 1u << dice(seed, 4);
		break;
	case 1: /* a frame more */
		if (t->stack_count == TRIAGE_DEPTH)
			break;
		memmove(t->stack[at + 1], t->stack[at],
		    (size_t)(t->stack_count - at) * sizeof(t->stack[0]));
		t->stack_count++;
		frame_make(t->stack[at], seed);
		break;
	case 2: /* one less */
		if (t->stack_count <= 2)
			break;
		memmove(t->stack[at], t->stack[at + 1],
		    (size_t)(t->stack_count - at - 1) * sizeof(t->stack[0]));
		t->stack_count--;
		break;
	case 3: /* another name */
		frame_make(t->stack[at], seed);
		break;
	case 4: /* nearly the same one */
		len = strlen(t->stack[at]);
		t->stack[at][len - 1 - dice(seed, 3)] = 'q';
		break;
	default: /* deep below */
		frame_make(t->stack[t->stack_count - 1], seed);
		break;
	}
	name_it(t);
}

void
bugs_make(struct triage *all, int count, unsigned *seed)
{
	struct triage flood;
	int i, k;

	base_make(&flood, seed);
	while (flood.stack_count < 6)
		base_make(&flood, seed);
	for (i = 0; i < count; i++) {
		if (i % 10 == 9) { /* one bug that shows a hundred faces */
			all[i] = flood;
			for (k = (int)dice(seed, 3); k > 0; k--)
				mutate(&all[i], seed);
		} else if (i < 60) {
			base_make(&all[i], seed);
		} else {
			all[i] = all[dice(seed, (unsigned)i)];
			if (dice(seed, 3) == 0)
				mutate(&all[i], seed);
		}
	}
}

/* ---- groups ---------------------------------------------------------- */

/* Each signature and the smallest one of its group, in their order. */
static void
db_groups(struct farm *f, int project, struct buf *out)
{
	sqlite3_stmt *row;
	struct err e;
	int got = db_query(f->db, &e, &row,
	    "SELECT hex(s.signature) || s.security || ' ' || (SELECT"
	    " min(hex(o.signature) || o.security) FROM signature o WHERE"
	    " o.bucket = s.bucket) FROM signature s WHERE s.project = ? ORDER"
	    " BY 1",
	    "i", (int64_t)project);

	for (; got == 1; got = db_next(f->db, &e, row))
		buf_printf(out, "%s\n", db_text(row, 0));
	assert_int_equal(got, 0);
}

void
bugs_same_as_first(struct farm *f, int project)
{
	struct buf a = BUF_INIT, b = BUF_INIT;

	db_groups(f, 1, &a);
	db_groups(f, project, &b);
	assert_string_equal(buf_text(&a), buf_text(&b));
	assert_int_equal(
	    farm_number(f,
		"SELECT count(*) FROM bucket b WHERE alias IS NULL AND NOT"
		" EXISTS (SELECT 1 FROM signature s WHERE s.bucket = b.id)"),
	    0);
	assert_int_equal(
	    farm_number(f,
		"SELECT count(*) FROM bucket b WHERE alias IS NOT NULL AND"
		" EXISTS (SELECT 1 FROM signature s WHERE s.bucket = b.id)"),
	    0);
	buf_release(&a);
	buf_release(&b);
}

static int
compare_stacks(const struct triage *a, const struct triage *b)
{
	int i, c;

	for (i = 0; i < a->stack_count && i < b->stack_count; i++) {
		char x[TRIAGE_LINE_MAX + 1], y[TRIAGE_LINE_MAX + 1];

		snprintf(x, sizeof(x), "%s%s", a->stack[i],
		    i + 1 < a->stack_count ? "\n" : "");
		snprintf(y, sizeof(y), "%s%s", b->stack[i],
		    i + 1 < b->stack_count ? "\n" : "");
		if ((c = strcmp(x, y)) != 0)
			return c;
	}
	return a->stack_count - b->stack_count;
}

static void
item_of(struct link_item *i, const struct triage *t)
{
	int k;

	memset(i, 0, sizeof(*i));
	i->signature = t->signature;
	i->security = t->security;
	i->linkable = true;
	strcpy(i->family, t->type);
	for (k = 0; k < t->state_count; k++)
		i->state[k] = t->state[k];
	for (k = 0; k < t->stack_count; k++)
		i->stack[k] = t->stack[k];
	i->state_count = t->state_count;
	i->depth = t->stack_count;
}

static int
compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
say(const struct link_item *i, char out[72])
{
	int k;

	for (k = 0; k < DIGEST_SIZE; k++)
		snprintf(out + 2 * k, 3, "%02X", i->signature.bytes[k]);
	snprintf(out + 64, 3, "%d", i->security);
}

void
bugs_same_as_batch(
    struct farm *f, int project, const struct triage *all, int count)
{
	struct rules_limits limits = rules_limits(rules_of(rules_base(), NULL));
	const struct triage **one = calloc((size_t)count, sizeof(*one));
	struct link_item *items = calloc((size_t)count, sizeof(*items));
	int *group = calloc((size_t)count, sizeof(*group)), i, k, n = 0;
	char **lines = calloc((size_t)count, sizeof(*lines)), id[72], least[72];
	struct buf a = BUF_INIT, b = BUF_INIT;

	for (i = 0; i < count; i++) {
		for (k = 0; k < n; k++)
			if (digest_equal(
				&one[k]->signature, &all[i].signature) &&
			    one[k]->security == all[i].security)
				break;
		if (k == n)
			one[n++] = &all[i];
		else if (compare_stacks(&all[i], one[k]) < 0)
			one[k] = &all[i];
	}
	for (i = 0; i < n; i++)
		item_of(&items[i], one[i]);
	group_all(items, n, &limits, group);
	for (i = 0; i < n; i++) {
		say(&items[i], id);
		say(&items[group[i]], least);
		lines[i] = calloc(1, 160);
		snprintf(lines[i], 160, "%s %s", id, least);
	}
	qsort(lines, (size_t)n, sizeof(*lines), compare_lines);
	for (i = 0; i < n; i++) {
		buf_printf(&b, "%s\n", lines[i]);
		free(lines[i]);
	}
	db_groups(f, project, &a);
	assert_string_equal(buf_text(&a), buf_text(&b));
	buf_release(&a);
	buf_release(&b);
	free(lines);
	free(group);
	free(items);
	free(one);
}
