/*
 * status.json, out and in.  The master writes what fits into 16 KiB, in the
 * order of PROTOCOL 24, and never more than it knows: where a refusal has no
 * room any more, "below" and "above" end before it.  The bot takes a file
 * whole or not at all; keys that it does not know are a newer master's.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/wire/fields.h"
#include "lib/wire/status.h"

/* What closes the lists and objects that are open while epochs are put. */
#define TAIL 4

static const struct json_limits STATUS_JSON = {STATUS_MAX_BYTES, 8192, 8};

struct status *
status_new(void)
{
	return mem_alloc(sizeof(struct status));
}

void
status_free(struct status *s)
{
	free(s);
}

/* ---- out ------------------------------------------------------------- */

/* Reasons hold what bots wrote: names of files, words of records. */
static void
put_reason(struct buf *out, const char *reason)
{
	struct buf clean = BUF_INIT;

	text_clean_line(&clean, reason, strlen(reason), STATUS_REASON_MAX);
	json_put_string(out, "reason", buf_text(&clean));
	buf_release(&clean);
}

static void
put_leases(struct buf *out, const struct status *s)
{
	int i;

	field_put_id(out, "epoch", s->epoch);
	json_open(out, "leases", '[');
	for (i = 0; i < s->lease_count; i++)
		json_put_string(out, NULL, text_hex64(s->leases[i]).text);
	json_close(out, ']');
}

static void
put_range(struct buf *out, const struct seq_range *r)
{
	json_open(out, NULL, '[');
	json_put_u64(out, NULL, r->first);
	json_put_u64(out, NULL, r->last);
	json_close(out, ']');
}

static void
put_refused(struct buf *out, const struct status_refused *r)
{
	json_open(out, NULL, '{');
	json_put_u64(out, "seq", r->seq);
	put_reason(out, r->reason);
	json_close(out, '}');
}

/* How many refusals fit into "room" bytes; *bytes says what they take. */
static int
refused_that_fit(const struct status_epoch *ep, size_t room, size_t *bytes)
{
	struct buf one = BUF_INIT;
	int i;

	*bytes = 0;
	for (i = 0; i < ep->refused_count; i++) {
		buf_reset(&one);
		put_refused(&one, &ep->refused[i]);
		if (*bytes + one.len + 1 > room)
			break;
		*bytes += one.len + 1;
	}
	buf_release(&one);
	return i;
}

/*
 * What is covered may be deleted by the bot, and a crash that was refused must
 * not be.  So nothing at or beyond a refusal that is not listed is covered.
 */
static uint64_t
covered_up_to(const struct status_epoch *ep, int listed)
{
	uint64_t last = UINT64_MAX;
	int i;

	for (i = listed; i < ep->refused_count; i++)
		if (ep->refused[i].seq <= last)
			last = ep->refused[i].seq - 1;
	return last;
}

/* As many ranges as fit into "room" bytes, none beyond "last". */
static void
put_above(
    struct buf *out, const struct status_epoch *ep, uint64_t last, size_t room)
{
	struct buf one = BUF_INIT;
	struct seq_range r;
	size_t used = 0;
	int i;

	json_open(out, "above", '[');
	for (i = 0; i < ep->above_count; i++) {
		r = ep->above[i];
		if (r.first > last)
			continue;
		if (r.last > last)
			r.last = last;
		buf_reset(&one);
		put_range(&one, &r);
		if (used + one.len + 1 > room)
			break;
		used += one.len + 1;
		put_range(out, &r);
	}
	json_close(out, ']');
	buf_release(&one);
}

/* Longest text of an epoch without ranges and refusals. */
#define EPOCH_FRAME 96
/* Longest range with its comma. */
#define RANGE_TEXT 44

static bool
put_epoch(struct buf *out, const struct status_epoch *ep)
{
	size_t room, above, refused;
	uint64_t last;
	int i, listed;

	if (out->len + EPOCH_FRAME + TAIL > STATUS_MAX_BYTES)
		return false;
	room = STATUS_MAX_BYTES - TAIL - EPOCH_FRAME - out->len;
	above = (size_t)ep->above_count * RANGE_TEXT;
	if (above > room)
		above = room;
	listed = refused_that_fit(ep, room - above, &refused);
	last = covered_up_to(ep, listed);
	json_open(out, NULL, '{');
	field_put_id(out, "epoch", ep->epoch);
	json_put_u64(out, "below", ep->below < last ? ep->below : last);
	put_above(out, ep, last, room - refused);
	json_open(out, "refused", '[');
	for (i = 0; i < listed; i++)
		put_refused(out, &ep->refused[i]);
	json_close(out, ']');
	json_close(out, '}');
	return true;
}

