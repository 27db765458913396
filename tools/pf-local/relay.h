#ifndef TOOLS_PF_LOCAL_RELAY_H
#define TOOLS_PF_LOCAL_RELAY_H

#include "lib/base/err.h"

/*
 * Bytes both ways between standard input and output and a socket, until the
 * socket's side is done.  Ends of each way are passed on.
 */
int relay(int socket, struct err *e);

#endif
