/*
 * More bugs by word, in C++: templates, lambdas, inlining, exceptions, casts,
 * threads.  make-more-reports.sh builds it with one compiler and option after
 * the other.  The words are the program's arguments, or the fuzzer's inputs.
 */
#include <assert.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

/* clang-14 leaves it out. */
void operator delete(void *, size_t) noexcept;

static volatile int zero, sixteen = 16;
static volatile char sink;
static void *volatile kept;

namespace shapes
{

template <typename T, int N> struct grid {
	T *cells;
	grid() : cells(new T[N])
	{
	}
	~grid()
	{
		delete[] cells;
	}
	__attribute__((noinline)) T
	at(int i) const
	{
		return cells[i];
	}
	T
	operator()(int i) const
	{
		return at(i);
	}
};

namespace
{
__attribute__((noinline)) void
hidden(const grid<int, 4> &g)
{
	sink = (char)g(sixteen);
}
} // namespace

struct base {
	virtual ~base()
	{
	}
	virtual int
	run()
	{
		return 1;
	}
};
struct other {
	virtual ~other()
	{
	}
	virtual int
	walk()
	{
		return 2;
	}
};
struct derived : base {
	int
	run() override
	{
		return 3;
	}
	int more[4];
};

} // namespace shapes

static inline __attribute__((always_inline)) char
innermost(const char *p)
{
	return p[sixteen];
}

static inline __attribute__((always_inline)) char
inner(const char *p)
{
	return innermost(p) + 1;
}

static __attribute__((noinline)) void
outer()
{
	char *p = new char[8];

	kept = p;
	sink = inner((char *)kept);
	delete[] p;
}

static void
template_bug()
{
	shapes::grid<int, 4> g;

	shapes::hidden(g);
}

static void
lambda_bug()
{
	std::vector<int> v(4);
	auto f = [&v](int i) { return v.data()[i]; };
	std::function<int(int)> g = f;

	sink = (char)g(sixteen);
}

static void
use_after_delete()
{
	std::unique_ptr<std::string> s(new std::string("a longer string here"));
	std::string *p = s.get();

	s.reset();
	sink = (*p)[0];
}

static void
mismatch()
{
	char *p = (char *)malloc(16);

	kept = p;
	delete (char *)kept;
}

static void
sized_mismatch()
{
	shapes::base *b = new shapes::base;

	kept = b;
	::operator delete(kept, (size_t)sixteen * 4);
}

static void
container()
{
	std::vector<int> v;

	v.reserve(16);
	v.push_back(1);
	sink = (char)v.data()[sixteen - 8];
}

static void
throws()
{
	throw std::runtime_error("no such chunk 4711");
}

static void
throws_int()
{
	throw 42;
}

static void
bounds()
{
	std::vector<int> v(3);

	sink = (char)v.at((size_t)sixteen);
}

static void
terminates()
{
	std::thread t([] { usleep(1000); });

	std::terminate();
}

static void
bad_cast()
{
	shapes::base *b = (shapes::base *)new shapes::other;

	kept = b;
	sink = (char)((shapes::base *)kept)->run();
}

static void
bad_down()
{
	shapes::base *b = new shapes::base;

	kept = b;
	sink =
	    (char)static_cast<shapes::derived *>((shapes::base *)kept)->more[0];
}

static void
bad_vptr()
{
	static char raw[64];

	kept = raw;
	sink = (char)((shapes::base *)kept)->run();
}

static int plain;
static std::mutex one, two;

static void
race()
{
	std::thread a([] { plain++; });
	std::thread b([] { plain++; });

	a.join();
	b.join();
}

static void
inversion()
{
	one.lock(), two.lock();
	two.unlock(), one.unlock();
	two.lock(), one.lock();
	one.unlock(), two.unlock();
}

static void
thread_uaf()
{
	char *p = new char[8];

	kept = p;
	std::thread a([] { delete[](char *) kept; });
	a.join();
	std::thread b([] { ((char *)kept)[2] = 1; });
	b.join();
}

static __attribute__((noinline)) int
pick(const int *p)
{
	return p[1] > 3 ? atoi("5") : 6;
}

static void
uninit()
{
	int *p = new int[4];
	int copy[4];

	kept = p;
	memcpy(copy, kept, sizeof(copy));
	sink = (char)pick(copy);
	delete[] p;
}

static __attribute__((noinline)) char *
give()
{
	char local[16];

	local[3] = 1;
	kept = local;
	return (char *)kept;
}

static void
use_after_return()
{
	sink = give()[3];
}

static void
smash()
{
	char a[8];

	memset(a, 'a', (size_t)sixteen * 4);
	kept = a;
	sink = a[zero];
}

