/*
 * The parser of chunks.h.  Each chunk is copied to memory of its exact size
 * and handed to its function.  Bugs are planted, each marked "planted:" with
 * its name in planted.txt; the rest is meant to be right.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tests/targets/chunks.h"

#define SIDE_MAX   512
#define GROUPS     8
#define NAME_ROOM  24
#define CANVAS_MAX (1ull << 31)
#define CHUNKS_MAX 200000 /* groups of groups end some day */

enum { KIND_GRAY, KIND_PALETTE, KIND_RGB };

struct palette {
	size_t count;
	uint8_t rgb[256][3];
};

struct bytes {
	uint8_t *p;
	size_t n;
};

struct image {
	unsigned int width, height;
	uint8_t depth, kind;
	bool has_head;
	struct palette *palette;
	const uint8_t *picked; /* an entry of the palette */
	struct bytes groups[GROUPS];
	int group; /* that is running, or -1 */
	uint8_t *pixels, *thumb, *canvas;
	struct chunks_summary *s;
};

static int run_chunks(struct image *im, const uint8_t *p, size_t n);

static void
add(struct image *im, uint32_t value)
{
	im->s->sum = im->s->sum * 31u + value;
}

/* The caller has checked that two bytes are there. */
static unsigned int
peek_u16(const uint8_t *p)
{
	return (unsigned int)p[0] << 8 | p[1];
}

static int
head_load(struct image *im, struct bytes c)
{
	if (c.n != 6 || im->has_head)
		return -1;
	im->width = peek_u16(c.p);
	im->height = peek_u16(c.p + 2);
	im->depth = c.p[4];
	im->kind = c.p[5];
	im->s->width = im->width;
	im->s->height = im->height;
	if (im->width < 1 || im->width > SIDE_MAX || im->height < 1 ||
	    im->height > SIDE_MAX)
		return -1;
	if (im->depth > 8 || im->kind > KIND_RGB)
		return -1;
	im->has_head = true;
	return 0;
}

/* ---- colours ------------------------------------------------------------- */

#define PLTE_REPLACE 3

static int
palette_load(struct image *im, struct bytes c)
{
	struct palette *p = im->palette;
	size_t i, n;

	if (c.n < 1 || (c.n - 1) % 3 != 0 || c.n > 1 + 256 * 3)
		return -1;
	n = (c.n - 1) / 3;
	if (p != NULL && (c.p[0] & 3) == PLTE_REPLACE) {
		/* planted: palette-use-after-free ("picked" still points) */
		free(p);
		p = NULL;
	}
	if (p != NULL && im->picked != NULL)
		add(im, (uint32_t)n); /* the picked colour stays */
	if (p == NULL && (p = calloc(1, sizeof(*p))) == NULL)
		return -1;
	for (i = 0; i < n; i++)
		memcpy(p->rgb[i], c.p + 1 + 3 * i, 3);
	p->count = n > p->count ? n : p->count;
	im->palette = p;
	return 0;
}

static int
hist_load(struct image *im, struct bytes c)
{
	size_t i, count;

	if (im->palette == NULL || c.n < 1)
		return -1;
	count = c.p[0];
	if (count > im->palette->count)
		return -1;
	/* planted: histogram-over-read (the chunk may be shorter) */
	for (i = 0; i < count; i++)
		add(im, peek_u16(c.p + 1 + 2 * i));
	return 0;
}

static void
gamma_scale(struct image *im, unsigned int bits, unsigned int value)
{
	int scale;

	/* planted: gamma-shift */
	scale = 1 << bits;
	add(im, (uint32_t)scale * value);
}

static int
gamma_load(struct image *im, struct bytes c)
{
	if (c.n != 3 || c.p[0] > 15 || c.p[1] > 63)
		return -1;
	if (c.p[0] == 0 && c.p[1] > 16)
		return -1;
	gamma_scale(im, c.p[1], c.p[2]);
	return 0;
}

/* ---- words --------------------------------------------------------------- */

#define TEXT_WIDE 0x10

static char *
text_keyword(const uint8_t *p, size_t n)
{
	char *word = malloc(n + 1);

	if (word != NULL) {
		memcpy(word, p, n);
		word[n] = '\0';
	}
	return word;
}

static bool
text_has(const uint8_t *p, size_t n, uint8_t from, uint8_t to)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (p[i] >= from && p[i] <= to)
			return true;
	return false;
}

static int
text_load(struct image *im, struct bytes c)
{
	const uint8_t *end;
	char *word;
	size_t n;

	if (c.n < 3 || (end = memchr(c.p + 1, '\0', c.n - 1)) == NULL)
		return -1;
	n = (size_t)(end - c.p) + 1;
	if (text_has(c.p + n, c.n - n, 0, 0x1f))
		return -1;
	if ((word = text_keyword(c.p + 1, n - 2)) == NULL)
		return -1;
	/* planted: keyword-leak (wide text, found invalid too late) */
	if ((c.p[0] & 0xf0) == TEXT_WIDE &&
	    text_has(c.p + n, c.n - n, 0xfe, 0xff))
		return -1;
	add(im, (uint32_t)strlen(word));
	free(word);
	return 0;
}

