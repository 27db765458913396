/*
 * One table, read on both sides: by the bot when it makes the environment of
 * a run, by the master when it says where each option comes from.  Facts:
 * carry-over 2 of the life cycle; LSan reads the common flags of its own
 * variable after those of ASan, so they are forced there, too.
 */
#include <string.h>

#include "lib/wire/sanitizers.h"

#define FORCED_ALL                                                 \
	"exitcode=77:symbolize=1:handle_abort=1:abort_on_error=0:" \
	"allocator_may_return_null=1:log_path=stderr:log_exe_name=0"

/* clang-format off */
const struct sanitizer_tool sanitizer_tools[SANITIZER_TOOLS] = {
	{ "ASAN_OPTIONS", "asan", FORCED_ALL },
	{ "UBSAN_OPTIONS", "ubsan",
	    FORCED_ALL ":print_stacktrace=1:halt_on_error=1" },
	{ "MSAN_OPTIONS", "msan", FORCED_ALL },
	{ "TSAN_OPTIONS", "tsan",
	    FORCED_ALL ":halt_on_error=1:stack_trace_format=DEFAULT" },
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
