/*
 * One table, read on both sides: by the bot when it makes the environment of
 * a run, by the master when it says where each option comes from.  Facts:
 * carry-over 2 of the life cycle; LSan reads the common flags of its own
 * variable after those of ASan, so they are forced there, too.
 */
#include <string.h>

#include "lib/wire/sanitizers.h"

/*
 * A frame says function and place, and module and offset as well: what has no
 * names can be given some later, and what has can be found again.  Quoted for
 * its blanks; a colon would end the option.
 */
#define FORCED_FRAME "stack_trace_format='    #%n %p %F %S (%m+%o)'"
#define FORCED_ALL                                                    \
	"exitcode=77:symbolize=1:handle_abort=1:abort_on_error=0:"    \
	"allocator_may_return_null=1:log_path=stderr:log_exe_name=0:" \
	"dedup_token_length=3:" FORCED_FRAME

/* clang-format off */
const struct sanitizer_tool sanitizer_tools[SANITIZER_TOOLS] = {
	{ "ASAN_OPTIONS", "asan",
	    FORCED_ALL ":halt_on_error=1:print_scariness=1" },
	{ "UBSAN_OPTIONS", "ubsan",
	    FORCED_ALL ":print_stacktrace=1:halt_on_error=1" },
	{ "MSAN_OPTIONS", "msan", FORCED_ALL ":halt_on_error=1" },
	{ "TSAN_OPTIONS", "tsan", FORCED_ALL ":halt_on_error=1" },
	{ "LSAN_OPTIONS", "lsan", FORCED_ALL },
};
/* clang-format on */

int
sanitizer_option_next(const char **at, struct sanitizer_option *o)
{
	const char *p = *at + strspn(*at, ":");
	size_t len = strcspn(p, ":");

	if (len == 0)
		return 0;
	o->name = p;
	o->name_len = strcspn(p, "=:");
	o->value = p + o->name_len + (p[o->name_len] == '=');
	o->value_len = (size_t)(p + len - o->value);
	*at = p + len;
	return 1;
}

static bool
is_text(const char *at, size_t len, const char *text)
{
	return strlen(text) == len && memcmp(at, text, len) == 0;
}

bool
sanitizer_forces(const char *name, const char *value)
{
	struct sanitizer_option o;
	const char *at;
	int i;

	for (i = 0; i < SANITIZER_TOOLS; i++) {
		at = sanitizer_tools[i].forced;
		while (sanitizer_option_next(&at, &o))
			if (is_text(o.name, o.name_len, name) &&
			    is_text(o.value, o.value_len, value))
				return true;
	}
	return false;
}
