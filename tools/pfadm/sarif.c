/*
 * One result a crash.  Strings of strangers go through one place (put()), and
 * addresses of files through another (put_uri()), so that the document is valid
 * whatever they hold.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/pfadm/plain.h"
#include "tools/pfadm/sarif.h"

#define SCHEMA                                                        \
	"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/" \
	"schemas/sarif-schema-2.1.0.json"
#define RULES_MOST  4096
#define FRAMES_MOST 256
#define LINE_MOST   1000000000u

static void
put(struct buf *b, const char *key, const char *text)
{
	struct buf plain = BUF_INIT;

	plain_add_line(&plain, text, strlen(text), SARIF_TEXT_MOST);
	json_put_string(b, key, buf_text(&plain));
	buf_release(&plain);
}

static void
put_message(struct buf *b, const char *key, const char *text)
{
	json_open(b, key, '{');
	put(b, "text", text);
	json_close(b, '}');
}

/* A path as RFC 3986 has it. */
static void
put_uri(struct buf *b, const char *path)
{
	struct buf uri = BUF_INIT;

	if (*path == '/')
		buf_adds(&uri, "file://");
	for (; *path != '\0' && uri.len < SARIF_TEXT_MOST; path++) {
		if (strchr("abcdefghijklmnopqrstuvwxyz"
			   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/",
			*path) != NULL)
			buf_addc(&uri, *path);
		else
			buf_printf(&uri, "%%%02X", (unsigned char)*path);
	}
	json_put_string(b, "uri", uri.data);
	buf_release(&uri);
}

/* ---- what the master's words mean ------------------------------------ */

/* Of the crash, or else of the bucket. */
static const struct json_value *
value(const struct json_value *bucket, const struct json_value *crash,
    const char *key)
{
	const struct json_value *v = json_get(crash, key);

	return v != NULL && json_type(v) != JSON_NULL ? v
						      : json_get(bucket, key);
}

static const char *
text(const struct json_value *bucket, const struct json_value *crash,
    const char *key)
{
	const char *s = json_string(value(bucket, crash, key));

	return s == NULL ? "" : s;
}

static bool
flag(const struct json_value *bucket, const struct json_value *crash,
    const char *key)
{
	bool yes = false;

	json_bool(value(bucket, crash, key), &yes);
	return yes;
}

/* "Heap-buffer-overflow READ 4" without the size. */
static void
add_rule_id(struct buf *out, const char *type)
{
	const char *last;

	plain_add_line(out, type, strcspn(type, "\n"), 100);
	if (out->len == 0)
		buf_adds(out, "Unknown");
	last = strrchr(out->data, ' ');
	if (last == NULL || last == out->data)
		return;
	if (strspn(last + 1, "0123456789") == strlen(last + 1) ||
	    strcmp(last + 1, "{*}") == 0) {
		out->len = (size_t)(last - out->data);
		out->data[out->len] = '\0';
	}
}

static const char *
level_of(const struct json_value *bucket, const struct json_value *crash)
{
	const char *severity = text(bucket, crash, "severity");
	const char *class = text(bucket, crash, "class");

	if (flag(bucket, crash, "security") ||
	    strcmp(severity, "critical") == 0 || strcmp(severity, "high") == 0)
		return "error";
	if (strcmp(class, "timeout") == 0 || strcmp(class, "memory") == 0 ||
	    strcmp(class, "leak") == 0 || strcmp(severity, "low") == 0)
		return "note";
	return "warning";
}

/* First line of the state: a text, or a list of lines. */
static void
add_place(struct buf *out, const struct json_value *bucket,
    const struct json_value *crash)
{
	const struct json_value *v = value(bucket, crash, "state");
	const char *s = json_string(v);

	if (s == NULL)
		s = json_string(json_first(v));
	if (s != NULL)
		buf_add(out, s, strcspn(s, "\n"));
}

/* ---- frames ---------------------------------------------------------- */

static bool
in_stack(const struct json_value *frame, int which)
{
	static const char *const names[] = {"crash", "freed", "allocated"};
	const char *name = json_get_string(frame, "stack", NULL);

	return name != NULL
	    ? strcmp(name, names[which]) == 0
	    : json_get_u64(frame, "stack", 0) == (uint64_t)which;
}

static void
put_physical(struct buf *b, const struct json_value *frame)
{
	const char *file = json_get_string(frame, "file", "");
	uint64_t line = json_get_u64(frame, "line", 0);

	if (*file == '\0')
		return;
	json_open(b, "physicalLocation", '{');
	json_open(b, "artifactLocation", '{');
	put_uri(b, file);
	json_close(b, '}');
	if (line > 0 && line < LINE_MOST) {
		json_open(b, "region", '{');
		json_put_u64(b, "startLine", line);
		json_close(b, '}');
	}
	json_close(b, '}');
}

static void
put_function(struct buf *b, const char *name)
{
	if (*name == '\0')
		return;
	json_open(b, "logicalLocations", '[');
	json_open(b, NULL, '{');
	put(b, "fullyQualifiedName", name);
	json_put_string(b, "kind", "function");
	json_close(b, '}');
	json_close(b, ']');
}

