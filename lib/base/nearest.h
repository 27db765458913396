#ifndef LIB_BASE_NEAREST_H
#define LIB_BASE_NEAREST_H

#include <stddef.h>

/*
 * Typing errors: the word of a list that somebody may have meant, NULL when
 * none is near.  Near is a third of the letters, and one: added, left out,
 * changed, or swapped with their neighbour.  Small and capital letters are the
 * same.  The first of several that are as near.
 */
const char *nearest_word(
    const char *typed, const char *const *words, size_t count);

/* Those letters, counted; SIZE_MAX for words of over 63. */
size_t nearest_distance(const char *a, const char *b);

#endif