static void
fortified()
{
	char a[8];

	kept = a;
	memcpy(a, "a text that is longer than it", (size_t)sixteen);
	sink = a[zero];
}

static void
double_free()
{
	char *p = (char *)malloc(24);

	kept = p;
	free(kept);
	kept = p;
	free(kept);
}

static void
bad_free()
{
	char *p = (char *)malloc(24);

	kept = p + 4;
	free(kept);
}

static void
top_size()
{
	char *p = (char *)malloc(24);

	kept = p;
	memset(p + 24, 0x7e, (size_t)sixteen / 2);
	kept = malloc(100000 + (size_t)zero);
}

static void
assertion()
{
	assert(sixteen < 4711 + zero - 4700 && "too many cells");
}

static void
null_write()
{
	*(volatile int *)(uintptr_t)(unsigned)zero = 1;
}

static void
near_read()
{
	sink = *(volatile char *)(uintptr_t)(unsigned)(0x2000 + zero);
}

static void
wild_write()
{
	*(volatile char *)(uintptr_t)(0x414141414000 + zero) = 1;
}

static void
high_read()
{
	sink = *(volatile char *)(uintptr_t)(0x4141414141414141 + zero);
}

static void
marker()
{
	*(volatile int *)(uintptr_t)(0xbbadbeef + (uintptr_t)(unsigned)zero) =
	    1;
}

static void
wild_call()
{
	void (*volatile f)() = (void (*)())(uintptr_t)(0x414141414000 + zero);

	f();
}

static void
null_call()
{
	void (*volatile f)() = nullptr;

	f();
}

static void
divide()
{
	sink = (char)(sixteen / zero);
}

static void
trap()
{
	__builtin_trap();
}

static void
self_signal()
{
	raise(SIGSEGV);
}

static void
aborts()
{
	abort();
}

static __attribute__((noinline)) int
deep(volatile int *n)
{
	volatile char pad[256];

	pad[0] = (char)*n;
	*n = *n + 1;
	return deep(n) + pad[0];
}

static void
recursion()
{
	volatile int n = 0;

	sink = (char)deep(&n);
}

static void
leaks()
{
	kept = new shapes::grid<int, 64>;
	kept = nullptr;
}

static void
huge()
{
	kept = malloc((size_t)1 << 60);
}

static void
callocs()
{
	kept = calloc((size_t)1 << 40, (size_t)1 << (40 + zero));
}

static void
overflow()
{
	sink = (char)(sixteen + 0x7ffffff0 + 0 * zero);
}

static void
index()
{
	int a[4] = {0};

	sink = (char)a[sixteen];
}

static void
check()
{
	fprintf(stderr,
	    "F1122 10:02:11.000000 4242 grid.cc:77] Check failed: "
	    "cells <= limit (16 vs. 4)\n");
	abort();
}

enum colour { red, green };

static void
enumeration()
{
	int raw = sixteen * 1000;
	colour c;

	memcpy(&c, &raw, sizeof(c));
	sink = (char)(c == green);
}

static const struct {
	const char *word;
	void (*run)();
} bugs[] = {
    {"inline", outer},
    {"template", template_bug},
    {"lambda", lambda_bug},
    {"delete", use_after_delete},
    {"mismatch", mismatch},
    {"sized", sized_mismatch},
    {"container", container},
    {"throw", throws},
    {"throwint", throws_int},
    {"bounds", bounds},
    {"terminate", terminates},
    {"badcast", bad_cast},
    {"baddown", bad_down},
    {"badvptr", bad_vptr},
    {"race", race},
    {"inversion", inversion},
    {"threaduaf", thread_uaf},
    {"uninit", uninit},
    {"uar", use_after_return},
    {"smash", smash},
    {"fortify", fortified},
    {"dfree", double_free},
    {"badfree", bad_free},
    {"topsize", top_size},
    {"assert", assertion},
    {"nullw", null_write},
    {"nearr", near_read},
    {"wildw", wild_write},
    {"highr", high_read},
    {"marker", marker},
    {"wildcall", wild_call},
    {"nullcall", null_call},
    {"divide", divide},
    {"trap", trap},
    {"raise", self_signal},
    {"abort", aborts},
    {"rec", recursion},
    {"leak", leaks},
    {"huge", huge},
    {"calloc", callocs},
    {"overflow", overflow},
    {"index", index},
    {"check", check},
    {"enum", enumeration},
};

extern "C" int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (const auto &b : bugs)
		if (strlen(b.word) == size && memcmp(b.word, data, size) == 0)
			b.run();
	return 0;
}

#ifdef MAIN
int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		LLVMFuzzerTestOneInput((uint8_t *)argv[i], strlen(argv[i]));
	return 0;
}
#endif
