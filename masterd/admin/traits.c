/*
 * From bytes to "this is a fuzz target".  The rules are those of ClusterFuzz
 * and OSS-Fuzz (an executable without extension that holds the entry point or
 * has a name that says so), with one more: a stripped program no longer holds
 * the entry point's name, but libFuzzer's messages are still in it.
 */
#include <assert.h>
#include <elf.h>
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
    {"__AFL_SHM_ID", TRAIT_AFL}, /* is left in a stripped one */
    {"_LIBHFUZZ_NETDRIVER_BINARY_SIGNATURE_", TRAIT_HONGGFUZZ},
    {"__asan_init", TRAIT_ASAN},
    {"__msan_init", TRAIT_MSAN},
    {"__tsan_init", TRAIT_TSAN},
    {"__ubsan_handle_", TRAIT_UBSAN},
};

#define WORDS    (sizeof(words) / sizeof(words[0]))
#define SHORTEST 11 /* word */

/*
 * How far the search may jump when it sees two bytes: Wu and Manber's way of
 * looking for many words at the price of less than one.  0: a word may end
 * its first SHORTEST bytes here.
 */
static uint8_t jumps[65536];

static unsigned
pair(const char *at)
{
	return (unsigned)(uint8_t)at[0] << 8 | (uint8_t)at[1];
}

static void
make_jumps(void)
{
	size_t i, k;

	memset(jumps, SHORTEST - 1, sizeof(jumps));
	for (i = 0; i < WORDS; i++) {
		assert(strlen(words[i].word) >= SHORTEST);
		assert(strlen(words[i].word) <= TRAITS_TAIL);
		for (k = 0; k + 1 < SHORTEST; k++)
			if (jumps[pair(words[i].word + k)] > SHORTEST - 2 - k)
				jumps[pair(words[i].word + k)] =
				    (uint8_t)(SHORTEST - 2 - k);
	}
}

void
traits_init(struct traits_scan *s)
{
	if (jumps[0] == 0)
		make_jumps();
	memset(s, 0, sizeof(*s));
	s->traits = TRAIT_SEEN;
}

static uint32_t
words_at(const char *bytes, size_t len)
{
	uint32_t found = 0;
	size_t i, n;

	for (i = 0; i < WORDS; i++) {
		n = strlen(words[i].word);
		if (n <= len && memcmp(bytes, words[i].word, n) == 0)
			found |= words[i].trait;
	}
	return found;
}

static void
search(struct traits_scan *s, const char *bytes, size_t len)
{
	size_t at = SHORTEST - 2; /* of the pair that is looked at */
	uint8_t jump;

	while (at + 1 < len) {
		jump = jumps[pair(bytes + at)];
		if (jump > 0) {
			at += jump;
			continue;
		}
		s->traits |= words_at(
		    bytes + at - (SHORTEST - 2), len - (at - (SHORTEST - 2)));
		at++;
	}
}

/* How the file begins, in whatever pieces that came. */
static void
look_at_head(struct traits_scan *s, const uint8_t *bytes, size_t len)
{
	size_t n = TRAITS_HEAD - (size_t)s->seen;

	n = n < len ? n : len;
	memcpy(s->head + s->seen, bytes, n);
	n += (size_t)s->seen;
	if (n >= 2 && memcmp(s->head, "#!", 2) == 0)
		s->traits |= TRAIT_SCRIPT;
	if (n >= 4 && memcmp(s->head, "\177ELF", 4) == 0)
		s->traits |= TRAIT_ELF;
	/* Least significant byte first: all machines that fuzz. */
	if (n == TRAITS_HEAD && (s->traits & TRAIT_ELF) != 0 && s->head[5] == 1)
		s->traits |= (uint32_t)(s->head[18] | s->head[19] << 8)
		    << TRAIT_MACHINE;
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
	if (s->seen < TRAITS_HEAD)
		look_at_head(s, bytes, len);
	/* The first four bytes may be on their way still. */
	if (s->seen + len < 4 ||
	    (s->traits & (TRAIT_ELF | TRAIT_SCRIPT)) != 0) {
		memcpy(seam, s->tail, s->tail_len);
		memcpy(seam + s->tail_len, bytes, head);
		search(s, seam, s->tail_len + head);
		search(s, bytes, len);
		keep_tail(s, bytes, len);
	}
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
	    strcmp(name, "jazzerjs") == 0 || strncmp(name, "afl-", 4) == 0 ||
	    strncmp(name, "jazzer_", 7) == 0;
}

