/*
 * Globs: "*", "?", "[a-z]", "[!a-z]" and "\" before a letter that is meant as
 * it is.  The C library's fnmatch() does the same and depends on the locale;
 * this one is bytes to bytes, and going back to the last star only keeps it
 * at length times length for any glob and any name.
 */
#include <string.h>

#include "lib/triage/rules_internal.h"

/* The bracket that closes the set which begins at "p". */
static const char *
set_end(const char *p)
{
	const char *first;

	p += *p == '!' || *p == '^' ? 1 : 0;
	for (first = p; *p != '\0' && (*p != ']' || p == first); p++)
		if (*p == '\\' && p[1] != '\0')
			p++;
	return *p == ']' ? p : NULL;
}

/*
 * Does the set at "*g" (behind its bracket) hold "c"?  "*g" is left behind
 * the closing bracket.  A set without one was refused by the reader.
 */
static bool
set_holds(const char **g, unsigned char c)
{
	const char *p = *g;
	bool negated = *p == '!' || *p == '^', found = false;
	unsigned char low, high;
	bool first = true;

	for (p += negated ? 1 : 0; *p != '\0' && (*p != ']' || first); p++) {
		first = false;
		if (*p == '\\' && p[1] != '\0')
			p++;
		low = high = (unsigned char)*p;
		if (p[1] == '-' && p[2] != ']' && p[2] != '\0') {
			p += p[2] == '\\' && p[3] != '\0' ? 3 : 2;
			high = (unsigned char)*p;
		}
		if (low <= c && c <= high)
			found = true;
	}
	*g = *p == ']' ? p + 1 : p;
	return found != negated;
}

/* One letter of the glob, which is no star, against one of the name. */
static bool
letter(const char **g, char c)
{
	if (**g == '\0')
		return false;
	if (**g == '?') {
		(*g)++;
		return true;
	}
	if (**g == '[') {
		(*g)++;
		return set_holds(g, (unsigned char)c);
	}
	if (**g == '\\' && (*g)[1] != '\0')
		(*g)++;
	return *(*g)++ == c;
}

bool
rules_glob(const char *glob, const char *name, size_t len)
{
	const char *end = name + len, *star = NULL, *from = NULL, *g = glob;

	while (name < end) {
		if (*g == '*') {
			star = ++g;
			from = name;
		} else if (letter(&g, *name)) {
			name++;
		} else if (star != NULL) {
			g = star;
			name = ++from;
		} else {
			return false;
		}
	}
	while (*g == '*')
		g++;
	return *g == '\0';
}

const char *
rules_glob_fault(const char *glob, size_t *at)
{
	const char *g = glob, *open, *end;

	while (*g != '\0') {
		*at = (size_t)(g - glob);
		if (*g == '\\' && g[1] == '\0')
			return "a '\\' stands before nothing";
		if (*g == '\\') {
			g += 2;
			continue;
		}
		if (*g++ != '[')
			continue;
		open = g;
		if ((end = set_end(open)) == NULL)
			return "a '[' is not closed";
		if (strncmp(open, "[:", 2) == 0)
			return "classes as '[:alpha:]' are not known: write "
			       "'a-zA-Z'";
		g = end + 1;
	}
	return NULL;
}
