#ifndef BOTD_COURIER_LINK_TCP_H
#define BOTD_COURIER_LINK_TCP_H

#include <stdint.h>

#include "lib/base/err.h"

/* user@host[:port] of an URL, and a connection to it.  IPv6 addresses stand in
 * brackets there and without them here. */
struct link_host {
	char *user, *host, *port; /* port: decimal, "22" when not given */
	int port_number;
};

/* REFUSED on anything else.  To be released in either case. */
int link_host_parse(struct link_host *h, const char *text, struct err *e);
void link_host_release(struct link_host *h);

/* A connected socket, non-blocking and without Nagle's delay. */
int link_tcp_connect(
    const struct link_host *h, uint64_t timeout_ms, struct err *e);

#endif
