/*
 * What pf-triage prints.  All text of a report went through lib/triage, which
 * leaves printable ASCII; the names of files are cleaned here.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/json.h"
#include "lib/base/text.h"
#include "tools/pf-triage/pf_triage.h"

#define NAME_CAP 4096
#define TEXT_CAP 1024

static void
put_name(struct buf *out, const char *key, const char *name)
{
	struct buf clean = BUF_INIT;

	text_clean_line(&clean, name, strlen(name), NAME_CAP);
	if (key != NULL)
		json_put_string(out, key, buf_text(&clean));
	else
		buf_adds(out, buf_text(&clean));
	buf_release(&clean);
}

static void
put_span(struct buf *out, const char *key, struct span s)
{
	char text[TEXT_CAP];

	span_print(s, text, sizeof(text));
	if (s.n > 0)
		json_put_string(out, key, text);
}

static void
put_hex(struct buf *out, const char *key, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	json_put_string(out, key, text);
}

/* ---- json -------------------------------------------------------------- */

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
json_frame(struct buf *out, const struct report *r, const struct wish *w,
    enum facts_stack which, int n)
{
	int depth;
	const struct frame *f = &facts_frames(&r->facts, which, &depth)[n];
	struct rules_word word = rules_frame(w->named, f);
	struct frame_name name = frame_function(f);

	json_open(out, NULL, '{');
	json_put_u64(out, "n", f->number);
	if (name.text[0] != '\0')
		json_put_string(out, "function", name.text);
	put_span(out, "file", f->file);
	if (f->line > 0)
		json_put_u64(out, "line", f->line);
	if (f->column > 0)
		json_put_u64(out, "column", f->column);
	put_span(out, "module", f->module);
	if (f->module.n > 0)
		put_hex(out, "offset", f->offset);
	put_span(out, "build_id", f->build_id);
	if (f->inlined)
		json_put_bool(out, "inlined", true);
	if (word.role != ROLE_NONE)
		json_put_string(out, "role", rules_role(word.role));
	if (which == STACK_CRASH)
		json_put_bool(out, "state", made_state(&r->triage, n));
	json_close(out, '}');
}

static void
json_frames(struct buf *out, const char *key, const struct report *r,
    const struct wish *w, enum facts_stack which)
{
	int i, depth;

	facts_frames(&r->facts, which, &depth);
	json_open(out, key, '[');
	for (i = 0; i < depth; i++)
		json_frame(out, r, w, which, i);
	json_close(out, ']');
}

static void
json_lines(struct buf *out, const char *key,
    const char lines[][TRIAGE_LINE_MAX], int count)
{
	int i;

	json_open(out, key, '[');
	for (i = 0; i < count; i++)
		json_put_string(out, NULL, lines[i]);
	json_close(out, ']');
}

static void
json_bug(struct buf *out, const struct triage *t)
{
	json_put_string(out, "type", t->type);
	json_put_string(out, "access", t->access[0] != '\0' ? t->access : NULL);
	if (t->access_size > 0)
		json_put_u64(out, "size", t->access_size);
	else
		json_put_null(out, "size");
	if (t->has_address)
		put_hex(out, "address", t->address);
	else
		json_put_null(out, "address");
	json_put_string(
	    out, "address_class", facts_address_name(t->address_class));
	json_put_string(out, "class", triage_class_name(t->class));
	json_lines(out, "state", t->state, t->state_count);
	json_lines(out, "stack", t->stack, t->stack_count);
	json_put_bool(out, "security", t->security);
	json_put_string(out, "security_rule", t->security_rule);
	json_put_string(out, "severity", triage_severity_name(t->severity));
	json_put_string(out, "severity_rule", t->severity_rule);
	json_put_string(out, "casr_class", t->casr);
	json_put_string(out, "casr_type", t->casr_type);
	json_put_string(out, "signature", digest_hex(&t->signature).text);
}

void
show_json(
    struct buf *out, const struct report *r, const struct wish *w, int cluster)
{
	struct rules_name rules = rules_name(w->rules);