static void
assert_status(const struct status *s)
{
	int i;

	assert(s->generation != 0);
	assert(s->lease_count >= 0 && s->lease_count <= STATUS_MAX_LEASES);
	assert(s->epoch_count >= 0 && s->epoch_count <= STATUS_MAX_EPOCHS);
	for (i = 0; i < s->epoch_count; i++) {
		assert(s->epochs[i].epoch != 0);
		assert(s->epochs[i].above_count <= STATUS_MAX_RANGES);
		assert(s->epochs[i].refused_count <= STATUS_MAX_REFUSED);
	}
}

void
status_format(struct buf *out, const struct status *s)
{
	struct buf text = BUF_INIT;
	int i;

	assert_status(s);
	json_open(&text, NULL, '{');
	field_put_id(&text, "generation", s->generation);
	json_put_u64(&text, "serial", s->serial);
	json_put_u64(&text, "wire_max", s->wire_max);
	json_put_u64(&text, "wire_min", s->wire_min);
	json_put_u64(&text, "heartbeat_ms", s->heartbeat_ms);
	json_put_bool(&text, "hold", s->hold);
	json_put_bool(&text, "stop", s->stop);
	json_put_bool(&text, "new_epoch", s->new_epoch);
	put_reason(&text, s->reason);
	put_leases(&text, s);
	json_open(&text, "epochs", '[');
	for (i = 0; i < s->epoch_count; i++)
		if (!put_epoch(&text, &s->epochs[i]))
			break;
	json_close(&text, ']');
	json_close(&text, '}');
	buf_addc(&text, '\n');
	assert(text.len <= STATUS_MAX_BYTES);
	buf_add(out, text.data, text.len);
	buf_release(&text);
}

/* ---- in -------------------------------------------------------------- */

static int
bad_key(struct err *e, const char *key)
{
	return err_set(e, ERR_REFUSED,
	    "'%s' of a status is missing or no valid value", key);
}

static int
get_number(const struct json_value *v, uint64_t *number)
{
	return json_u64(v, number) == -1 || *number > INT64_MAX ? -1 : 0;
}

static int
get_reason(const struct json_value *v, char *reason)
{
	const char *text = json_string(v);

	if (text == NULL || !text_copy(reason, STATUS_REASON_MAX + 1, text))
		return -1;
	return 0;
}

/* A list of at most "max"; its first item, NULL when empty. */
static int
get_list(const struct json_value *object, const char *key, int max,
    const struct json_value **first)
{
	const struct json_value *v = json_get(object, key);

	if (v == NULL || json_type(v) != JSON_ARRAY || json_count(v) > max)
		return -1;
	*first = json_first(v);
	return 0;
}

static int
parse_range(struct seq_range *r, const struct json_value *v)
{
	if (json_type(v) != JSON_ARRAY || json_count(v) != 2)
		return -1;
	if (get_number(json_item(v, 0), &r->first) == -1 ||
	    get_number(json_item(v, 1), &r->last) == -1)
		return -1;
	return r->first == 0 || r->last < r->first ? -1 : 0;
}

static int
parse_refused(struct status_refused *r, const struct json_value *v)
{
	if (json_type(v) != JSON_OBJECT ||
	    get_number(json_get(v, "seq"), &r->seq) == -1 || r->seq == 0)
		return -1;
	return get_reason(json_get(v, "reason"), r->reason);
}

static int
parse_epoch(
    struct status_epoch *ep, const struct json_value *object, struct err *e)
{
	const struct json_value *v;

	if (json_type(object) != JSON_OBJECT)
		return bad_key(e, "epochs");
	if (field_id(json_get(object, "epoch"), &ep->epoch, false) == -1)
		return bad_key(e, "epoch");
	if (get_number(json_get(object, "below"), &ep->below) == -1)
		return bad_key(e, "below");
	if (get_list(object, "above", STATUS_MAX_RANGES, &v) == -1)
		return bad_key(e, "above");
	for (; v != NULL; v = json_next(v))
		if (parse_range(&ep->above[ep->above_count++], v) == -1)
			return bad_key(e, "above");
	if (get_list(object, "refused", STATUS_MAX_REFUSED, &v) == -1)
		return bad_key(e, "refused");
	for (; v != NULL; v = json_next(v))
		if (parse_refused(&ep->refused[ep->refused_count++], v) == -1)
			return bad_key(e, "refused");
	return 0;
}

