/*
 * In the read child: the rules, and what they would do.
 */
#include <errno.h>
#include <unistd.h>

#include "lib/base/json.h"
#include "lib/triage/rules.h"
#include "masterd/admin/rules_test.h"
#include "masterd/db/rules_try.h"

static int
read_all(struct buf *text, struct err *e)
{
	ssize_t n;

	do {
		buf_grow(text, 65536);
		n = read(STDIN_FILENO, text->data + text->len, 65536);
		if (n > 0)
			text->len += (size_t)n;
		text->data[text->len] = '\0';
	} while (n > 0 || (n == -1 && errno == EINTR));
	return n == -1 ? err_sys(e, "cannot read the rules") : 0;
}

int
rules_test_tell(struct db *db, struct buf *out, struct err *e)
{
	struct buf text = BUF_INIT;
	struct rules *rules = NULL;
	int got = read_all(&text, e);

	if (got == 0)
		got = rules_parse(&rules, buf_text(&text), text.len, e);
	if (got == 0) {
		json_open(out, NULL, '{');
		json_put_u64(out, "api", 1);
		json_open(out, "item", '{');
		json_put_bool(out, "good", true);
		json_open(out, "complaints", '[');
		json_close(out, ']');
		got = rules_try(db, rules, out, e);
		json_close(out, '}');
		json_close(out, '}');
	}
	rules_free(rules);
	buf_release(&text);
	return got;
}
