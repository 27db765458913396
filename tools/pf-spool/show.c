/*
 * show: one pass over the bundle.  Each step becomes a line of text, or a
 * value of one JSON object, as it comes; the verdict is last because only the
 * end of a bundle proves what came before.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "tools/pf-spool/pf_spool.h"

#define HEAD_BYTES 48 /* of a payload that are shown */

struct show {
	const char *file;
	bool json;
	struct buf out;
	struct buf line; /* of the record in hand */
	struct buf head; /* first bytes of its payload */
	bool in_record;
	uint64_t records;
};

/* {"rec":"unit","size":5} as "unit size=5". */
static void
put_fields(struct show *sh, const char *skip)
{
	struct json *j =
	    json_parse(sh->line.data, sh->line.len, &JSON_LINE, NULL);
	const struct json_value *v;
	const char *raw, *text;
	size_t len;

	if (j == NULL)
		return;
	for (v = json_first(json_root(j)); v != NULL; v = json_next(v)) {
		text = json_string(v);
		raw = json_raw(v, &len);
		if (strcmp(json_key_of(v), skip) == 0)
			buf_printf(&sh->out, "%s", text == NULL ? "" : text);
		else if (text != NULL)
			buf_printf(&sh->out, " %s=%s", json_key_of(v), text);
		else
			buf_printf(&sh->out, " %s=%.*s", json_key_of(v),
			    (int)len, raw);
	}
	json_free(j);
}

/* The head of a payload is a bot's bytes: cleaned before anyone sees it. */
static void
end_record(struct show *sh)
{
	struct buf clean = BUF_INIT;

	if (!sh->in_record)
		return;
	sh->in_record = false;
	text_clean_line(
	    &clean, buf_text(&sh->head), sh->head.len, 4 * HEAD_BYTES);
	if (sh->json) {
		/* The line without its "}\n", and one key more. */
		sh->line.len -= 2;
		sh->line.data[sh->line.len] = '\0';
		if (sh->head.len > 0)
			json_put_string(&sh->line, "head", buf_text(&clean));
		buf_addc(&sh->line, '}');
		json_put_raw(&sh->out, NULL, sh->line.data, sh->line.len);
	} else {
		buf_printf(&sh->out, "%6ju  ", (uintmax_t)sh->records);
		put_fields(sh, "rec");
		if (sh->head.len > 0)
			buf_printf(&sh->out, "  \"%s\"", buf_text(&clean));
		buf_addc(&sh->out, '\n');
	}
	buf_release(&clean);
	buf_reset(&sh->head);
}

static int
show_header(struct show *sh, const struct bundle_header *h, struct err *e)
{
	buf_reset(&sh->line);
	if (header_format(&sh->line, h, e) == -1)
		return -1;
	if (sh->json) {
		json_put_raw(
		    &sh->out, "header", sh->line.data, sh->line.len - 1);
		json_open(&sh->out, "records", '[');
	} else {
		buf_adds(&sh->out, "bundle");
		put_fields(sh, "");
		buf_addc(&sh->out, '\n');
	}
	return 0;
}

static int
show_record(struct show *sh, const struct record *r, struct err *e)
{
	end_record(sh);
	buf_reset(&sh->line);
	if (record_format(&sh->line, r, e) == -1)
		return -1;
	sh->in_record = true;
	sh->records++;
	return 0;
}

static void
show_payload(struct show *sh, const uint8_t *bytes, size_t len)
{
	size_t room = HEAD_BYTES - sh->head.len;

	buf_add(&sh->head, bytes, len < room ? len : room);
}

/* A name that does not fit the header is refused by the master, which knows
 * better than we do which folder it lay in. */
