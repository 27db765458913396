/*
 * The report for people: what is new, what is wrong and its fix, how the farm
 * is.  Plain text, for a mail: all that comes from bots was cleaned before it
 * entered the database, and is cleaned again here.
 */
#include <string.h>

#include "lib/base/text.h"
#include "tools/pf-report/pf_report.h"
#include "tools/pfadm/problems.h"

static void
plain(struct buf *out, const char *text)
{
	text_clean_line(out, text, strlen(text), 2000);
}

/* Columns: characters, as terminals count most of them. */
static size_t
columns(const char *text, size_t len)
{
	size_t n = 0, i;

	for (i = 0; i < len; i++)
		n += ((unsigned char)text[i] & 0xc0) != 0x80;
	return n;
}

/* Bytes of "text" that are at most "most" columns. */
static size_t
bytes_of(const char *text, size_t len, size_t most)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (((unsigned char)text[i] & 0xc0) != 0x80 && most-- == 0)
			break;
	return i;
}

void
text_wrap(struct buf *out, const char *first, const char *text)
{
	size_t indent = columns(first, strlen(first)), at = indent, len, n;
	struct buf clean = BUF_INIT;
	const char *p;

	plain(&clean, text);
	buf_adds(out, first);
	for (p = buf_text(&clean); *p != '\0'; p += len) {
		p += strspn(p, " ");
		len = strcspn(p, " ");
		if (len == 0)
			break;
		n = columns(p, len);
		if (at > indent && at + 1 + n > WIDTH) {
			buf_printf(out, "\n%*s", (int)indent, "");
			at = indent;
		} else if (at > indent) {
			buf_addc(out, ' ');
			at++;
		}
		/* What is longer than a line is broken anywhere. */
		if (n > WIDTH - at)
			len = bytes_of(p, len, WIDTH - at);
		buf_add(out, p, len);
		at += columns(p, len);
	}
	buf_addc(out, '\n');
	buf_release(&clean);
}

/* ---- its parts ------------------------------------------------------- */

static const char *
plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/* "24h", "7d", "90m" */
static struct text_short
span(uint64_t ms)
{
	uint64_t minutes = ms / 60000;
	struct text_short s;

	if (minutes % (24 * 60) == 0 && minutes > 24 * 60)
		snprintf(s.text, sizeof(s.text), "%jud",
		    (uintmax_t)(minutes / (24 * 60)));
	else if (minutes % 60 == 0)
		snprintf(
		    s.text, sizeof(s.text), "%juh", (uintmax_t)(minutes / 60));
	else
		snprintf(s.text, sizeof(s.text), "%jum", (uintmax_t)minutes);
	return s;
}

static void
subject(const struct facts *f, struct buf *out)
{
	uint64_t fresh = f->tally[BUCKET_NEW].count;
	uint64_t problems = (uint64_t)f->problems;

	buf_printf(out, "PandaFuzz: %ju new bucket%s, %ju problem%s in %s\n",
	    (uintmax_t)fresh, plural(fresh), (uintmax_t)problems,
	    plural(problems), span(f->since_ms).text);
}

static void
bucket(const struct json_value *k, struct buf *out)
{
	struct buf line = BUF_INIT, first = BUF_INIT;
	bool security = false;
	const char *state, *issue;
	size_t len;

	json_bool(json_get(k, "security"), &security);
	plain(&first, json_get_string(k, "id", "?"));
	buf_printf(&line, "  %-*s", 16, buf_text(&first));
	buf_reset(&first);
	buf_printf(&first, "%s%s", json_get_string(k, "type", "?"),
	    security ? " [security]" : "");
	text_wrap(out, buf_text(&line), buf_text(&first));
	for (state = json_get_string(k, "state", ""); *state != '\0';
	     state += len + (state[len] == '\n')) {
		len = strcspn(state, "\n");
		buf_reset(&line);
		buf_add(&line, state, len);
		if (len > 0)
			text_wrap(out, "    ", buf_text(&line));
	}
	issue = json_get_string(k, "issue", "");
	if (*issue != '\0')
		text_wrap(out, "    ", issue);
	buf_release(&line);
	buf_release(&first);
}

static void
buckets(const struct facts *f, struct buf *out)
{
	uint64_t all = f->tally[BUCKET_NEW].count;
	const struct json_value *item;
	int i, shown = 0;

	if (all == 0)
		return;
	buf_adds(out, "\nNew buckets\n");
	for (i = 0; i < f->bucket_count; i++) {
		item = json_get(json_root(f->buckets[i].json), "item");
		if (item == NULL)
			continue;
		bucket(item, out);
		shown++;
	}
	if (all > (uint64_t)shown)
		buf_printf(out, "  and %ju more: pfadm bucket list\n",
		    (uintmax_t)(all - (uint64_t)shown));
}