	json_open(out, NULL, '{');
	put_name(out, "file", r->file);
	if (cluster > 0)
		json_put_u64(out, "cluster", (uint64_t)cluster);
	json_put_bool(out, "crash", r->crash);
	json_put_string(
	    out, "tool", r->triage.tool[0] != '\0' ? r->triage.tool : NULL);
	json_bug(out, &r->triage);
	json_put_string(out, "rules", rules.text);
	put_span(out, "what", r->facts.what);
	put_span(out, "note", r->facts.note);
	if (r->facts.scariness > 0)
		json_put_u64(out, "scariness", r->facts.scariness);
	if (r->facts.has_pc)
		put_hex(out, "pc", r->facts.pc);
	json_frames(out, "frames", r, w, STACK_CRASH);
	json_open(out, "stacks", '{');
	json_frames(out, "freed", r, w, STACK_FREED);
	json_frames(out, "allocated", r, w, STACK_ALLOCATED);
	json_close(out, '}');
	json_close(out, '}');
	buf_addc(out, '\n');
}

/* ---- for people -------------------------------------------------------- */

void
show_state(struct buf *out, const struct triage *t)
{
	int i;

	for (i = 0; i < t->state_count; i++)
		buf_printf(out, "%s%s", i > 0 ? " | " : "", t->state[i]);
}

static void
text_place(struct buf *out, const struct frame *f)
{
	char file[256], module[256];

	span_print(f->file, file, sizeof(file));
	span_print(f->module, module, sizeof(module));
	if (file[0] != '\0')
		buf_printf(out, " %s", file);
	if (file[0] != '\0' && f->line > 0)
		buf_printf(out, ":%" PRIu64, f->line);
	if (file[0] == '\0' && module[0] != '\0')
		buf_printf(out, " (%s+0x%" PRIx64 ")", module, f->offset);
}

static void
text_frames(struct buf *out, const struct report *r, const struct wish *w,
    enum facts_stack which, const char *title)
{
	int i, depth;
	const struct frame *f = facts_frames(&r->facts, which, &depth);
	struct rules_word word;
	struct frame_name name;

	if (depth > 0)
		buf_printf(out, "  %s\n", title);
	for (i = 0; i < depth; i++) {
		word = rules_frame(w->named, &f[i]);
		name = frame_function(&f[i]);
		buf_printf(out, "   %c #%" PRIu64,
		    which == STACK_CRASH && made_state(&r->triage, i) ? '*'
								      : ' ',
		    f[i].number);
		if (name.text[0] != '\0')
			buf_printf(out, " %s", name.text);
		text_place(out, &f[i]);
		if (word.role != ROLE_NONE)
			buf_printf(out, "  [%s]", rules_role(word.role));
		buf_addc(out, '\n');
	}
}

static void
text_judgement(struct buf *out, const struct triage *t)
{
	buf_printf(out, "  security   %s: %s\n", t->security ? "yes" : "no",
	    t->security_rule);
	buf_printf(out, "  severity   %s: %s\n",
	    triage_severity_name(t->severity), t->severity_rule);
	buf_printf(out, "  casr       %s%s%s\n", t->casr,
	    t->casr_type[0] != '\0' ? ": " : "", t->casr_type);
	if (t->has_address)
		buf_printf(out, "  address    0x%" PRIx64 ": %s\n", t->address,
		    facts_address_name(t->address_class));
	buf_printf(out, "  signature  %s\n", digest_hex(&t->signature).text);
}

void
show_text(struct buf *out, const struct report *r, const struct wish *w)
{
	const struct triage *t = &r->triage;

	put_name(out, NULL, r->file);
	if (!r->crash) {
		buf_adds(out, ": no crash\n");
		return;
	}
	buf_printf(out, ": %s%s%s%s\n", triage_type_text(t).text,
	    t->tool[0] != '\0' ? " (" : "", t->tool,
	    t->tool[0] != '\0' ? ")" : "");
	buf_adds(out, "  state      ");
	show_state(out, t);
	buf_addc(out, '\n');
	text_judgement(out, t);
	text_frames(out, r, w, STACK_CRASH, "frames     * made the state");
	text_frames(out, r, w, STACK_FREED, "freed by");
	text_frames(out, r, w, STACK_ALLOCATED, "allocated by");
}
