/*
 * One bug per word: the program whose reports are the fixtures of
 * triage_test.  The input is the word.  make-reports.sh builds it with one
 * sanitizer after the other and keeps what they print.
 */
#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#endif
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile char sink;
static volatile int zero, big = 0x7fffffff, sixteen = 16, forty = 40;
static char global_array[8];
static void *volatile kept;

static void
uaf(void)
{
	char *p = malloc(16);

	kept = p;
	free(p);
	((char *)kept)[3] = 1;
}

static void
hbo(void)
{
	char *p = malloc(16);

	kept = p;
	sink = ((char *)kept)[sixteen];
	free(p);
}

/* An over-read of 40 bytes, seen in an interceptor. */
static void
hbo40(void)
{
	char *p = malloc(16), to[64];

	kept = p;
	memcpy(to, (char *)kept, (size_t)forty);
	sink = to[3];
	free(p);
}

static void
sbo(void)
{
	char a[8] = {0};

	a[sixteen - 8] = 1;
	sink = a[zero];
}

static void
gbo(void)
{
	global_array[sixteen - 8] = 1;
}

static void
dynstack(void)
{
	char *a = __builtin_alloca((size_t)sixteen);

	a[sixteen] = 1;
	sink = a[zero];
}

static void
scope(void)
{
	volatile char *p;

	{
		volatile char inner[8] = {0};

		p = inner;
	}
	sink = p[3];
}

static void
dfree(void)
{
	char *p = malloc(16);

	kept = p;
	free(p);
	free(kept);
}

static void
badfree(void)
{
	char *p = malloc(16);

	kept = p + 4;
	free(kept);
}

static void
negative(void)
{
	char a[16] = {0};

	memmove(a, a + 1, (size_t)(sixteen - 17));
	sink = a[0];
}

static void
overlap(void)
{
	char a[32] = {0};

	memcpy(a, a + 1, (size_t)sixteen);
	sink = a[0];
}

static void
poison(void)
{
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
	char *p = malloc(64);

	kept = p;
	ASAN_POISON_MEMORY_REGION(p, 64);
	sink = ((char *)kept)[8];
#endif
#endif
}

static void
nullw(void)
{
	*(volatile char *)(uintptr_t)zero = 1;
}

static void
nullr(void)
{
	sink = ((volatile char *)(uintptr_t)zero)[8];
}

static void
callnull(void)
{
	void (*volatile f)(void) = NULL;

	f();
}

static void
wild(void)
{
	sink = *(volatile char *)(uintptr_t)(0x414141414000 + zero);
}

static void
noncanon(void)
{
	sink = *(volatile char *)(uintptr_t)(0x4141414141414141 + zero);
}

static int
rec(int n)
{
	volatile char pad[64];

	pad[0] = (char)n;
	return rec(n + 1) + pad[0];
}

static int mutual_b(int n);

static int
mutual_a(int n)
{
	volatile char pad[64];

	pad[0] = (char)n;
	return mutual_b(n + 1) + pad[0];
}

static int
mutual_b(int n)
{
	volatile char pad[64];

	pad[0] = (char)n;
	return mutual_a(n + 1) + pad[0];
}

static void
mutual(void)
{
	sink = (char)mutual_a(0);
}

static void
fpe(void)
{
	sink = (char)(1 / zero);
}

static void
aborts(void)
{
	abort();
}

static void
asserts(void)
{
	int n = sixteen;

	assert(n == 4711 && "boom");
}

static void
raises(void)
{
	raise(SIGSEGV);
}

static void
traps(void)
{
	__builtin_trap();
}

static void
exits(void)
{
	exit(7);
}

static void
hang(void)
{
	while (!sink)
		zero = 0;
}

static void
hog(void)
{
	size_t i;
	char *p;

	for (i = 0; i < 4096; i++) {
		p = malloc(1 << 20);
		memset(p, 1, 1 << 20);
		kept = p;
	}
}