static void
problems(const struct facts *f, struct buf *out)
{
	struct problems all;
	size_t i;

	problems_gather(&all, json_get(f->item, "problems"));
	if (all.count > 0)
		buf_adds(out, "\nProblems\n");
	for (i = 0; i < all.count; i++) {
		text_wrap(out, "  - ", buf_text(&all.list[i].text));
		if (all.list[i].fix.len > 0)
			text_wrap(out, "    fix: ", all.list[i].fix.data);
	}
	problems_release(&all);
}

/* What of this kind happened, and to whom. */
static void
happened(const struct facts *f, struct buf *out)
{
	static const struct {
		enum tally which;
		const char *title;
	} lines[] = {{BOT_LOST, "bots lost"}, {BOT_LATE, "bots late"},
	    {BUILD_BAD, "builds bad"}, {JOB_STUCK, "jobs stuck"},
	    {JOB_FAILED, "jobs failed"}, {HOOK_FAILED, "hooks failed"}};
	const struct tallied *t;
	struct buf first = BUF_INIT;
	bool any = false;
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		t = &f->tally[lines[i].which];
		if (t->count == 0)
			continue;
		if (!any)
			buf_adds(out, "\nWhat happened\n");
		any = true;
		buf_reset(&first);
		buf_printf(&first, "  %-14s%4ju  ", lines[i].title,
		    (uintmax_t)t->count);
		text_wrap(out, buf_text(&first), buf_text(&t->names));
	}
	buf_release(&first);
}

/* "2 up, 1 lost" from {"lost":1,"up":2}. */
static void
words(struct buf *out, const char *title, const struct json_value *counts)
{
	struct buf line = BUF_INIT, text = BUF_INIT;
	uint64_t n;
	int i;

	for (i = 0; i < json_count(counts); i++) {
		n = 0;
		json_u64(json_item(counts, i), &n);
		buf_printf(&text, "%s%ju %s", i > 0 ? ", " : "", (uintmax_t)n,
		    json_key(counts, i));
	}
	buf_printf(&line, "  %-10s", title);
	text_wrap(out, line.data, text.len > 0 ? text.data : "none");
	buf_release(&line);
	buf_release(&text);
}

static void
growth(const struct json_value *s, struct buf *out)
{
	const struct json_value *p = json_first(json_get(s, "projects"));
	struct buf line = BUF_INIT, first = BUF_INIT;
	int64_t day;

	for (; p != NULL; p = json_next(p)) {
		buf_reset(&line);
		buf_reset(&first);
		buf_printf(
		    &first, "    %-18.40s", json_get_string(p, "project", "?"));
		buf_printf(&line, "corpus %s, crashes %s",
		    text_size(json_get_u64(p, "corpus_bytes", 0)).text,
		    text_size(json_get_u64(p, "crash_bytes", 0)).text);
		if (json_i64(json_get(p, "growth_per_day"), &day) == 0 &&
		    day != 0)
			buf_printf(&line, ", %s%s a day", day < 0 ? "-" : "+",
			    text_size((uint64_t)(day < 0 ? -day : day)).text);
		text_wrap(out, first.data, line.data);
	}
	buf_release(&line);
	buf_release(&first);
}

static void
farm(const struct facts *f, struct buf *out)
{
	const struct json_value *s = f->item;
	uint64_t days, buckets = json_get_u64(s, "buckets", 0);
	struct buf line = BUF_INIT;

	buf_adds(out, "\nThe farm\n");
	words(out, "bots", json_get(s, "bots"));
	words(out, "jobs", json_get(s, "jobs"));
	buf_printf(&line, "%ju executions/s, %ju in all",
	    (uintmax_t)json_get_u64(s, "execs_per_second", 0),
	    (uintmax_t)json_get_u64(s, "execs", 0));
	text_wrap(out, "  speed     ", line.data);
	buf_reset(&line);
	buf_printf(&line, "%ju in %ju bucket%s",
	    (uintmax_t)json_get_u64(s, "crashes", 0), (uintmax_t)buckets,
	    plural(buckets));
	text_wrap(out, "  crashes   ", line.data);
	buf_reset(&line);
	buf_printf(&line, "%s of %s free",
	    text_size(json_get_u64(s, "disk_free", 0)).text,
	    text_size(json_get_u64(s, "disk_total", 0)).text);
	if (json_u64(json_get(s, "days_to_full"), &days) == 0)
		buf_printf(&line, ", full in %ju day%s", (uintmax_t)days,
		    plural(days));
	text_wrap(out, "  disk      ", line.data);
	buf_reset(&line);
	buf_printf(&line, "%ju units, %s",
	    (uintmax_t)json_get_u64(s, "units", 0),
	    text_size(json_get_u64(s, "unit_bytes", 0)).text);
	text_wrap(out, "  corpus    ", line.data);
	growth(s, out);
	buf_release(&line);
}

void
text_write(const struct facts *f, struct buf *out)
{
	subject(f, out);
	buckets(f, out);
	problems(f, out);
	happened(f, out);
	farm(f, out);
}