static bool
in_extra_build(const char *path)
{
	const char *at = strstr(path, "__extra_build/");

	return at != NULL && (at == path || at[-1] == '/');
}

static const char *
base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

/* Bytes of a program's path without ".exe" or ".par". */
static size_t
stem(const char *path)
{
	size_t len = strlen(path);

	return ends_in(path, ".exe") || ends_in(path, ".par") ? len - 4 : len;
}

/* Why it is nothing that runs; a script has to say what it is. */
static const char *
no_program(uint32_t traits)
{
	if ((traits & (TRAIT_ELF | TRAIT_SCRIPT)) == 0)
		return "is no ELF program";
	if ((traits & TRAIT_SCRIPT) != 0 && (traits & TRAIT_ENTRY) == 0)
		return "is no ELF program, and a script without "
		       "LLVMFuzzerTestOneInput";
	return NULL;
}

const char *
traits_verdict(
    const struct ticket_file *f, uint32_t traits, char name[TARGET_MAX_LEN + 1])
{
	const char *base = base_of(f->path);
	char copy[TICKET_PATH_MAX + 1];
	const char *why;

	text_copy(copy, sizeof(copy), base);
	copy[stem(base)] = '\0';
	if (f->mode != 0755)
		return "is not executable";
	if (is_tool(base))
		return "is a tool of an engine";
	if (in_extra_build(f->path))
		return "lies in __extra_build";
	if (ends_in(base, ".so") || strstr(base, ".so.") != NULL)
		return "is a shared library";
	if ((why = no_program(traits)) != NULL)
		return why;
	if (strchr(copy, '.') != NULL)
		return "has an extension";
	if ((traits & (TRAIT_ENTRY | TRAIT_LIBFUZZER)) == 0 && !says_so(copy))
		return "has no LLVMFuzzerTestOneInput";
	if (!target_name_ok(copy))
		return "has a name that no target may have";
	text_copy(name, TARGET_MAX_LEN + 1, copy);
	return NULL;
}

bool
traits_side_file(const char *path, const char *program)
{
	static const char *const ends[] = {".dict", ".options", ".owners",
	    ".labels", ".components", ".issue_metadata", NULL};
	size_t n = stem(program);
	int i;

	if (strncmp(path, program, n) != 0)
		return false;
	for (i = 0; ends[i] != NULL; i++)
		if (strcmp(path + n, ends[i]) == 0)
			return true;
	return strncmp(path + n, "_seed_corpus.", 13) == 0;
}

/* What runs a script is not in the script; those of OSS-Fuzz (Python, Java)
 * all take libFuzzer's options. */
const char *
traits_engine(uint32_t traits)
{
	if (traits & TRAIT_LIBFUZZER)
		return "libfuzzer";
	if (traits & TRAIT_AFL)
		return "afl";
	if (traits & TRAIT_HONGGFUZZ)
		return "honggfuzz";
	return traits & TRAIT_SCRIPT ? "libfuzzer" : NULL;
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

const char *
traits_arch(uint32_t traits)
{
	static const struct {
		uint32_t machine;
		const char *name;
	} machines[] = {
	    {EM_X86_64, "x86_64"},
	    {EM_AARCH64, "aarch64"},
	    {EM_PPC64, "ppc64le"},
	    {EM_RISCV, "riscv64"},
	};
	size_t i;

	/* 32-bit programs run on their larger brothers: any will do. */
	for (i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
		if (traits >> TRAIT_MACHINE == machines[i].machine)
			return machines[i].name;
	return "";
}