static void
note_name(struct show *sh, const struct bundle_header *h)
{
	const char *slash = strrchr(sh->file, '/');
	const char *base = slash == NULL ? sh->file : slash + 1;
	struct bundle_id id,
	    want = {h->bot, h->epoch, h->seq, bundle_kind_class(h->kind)};

	if (sh->json)
		return;
	if (bundle_id_parse(&id, base, NULL) == -1)
		buf_adds(&sh->out,
		    "note: the file has not the name of a "
		    "bundle\n");
	else if (bundle_id_order(&id, &want) != 0)
		buf_printf(&sh->out, "note: by its first line this is '%s'\n",
		    bundle_id_format(&want).text);
}

static void
show_end(struct show *sh, const struct bundle_item *item, bool header)
{
	const char *why = item->step == STEP_OK ? "" : item->why.text;
	struct buf clean = BUF_INIT;

	end_record(sh);
	text_clean_line(&clean, why, strlen(why), 400);
	if (sh->json && header)
		json_close(&sh->out, ']');
	if (sh->json) {
		if (item->has_end) {
			json_put_u64(&sh->out, "lines", item->end.records);
			json_put_string(&sh->out, "sha256",
			    digest_hex(&item->end.sha256).text);
		}
		json_put_string(&sh->out, "verdict", verdict_word(item->step));
		json_put_string(&sh->out, "reason", buf_text(&clean));
	} else {
		if (item->has_end)
			buf_printf(&sh->out, "end lines=%ju sha256=%s\n",
			    (uintmax_t)item->end.records,
			    digest_hex(&item->end.sha256).text);
		if (header)
			note_name(sh, &item->header);
		buf_printf(&sh->out, "verdict: %s%s%s\n",
		    verdict_word(item->step), clean.len > 0 ? ": " : "",
		    buf_text(&clean));
	}
	buf_release(&clean);
}

/* 1 when the end was reached. */
static int
show_step(
    struct show *sh, struct bundle_item *item, bool *header, struct err *e)
{
	switch (item->step) {
	case STEP_HEADER:
		*header = true;
		return show_header(sh, &item->header, e);
	case STEP_RECORD:
		return show_record(sh, &item->record, e);
	case STEP_PAYLOAD:
		show_payload(sh, item->bytes, item->len);
		return 0;
	default:
		show_end(sh, item, *header);
		return 1;
	}
}

static int
show_bundle(struct show *sh, int fd, struct err *e)
{
	struct bundle_item *item = mem_alloc(sizeof(*item));
	struct bundle_reader *r;
	bool header = false;
	int rc = 0, code;

	r = bundle_reader_new(bundle_source_fd, &fd, &BUNDLE_LIMITS);
	if (sh->json)
		json_open(&sh->out, NULL, '{');
	while (rc == 0) {
		rc = bundle_read(r, item, e);
		if (rc == 0)
			rc = show_step(sh, item, &header, e);
		if (!sh->json) {
			fwrite(buf_text(&sh->out), 1, sh->out.len, stdout);
			buf_reset(&sh->out);
		}
	}
	if (sh->json && rc == 1) {
		json_close(&sh->out, '}');
		printf("%s\n", buf_text(&sh->out));
	}
	code = rc == 1 && item->step == STEP_OK ? EXIT_OK : EXIT_BAD;
	bundle_reader_free(r);
	free(item);
	return rc == -1 ? -1 : code;
}

int
show_command(int argc, char **argv)
{
	struct show sh = {0};
	struct err e = {0};
	int fd, code;

	if (argc > 1 && strcmp(argv[1], "--json") == 0) {
		sh.json = true;
		argc--;
		argv++;
	}
	if (argc != 2 || argv[1][0] == '-')
		return usage_error("show", "one file is needed");
	sh.file = argv[1];
	if ((fd = fs_open_foreign(AT_FDCWD, sh.file, NULL, &e)) == -1)
		return complain(&e);
	if ((code = show_bundle(&sh, fd, &e)) == -1)
		code = complain(&e);
	close(fd);
	buf_release(&sh.out);
	buf_release(&sh.line);
	buf_release(&sh.head);
	if (fflush(stdout) != 0)
		code = EXIT_BAD;
	return code;
}
