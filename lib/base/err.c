/*
 * Failure as a value: class and sentence.  Nothing here allocates, so that an
 * error can be reported when memory or descriptors have run out.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/err.h"

int
err_set(struct err *e, enum err_class cls, const char *fmt, ...)
{
	va_list ap;

	if (e == NULL)
		return -1;
	e->cls = cls;
	e->sys = 0;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return -1;
}

static enum err_class
class_of_errno(int error)
{
	switch (error) {
	case ENOENT:
		return ERR_NOT_FOUND;
	case EACCES:
	case EPERM:
		return ERR_DENIED;
	default:
		return ERR_AGAIN;
	}
}

int
err_sys(struct err *e, const char *fmt, ...)
{
	int saved = errno;
	size_t used;
	va_list ap;

	if (e == NULL)
		return -1;
	e->cls = class_of_errno(saved);
	e->sys = saved;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	used = strlen(e->text);
	snprintf(
	    e->text + used, sizeof(e->text) - used, ": %s", strerror(saved));
	errno = saved;
	return -1;
}

int
err_wrap(struct err *e, const char *fmt, ...)
{
	char old[sizeof(e->text)];
	size_t used;
	va_list ap;

	if (e == NULL)
		return -1;
	memcpy(old, e->text, sizeof(old));
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	used = strlen(e->text);
	snprintf(e->text + used, sizeof(e->text) - used, ": %s", old);
	return -1;
}

void
err_clear(struct err *e)
{
	if (e == NULL)
		return;
	e->cls = ERR_NONE;
	e->sys = 0;
	e->text[0] = '\0';
}

const char *
err_class_name(enum err_class cls)
{
	static const char *const names[] = {
	    [ERR_NONE] = "none",
	    [ERR_AGAIN] = "again",
	    [ERR_REFUSED] = "refused",
	    [ERR_NOT_FOUND] = "not_found",
	    [ERR_DENIED] = "denied",
	    [ERR_CONFLICT] = "conflict",
	    [ERR_BUG] = "bug",
	};

	return names[cls];
}
