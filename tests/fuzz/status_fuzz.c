/*
 * Any bytes are a status.json or none.  What is taken can be written again,
 * and then says nothing that it did not say before.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/wire/status.h"

static void
check_word(const struct status *s, const struct status *again, uint64_t epoch,
    uint64_t seq)
{
	enum status_word word = status_of(again, epoch, seq, NULL);

	assert(word == WORD_NOTHING || word == status_of(s, epoch, seq, NULL));
}

static void
check_epoch(const struct status *s, const struct status *again,
    const struct status_epoch *ep)
{
	int i;

	check_word(s, again, ep->epoch, ep->below);
	check_word(s, again, ep->epoch, ep->below + 1);
	for (i = 0; i < ep->above_count; i++) {
		check_word(s, again, ep->epoch, ep->above[i].first);
		check_word(s, again, ep->epoch, ep->above[i].last);
		check_word(s, again, ep->epoch, ep->above[i].last + 1);
	}
	for (i = 0; i < ep->refused_count; i++)
		check_word(s, again, ep->epoch, ep->refused[i].seq);
}

/* status_of() takes the first of two epochs of one id, as the bot does. */
static bool
repeats(const struct status *s)
{
	int i, k;

	for (i = 0; i < s->epoch_count; i++)
		for (k = 0; k < i; k++)
			if (s->epochs[i].epoch == s->epochs[k].epoch)
				return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct status *s = status_new(), *again = status_new();
	struct buf text = BUF_INIT;
	struct err e = {0};
	int i;

	if (status_parse(s, data, size, &e) == -1) {
		assert(e.cls == ERR_REFUSED && e.text[0] != '\0');
		goto out;
	}
	status_format(&text, s);
	assert(text.len <= STATUS_MAX_BYTES);
	if (status_parse(again, text.data, text.len, &e) == -1)
		abort();
	assert(again->lease_count == s->lease_count);
	assert(memcmp(again->leases, s->leases, sizeof(s->leases)) == 0);
	for (i = 0; i < s->epoch_count && !repeats(s); i++)
		check_epoch(s, again, &s->epochs[i]);
out:
	buf_release(&text);
	status_free(again);
	status_free(s);
	return 0;
}
