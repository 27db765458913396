/*
 * The master has a row for each bot.  Here those that say the same of another
 * name become one.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/pfadm/plain.h"
#include "tools/pfadm/problems.h"
#include "tools/pfadm/ranges.h"

#define BOT "bot "

/* The name in "bot NAME ..."; its length, 0 when it is of no bot. */
static size_t
name_in(const char *text, const char **name)
{
	*name = text + strlen(BOT);
	return strncmp(text, BOT, strlen(BOT)) == 0 ? strcspn(*name, " ") : 0;
}

/* "fix" with what stands for the name; "show" takes one alone. */
static void
put_names(struct buf *out, const char *fix, const char *name, size_t len,
    const char *all, const char *one)
{
	size_t n;

	while (*fix != '\0') {
		n = strcspn(fix, " ,;");
		if (n == len && len > 0 && memcmp(fix, name, n) == 0)
			buf_adds(out,
			    out->len > 5 &&
				    memcmp(out->data + out->len - 5, "show ",
					5) == 0
				? one
				: all);
		else
			buf_add(out, fix, n);
		fix += n;
		n = strspn(fix, " ,;");
		buf_add(out, fix, n);
		fix += n;
	}
}

/* What it has in common with others: up to the colon, then come details. */
static void
find_alike(struct problem *p, const char *text, const char *fix)
{
	const char *name;
	size_t len = name_in(text, &name);

	buf_printf(&p->alike, "%s\n", p->severity);
	if (len == 0) {
		buf_printf(&p->alike, "%s\n%s", text, fix);
		return;
	}
	buf_printf(&p->alike, BOT "*%.*s\n", (int)strcspn(name + len, ":"),
	    name + len);
	put_names(&p->alike, fix, name, len, "*", "*");
}

static struct problem *
find(struct problems *all, const struct buf *alike)
{
	size_t i;

	for (i = 0; i < all->count; i++)
		if (strcmp(all->list[i].alike.data, alike->data) == 0)
			return &all->list[i];
	return NULL;
}

static const char *
keep_name(struct problems *all, const char *name, size_t len)
{
	struct buf *word;

	all->words =
	    mem_resize(all->words, all->word_count + 1, sizeof(*all->words));
	word = &all->words[all->word_count++];
	*word = (struct buf)BUF_INIT;
	buf_add(word, name, len);
	return word->data;
}

static void
take(struct problems *all, const struct json_value *v)
{
	const char *text = json_string(v), *fix = "", *name;
	struct problem one = {.severity = "", .same_text = true}, *p;
	size_t len;

	if (text == NULL) {
		text = json_get_string(v, "text", "");
		fix = json_get_string(v, "fix", "");
		one.severity = json_get_string(v, "severity", "");
	}
	find_alike(&one, text, fix);
	if ((p = find(all, &one.alike)) == NULL) {
		all->list =
		    mem_resize(all->list, all->count + 1, sizeof(*all->list));
		p = &all->list[all->count++];
		*p = one;
		p->first_fix = fix;
		plain_add_line(&p->text, text, strlen(text), 0);
	} else {
		buf_release(&one.alike);
	}
	if ((len = name_in(text, &name)) == 0)
		return;
	if (strcmp(name + len,
		p->text.data + strlen(BOT) +
		    strcspn(p->text.data + strlen(BOT), " ")) != 0)
		p->same_text = false;
	p->names = mem_resize(p->names, p->name_count + 1, sizeof(*p->names));
	p->names[p->name_count++] = keep_name(all, name, len);
}

/* Its sentence and fix, of all its names. */
static void
settle(struct problem *p)
{
	struct buf all = BUF_INIT, text = BUF_INIT;
	const char *rest;

	if (p->name_count < 2) {
		buf_adds(&p->fix, p->first_fix);
		return;
	}
	ranges_fold(p->names, p->name_count, true, &all);
	put_names(&p->fix, p->first_fix, p->names[0], strlen(p->names[0]),
	    all.data, p->names[0]);
	rest = p->text.data + strlen(BOT) + strlen(p->names[0]);
	buf_adds(&text, BOT);
	ranges_fold(p->names, p->name_count, false, &text);
	buf_printf(&text, "%.*s",
	    (int)(p->same_text ? strlen(rest) : strcspn(rest, ":")), rest);
	buf_release(&p->text);
	buf_release(&all);
	p->text = text;
}

void
problems_gather(struct problems *all, const struct json_value *list)
{
	const struct json_value *v;
	size_t i;

	memset(all, 0, sizeof(*all));
	for (v = json_first(list); v != NULL; v = json_next(v))
		take(all, v);
	for (i = 0; i < all->count; i++)
		settle(&all->list[i]);
}

void
problems_release(struct problems *all)
{
	size_t i;

	for (i = 0; i < all->count; i++) {
		buf_release(&all->list[i].text);
		buf_release(&all->list[i].fix);
		buf_release(&all->list[i].alike);
		free(all->list[i].names);
	}
	for (i = 0; i < all->word_count; i++)
		buf_release(&all->words[i]);
	free(all->words);
	free(all->list);
	memset(all, 0, sizeof(*all));
}
