#ifndef LIB_BASE_VERSION_H
#define LIB_BASE_VERSION_H

/* Of all programs together; `pfadm status` shows the master's. */
#define PANDAFUZZ_VERSION "0.1"

#endif
