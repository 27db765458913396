/*
 * From bytes to "this is a fuzz target".  The rules are those of ClusterFuzz
 * and OSS-Fuzz (an executable without extension that holds the entry point or
 * has a name that says so), with one more: a stripped program no longer holds
 * the entry point's name, but libFuzzer's messages are still in it.
 */
#include <string.h>

#include "lib/base/text.h"
#include "masterd/admin/traits.h"

static const struct {
	const char *word;
	uint32_t trait;
} words[] = {
    {"LLVMFuzzerTestOneInput", TRAIT_ENTRY},
    {"LLVMFuzzerRunDriver", TRAIT_ENTRY},
    {"libFuzzer: ", TRAIT_LIBFUZZER},
    {"##SIG_AFL_PERSISTENT##", TRAIT_AFL},
    {"##SIG_AFL_DEFER_FORKSRV##", TRAIT_AFL},
    {"__afl_area_ptr", TRAIT_AFL},
    {"_LIBHFUZZ_NETDRIVER_BINARY_SIGNATURE_", TRAIT_HONGGFUZZ},
    {"__asan_init", TRAIT_ASAN},
    {"__msan_init", TRAIT_MSAN},
    {"__tsan_init", TRAIT_TSAN},
    {"__ubsan_handle_", TRAIT_UBSAN},
};

#define WORDS (sizeof(words) / sizeof(words[0]))

void
traits_init(struct traits_scan *s)
{
	memset(s, 0, sizeof(*s));
	s->traits = TRAIT_SEEN;
}

static void
search(struct traits_scan *s, const char *bytes, size_t len)
{
	size_t i;

	for (i = 0; i < WORDS; i++)
		if ((s->traits & words[i].trait) == 0 &&
		    memmem(bytes, len, words[i].word, strlen(words[i].word)) !=
			NULL)
			s->traits |= words[i].trait;
}

static void
check_magic(struct traits_scan *s, const char *bytes, size_t len)
{
	static const char magic[4] = {0x7f, 'E', 'L', 'F'};
	size_t i;

	/* All of the first four, whatever pieces they came in. */
	if (s->seen == 0)
		s->traits |= TRAIT_ELF;
	for (i = 0; i < len && s->seen + i < sizeof(magic); i++)
		if (bytes[i] != magic[s->seen + i])
			s->traits &= ~(uint32_t)TRAIT_ELF;
}

/* Keep the last TRAITS_TAIL bytes of what was seen. */
static void
keep_tail(struct traits_scan *s, const char *bytes, size_t len)
{
	size_t old;

	if (len >= TRAITS_TAIL) {
		memcpy(s->tail, bytes + len - TRAITS_TAIL, TRAITS_TAIL);
		s->tail_len = TRAITS_TAIL;
		return;
	}
	old = s->tail_len;
	if (old + len > TRAITS_TAIL)
		old = TRAITS_TAIL - len;
	memmove(s->tail, s->tail + s->tail_len - old, old);
	memcpy(s->tail + old, bytes, len);
	s->tail_len = old + len;
}

void
traits_add(struct traits_scan *s, const void *bytes, size_t len)
{
	char seam[2 * TRAITS_TAIL];
	size_t head = len < TRAITS_TAIL ? len : TRAITS_TAIL;

	if (len == 0)
		return;
	check_magic(s, bytes, len);
	memcpy(seam, s->tail, s->tail_len);
	memcpy(seam + s->tail_len, bytes, head);
	search(s, seam, s->tail_len + head);
	search(s, bytes, len);
	keep_tail(s, bytes, len);
	s->seen += len;
}

/* ---- verdicts -------------------------------------------------------- */

static bool
ends_in(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n > m && strcmp(name + n - m, end) == 0;
}

static bool
says_so(const char *name)
{
	return ends_in(name, "_fuzzer") || ends_in(name, "_fuzztest") ||
	    ends_in(name, "_fuzz_test");
}

static bool
is_tool(const char *name)
{
	return strcmp(name, "llvm-symbolizer") == 0 ||
	    strncmp(name, "afl-", 4) == 0 || strncmp(name, "jazzer_", 7) == 0;
}

static bool
in_extra_build(const char *path)
{
	const char *at = strstr(path, "__extra_build/");

	return at != NULL && (at == path || at[-1] == '/');
}

const char *
traits_verdict(
    const struct ticket_file *f, uint32_t traits, char name[TARGET_MAX_LEN + 1])
{
	const char *slash = strrchr(f->path, '/');
	const char *base = slash == NULL ? f->path : slash + 1;

	if (f->mode != 0755)
		return "is not executable";
	if ((traits & TRAIT_ELF) == 0)
		return "is no ELF program";
	if (is_tool(base))
		return "is a tool of an engine";
	if (in_extra_build(f->path))
		return "lies in __extra_build";
	if (strchr(base, '.') != NULL)
		return "has an extension";
	if (!target_name_ok(base))
		return "has a name that no target may have";
	if ((traits & (TRAIT_ENTRY | TRAIT_LIBFUZZER)) == 0 && !says_so(base))
		return "has no LLVMFuzzerTestOneInput";
	if (traits_engine(traits) == NULL)
		return "was not linked with a fuzzing engine";
	text_copy(name, TARGET_MAX_LEN + 1, base);
	return NULL;
}

const char *
traits_engine(uint32_t traits)
{
	if (traits & TRAIT_LIBFUZZER)
		return "libfuzzer";
	if (traits & TRAIT_AFL)
		return "afl";
	if (traits & TRAIT_HONGGFUZZ)
		return "honggfuzz";
	return NULL;
}

/* clang links UBSan's handlers into every libFuzzer program, so "undefined"
 * also stands for a program without any sanitizer. */
const char *
traits_sanitizer(uint32_t traits)
{
	if (traits & TRAIT_ASAN)
		return "address";
	if (traits & TRAIT_MSAN)
		return "memory";
	if (traits & TRAIT_TSAN)
		return "thread";
	if (traits & TRAIT_UBSAN)
		return "undefined";
	return "none";
}
