/*
 * meta.json: all that is known of a crash when it comes in, beside its input,
 * for people and for a rebuild.
 */
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "masterd/db/crash_json.h"
#include "masterd/db/judge.h"
#include "masterd/intake/judge.h"

static const char *
part_text(struct taken *t, int at, enum record_type type)
{
	const struct item *part = taken_part(t, at, type);

	return part == NULL ? "" : buf_text(&part->text);
}

static void
put_run(struct buf *out, struct db *db, struct taken *t, int at)
{
	const struct bundle_header *h = &t->header;
	const struct item *crash = &t->items[at];
	const char *environment = part_text(t, at, REC_ENVIRONMENT);
	char revision[128] = "";

	json_put_string(out, "job", h->job == 0 ? "" : text_hex64(h->job).text);
	json_put_string(out, "bot", h->bot.text);
	json_put_u64(out, "signal", crash->r.n[CRASH_SIGNAL]);
	json_put_u64(out, "exit", crash->r.n[CRASH_EXIT]);
	if (crash->r.n[CRASH_FOUND_MS] > 0)
		json_put_string(out, "time",
		    clock_rfc3339(crash->r.n[CRASH_FOUND_MS]).text);
	if (h->has_build) {
		json_put_string(out, "build", digest_hex(&h->build).text);
		(void)facts_revision(
		    db, &h->build, revision, sizeof(revision), NULL);
	}
	json_put_string(out, "revision", revision);
	json_put_string(out, "engine", crash->r.word);
	json_put_string(out, "sanitizer", crash->r.word2);
	crash_json_lines(out, "command", part_text(t, at, REC_COMMAND));
	crash_json_lines(out, "environment", environment);
	crash_json_options(out, "sanitizer_options", environment);
}

static void
put_origin(struct buf *out, struct taken *t, int at)
{
	struct buf parents = BUF_INIT, strategies = BUF_INIT;

	facts_split_parents(
	    part_text(t, at, REC_PARENTS), &parents, &strategies);
	crash_json_lines(out, "strategies", buf_text(&strategies));
	crash_json_lines(out, "parents", buf_text(&parents));
	crash_json_lines(out, "series", part_text(t, at, REC_SERIES));
	buf_release(&parents);
	buf_release(&strategies);
}

static void
put_triage(struct buf *out, const struct item *crash)
{
	const struct triage *g = crash->triage;
	char address[20];

	json_put_string(out, "type", triage_type_text(g).text);
	json_put_string(out, "state", facts_state(g).text);
	json_put_bool(out, "security", g->security);
	json_put_string(out, "security_rule", g->security_rule);
	json_put_string(out, "severity", triage_severity_name(g->severity));
	json_put_string(out, "severity_rule", g->severity_rule);
	json_put_string(out, "casr", g->casr == NULL ? "" : g->casr);
	json_put_string(out, "class", triage_class_name(g->class));
	json_put_string(out, "signature", digest_hex(&g->signature).text);
	json_put_string(out, "access", g->access);
	json_put_u64(out, "access_size", g->access_size);
	if (g->has_address) {
		snprintf(
		    address, sizeof(address), "0x%jx", (uintmax_t)g->address);
		json_put_string(out, "address", address);
	}
	json_put_string(out, "tool", g->tool);
	json_put_u64(out, "rules", RULES_VERSION);
	json_put_string(out, "ruleset", crash->rules.text);
}

static void
put_minimised(struct buf *out, const struct item *min)
{
	if (min == NULL) {
		json_put_null(out, "minimised");
		return;
	}
	json_open(out, "minimised", '{');
	json_put_string(out, "hash", digest_hex(&min->sha256).text);
	json_put_u64(out, "bytes", min->bytes);
	json_close(out, '}');
}

/* The first of its signature, as far as is known before its COMMIT. */
static bool
is_unique(struct db *db, const struct taken *t, const struct item *crash)
{
	return t->place.target == 0 ||
	    facts_knows_signature(db, t->place.target,
		&crash->triage->signature, crash->triage->security, NULL) != 1;
}

void
meta_format(
    struct buf *out, struct db *db, struct taken *t, int at, const char *report)
{
	const struct item *crash = &t->items[at];
	const struct rules *rules = judge_rules(db);
	struct digest_hex input = digest_hex(&crash->r.sha256);
	char text[512];

	json_open(out, NULL, '{');
	snprintf(text, sizeof(text), "%s-%.8s", input.text,
	    digest_hex(&crash->triage->signature).text);
	json_put_string(out, "id", text);
	json_put_string(out, "input", input.text);
	json_put_string(out, "hash", input.text);
	snprintf(text, sizeof(text), "crashes/%s/%s/%s/input",
	    t->place.project.text, t->place.name.text, input.text);
	json_put_string(out, "path", text);
	json_put_string(out, "report", report);
	json_put_u64(out, "bytes", crash->r.n[CRASH_INPUT_SIZE]);
	json_put_u64(out, "size", crash->r.n[CRASH_INPUT_SIZE]);
	json_put_bool(out, "unique", is_unique(db, t, crash));
	json_put_string(out, "project", t->place.project.text);
	json_put_string(out, "target", t->place.name.text);
	put_triage(out, crash);
	put_run(out, db, t, at);
	put_origin(out, t, at);
	put_minimised(out, taken_part(t, at, REC_MINIMISED));
	crash_json_rate(
	    out, crash->r.n[CRASH_TRIES], crash->r.n[CRASH_REPRODUCED]);
	json_put_string(out, "first_seen", clock_rfc3339(clock_wall_ms()).text);
	crash_json_frames(out, "frames", buf_text(&crash->facts),
	    crash->facts.len, rules_of(rules, t->place.project.text),
	    t->place.name.text);
	json_put_string(out, "facts", buf_text(&crash->facts));
	json_close(out, '}');
	buf_addc(out, '\n');
}
