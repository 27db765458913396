/*
 * getrandom(2).  It cannot fail for 8 bytes once the pool is ready.
 */
#include <sys/random.h>

#include "lib/base/random.h"

uint64_t
random_u64(void)
{
	uint64_t value = 0;

	while (value == 0)
		if (getrandom(&value, sizeof(value), 0) != sizeof(value))
			value = 0;
	return value;
}

uint64_t
random_below(uint64_t n)
{
	return n == 0 ? 0 : random_u64() % n;
}
