#ifndef LIB_WIRE_SANITIZERS_H
#define LIB_WIRE_SANITIZERS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The sanitizers' environment variables, and what the bot forces into each:
 * last in the string, so that nothing a template or a build's .options says
 * can undo it.  The bot obeys this table, the master shows it (--explain).
 *
 * A target may have several at once (UBSan and LSan inside ASan), so every
 * run gets all of them.
 */
struct sanitizer_tool {
	const char *variable; /* "ASAN_OPTIONS" */
	const char *section;  /* of .options: "asan" */
	const char *forced;   /* "exitcode=77:symbolize=1:..." */
};

#define SANITIZER_TOOLS 5
extern const struct sanitizer_tool sanitizer_tools[SANITIZER_TOOLS];

/*
 * One option after the other of a string such as "forced": "at" moves on from
 * the string's start; "name" and "value" point into it.  0 at its end, else 1.
 */
struct sanitizer_option {
	const char *name, *value;
	size_t name_len, value_len;
};
int sanitizer_option_next(const char **at, struct sanitizer_option *o);

/* Is this option forced into any of them, with exactly this value? */
bool sanitizer_forces(const char *name, const char *value);

#endif