static int
parse_lists(struct status *s, const struct json_value *root, struct err *e)
{
	const struct json_value *v;

	if (get_list(root, "leases", STATUS_MAX_LEASES, &v) == -1)
		return bad_key(e, "leases");
	for (; v != NULL; v = json_next(v))
		if (field_id(v, &s->leases[s->lease_count++], false) == -1)
			return bad_key(e, "leases");
	if (get_list(root, "epochs", STATUS_MAX_EPOCHS, &v) == -1)
		return bad_key(e, "epochs");
	for (; v != NULL; v = json_next(v))
		if (parse_epoch(&s->epochs[s->epoch_count++], v, e) == -1)
			return -1;
	return 0;
}

static int
parse_numbers(struct status *s, const struct json_value *root, struct err *e)
{
	const struct {
		const char *key;
		uint64_t *value;
	} numbers[] = {
	    {"serial", &s->serial},
	    {"wire_max", &s->wire_max},
	    {"wire_min", &s->wire_min},
	    {"heartbeat_ms", &s->heartbeat_ms},
	};
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (get_number(
			json_get(root, numbers[i].key), numbers[i].value) == -1)
			return bad_key(e, numbers[i].key);
	if (s->wire_min == 0 || s->wire_min > s->wire_max)
		return bad_key(e, "wire_min");
	if (s->heartbeat_ms == 0)
		return bad_key(e, "heartbeat_ms");
	return 0;
}

static int
parse_root(struct status *s, const struct json_value *root, struct err *e)
{
	if (json_type(root) != JSON_OBJECT)
		return err_set(e, ERR_REFUSED, "a status that is no object");
	if (field_id(json_get(root, "generation"), &s->generation, false) == -1)
		return bad_key(e, "generation");
	if (parse_numbers(s, root, e) == -1)
		return -1;
	if (json_bool(json_get(root, "hold"), &s->hold) == -1)
		return bad_key(e, "hold");
	if (json_bool(json_get(root, "stop"), &s->stop) == -1)
		return bad_key(e, "stop");
	if (json_bool(json_get(root, "new_epoch"), &s->new_epoch) == -1)
		return bad_key(e, "new_epoch");
	if (get_reason(json_get(root, "reason"), s->reason) == -1)
		return bad_key(e, "reason");
	if (field_id(json_get(root, "epoch"), &s->epoch, true) == -1)
		return bad_key(e, "epoch");
	return parse_lists(s, root, e);
}

int
status_parse(struct status *s, const void *bytes, size_t len, struct err *e)
{
	struct json *j;
	int rc;

	memset(s, 0, sizeof(*s));
	if ((j = json_parse(bytes, len, &STATUS_JSON, e)) == NULL)
		return -1;
	rc = parse_root(s, json_root(j), e);
	json_free(j);
	if (rc == -1)
		memset(s, 0, sizeof(*s));
	return rc;
}

/* ---- asking ---------------------------------------------------------- */

static const struct status_epoch *
find_epoch(const struct status *s, uint64_t epoch)
{
	int i;

	for (i = 0; i < s->epoch_count; i++)
		if (s->epochs[i].epoch == epoch)
			return &s->epochs[i];
	return NULL;
}

enum status_word
status_of(
    const struct status *s, uint64_t epoch, uint64_t seq, const char **reason)
{
	const struct status_epoch *ep = find_epoch(s, epoch);
	int i;

	if (ep == NULL || seq == 0)
		return WORD_NOTHING;
	/* First: what is refused may be covered too. */
	for (i = 0; i < ep->refused_count; i++)
		if (ep->refused[i].seq == seq) {
			if (reason != NULL)
				*reason = ep->refused[i].reason;
			return WORD_REFUSED;
		}
	if (seq <= ep->below)
		return WORD_COVERED;
	for (i = 0; i < ep->above_count; i++)
		if (seq >= ep->above[i].first && seq <= ep->above[i].last)
			return WORD_COVERED;
	return WORD_NOTHING;
}

bool
status_has_lease(const struct status *s, uint64_t lease)
{
	int i;

	for (i = 0; i < s->lease_count; i++)
		if (s->leases[i] == lease)
			return true;
	return false;
}
