/*
 * JSON of crashes that SQL cannot make: it takes the rules to say which frames
 * made a state.
 */
#include <stdio.h>
#include <string.h>

#include "lib/base/json.h"
#include "lib/triage/triage.h"
#include "masterd/db/crash_json.h"

#define Z 1.96 /* 95 % */

void
crash_json_lines(struct buf *out, const char *key, const char *text)
{
	struct buf line = BUF_INIT;
	size_t len;

	json_open(out, key, '[');
	for (; *text != '\0'; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		if (len == 0)
			continue;
		buf_reset(&line);
		buf_add(&line, text, len);
		json_put_string(out, NULL, buf_text(&line));
	}
	json_close(out, ']');
	buf_release(&line);
}

static bool
is_options(const char *name, size_t len)
{
	static const char end[] = "SAN_OPTIONS";
	const size_t n = sizeof(end) - 1;

	return len > n && len < 64 && memcmp(name + len - n, end, n) == 0;
}

void
crash_json_options(struct buf *out, const char *key, const char *environment)
{
	struct buf value = BUF_INIT;
	const char *p = environment, *is;
	char name[64];
	size_t len;

	json_open(out, key, '{');
	for (; *p != '\0'; p += len + (p[len] == '\n')) {
		len = strcspn(p, "\n");
		is = memchr(p, '=', len);
		if (is == NULL || !is_options(p, (size_t)(is - p)))
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)(is - p), p);
		buf_reset(&value);
		buf_add(&value, is + 1, len - (size_t)(is + 1 - p));
		json_put_string(out, name, buf_text(&value));
	}
	json_close(out, '}');
	buf_release(&value);
}

/* Of 0 to 1, by Newton: not worth a library. */
static double
root(double x)
{
	double r = 1;
	int i;

	for (i = 0; i < 40; i++)
		r = (r + x / r) / 2;
	return r;
}

void
crash_rate(uint64_t tries, uint64_t reproduced, double *low, double *high)
{
	double n = (double)tries, p, middle, half;

	*low = 0;
	*high = 1;
	if (tries == 0)
		return;
	p = reproduced > tries ? 1 : (double)reproduced / n;
	middle = p + Z * Z / (2 * n);
	half = Z * root(p * (1 - p) / n + Z * Z / (4 * n * n));
	*low = (middle - half) / (1 + Z * Z / n);
	*high = (middle + half) / (1 + Z * Z / n);
	if (*low < 0)
		*low = 0;
	if (*high > 1)
		*high = 1;
}

static void
put_share(struct buf *out, const char *key, double value)
{
	char text[32];

	json_put_raw(out, key, text,
	    (size_t)snprintf(text, sizeof(text), "%.3f", value));
}

void
crash_json_rate(struct buf *out, uint64_t tries, uint64_t reproduced)
{
	double low, high;

	crash_rate(tries, reproduced, &low, &high);
	json_put_u64(out, "tries", tries);
	json_put_u64(out, "reproduced", reproduced);
	put_share(out, "low", low);
	put_share(out, "high", high);
}

/* ---- frames ---------------------------------------------------------- */

static void
put_span(struct buf *out, const char *key, struct span s)
{
	struct buf text = BUF_INIT;

	buf_add(&text, s.p, s.n);
	json_put_string(out, key, buf_text(&text));
	buf_release(&text);
}

static bool
made_state(const struct triage *t, int frame)
{
	int i;

	for (i = 0; i < t->state_count; i++)
		if (t->state_frame[i] == frame)
			return true;
	return false;
}

static void
put_frame(struct buf *out, const struct frame *f, const char *stack,
    const struct rules_named *rules, bool state)
{
	struct rules_word word = rules_frame(rules, f);

	json_open(out, NULL, '{');
	json_put_string(out, "stack", stack);
	json_put_u64(out, "n", f->number);
	put_span(out, "function", f->function);
	put_span(out, "file", f->file);
	json_put_u64(out, "line", f->line);
	put_span(out, "module", f->module);
	json_put_u64(out, "offset", f->offset);
	put_span(out, "build_id", f->build_id);
	json_put_bool(out, "inlined", f->inlined);
	json_put_string(
	    out, "role", word.role == ROLE_NONE ? "" : rules_role(word.role));
	json_put_bool(out, "state", state);
	json_close(out, '}');
}

void
crash_json_frames(struct buf *out, const char *key, const char *text,
    size_t len, const struct rules_named *rules, const char *target)
{
	static const char *const names[STACK_COUNT] = {
	    "crash", "freed", "allocated"};
	static struct facts facts; /* large, and there is one thread */
	static struct triage triage;
	const struct frame *frames;
	int stack, depth, i;

	json_open(out, key, '[');
	if (len > 0 && facts_parse(&facts, text, len, NULL) == 0) {
		triage_settle(&triage, &facts, rules, target);
		for (stack = 0; stack < STACK_COUNT; stack++) {
			frames = facts_frames(
			    &facts, (enum facts_stack)stack, &depth);
			for (i = 0; i < depth; i++)
				put_frame(out, &frames[i], names[stack], rules,
				    stack == STACK_CRASH &&
					made_state(&triage, i));
		}
	}
	json_close(out, ']');
}
