#ifndef LIB_BASE_RANDOM_H
#define LIB_BASE_RANDOM_H

#include <stdint.h>

/* Random bits from the kernel, for ids (PROTOCOL 2) and for jitter. */
uint64_t random_u64(void);         /* never 0: 0 means "no id" */
uint64_t random_below(uint64_t n); /* 0 .. n-1; 0 when n is 0 */

#endif
