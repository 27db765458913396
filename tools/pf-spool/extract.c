/*
 * extract: each payload goes to a hidden file first and gets its name, the
 * digest of what was really written, when it is whole.  So a payload that is
 * cut short never looks like one.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "lib/base/random.h"
#include "lib/base/text.h"
#include "tools/pf-spool/pf_spool.h"

struct extract {
	int dir;
	int fd; /* of the payload in hand, else -1 */
	char temp[40];
	struct hasher *hash;
	enum record_type type;
	uint64_t size, left;
};

static int
begin_payload(struct extract *x, const struct record *r, struct err *e)
{
	snprintf(x->temp, sizeof(x->temp), ".extract-%s",
	    text_hex64(random_u64()).text);
	x->fd = openat(
	    x->dir, x->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (x->fd == -1)
		return err_sys(e, "cannot make a file for a payload");
	x->type = r->type;
	x->size = x->left = r->size;
	return 0;
}

static int
end_payload(struct extract *x, struct err *e)
{
	struct digest d;
	int rc = close(x->fd);

	x->fd = -1;
	hasher_end(x->hash, &d);
	if (rc == -1 ||
	    renameat(x->dir, x->temp, x->dir, digest_hex(&d).text) == -1) {
		err_sys(e, "cannot write '%s'", digest_hex(&d).text);
		unlinkat(x->dir, x->temp, 0);
		return -1;
	}
	printf("%s %ju %s\n", digest_hex(&d).text, (uintmax_t)x->size,
	    record_name(x->type));
	return 0;
}

static int
add_payload(struct extract *x, const uint8_t *bytes, size_t len, struct err *e)
{
	if (fs_write_all(x->fd, bytes, len) == -1)
		return err_sys(e, "cannot write a payload");
	hasher_add(x->hash, bytes, len);
	x->left -= len;
	return x->left == 0 ? end_payload(x, e) : 0;
}

/* 1 when the end was reached. */
static int
extract_step(struct extract *x, const struct bundle_item *item, struct err *e)
{
	switch (item->step) {
	case STEP_HEADER:
		return 0;
	case STEP_RECORD:
		if (!item->record.has_payload)
			return 0;
		if (begin_payload(x, &item->record, e) == -1)
			return -1;
		return x->left == 0 ? end_payload(x, e) : 0;
	case STEP_PAYLOAD:
		return add_payload(x, item->bytes, item->len, e);
	default:
		return 1;
	}
}

static int
extract_bundle(struct extract *x, int fd, struct err *e)
{
	struct bundle_item *item = mem_alloc(sizeof(*item));
	struct bundle_reader *r;
	int rc = 0;

	r = bundle_reader_new(bundle_source_fd, &fd, &BUNDLE_LIMITS);
	while (rc == 0) {
		rc = bundle_read(r, item, e);
		if (rc == 0)
			rc = extract_step(x, item, e);
	}
	if (x->fd != -1) {
		close(x->fd);
		unlinkat(x->dir, x->temp, 0);
	}
	if (rc == 1 && item->step != STEP_OK)
		rc = err_set(e, ERR_REFUSED, "the bundle is %s: %s",
		    verdict_word(item->step), item->why.text);
	bundle_reader_free(r);
	free(item);
	return rc == 1 ? 0 : -1;
}

int
extract_command(int argc, char **argv)
{
	struct extract x = {.fd = -1};
	struct err e = {0};
	int fd, code = EXIT_OK;

	if (argc != 3 || argv[1][0] == '-')
		return usage_error("extract", "a file and a folder are needed");
	if ((fd = fs_open_foreign(AT_FDCWD, argv[1], NULL, &e)) == -1)
		return complain(&e);
	x.dir = fs_make_dir_open(AT_FDCWD, argv[2], 0750, &e);
	if (x.dir == -1) {
		close(fd);
		return complain(&e);
	}
	x.hash = hasher_new();
	if (extract_bundle(&x, fd, &e) == -1)
		code = complain(&e);
	hasher_free(x.hash);
	close(x.dir);
	close(fd);
	return code;
}
