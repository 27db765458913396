/*
 * What lib/triage makes of reports, one line each: file, type, state lines
 * joined by "|", "security" or "-", first 8 digits of the signature; between
 * them tabs.  For trial.sh, and for reading the fixtures.
 *
 *	triage_print TARGET REPORT...
 */
#include <stdio.h>
#include <stdlib.h>

#include "lib/base/buf.h"
#include "lib/triage/triage.h"

static int
slurp(struct buf *b, const char *path)
{
	char piece[4096];
	size_t n;
	FILE *f;

	if ((f = fopen(path, "rb")) == NULL) {
		perror(path);
		return -1;
	}
	buf_reset(b);
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_add(b, piece, n);
	fclose(f);
	return 0;
}

static void
print(const char *path, const struct triage *t)
{
	int i;

	printf("%s\t%s\t", path, triage_type_text(t).text);
	for (i = 0; i < t->state_count; i++)
		printf("%s%s", i > 0 ? "|" : "", t->state[i]);
	printf("\t%s\t%.8s\n", t->security ? "security" : "-",
	    digest_hex(&t->signature).text);
}

int
main(int argc, char **argv)
{
	struct buf b = BUF_INIT;
	struct triage t;
	int i, status = 0;

	for (i = 2; i < argc; i++) {
		if (slurp(&b, argv[i]) == -1) {
			status = 1;
			continue;
		}
		triage_report(&t, b.data, b.len, argv[1]);
		print(argv[i], &t);
	}
	buf_release(&b);
	return argc < 3 ? 2 : status;
}
