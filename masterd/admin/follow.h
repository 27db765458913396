#ifndef MASTERD_ADMIN_FOLLOW_H
#define MASTERD_ADMIN_FOLLOW_H

#include "masterd/admin/request.h"

/* Streams of events: at most 32, each ends when its client goes. */
struct follows;

struct follows *follows_new(struct admin *a, struct err *e);
void follows_free(struct follows *all); /* after the last request; NULL: fine */

/* GET events?follow=1: from after=ID, or from now. */
int events_follow(struct request *r, struct err *e);

#endif