static void
put_location(struct buf *b, const char *key, const struct json_value *frame)
{
	json_open(b, key, '{');
	put_physical(b, frame);
	put_function(b, json_get_string(frame, "function", ""));
	json_close(b, '}');
}

static void
put_stack(struct buf *b, const struct json_value *frames, int which)
{
	static const char *const titles[] = {
	    "crashed here", "freed here", "allocated here"};
	const struct json_value *f;
	const char *module;
	int count = 0;

	for (f = json_first(frames); f != NULL; f = json_next(f)) {
		if (!in_stack(f, which) || count == FRAMES_MOST)
			continue;
		if (count++ == 0) {
			json_open(b, NULL, '{');
			put_message(b, "message", titles[which]);
			json_open(b, "frames", '[');
		}
		json_open(b, NULL, '{');
		put_location(b, "location", f);
		module = json_get_string(f, "module", "");
		if (*module != '\0')
			put(b, "module", module);
		json_close(b, '}');
	}
	if (count > 0) {
		json_close(b, ']');
		json_close(b, '}');
	}
}

/* From the outermost frame to the crash. */
static void
put_flow(struct buf *b, const struct json_value *frames)
{
	const struct json_value *list[FRAMES_MOST], *f;
	bool state = false;
	int n = 0;

	for (f = json_first(frames); f != NULL && n < FRAMES_MOST;
	     f = json_next(f))
		if (in_stack(f, 0))
			list[n++] = f;
	if (n == 0)
		return;
	json_open(b, "codeFlows", '[');
	json_open(b, NULL, '{');
	json_open(b, "threadFlows", '[');
	json_open(b, NULL, '{');
	json_open(b, "locations", '[');
	while (n-- > 0) {
		state = false;
		json_bool(json_get(list[n], "state"), &state);
		json_open(b, NULL, '{');
		put_location(b, "location", list[n]);
		json_put_string(
		    b, "importance", state ? "essential" : "important");
		json_close(b, '}');
	}
	json_close(b, ']');
	json_close(b, '}');
	json_close(b, ']');
	json_close(b, '}');
	json_close(b, ']');
}

/* The first frame that made the state; else the first that counts. */
static const struct json_value *
own_frame(const struct json_value *frames)
{
	const struct json_value *f, *counts = NULL;
	const char *role;
	bool state;

	for (f = json_first(frames); f != NULL; f = json_next(f)) {
		if (!in_stack(f, 0))
			continue;
		state = false;
		json_bool(json_get(f, "state"), &state);
		if (state)
			return f;
		role = json_get_string(f, "role", "");
		if (counts == NULL &&
		    (*role == '\0' || strcmp(role, "none") == 0))
			counts = f;
	}
	return counts;
}

static void
put_frames(struct buf *b, const struct json_value *bucket,
    const struct json_value *crash)
{
	const struct json_value *frames = json_get(crash, "frames");
	const struct json_value *own = own_frame(frames);
	struct buf place = BUF_INIT;
	int which;

	json_open(b, "locations", '[');
	if (own != NULL) {
		put_location(b, NULL, own);
	} else {
		add_place(&place, bucket, crash);
		json_open(b, NULL, '{');
		put_function(b, buf_text(&place));
		json_close(b, '}');
	}
	json_close(b, ']');
	if (json_first(frames) != NULL) {
		json_open(b, "stacks", '[');
		for (which = 0; which < 3; which++)
			put_stack(b, frames, which);
		json_close(b, ']');
		put_flow(b, frames);
	}
	buf_release(&place);
}

/* ---- results --------------------------------------------------------- */

void
sarif_init(struct sarif *s)
{
	memset(s, 0, sizeof(*s));
	json_open(&s->results, NULL, '[');
	json_open(&s->rules, NULL, '[');
}

void
sarif_release(struct sarif *s)
{
	while (s->count > 0)
		free(s->types[--s->count]);
	free(s->types);
	buf_release(&s->results);
	buf_release(&s->rules);
}

/* Its index among the rules; each is written once. */
static size_t
rule_index(struct sarif *s, const char *id)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		if (strcmp(s->types[i], id) == 0)
			return i;
	if (s->count == RULES_MOST)
		return RULES_MOST;
	if (s->count == s->room) {
		s->room = s->room == 0 ? 16 : s->room * 2;
		s->types = mem_resize(s->types, s->room, sizeof(*s->types));
	}
	s->types[s->count] = mem_strdup(id);
	json_open(&s->rules, NULL, '{');
	json_put_string(&s->rules, "id", id);
	put_message(&s->rules, "shortDescription", id);
	json_close(&s->rules, '}');
	return s->count++;
}