static unsigned int
meta_orientation(const uint8_t *p, size_t n, size_t offset)
{
	/* planted: metadata-over-read (two bytes are read) */
	if (offset >= n)
		return 0;
	return peek_u16(p + offset);
}

static int
meta_load(struct image *im, struct bytes c)
{
	if (c.n < 4 || (c.p[0] != 'I' && c.p[0] != 'M'))
		return -1;
	add(im, meta_orientation(c.p, c.n, c.p[1] & 31));
	return 0;
}

/* "Fore & Back" -> "fore and back" */
static void
name_fold(struct image *im, const uint8_t *p, size_t n)
{
	char folded[NAME_ROOM], *to = folded;
	size_t i;

	/* planted: name-stack-overflow (an "&" takes three) */
	for (i = 0; i < n && i < NAME_ROOM; i++) {
		if (p[i] == '&') {
			*to++ = 'a';
			*to++ = 'n';
			*to++ = 'd';
		} else {
			*to++ = (char)(p[i] | 0x20);
		}
	}
	while (to-- > folded)
		add(im, (uint32_t)*to);
}

static int
name_load(struct image *im, struct bytes c)
{
	if (c.n < 1 || c.n > NAME_ROOM)
		return -1;
	name_fold(im, c.p, c.n);
	return 0;
}

/* ---- time and space ------------------------------------------------------ */

static void
timeline_walk(struct image *im, unsigned int total, unsigned int step)
{
	unsigned int t;

	/* planted: timeline-hang (a step may have been scaled to 0) */
	for (t = 0; t < total; t += step)
		add(im, t);
}

#define ANIM_FASTER 8

static int
anim_load(struct image *im, struct bytes c)
{
	unsigned int step = c.n == 4 ? c.p[2] : 0;

	if (step == 0 || (c.p[3] & 0xf0) != 0)
		return -1;
	if ((c.p[3] & ANIM_FASTER) != 0)
		step >>= c.p[3] & 7;
	timeline_walk(im, peek_u16(c.p), step);
	return 0;
}

#define CANVAS_VECTOR 2

static int
canvas_load(struct image *im, struct bytes c)
{
	unsigned long long bytes;

	if (c.n != 2 || c.p[1] == 0 || (c.p[0] != CANVAS_VECTOR && c.p[1] > 4))
		return -1;
	/* planted: canvas-hog (vector images may be scaled without end) */
	bytes = 4ull * im->width * im->height * c.p[1] * c.p[1];
	if (bytes > CANVAS_MAX)
		return -1;
	free(im->canvas);
	im->canvas = malloc(bytes);
	if (im->canvas == NULL)
		return -1;
	im->canvas[0] = c.p[1];
	add(im, im->canvas[0]);
	return 0;
}

/* ---- transforms ---------------------------------------------------------- */

enum { XFRM_PICK = 1, XFRM_INVERT = 2, XFRM_NEAREST = 3 };

static size_t
palette_nearest(const struct palette *p, unsigned int gray)
{
	size_t i;

	/* planted: nearest-null (a full-colour image has no palette) */
	for (i = 0; i < p->count; i++)
		if (p->rgb[i][0] >= gray)
			return i;
	return 0;
}

static int
transform_load(struct image *im, struct bytes c)
{
	if (c.n != 2)
		return -1;
	switch (c.p[0]) {
	case XFRM_PICK:
		if (im->palette == NULL || c.p[1] >= im->palette->count)
			return -1;
		im->picked = im->palette->rgb[c.p[1]];
		return 0;
	case XFRM_NEAREST:
		if (im->kind != KIND_RGB && im->palette == NULL)
			return -1;
		add(im, (uint32_t)palette_nearest(im->palette, c.p[1]));
		return 0;
	case XFRM_INVERT:
		add(im, ~(uint32_t)c.p[1]);
		return 0;
	default:
		return -1;
	}
}

/* ---- pixels -------------------------------------------------------------- */

#define TRANSPARENT 0

static void
row_put_run(uint8_t *row, unsigned int x, unsigned int run, uint8_t value)
{
	unsigned int i;

	for (i = 0; i < run; i++)
		row[x + i] = value;
}

/* One row; returns how many bytes it took, 0 when they run out. */
static size_t
row_unpack(uint8_t *row, unsigned int width, const uint8_t *p, size_t n)
{
	unsigned int x = 0, end;
	size_t used = 0;

	while (x < width) {
		if (n - used < 2 || p[used] == 0)
			return 0;
		end = x + p[used];
		if (p[used + 1] == TRANSPARENT) {
			/* planted: run-overflow (cut to eight bits) */
			end = (uint8_t)end;
		}
		if (end > width)
			return 0;
		row_put_run(row, x, p[used], p[used + 1]);
		x += p[used];
		used += 2;
	}
	return used;
}

