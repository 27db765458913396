/*
 * The one thing that a hook can tell us: where its bug is tracked.  It will
 * stand in pages and terminals, so only plain addresses are taken.
 */
#include <string.h>

#include "masterd/hooks/issue.h"

#define KEY "issue="

static bool
plain_url(const char *url, size_t len)
{
	size_t head = strncmp(url, "https://", 8) == 0 ? 8
	    : strncmp(url, "http://", 7) == 0          ? 7
						       : 0;
	size_t i;

	if (head == 0 || len <= head || len > ISSUE_MAX)
		return false;
	for (i = 0; i < len; i++)
		if (url[i] <= ' ' || url[i] > '~' ||
		    strchr("\"'<>\\`{}|^", url[i]) != NULL)
			return false;
	return true;
}

bool
issue_find(const char *text, char *url)
{
	size_t len;

	for (; *text != '\0'; text += text[len] == '\n' ? len + 1 : len) {
		len = strcspn(text, "\n");
		if (strncmp(text, KEY, strlen(KEY)) != 0)
			continue;
		text += strlen(KEY);
		len -= strlen(KEY);
		while (len > 0 && strchr(" \t\r", text[len - 1]) != NULL)
			len--;
		if (plain_url(text, len)) {
			memcpy(url, text, len);
			url[len] = '\0';
			return true;
		}
		len = strcspn(text, "\n");
	}
	return false;
}
