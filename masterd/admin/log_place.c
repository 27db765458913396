/*
 * Where a reader of a log is.
 */
#include <stdio.h>
#include <string.h>

#include "lib/base/json.h"
#include "lib/base/text.h"
#include "masterd/admin/log_place.h"

#define LINES      50
#define LINES_MOST 100000

static int
read_place(struct request *r, const char *text, struct store_log_place *place,
    struct err *e)
{
	char file[32];
	const char *dot = strchr(text, '.');

	if (dot != NULL && (size_t)(dot - text) < sizeof(file)) {
		memcpy(file, text, (size_t)(dot - text));
		file[dot - text] = '\0';
		if (text_to_u64(&place->file, file) == 0 &&
		    text_to_u64(&place->at, dot + 1) == 0)
			return 0;
	}
	r->field = "after";
	return err_set(e, ERR_REFUSED, "after: not a place in a log");
}

int
log_place_read(struct request *r, struct log_answer *a, struct err *e)
{
	const char *after = request_query(r, "after");

	a->follows = *after != '\0';
	if (request_number(r, "lines", LINES, LINES_MOST, &a->lines, e) == -1)
		return -1;
	return a->follows ? read_place(r, after, &a->place, e) : 0;
}

void
log_place_answer(struct request *r, const struct log_answer *a)
{
	char next[48];

	snprintf(next, sizeof(next), "%ju.%ju", (uintmax_t)a->place.file,
	    (uintmax_t)a->place.at);
	json_open(&r->out, NULL, '{');
	json_put_u64(&r->out, "api", 1);
	json_open(&r->out, "item", '{');
	json_put_string(&r->out, a->noun, a->key);
	json_put_string(&r->out, "text", buf_text(&a->text));
	json_put_string(&r->out, "next", next);
	json_close(&r->out, '}');
	json_close(&r->out, '}');
}