static void
toobig(void)
{
	kept = malloc((size_t)1 << 60);
}

static void
gibibyte(void)
{
	kept = malloc((size_t)1 << 30);
}

static void
overwrites(const uint8_t *data)
{
	((uint8_t *)(uintptr_t)data)[0] = 'O';
}

static void
leaks(void)
{
	kept = malloc(77);
	kept = NULL;
}

/* A ring: each part is reachable from the other, none from outside. */
static void
ring(void)
{
	void **a = malloc(sizeof(*a)), **b = malloc(sizeof(*b));

	*a = b;
	*b = a;
}

static void
intovf(void)
{
	sink = (char)(big + 5);
}

static void
shift(void)
{
	sink = (char)(1 << forty);
}

static void
divzero(void)
{
	sink = (char)(1 % zero);
}

static void
ubnull(void)
{
	/* Not volatile: UBSan leaves pointers to volatile data alone. */
	int *p = (int *)(uintptr_t)zero;

	sink = (char)*p;
}

static void
ubindex(void)
{
	int a[4] = {0};

	sink = (char)a[sixteen];
}

static void
misaligned(void)
{
	static int array[4];

	sink = (char)*(int *)((uintptr_t)array + 1 + (uintptr_t)zero);
}

static void
uninit(void)
{
	char *p = malloc(16);

	kept = p;
	if (((char *)kept)[3] == 4)
		sink = 1;
	free(p);
}

static int raced;

static void *
racer(void *arg)
{
	raced++;
	return arg;
}

static void
race(void)
{
	pthread_t a, b;

	pthread_create(&a, NULL, racer, NULL);
	pthread_create(&b, NULL, racer, NULL);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
}

static void
recursion(void)
{
	sink = (char)rec(0);
}

/* clang-format off */
static const struct {
	const char *word;
	void (*run)(void);
} bugs[] = {
	{ "uaf", uaf },		{ "hbo", hbo },		{ "hbo40", hbo40 },
	{ "sbo", sbo },		{ "gbo", gbo },		{ "dynstack", dynstack },
	{ "scope", scope },	{ "dfree", dfree },	{ "badfree", badfree },
	{ "negative", negative }, { "overlap", overlap }, { "poison", poison },
	{ "nullw", nullw },	{ "nullr", nullr },	{ "callnull", callnull },
	{ "wild", wild },	{ "noncanon", noncanon }, { "rec", recursion },
	{ "mutual", mutual },	{ "fpe", fpe },		{ "abort", aborts },
	{ "assert", asserts },	{ "raise", raises },	{ "trap", traps },
	{ "exit", exits },	{ "hang", hang },	{ "hog", hog },
	{ "toobig", toobig },	{ "gibibyte", gibibyte },
	{ "leak", leaks },	{ "ring", ring },
	{ "intovf", intovf },	{ "shift", shift },	{ "divzero", divzero },
	{ "ubnull", ubnull },	{ "ubindex", ubindex },
	{ "misaligned", misaligned }, { "uninit", uninit }, { "race", race },
};
/* clang-format on */

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char word[16];
	size_t i;

	if (size >= sizeof(word))
		return 0;
	memcpy(word, data, size);
	word[size] = '\0';
	for (i = 0; i < sizeof(bugs) / sizeof(bugs[0]); i++)
		if (strcmp(word, bugs[i].word) == 0)
			bugs[i].run();
	if (strcmp(word, "overwrites") == 0)
		overwrites(data);
	return 0;
}

#ifdef DRIVER
/* As AFL++'s driver calls a target: two frames of its own below it. */
static int
ExecuteFilesOnyByOne(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		LLVMFuzzerTestOneInput(
		    (const uint8_t *)argv[i], strlen(argv[i]));
	return 0;
}

static int
LLVMFuzzerRunDriver(int argc, char **argv)
{
	return ExecuteFilesOnyByOne(argc, argv);
}

int
main(int argc, char **argv)
{
	return LLVMFuzzerRunDriver(argc, argv);
}
#endif
