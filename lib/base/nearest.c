/*
 * Damerau's distance, row by row.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "lib/base/nearest.h"

#define LONGEST 63 /* longer words are like nothing */

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static bool
same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

size_t
nearest_distance(const char *a, const char *b)
{
	size_t row[3][LONGEST + 1], *old = row[0], *last = row[1];
	size_t *now = row[2], *spare, m = strlen(a), n = strlen(b), i, j;

	if (m > LONGEST || n > LONGEST)
		return SIZE_MAX;
	for (j = 0; j <= n; j++)
		last[j] = j;
	for (i = 1; i <= m; i++) {
		now[0] = i;
		for (j = 1; j <= n; j++) {
			now[j] = least(last[j - 1] + !same(a[i - 1], b[j - 1]),
			    least(last[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) &&
			    same(a[i - 2], b[j - 1]))
				now[j] = least(now[j], old[j - 2] + 1);
		}
		spare = old;
		old = last;
		last = now;
		now = spare;
	}
	return last[n];
}

const char *
nearest_word(const char *typed, const char *const *words, size_t count)
{
	size_t i, d, best_d = strlen(typed) / 3 + 2;
	const char *best = NULL;

	for (i = 0; i < count; i++)
		if ((d = nearest_distance(typed, words[i])) < best_d) {
			best = words[i];
			best_d = d;
		}
	return best;
}
