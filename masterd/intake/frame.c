/*
 * Frames between a decode child and masterd, and the distrust of them.
 */
#include <string.h>

#include "masterd/intake/frame.h"

void
frame_put(struct buf *out, enum frame_type type, const void *body, size_t len)
{
	struct frame_head head = {(uint32_t)type, (uint32_t)len};

	buf_add(out, &head, sizeof(head));
	buf_add(out, body, len);
}

static int
bad(struct err *e, const char *what)
{
	return err_set(e, ERR_REFUSED, "the decode child sent %s", what);
}

int
frame_get(const struct buf *in, size_t *offset, enum frame_type *type,
    const void **body, size_t *len, struct err *e)
{
	struct frame_head head;
	size_t left = in->len - *offset;

	if (left < sizeof(head))
		return 0;
	memcpy(&head, in->data + *offset, sizeof(head));
	if (head.type < FRAME_HEADER || head.type > FRAME_VERDICT ||
	    head.len > FRAME_MAX)
		return bad(e, "no frame");
	if (left < sizeof(head) + head.len)
		return 0;
	*type = (enum frame_type)head.type;
	*body = in->data + *offset + sizeof(head);
	*len = head.len;
	*offset += sizeof(head) + head.len;
	return 1;
}

/* A bool that holds neither 0 nor 1 must not even be looked at as one. */
static bool
truth(const bool *b)
{
	unsigned char byte;

	memcpy(&byte, b, sizeof(byte));
	return byte <= 1;
}

static bool
ends(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

static bool
printable(const char *text, size_t size)
{
	size_t i;

	if (!ends(text, size))
		return false;
	for (i = 0; text[i] != '\0'; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	return true;
}

static bool
word_or_empty(const char *text, size_t size)
{
	return ends(text, size) && (text[0] == '\0' || word_ok(text));
}

int
frame_header(
    struct bundle_header *h, const void *body, size_t len, struct err *e)
{
	if (len != sizeof(*h))
		return bad(e, "a header of another size");
	memcpy(h, body, len);
	if (!truth(&h->has_build) || !truth(&h->has_target) ||
	    h->pfb != WIRE_VERSION || h->kind >= KIND_COUNT || h->epoch == 0 ||
	    h->seq == 0 || h->seq > (1ull << 53) ||
	    !ends(h->account.text, sizeof(h->account.text)) ||
	    !name_ok(h->account.text) ||
	    !ends(h->bot.text, sizeof(h->bot.text)) || !name_ok(h->bot.text) ||
	    !printable(h->trace, sizeof(h->trace)))
		return bad(e, "an odd header");
	if (h->has_target &&
	    (!ends(h->project.text, sizeof(h->project.text)) ||
		!(name_ok(h->project.text) ||
		    strcmp(h->project.text, PROJECT_LOST) == 0) ||
		!ends(h->target.text, sizeof(h->target.text)) ||
		!target_name_ok(h->target.text)))
		return bad(e, "an odd target");
	return 0;
}

int
frame_record(struct record *r, const void *body, size_t len, struct err *e)
{
	size_t i;

	if (len != sizeof(*r))
		return bad(e, "a record of another size");
	memcpy(r, body, len);
	if (!truth(&r->has_payload) || r->type >= REC_COUNT ||
	    r->size > BUNDLE_LIMITS.payload ||
	    (!r->has_payload && r->size != 0) ||
	    !word_or_empty(r->word, sizeof(r->word)) ||
	    !word_or_empty(r->word2, sizeof(r->word2)))
		return bad(e, "an odd record");
	for (i = 0; i < sizeof(r->n) / sizeof(r->n[0]); i++)
		if (r->n[i] > (1ull << 53))
			return bad(e, "a number out of range");
	return 0;
}

int
frame_facts(struct frame_facts *f, const char **text, const void *body,
    size_t len, struct err *e)
{
	struct facts facts;

	if (len < sizeof(*f) || len > sizeof(*f) + FACTS_TEXT_MAX)
		return bad(e, "facts of another size");
	memcpy(f, body, sizeof(*f));
	*text = (const char *)body + sizeof(*f);
	if (f->has_address > 1 || f->len != len - sizeof(*f) ||
	    facts_parse(&facts, *text, f->len, NULL) == -1)
		return bad(e, "odd facts");
	return 0;
}

int
frame_verdict(
    struct frame_verdict *v, const void *body, size_t len, struct err *e)
{
	if (len != sizeof(*v))
		return bad(e, "a verdict of another size");
	memcpy(v, body, len);
	if (v->step < STEP_OK || v->step > STEP_HELD ||
	    !ends(v->reason, sizeof(v->reason)) ||
	    (v->step == STEP_OK && !v->has_end))
		return bad(e, "an odd verdict");
	return 0;
}
