#ifndef LIB_BASE_BUF_H
#define LIB_BASE_BUF_H

#include <stddef.h>

/*
 * A growing byte buffer, and the only allocator of the project.  Running out
 * of memory ends the process: every part is expected to die at any instant
 * and to be started again (DESIGN 1), and no caller has a better answer.
 *
 * "data" is always followed by a NUL that "len" does not count, so a buffer
 * of text can be used as a C string once something was added to it; use
 * buf_text() when it may be empty.
 */
struct buf {
	char *data;
	size_t len;
	size_t cap;
};

/* clang-format off */
#define BUF_INIT { NULL, 0, 0 }
/* clang-format on */

void buf_init(struct buf *b);
void buf_release(struct buf *b); /* frees data; "b" is as after init */
void buf_reset(struct buf *b);   /* len = 0, keeps the memory */
void buf_grow(struct buf *b, size_t extra); /* room for extra bytes */
void buf_add(struct buf *b, const void *bytes, size_t len);
void buf_addc(struct buf *b, char c);
void buf_adds(struct buf *b, const char *text);
void buf_printf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void buf_consume(struct buf *b, size_t len); /* drop len leading bytes */
const char *buf_text(const struct buf *b);   /* "" when empty */

/* Hand the bytes to the caller, who frees them; "b" is as after init. */
char *buf_detach(struct buf *b);

/* malloc and friends that end the process instead of returning NULL. */
void *mem_alloc(size_t size);               /* zeroed */
void *mem_array(size_t count, size_t size); /* zeroed, overflow checked */
void *mem_resize(void *old, size_t count, size_t size);
char *mem_strdup(const char *text);

#endif
