/*
 * Typing errors: Damerau's distance of two words.
 */
#include <string.h>

#include "tools/pfadm/nearest.h"

#define LONGEST 40

static int
least(int a, int b)
{
	return a < b ? a : b;
}

/* Letters to add, drop, change or swap. */
static int
distance(const char *a, const char *b)
{
	int n = (int)strlen(a), m = (int)strlen(b), i, j, cost;
	int d[LONGEST + 1][LONGEST + 1];

	if (n > LONGEST || m > LONGEST)
		return LONGEST;
	for (i = 0; i <= n; i++)
		d[i][0] = i;
	for (j = 0; j <= m; j++)
		d[0][j] = j;
	for (i = 1; i <= n; i++)
		for (j = 1; j <= m; j++) {
			cost = a[i - 1] != b[j - 1];
			d[i][j] = least(least(d[i - 1][j] + 1, d[i][j - 1] + 1),
			    d[i - 1][j - 1] + cost);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
		}
	return d[n][m];
}

const char *
nearest(const char *typed, const char *const *words, int count)
{
	const char *best = NULL;
	int i, d, allowed, least_d = LONGEST;

	for (i = 0; i < count; i++) {
		d = distance(typed, words[i]);
		allowed = ((int)strlen(words[i]) + 2) / 3;
		if (d <= allowed && d < least_d) {
			best = words[i];
			least_d = d;
		}
	}
	return best;
}
