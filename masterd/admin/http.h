#ifndef MASTERD_ADMIN_HTTP_H
#define MASTERD_ADMIN_HTTP_H

#include "lib/base/err.h"
#include "lib/base/loop.h"
#include "masterd/admin/admin.h"

/*
 * The server on a listening socket, in the loop.  512 connections at once, 10
 * s of silence each between requests and 30 s within one; more of them wait in
 * the socket's backlog until one of those is over.
 */
struct http;

#define HTTP_BACKLOG 1024

/* Takes "fd" also when it fails. */
struct http *http_open(
    struct admin *a, struct loop *loop, int fd, struct err *e);
void http_set_timeout(struct http *h, uint64_t ms); /* of a request */
/* Its peers are this ci account (admin_open_door()). */
void http_set_account(struct http *h, const char *account);
void http_close(struct http *h); /* NULL is fine */

#endif
