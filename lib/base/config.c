/*
 * Settings: keys, their types and values.  What a file says comes from
 * config_yaml.c, what a command line says through config_set().
 */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/config_internal.h"
#include "lib/base/text.h"

#define WORD_MAX 63 /* longer words are like nothing */

/* ---- which key was meant --------------------------------------------- */

int
config_find(const struct config_key *keys, size_t count, const char *name)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (strcmp(keys[i].name, name) == 0)
			return (int)i;
	return -1;
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Letters to insert, leave out, change, or swap with their neighbour. */
static size_t
distance(const char *a, const char *b)
{
	size_t row[3][WORD_MAX + 1], *old = row[0], *last = row[1];
	size_t *now = row[2], *spare, m = strlen(a), n = strlen(b), i, j;

	if (m > WORD_MAX || n > WORD_MAX)
		return SIZE_MAX;
	for (j = 0; j <= n; j++)
		last[j] = j;
	for (i = 1; i <= m; i++) {
		now[0] = i;
		for (j = 1; j <= n; j++) {
			now[j] = least(last[j - 1] + (a[i - 1] != b[j - 1]),
			    least(last[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				now[j] = least(now[j], old[j - 2] + 1);
		}
		spare = old;
		old = last;
		last = now;
		now = spare;
	}
	return last[n];
}

static const char *
last_part(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot == NULL ? name : dot + 1;
}

const char *
config_nearest(const struct config_key *keys, size_t count, const char *name)
{
	const char *best = NULL;
	size_t i, d, best_d = strlen(last_part(name)) / 3 + 2;

	for (i = 0; i < count; i++) {
		d = distance(name, keys[i].name);
		/* The right word in the wrong section. */
		if (strcmp(last_part(name), last_part(keys[i].name)) == 0)
			d = least(d, 1);
		if (d < best_d) {
			best = keys[i].name;
			best_d = d;
		}
	}
	return best;
}

static const char *
nearest_word(const char *const *words, const char *text)
{
	size_t d, best_d = strlen(text) / 3 + 2;
	const char *best = NULL;

	for (; *words != NULL; words++)
		if ((d = distance(text, *words)) < best_d) {
			best = *words;
			best_d = d;
		}
	return best;
}

/* ---- text to values -------------------------------------------------- */

void
config_list_add(struct config_value *v, const char *text, size_t len)
{
	size_t n = 0;

	while (v->list != NULL && v->list[n] != NULL)
		n++;
	v->list = mem_resize(v->list, n + 2, sizeof(*v->list));
	v->list[n] = mem_alloc(len + 1);
	memcpy(v->list[n], text, len);
	v->list[n + 1] = NULL;
}

static void
parse_list(const char *text, struct config_value *v)
{
	size_t len;

	for (;;) {
		text += strspn(text, " ,");
		if (*text == '\0')
			return;
		len = strcspn(text, ",");
		while (text[len - 1] == ' ')
			len--;
		config_list_add(v, text, len);
		text += len;
	}
}

static int
parse_bool(const char *text, struct config_value *v, struct err *e)
{
	v->flag = strcmp(text, "true") == 0 || strcmp(text, "yes") == 0;
	if (v->flag || strcmp(text, "false") == 0 || strcmp(text, "no") == 0)
		return 0;
	return err_set(
	    e, ERR_REFUSED, "'%.40s' is not true, false, yes or no", text);
}

static int
parse_enum(const struct config_key *key, const char *text,
    struct config_value *v, struct err *e)
{
	struct buf all = BUF_INIT;
	const char *near;

	for (v->word = 0; key->words[v->word] != NULL; v->word++) {
		if (strcmp(key->words[v->word], text) == 0) {
			buf_release(&all);
			return 0;
		}
		buf_adds(&all, v->word == 0 ? "" : ", ");
		buf_adds(&all, key->words[v->word]);
	}
	near = nearest_word(key->words, text);
	err_set(e, ERR_REFUSED, "'%.40s' is none of %s%s%s%s", text,
	    buf_text(&all), near == NULL ? "" : "; nearest is '",
	    near == NULL ? "" : near, near == NULL ? "" : "'");
	buf_release(&all);
	return -1;
}

static int
parse_number(const struct config_key *key, const char *text,
    struct config_value *v, struct err *e)
{
	if (key->type == CONFIG_DURATION) {
		if (text_to_duration(&v->number, text, e) == -1)
			return -1;
	} else if (key->type == CONFIG_SIZE) {
		if (text_to_size(&v->number, text, e) == -1)
			return -1;
	} else if (text_to_u64(&v->number, text) == -1) {
		return err_set(
		    e, ERR_REFUSED, "'%.40s' is not a whole number", text);
	}
	if (v->number >= key->min && (key->max == 0 || v->number <= key->max))
		return 0;
	return err_set(e, ERR_REFUSED, "'%.40s' is %s than %" PRIu64 "%s", text,
	    v->number < key->min ? "less" : "more",
	    v->number < key->min ? key->min : key->max,
	    key->type == CONFIG_DURATION   ? " ms"
		: key->type == CONFIG_SIZE ? " bytes"
					   : "");
}

int
config_parse(const struct config_key *key, const char *text,
    struct config_value *v, struct err *e)
{
	v->set = true;
	switch (key->type) {
	case CONFIG_STRING:
		v->text = mem_strdup(text);
		return 0;
	case CONFIG_LIST:
		parse_list(text, v);
		return 0;
	case CONFIG_BOOL:
		return parse_bool(text, v, e);
	case CONFIG_ENUM:
		return parse_enum(key, text, v, e);
	default:
		return parse_number(key, text, v, e);
	}
}

static void
free_list(char **list)
{
	size_t i;

	for (i = 0; list != NULL && list[i] != NULL; i++)
		free(list[i]);
	free(list);
}

void
config_value_release(struct config_value *v)
{
	free(v->text);
	free_list(v->list);
	memset(v, 0, sizeof(*v));
}

/* ---- values in the caller's struct ----------------------------------- */

/* What the field points to, for the two types that own memory. */
static void
release_field(const struct config_key *key, void *field)
{
	char *text;
	char **list;

	if (key->type == CONFIG_STRING) {
		memcpy(&text, field, sizeof(text));
		free(text);
		memset(field, 0, sizeof(text));
	} else if (key->type == CONFIG_LIST) {
		memcpy(&list, field, sizeof(list));
		free_list(list);
		memset(field, 0, sizeof(list));
	}
}

/* Write over the field, whatever it held. */
static void
fill_field(const struct config_key *key, struct config_value *v, void *field)
{
	switch (key->type) {
	case CONFIG_STRING:
		memcpy(field, &v->text, sizeof(v->text));
		v->text = NULL;
		break;
	case CONFIG_LIST:
		if (v->list == NULL)
			v->list = mem_array(1, sizeof(*v->list));
		memcpy(field, &v->list, sizeof(v->list));
		v->list = NULL;
		break;
	case CONFIG_BOOL:
		memcpy(field, &v->flag, sizeof(v->flag));
		break;
	case CONFIG_ENUM:
		memcpy(field, &v->word, sizeof(v->word));
		break;
	default:
		memcpy(field, &v->number, sizeof(v->number));
		break;
	}
}

void
config_store(const struct config_key *key, struct config_value *v, void *out)
{
	void *field = (char *)out + key->offset;

	release_field(key, field);
	fill_field(key, v, field);
}

void
config_defaults(const struct config_key *keys, size_t count, void *out)
{
	struct config_value v;
	size_t i;
	int rc;

	for (i = 0; i < count; i++) {
		memset(&v, 0, sizeof(v));
		if (keys[i].fallback != NULL) {
			rc = config_parse(&keys[i], keys[i].fallback, &v, NULL);
			assert(rc == 0); /* the table is ours */
			(void)rc;
		} else if (keys[i].type == CONFIG_STRING) {
			v.text = mem_strdup("");
		}
		fill_field(&keys[i], &v, (char *)out + keys[i].offset);
	}
}

int
config_set(const struct config_key *keys, size_t count, void *out,
    const char *name, const char *text, struct err *e)
{
	int i = config_find(keys, count, name);
	struct config_value v = {0};
	const char *near;

	if (i == -1) {
		near = config_nearest(keys, count, name);
		return err_set(e, ERR_REFUSED, "unknown key '%s'%s%s%s", name,
		    near == NULL ? "" : ", nearest is '",
		    near == NULL ? "" : near, near == NULL ? "" : "'");
	}
	if (config_parse(&keys[i], text, &v, e) == -1) {
		config_value_release(&v);
		return err_wrap(e, "key '%s'", name);
	}
	config_store(&keys[i], &v, out);
	return 0;
}

void
config_release(const struct config_key *keys, size_t count, void *out)
{
	size_t i;

	for (i = 0; i < count; i++)
		release_field(&keys[i], (char *)out + keys[i].offset);
}
