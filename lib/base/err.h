#ifndef LIB_BASE_ERR_H
#define LIB_BASE_ERR_H

/*
 * What a library says when something failed: a class, which decides what the
 * caller does next, and one sentence for people.  Libraries fill it and return
 * -1; they never log and never exit.  A daemon logs it once.
 *
 * The sentence starts in lower case, names its subject in quotes and has no
 * full stop: "cannot open 'x': No such file or directory".
 *
 * Every function here that returns int returns -1, so that a caller can write
 * "return err_set(...)".  A NULL "e" is allowed everywhere.
 */

enum err_class {
	ERR_NONE = 0,
	ERR_AGAIN,   /* temporary: keep, back off, try again */
	ERR_REFUSED, /* against the rules: reject with the reason */
	ERR_NOT_FOUND,
	ERR_DENIED,
	ERR_CONFLICT, /* the state does not allow it */
	ERR_BUG       /* ours: abort or answer 500 */
};

struct err {
	enum err_class cls;
	int sys; /* errno behind it, 0 if none */
	char text[512];
};

int err_set(struct err *e, enum err_class cls, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * As err_set(), with ": " and strerror(errno) appended.  The class follows
 * errno: ENOENT is NOT_FOUND, EACCES and EPERM are DENIED, everything else is
 * AGAIN.
 */
int err_sys(struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Put "<formatted>: " before the sentence that "e" already holds. */
int err_wrap(struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Forget an error, as before a call that may leave "e" untouched. */
void err_clear(struct err *e);

/* "again", "refused", ...: the word used in logs and by the admin socket. */
const char *err_class_name(enum err_class cls);

#endif