static uint8_t *
pixels_unpack(unsigned int width, unsigned int height, struct bytes c)
{
	uint8_t *pixels = calloc(height, width);
	size_t at = 0, used;
	unsigned int y;

	for (y = 0; pixels != NULL && y < height; y++) {
		used = row_unpack(
		    pixels + (size_t)y * width, width, c.p + at, c.n - at);
		if (used == 0)
			break;
		at += used;
	}
	return pixels;
}

static int
image_load(struct image *im, struct bytes c)
{
	free(im->pixels);
	im->pixels = pixels_unpack(im->width, im->height, c);
	if (im->pixels == NULL)
		return -1;
	add(im, im->pixels[0]);
	return 0;
}

static int
thumb_load(struct image *im, struct bytes c)
{
	free(im->thumb);
	im->thumb = pixels_unpack(im->width / 4 + 1, im->height / 4 + 1, c);
	if (im->thumb == NULL)
		return -1;
	add(im, im->thumb[0]);
	return 0;
}

/* ---- groups and the loop over chunks ------------------------------------- */

static int
group_load(struct image *im, struct bytes c)
{
	struct bytes *g;

	if (c.n < 1 || c.p[0] >= GROUPS || im->group != -1)
		return -1;
	g = &im->groups[c.p[0]];
	free(g->p);
	g->n = c.n - 1;
	g->p = malloc(g->n + 1);
	if (g->p == NULL)
		return -1;
	memcpy(g->p, c.p + 1, g->n);
	return 0;
}

static int
group_call(struct image *im, struct bytes c)
{
	int before = im->group, id, r;

	if (c.n != 1)
		return -1;
	id = c.p[0] % GROUPS;
	/* planted: group-recursion (two groups may call each other) */
	if (id == before || im->groups[id].p == NULL)
		return -1;
	im->group = id;
	r = run_chunks(im, im->groups[id].p, im->groups[id].n);
	im->group = before;
	return r;
}

static const struct {
	char type[5];
	int (*load)(struct image *im, struct bytes c);
} loaders[] = {
    {"HEAD", head_load},
    {"PLTE", palette_load},
    {"HIST", hist_load},
    {"TEXT", text_load},
    {"META", meta_load},
    {"GAMA", gamma_load},
    {"NAME", name_load},
    {"ANIM", anim_load},
    {"CANV", canvas_load},
    {"XFRM", transform_load},
    {"GRUP", group_load},
    {"CALL", group_call},
    {"PIXL", image_load},
    {"THMB", thumb_load},
};

static int
run_chunk(struct image *im, const uint8_t *type, struct bytes c)
{
	size_t i;

	if (!im->has_head && memcmp(type, "HEAD", 4) != 0)
		return -1;
	for (i = 0; i < sizeof(loaders) / sizeof(loaders[0]); i++)
		if (memcmp(type, loaders[i].type, 4) == 0)
			return loaders[i].load(im, c);
	return 0; /* unknown chunks are passed over */
}

static int
run_chunks(struct image *im, const uint8_t *p, size_t n)
{
	struct bytes c;
	int r = 0;

	while (r == 0 && n >= 6 && memcmp(p, "DONE", 4) != 0) {
		c.n = peek_u16(p + 4);
		if (c.n > n - 6 || im->s->chunks == CHUNKS_MAX ||
		    (c.p = malloc(c.n + (c.n == 0))) == NULL)
			return -1;
		memcpy(c.p, p + 6, c.n);
		im->s->chunks++;
		r = run_chunk(im, p, c);
		p += 6 + c.n;
		n -= 6 + c.n;
		free(c.p);
	}
	return r;
}

static unsigned int
palette_tint(const uint8_t *rgb)
{
	return (rgb[0] * 3u + rgb[1] * 2u + rgb[2]) & 0xff;
}

/* The picked colour is the background of what no row has painted. */
static void
image_finish(struct image *im)
{
	if (im->picked != NULL)
		add(im, palette_tint(im->picked));
}

static void
image_free(struct image *im)
{
	int i;

	for (i = 0; i < GROUPS; i++)
		free(im->groups[i].p);
	free(im->palette);
	free(im->pixels);
	free(im->thumb);
	free(im->canvas);
}

int
chunks_parse(struct chunks_summary *s, const uint8_t *data, size_t size)
{
	struct image im;
	int r;

	memset(s, 0, sizeof(*s));
	memset(&im, 0, sizeof(im));
	im.s = s;
	im.group = -1;
	if (size < 5 || memcmp(data, "CIMG\1", 5) != 0)
		return -1;
	r = run_chunks(&im, data + 5, size - 5);
	image_finish(&im);
	image_free(&im);
	return r;
}
