/*
 * What other rules would do to all crashes there are.  The text is looked at
 * here, so that its mistakes are told at once; the crashes by a read child
 * (rules_test.c), which gets it on its standard input.
 */
#include <sys/mman.h>

#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "lib/base/json.h"
#include "lib/triage/rules.h"
#include "masterd/admin/admin_internal.h"
#include "masterd/admin/read_child.h"

/* Newlines and the like are escaped. */
static const struct json_limits BODY = {2 * RULES_MAX_BYTES + 4096, 16, 2};

static void
put_complaints(struct buf *out, const char *lines)
{
	struct buf line = BUF_INIT;
	size_t len;

	json_open(out, "complaints", '[');
	for (; *lines != '\0'; lines += len + (lines[len] == '\n')) {
		len = strcspn(lines, "\n");
		buf_reset(&line);
		buf_add(&line, lines, len);
		json_put_string(out, NULL, buf_text(&line));
	}
	json_close(out, ']');
	buf_release(&line);
}

static int
answer_bad(struct request *r, const char *complaints)
{
	struct buf *out = &r->out;

	json_open(out, NULL, '{');
	json_put_u64(out, "api", 1);
	json_open(out, "item", '{');
	json_put_bool(out, "good", false);
	put_complaints(out, complaints);
	json_close(out, '}');
	json_close(out, '}');
	return 0;
}

/* A file without a name, at its beginning. */
static int
hold_text(const char *text, struct err *e)
{
	int fd = memfd_create("rules", MFD_CLOEXEC);

	if (fd == -1)
		return err_sys(e, "cannot make room for the rules");
	if (fs_write_all(fd, text, strlen(text)) == -1 ||
	    lseek(fd, 0, SEEK_SET) == -1) {
		err_sys(e, "cannot pass the rules on");
		close(fd);
		return -1;
	}
	return fd;
}

static int
test(struct request *r, const char *text, struct err *e)
{
	struct rules *rules;
	struct err why;
	int fd, got;

	if (rules_parse(&rules, text, strlen(text), &why) == -1)
		return answer_bad(r, why.text);
	rules_free(rules);
	if ((fd = hold_text(text, e)) == -1)
		return -1;
	got = read_child_start_in(r, "rules", NULL, fd, e);
	close(fd);
	return got;
}

int
rules_test(struct request *r, struct err *e)
{
	struct json *body =
	    json_parse(buf_text(&r->body), r->body.len, &BODY, e);
	const char *text;
	int got;

	if (body == NULL)
		return -1;
	text = json_string(json_get(json_root(body), "text"));
	if (text == NULL || json_count(json_root(body)) != 1) {
		r->field = "text";
		got = err_set(e, ERR_REFUSED,
		    "the body has one key, 'text', with the rules");
	} else {
		got = test(r, text, e);
	}
	json_free(body);
	return got;
}
