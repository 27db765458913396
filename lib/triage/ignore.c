/*
 * Which frames say nothing about the bug.  A rule looks at the function, at
 * the path of its file or at its module, never at the whole line: "raise" is
 * libc's whatever folder it was compiled in.  Words that are also the
 * beginning of honest names (free, main, new) must match in full.
 */
#include <string.h>

#include "lib/triage/frames.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* clang-format off */
static const char *const functions[] = {
	"abort", "alloc_dealloc_mismatch", "calloc", "cfree", "common_exit",
	"delete", "exit", "_exit", "free", "gsignal", "kill", "main", "malloc",
	"malloc_printerr", "memalign", "aligned_alloc", "posix_memalign", "new",
	"operator new", "operator new[]", "operator delete",
	"operator delete[]", "printf", "pthread_create", "pthread_kill",
	"raise", "realloc", "reallocarray", "scanf", "tgkill", "valloc",
	"_start", "_int_free", "_int_malloc", "_int_realloc",
	"__chk_fail", "__fortify_fail", "__stack_chk_fail", "clone", "clone3",
	"start_thread", "check_memory_region", "assert",
	"demangling_terminate_handler", "logging::LogMessage",
	"ExecuteFilesOnyByOne", "LLVMFuzzerRunDriver", "TestOneProtoInput",
	"rust_begin_unwind", "rust_panic", "rust_oom", "__rust_start_panic",
	"__rust_try",
}, *const function_starts[] = {
	"memcmp", "memcpy", "memmove", "memset", "memchr", "mempcpy",
	"strcat", "strchr", "strcmp", "strcpy", "strdup", "strlen",
	"strncat", "strncmp", "strncpy", "strndup", "strnlen",
	"__memcmp", "__memcpy", "__memmove", "__memset", "__memchr",
	"__mempcpy", "__strcat", "__strchr", "__strcmp", "__strcpy",
	"__strdup", "__strlen", "__strncmp", "__strncpy", "__strnlen",
	"__aeabi_", "__asan", "_asan_", "asan_", "asan.module_", "__hwasan",
	"__lsan", "__msan", "__tsan", "__ubsan", "__sanitizer", "_sanitizer_",
	"__interceptor_", "___interceptor_", "__interception",
	"__assert", "_assert", "__cxa_atexit", "__cxa_rethrow", "__cxa_throw",
	"__GI_", "__libc_", "__pthread_kill", "__run_exit_handlers",
	"__restore_rt", "__kasan_", "fuzzer::", "centipede::",
	"fuzztest::internal::", "absl::log_internal::", "g_log", "g_assertion_",
	"alloc::", "core::panic", "core::fmt::write", "std::panic",
	"std::__terminate", "std::terminate", "std::process::abort",
	"__cxxabiv1::", "mozalloc_", "_objc_terminate",
}, *const function_parts[] = {
	"_assert_fail", "assertion_fail", "AssertionFail", "_asan_rtl_",
	"ASAN_OnSIGSEGV", "PartitionAlloc", "allocator_shim", "DebugBreak",
	"base::debug::",
}, *const paths[] = {
	"/gcc/", "/glibc-", "/libc/", "/libc++", "/llvm-build/", "/sysdeps/",
	"/compiler-rt/", "/sanitizer_common/", "/tcmalloc/", "/jemalloc/",
	"/googletest/", "/crosstool/", "/rust/", "/rustc/", "/memorycmp.c",
	"nptl/./nptl/", "stdlib/./stdlib/", "malloc/./malloc/",
	"string/./string/", "signal/./signal/", "assert/./assert/",
	"debug/./debug/", "libio/./libio/",
}, *const modules[] = {
	"<unknown module>", "[vdso]", "linux-gate.so", "libgcc_s.so",
	"libc.so", "libc-", "libc++.so", "libstdc++.so", "libpthread",
	"ld-linux", "libasan.so", "libubsan.so", "libclang_rt.",
}, *const raisers[] = {
	"raise", "gsignal", "kill", "tgkill", "pthread_kill", "__GI_raise",
	"__kill", "killpg", "sigqueue",
};
/* clang-format on */

/* The function's name without its arguments. */
static struct span
plain_name(const struct frame *f)
{
	size_t at;

	return span_find(f->function, "(", &at) && at > 0
	    ? span_until(f->function, at)
	    : f->function;
}

static bool
is_one(struct span s, const char *const list[], size_t n)
{
	while (n-- > 0)
		if (span_is(s, list[n]))
			return true;
	return false;
}

static bool
starts_with_one(struct span s, const char *const list[], size_t n)
{
	while (n-- > 0)
		if (span_starts(s, list[n]))
			return true;
	return false;
}

static bool
has_one(struct span s, const char *const list[], size_t n)
{
	while (n-- > 0)
		if (span_has(s, list[n]))
			return true;
	return false;
}

bool
frame_ignored(const struct frame *f)
{
	struct span name = plain_name(f);

	if (f->function.n == 0 && f->file.n == 0 && f->module.n == 0)
		return true;
	return is_one(name, functions, COUNT(functions)) ||
	    starts_with_one(name, function_starts, COUNT(function_starts)) ||
	    has_one(name, function_parts, COUNT(function_parts)) ||
	    has_one(f->file, paths, COUNT(paths)) ||
	    has_one(span_base(f->module), modules, COUNT(modules));
}

bool
frame_raises(const struct frame *f)
{
	return is_one(f->function, raisers, COUNT(raisers)) ||
	    span_starts(f->function, "__pthread_kill");
}
