/*
 * Bundles that pf-spool would not make, or not in time.
 *
 *	craft bomb FILE SEQ	inflates to 1.1 GiB: 17 units of 64 MiB zeros
 *	craft long FILE SEQ	one unit of 64 MiB and one byte
 *	craft many FILE SEQ	70,000 records
 *	craft tiny FOLDER FIRST COUNT BOT
 *				small corpus bundles named by rule, two units
 *				each: one of the bundle's own, one for all
 *
 *	craft socket FOLDER NAME
 *
 * All are of account "local", epoch 5f3c9a01d2e4b677; bot "b1" where none is
 * given.
 */
#include <sys/socket.h>
#include <sys/un.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/text.h"
#include "lib/wire/bundle.h"

#define EPOCH 0x5f3c9a01d2e4b677

static const struct bundle_limits no_limits = {
    1ull << 40, 1ull << 40, 1ull << 40, 1ull << 40};

static _Noreturn void
die(const char *what, const struct err *e)
{
	fprintf(stderr, "craft: %s: %s\n", what, e->text);
	exit(1);
}

static uint64_t
number(const char *text)
{
	uint64_t n;

	if (text_to_u64(&n, text) == -1) {
		fprintf(stderr, "craft: '%s' is no number\n", text);
		exit(2);
	}
	return n;
}

static struct bundle_header
header(const char *bot, uint64_t seq)
{
	struct bundle_header h = {.pfb = WIRE_VERSION,
	    .kind = KIND_CORPUS,
	    .account = {"local"},
	    .epoch = EPOCH,
	    .seq = seq,
	    .project = {"png"},
	    .target = {"read"},
	    .has_target = true,
	    .sealed_ms = 1700000000000};

	text_copy(h.bot.text, sizeof(h.bot.text), bot);
	return h;
}

static int
create(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);

	if (fd == -1) {
		perror(path);
		exit(1);
	}
	return fd;
}

static void
add_unit(struct bundle_writer *w, const void *bytes, size_t len)
{
	struct record r = {.type = REC_UNIT};
	struct err e;

	digest_of(&r.sha256, bytes, len);
	if (bundle_write(w, &r, bytes, len, &e) == -1)
		die("unit", &e);
}

static void
finish(struct bundle_writer *w, int fd)
{
	struct err e;

	if (bundle_writer_finish(w, NULL, &e) == -1)
		die("end", &e);
	bundle_writer_free(w);
	close(fd);
}

static void
units(const char *path, uint64_t seq, uint64_t count, size_t len)
{
	struct bundle_header h = header("b1", seq);
	char *bytes = mem_alloc(len + sizeof(count));
	struct bundle_writer *w;
	int fd = create(path);
	struct err e;
	uint64_t i;

	if ((w = bundle_writer_new(fd, &h, &no_limits, &e)) == NULL)
		die(path, &e);
	for (i = 0; i < count; i++) {
		memcpy(bytes, &i, sizeof(i));
		add_unit(w, bytes, len);
	}
	finish(w, fd);
	free(bytes);
}

static void
tiny(const char *folder, uint64_t seq, const char *bot)
{
	struct bundle_header h = header(bot, seq);
	struct bundle_id id = {.epoch = EPOCH, .seq = seq, .cls = BUNDLE_BULK};
	struct bundle_writer *w;
	char path[4096], text[80];
	struct err e;
	int fd;

	text_copy(id.bot.text, sizeof(id.bot.text), bot);
	snprintf(
	    path, sizeof(path), "%s/%s", folder, bundle_id_format(&id).text);
	fd = create(path);
	if ((w = bundle_writer_new(fd, &h, &BUNDLE_LIMITS, &e)) == NULL)
		die(path, &e);
	snprintf(text, sizeof(text), "unit %ju of %s", (uintmax_t)seq, bot);
	add_unit(w, text, strlen(text));
	add_unit(w, "for all", 7);
	finish(w, fd);
}

static void
make_socket(const char *folder, const char *name)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	text_copy(to.sun_path, sizeof(to.sun_path), name);
	if (fd == -1 || chdir(folder) == -1 ||
	    bind(fd, (struct sockaddr *)&to, sizeof(to)) == -1) {
		perror(folder);
		exit(1);
	}
	close(fd);
}

int
main(int argc, char **argv)
{
	uint64_t i, first;

	if (argc == 4 && strcmp(argv[1], "bomb") == 0) {
		units(argv[2], number(argv[3]), 17, 64 << 20);
	} else if (argc == 4 && strcmp(argv[1], "long") == 0) {
		units(argv[2], number(argv[3]), 1, (64 << 20) + 1);
	} else if (argc == 4 && strcmp(argv[1], "many") == 0) {
		units(argv[2], number(argv[3]), 70000, 8);
	} else if (argc == 6 && strcmp(argv[1], "tiny") == 0) {
		first = number(argv[3]);
		for (i = 0; i < number(argv[4]); i++)
			tiny(argv[2], first + i, argv[5]);
	} else if (argc == 4 && strcmp(argv[1], "socket") == 0) {
		make_socket(argv[2], argv[3]);
	} else {
		fprintf(stderr,
		    "usage: craft bomb|long|many FILE SEQ\n"
		    "       craft tiny FOLDER FIRST COUNT BOT\n"
		    "       craft socket FOLDER NAME\n");
		return 2;
	}
	return 0;
}
