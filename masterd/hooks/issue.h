#ifndef MASTERD_HOOKS_ISSUE_H
#define MASTERD_HOOKS_ISSUE_H

#include <stdbool.h>

/*
 * The first line "issue=URL" of what a program wrote: http: or https:, at most
 * ISSUE_MAX bytes, printable, without blanks and what ends an attribute or a
 * link.  True when there is one; "url" has ISSUE_MAX + 1 bytes.
 */
#define ISSUE_MAX 500

bool issue_find(const char *text, char *url);

#endif
