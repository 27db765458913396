/*
 * Settings: keys, their types and values.  What a file says comes from
 * config_yaml.c; config_load.c puts the sources together; config_print.c is
 * the way back to text.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/config_internal.h"
#include "lib/base/nearest.h"
#include "lib/base/text.h"

uint64_t
config_share_of(const struct config_share *s, uint64_t total)
{
	/* Without a product that could overflow. */
	uint64_t part =
	    total / 100 * s->percent + total % 100 * s->percent / 100;

	if (s->percent == 0)
		return s->bytes;
	return s->bytes == 0 || part < s->bytes ? part : s->bytes;
}

/* ---- which key was meant --------------------------------------------- */

int
config_find(const struct config_table *t, const char *name)
{
	size_t i;

	for (i = 0; i < t->count; i++)
		if (strcmp(t->keys[i].name, name) == 0)
			return (int)i;
	return -1;
}

static const char *
last_part(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot == NULL ? name : dot + 1;
}

const char *
config_nearest(const struct config_table *t, const char *name)
{
	const char *best = NULL;
	size_t i, d, best_d = strlen(last_part(name)) / 3 + 2;

	for (i = 0; i < t->count; i++) {
		d = nearest_distance(name, t->keys[i].name);
		/* The right word in the wrong section. */
		if (strcmp(last_part(name), last_part(t->keys[i].name)) == 0)
			d = d < 1 ? d : 1;
		if (d < best_d) {
			best = t->keys[i].name;
			best_d = d;
		}
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

/* Index of a word; -1 with all of them in the sentence. */
static int
find_word(const char *const *words, const char *text, struct err *e)
{
	struct buf all = BUF_INIT;
	const char *near;
	int i;

	for (i = 0; words[i] != NULL; i++) {
		if (strcmp(words[i], text) == 0) {
			buf_release(&all);
			return i;
		}
		buf_adds(&all, i == 0 ? "" : ", ");
		buf_adds(&all, words[i]);
	}
	near = nearest_word(text, words, (size_t)i);
	err_set(e, ERR_REFUSED, "'%.40s' is none of %s%s%s%s", text,
	    buf_text(&all), near == NULL ? "" : "; nearest is '",
	    near == NULL ? "" : near, near == NULL ? "" : "'");
	buf_release(&all);
	return -1;
}

int
config_check_items(
    const struct config_key *key, const struct config_value *v, struct err *e)
{
	size_t i;

	for (i = 0; v->list != NULL && v->list[i] != NULL; i++) {
		if (!text_is_utf8(v->list[i], strlen(v->list[i])))
			return err_set(e, ERR_REFUSED, "is no UTF-8 text");
		if (key->words != NULL &&
		    find_word(key->words, v->list[i], e) == -1)
			return -1;
	}
	return 0;
}

/* "10%", "2GiB", or both with a slash: the smaller one. */
static int
parse_share(const char *text, struct config_share *v, struct err *e)
{
	const char *mark = strchr(text, '%');
	char number[8] = "";

	memset(v, 0, sizeof(*v));
	if (mark != NULL && (size_t)(mark - text) < sizeof(number)) {
		memcpy(number, text, (size_t)(mark - text));
		if (text_to_u64(&v->percent, number) == 0 && v->percent > 0 &&
		    v->percent <= 100 &&
		    (mark[1] == '\0' ||
			(mark[1] == '/' &&
			    text_to_size(&v->bytes, mark + 2, NULL) == 0 &&
			    v->bytes > 0)))
			return 0;
	} else if (mark == NULL && text_to_size(&v->bytes, text, NULL) == 0) {
		return 0;
	}
	return err_set(e, ERR_REFUSED,
	    "'%.40s' is not a share such as 10%%, 2GiB or 5%%/1GiB "
	    "(the smaller one)",
	    text);
}

/* "2", "1.5": thousandths. */
static int
parse_factor(const char *text, uint64_t *value, struct err *e)
{
	size_t whole = strcspn(text, "."), places;
	char number[24] = "";
	uint64_t part = 0;

	places = text[whole] == '\0' ? 0 : strlen(text + whole + 1);
	if (whole > 0 && whole < 12 && places <= 3 &&
	    (places > 0 || text[whole] == '\0')) {
		memcpy(number, text, whole);
		memcpy(number + whole, "000", 3);
		memcpy(number + whole, text + whole + (places > 0), places);
		/* Without a zero before other digits: "0.5" is 0500. */
		part = strspn(number, "0");
		if (number[part] == '\0')
			part--;
		if ((text[0] != '0' || whole == 1) &&
		    text_to_u64(value, number + part) == 0)
			return 0;
	}
	return err_set(
	    e, ERR_REFUSED, "'%.40s' is not a factor such as 2 or 1.5", text);
}

/* "; expected 1s to 1h" behind a complaint about a number. */
static int
add_range(const struct config_key *key, struct err *e)
{
	struct buf range = BUF_INIT;
	struct err why;

	if (e != NULL && (key->max != 0 || key->min != 0)) {
		buf_adds(&range, key->max == 0 ? "at least " : "");
		config_number_text(key->type, key->min, &range);
		buf_adds(&range, key->max == 0 ? "" : " to ");
		if (key->max != 0)
			config_number_text(key->type, key->max, &range);
		if (key->words != NULL)
			buf_printf(&range, " or %s", key->words[0]);
		why = *e;
		err_set(e, ERR_REFUSED, "%.300s; expected %s", why.text,
		    range.data);
	}
	buf_release(&range);
	return -1;
}

static int
parse_number(const struct config_key *key, const char *text,
    struct config_value *v, struct err *e)
{
	int rc;

	if (key->words != NULL && strcmp(text, key->words[0]) == 0) {
		v->number = UINT64_MAX;
		return 0;
	}
	if (key->type == CONFIG_DURATION)
		rc = text_to_duration(&v->number, text, e);
	else if (key->type == CONFIG_SIZE)
		rc = text_to_size(&v->number, text, e);
	else if (key->type == CONFIG_FACTOR)
		rc = parse_factor(text, &v->number, e);
	else if ((rc = text_to_u64(&v->number, text)) == -1)
		err_set(e, ERR_REFUSED, "'%.40s' is not a whole number", text);
	if (rc == -1)
		return add_range(key, e);
	if (v->number >= key->min && (key->max == 0 || v->number <= key->max))
		return 0;
	err_set(e, ERR_REFUSED, "'%.40s' is too %s", text,
	    v->number < key->min ? "small" : "large");
	return add_range(key, e);
}

static int
parse_as(const struct config_key *key, const char *text, struct config_value *v,
    struct err *e)
{
	switch (key->type) {
	case CONFIG_STRING:
		if (!text_is_utf8(text, strlen(text)))
			return err_set(e, ERR_REFUSED, "is no UTF-8 text");
		v->text = mem_strdup(text);
		return 0;
	case CONFIG_LIST:
		parse_list(text, v);
		return config_check_items(key, v, e);
	case CONFIG_BOOL:
		return parse_bool(text, v, e);
	case CONFIG_ENUM:
		v->word = find_word(key->words, text, e);
		return v->word == -1 ? -1 : 0;
	case CONFIG_SHARE:
		return parse_share(text, &v->share, e);
	default:
		return parse_number(key, text, v, e);
	}
}

int
config_parse(const struct config_key *key, const char *text,
    struct config_value *v, struct err *e)
{
	v->set = true;
	v->good = parse_as(key, text, v, e) == 0;
	return v->good ? 0 : -1;
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
	case CONFIG_SHARE:
		memcpy(field, &v->share, sizeof(v->share));
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
config_defaults(const struct config_table *t, void *out)
{
	const struct config_key *key;
	struct config_value v;
	size_t i;
	int rc;

	for (i = 0; i < t->count; i++) {
		key = &t->keys[i];
		memset(&v, 0, sizeof(v));
		if (key->fallback != NULL) {
			rc = config_parse(key, key->fallback, &v, NULL);
			assert(rc == 0); /* the table is ours */
			(void)rc;
		} else if (key->type == CONFIG_STRING) {
			v.text = mem_strdup("");
		}
		fill_field(key, &v, (char *)out + key->offset);
	}
}

int
config_set(const struct config_table *t, void *out, const char *name,
    const char *text, struct err *e)
{
	int i = config_find(t, name);
	struct config_value v = {0};
	const char *near;

	if (i == -1) {
		near = config_nearest(t, name);
		return err_set(e, ERR_REFUSED, "unknown key '%s'%s%s%s", name,
		    near == NULL ? "" : ", nearest is '",
		    near == NULL ? "" : near, near == NULL ? "" : "'");
	}
	if (config_parse(&t->keys[i], text, &v, e) == -1) {
		config_value_release(&v);
		return err_wrap(e, "key '%s'", name);
	}
	config_store(&t->keys[i], &v, out);
	return 0;
}

static size_t
field_size(enum config_type type)
{
	switch (type) {
	case CONFIG_STRING:
		return sizeof(char *);
	case CONFIG_LIST:
		return sizeof(char **);
	case CONFIG_BOOL:
		return sizeof(bool);
	case CONFIG_ENUM:
		return sizeof(int);
	case CONFIG_SHARE:
		return sizeof(struct config_share);
	default:
		return sizeof(uint64_t);
	}
}

void
config_move(const struct config_key *key, void *from, void *to)
{
	char *a = (char *)from + key->offset, *b = (char *)to + key->offset;
	size_t size = field_size(key->type);

	release_field(key, b);
	memcpy(b, a, size);
	memset(a, 0, size);
}

void
config_release(const struct config_table *t, void *out)
{
	const struct config_key *key;
	size_t i;

	for (i = 0; i < t->count; i++) {
		key = &t->keys[i];
		release_field(key, (char *)out + key->offset);
		memset((char *)out + key->offset, 0, field_size(key->type));
	}
}