static void
add_message(struct buf *out, const struct json_value *bucket,
    const struct json_value *crash)
{
	const char *id = text(bucket, NULL, "id");
	const char *target = text(bucket, crash, "target");

	buf_adds(out, text(bucket, crash, "type"));
	buf_adds(out, " in ");
	add_place(out, bucket, crash);
	if (*id == '\0')
		id = text(NULL, crash, "bucket");
	if (*id != '\0')
		buf_printf(out, " (bucket %s)", id);
	if (*target != '\0')
		buf_printf(out, ", found by fuzzing %s", target);
}

static void
put_fingerprints(struct buf *b, const struct json_value *bucket,
    const struct json_value *crash)
{
	const struct json_value *first =
	    json_first(json_get(bucket, "signatures"));
	const char *signature = json_get_string(first, "signature", "");

	if (*signature == '\0')
		signature = json_string(first) == NULL
		    ? text(NULL, crash, "signature")
		    : json_string(first);
	if (*signature == '\0')
		return;
	json_open(b, "partialFingerprints", '{');
	put(b, "pandafuzzSignature/v1", signature);
	json_close(b, '}');
}

/* What somebody decided not to look at. */
static void
put_suppressions(struct buf *b, const struct json_value *bucket)
{
	const char *status = text(bucket, NULL, "status");
	const char *reason = text(bucket, NULL, "reason");

	if (strcmp(status, "muted") != 0 && strcmp(status, "closed") != 0)
		return;
	json_open(b, "suppressions", '[');
	json_open(b, NULL, '{');
	json_put_string(b, "kind", "external");
	json_put_string(b, "status", "accepted");
	put(b, "justification", *reason != '\0' ? reason : status);
	json_close(b, '}');
	json_close(b, ']');
}

static void
put_properties(struct buf *b, const struct json_value *bucket,
    const struct json_value *crash)
{
	static const char *const keys[] = {"severity", "class", "casr",
	    "target", "build", "revision", "engine", "sanitizer", "first",
	    "last", NULL};
	const char *id = text(bucket, NULL, "id");
	int i;

	json_open(b, "properties", '{');
	put(b, "bucket", *id != '\0' ? id : text(NULL, crash, "bucket"));
	put(b, "crash", text(NULL, crash, "id"));
	json_put_bool(b, "security", flag(bucket, crash, "security"));
	for (i = 0; keys[i] != NULL; i++)
		if (*text(bucket, crash, keys[i]) != '\0')
			put(b, keys[i], text(bucket, crash, keys[i]));
	json_put_u64(b, "tries", json_get_u64(crash, "tries", 0));
	json_put_u64(b, "reproduced", json_get_u64(crash, "reproduced", 0));
	json_close(b, '}');
}

static uint64_t
occurrences(const struct json_value *bucket, const struct json_value *crash)
{
	uint64_t n = bucket != NULL
	    ? json_get_u64(bucket, "hits", json_get_u64(bucket, "crashes", 1))
	    : json_get_u64(crash, "observations", 1);

	return n == 0 ? 1 : n < LINE_MOST ? n : LINE_MOST;
}

void
sarif_add(struct sarif *s, const struct json_value *bucket,
    const struct json_value *crash)
{
	struct buf *b = &s->results, id = BUF_INIT, message = BUF_INIT;
	size_t index;

	add_rule_id(&id, text(bucket, crash, "type"));
	add_message(&message, bucket, crash);
	index = rule_index(s, id.data);
	json_open(b, NULL, '{');
	json_put_string(b, "ruleId", id.data);
	if (index < RULES_MOST)
		json_put_u64(b, "ruleIndex", index);
	json_put_string(b, "level", level_of(bucket, crash));
	put_message(b, "message", buf_text(&message));
	put_frames(b, bucket, crash);
	put_fingerprints(b, bucket, crash);
	json_put_u64(b, "occurrenceCount", occurrences(bucket, crash));
	put_suppressions(b, bucket);
	put_properties(b, bucket, crash);
	json_close(b, '}');
	buf_release(&id);
	buf_release(&message);
}

static void
close_list(struct buf *b, const char *key, const struct buf *list)
{
	struct buf whole = BUF_INIT;

	buf_add(&whole, list->data, list->len);
	json_close(&whole, ']');
	json_put_raw(b, key, whole.data, whole.len);
	buf_release(&whole);
}

void
sarif_finish(const struct sarif *s, const char *version, struct buf *out)
{
	struct buf b = BUF_INIT;

	json_open(&b, NULL, '{');
	json_put_string(&b, "$schema", SCHEMA);
	json_put_string(&b, "version", "2.1.0");
	json_open(&b, "runs", '[');
	json_open(&b, NULL, '{');
	json_open(&b, "tool", '{');
	json_open(&b, "driver", '{');
	json_put_string(&b, "name", "PandaFuzz");
	json_put_string(&b, "version", version);
	close_list(&b, "rules", &s->rules);
	json_close(&b, '}');
	json_close(&b, '}');
	json_put_string(&b, "columnKind", "utf16CodeUnits");
	close_list(&b, "results", &s->results);
	json_close(&b, '}');
	json_close(&b, ']');
	json_close(&b, '}');
	buf_addc(&b, '\n');
	buf_add(out, b.data, b.len);
	buf_release(&b);
}
