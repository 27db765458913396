/*
 * Writes the seeds of chunks_fuzzer into a folder: a small sound image for
 * each feature.  With "bugs", instead, an input for each line of planted.txt
 * under that line's name.
 *
 *	chunks_seeds FOLDER [bugs]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BYTES(text) text, sizeof(text) - 1

static FILE *out;

static void
chunk(const char *type, const char *data, size_t n)
{
	fwrite(type, 1, 4, out);
	fputc((int)(n >> 8), out);
	fputc((int)(n & 0xff), out);
	fwrite(data, 1, n, out);
}

static void
begin(const char *folder, const char *name, const char *head)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if ((out = fopen(path, "wb")) == NULL) {
		perror(path);
		exit(1);
	}
	fwrite("CIMG\1", 1, 5, out);
	chunk("HEAD", head, 6);
}

static void
end(void)
{
	chunk("DONE", BYTES(""));
	if (fclose(out) != 0) {
		perror("chunks_seeds");
		exit(1);
	}
}

#define GRAY_8    "\0\10\0\2\10\0"
#define PALETTE_8 "\0\10\0\2\10\1"
#define RGB_40    "\0\50\0\50\10\2"
#define COLOURS    \
	"\0"       \
	"\1\2\3"   \
	"\4\5\6"   \
	"\7\10\11" \
	"\12\13\14"

static void
colours(const char *folder)
{
	begin(folder, "palette", PALETTE_8);
	chunk("PLTE", BYTES(COLOURS));
	chunk("XFRM", BYTES("\1\2"));
	chunk("PLTE", BYTES("\0\1\2\3"));
	end();
	begin(folder, "histogram", PALETTE_8);
	chunk("PLTE",
	    BYTES(COLOURS "\1\2\3"
			  "\4\5\6"
			  "\7\10\11"
			  "\12\13\14"));
	chunk("HIST", BYTES("\2\0\1\0\2"));
	end();
	begin(folder, "nearest", RGB_40);
	chunk("XFRM", BYTES("\2\7"));
	end();
	begin(folder, "gamma", GRAY_8);
	chunk("GAMA", BYTES("\0\10\55"));
	end();
}

static void
words(const char *folder)
{
	begin(folder, "text", GRAY_8);
	chunk("TEXT", BYTES("\1Title\0a wide sea"));
	end();
	begin(folder, "metadata", GRAY_8);
	chunk("META", BYTES("M\4\0\1\0\3\0\1\0\2"));
	end();
	begin(folder, "name", GRAY_8);
	chunk("NAME", BYTES("Fore & Back & Side"));
	end();
}

static void
space(const char *folder)
{
	begin(folder, "animation", GRAY_8);
	chunk("ANIM", BYTES("\0\100\40\0"));
	end();
	begin(folder, "canvas", RGB_40);
	chunk("CANV", BYTES("\0\2"));
	end();
	begin(folder, "pixels", GRAY_8);
	chunk("PIXL", BYTES("\4\1\4\0\2\3\6\4"));
	end();
	begin(folder, "thumbnail", GRAY_8);
	chunk("THMB", BYTES("\1\1\2\2"));
	end();
	begin(folder, "groups", GRAY_8);
	chunk("GRUP", BYTES("\0NAME\0\2ab"));
	chunk("GRUP", BYTES("\1CALL\0\1\0"));
	chunk("GRUP", BYTES("\2CALL\0\1\1"));
	chunk("CALL", BYTES("\2"));
	end();
}

static void
bugs_of_memory(const char *folder)
{
	begin(folder, "histogram-over-read", PALETTE_8);
	chunk("PLTE", BYTES(COLOURS));
	chunk("HIST", BYTES("\4\0\1\0\2"));
	end();
	begin(folder, "metadata-over-read", GRAY_8);
	chunk("META", BYTES("M\5\0\1\0\3"));
	end();
	begin(folder, "run-overflow", GRAY_8);
	chunk("PIXL", BYTES("\4\1\377\0"));
	end();
	begin(folder, "run-overflow.thumbnail", GRAY_8);
	chunk("THMB", BYTES("\1\1\377\0"));
	end();
	begin(folder, "palette-use-after-free", PALETTE_8);
	chunk("PLTE", BYTES(COLOURS));
	chunk("XFRM", BYTES("\1\2"));
	chunk("PLTE", BYTES("\3\1\2\3"));
	end();
	begin(folder, "name-stack-overflow", GRAY_8);
	chunk("NAME", BYTES("&&&&&&&&&&"));
	end();
	begin(folder, "nearest-null", RGB_40);
	chunk("XFRM", BYTES("\3\7"));
	end();
}

static void
bugs_of_other_kinds(const char *folder)
{
	begin(folder, "group-recursion", GRAY_8);
	chunk("GRUP", BYTES("\0CALL\0\1\1"));
	chunk("GRUP", BYTES("\1CALL\0\1\0"));
	chunk("CALL", BYTES("\0"));
	end();
	begin(folder, "gamma-shift", GRAY_8);
	chunk("GAMA", BYTES("\1\50\1"));
	end();
	begin(folder, "keyword-leak", GRAY_8);
	chunk("TEXT", BYTES("\20Title\0a wide sea\377"));
	end();
	begin(folder, "timeline-hang", GRAY_8);
	chunk("ANIM", BYTES("\0\100\40\17"));
	end();
	begin(folder, "canvas-hog", RGB_40);
	chunk("CANV", BYTES("\2\360"));
	end();
}

int
main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[2], "bugs") == 0) {
		bugs_of_memory(argv[1]);
		bugs_of_other_kinds(argv[1]);
		return 0;
	}
	if (argc != 2)
		return 2;
	colours(argv[1]);
	words(argv[1]);
	space(argv[1]);
	return 0;
}
