/*
 * Sessions of kind "reproduce": there is no engine to fuzz with; the inputs of
 * the ticket, which the filling child has put into crashes/, are run as finds
 * are, and what is sealed says how often each crashed.
 */
#include <sys/stat.h>

#include <string.h>

#include "botd/runner/session.h"
#include "lib/base/clock.h"

static struct find *
find_of(const struct ticket_input *in)
{
	struct find *f = mem_alloc(sizeof(*f));
	size_t n = (size_t)in->series_count;

	f->input = in;
	f->digest = in->sha256;
	f->size = in->size;
	f->found_ms = clock_wall_ms();
	f->named = true;
	if (n > 0) {
		f->series = mem_array(n, sizeof(f->series[0]));
		memcpy(f->series, in->series, n * sizeof(f->series[0]));
		f->series_count = in->series_count;
	}
	return f;
}

void
rerun_start(struct session *s)
{
	int i;

	for (i = 0; i < s->ticket.input_count; i++)
		find_take(s, find_of(&s->ticket.inputs[i]));
}
