#ifndef TESTS_TARGETS_CHUNKS_H
#define TESTS_TARGETS_CHUNKS_H

#include <stddef.h>
#include <stdint.h>

/*
 * A small chunked image format, and a parser with planted bugs: the demo's
 * target.  planted.txt lists the bugs; do not link this into anything else.
 *
 *	file	= "CIMG" version(1) chunk...
 *	chunk	= type[4] length(2, big endian) data[length]
 *
 *	HEAD	width(2) height(2) depth(1) kind(1)	always first
 *	PLTE	flags(1) { r g b }...
 *	HIST	count(1) { frequency(2) }...
 *	TEXT	flags(1) keyword 0 value
 *	META	order(1) offset(1) { entry(2) }...
 *	GAMA	mode(1) bits(1) value(1)
 *	NAME	text
 *	ANIM	total(2) step(1) flags(1)
 *	CANV	mode(1) scale(1)
 *	XFRM	operation(1) argument(1)
 *	GRUP	id(1) chunk...			kept, run by CALL
 *	CALL	id(1)
 *	PIXL	{ run(1) value(1) }...		rows of the image
 *	THMB	{ run(1) value(1) }...		rows of a quarter of it
 *	DONE
 */
struct chunks_summary {
	unsigned int chunks, width, height;
	uint32_t sum; /* over all that was decoded */
};

/* Returns 0, or -1 when the file is malformed. */
int chunks_parse(struct chunks_summary *s, const uint8_t *data, size_t size);

#endif
