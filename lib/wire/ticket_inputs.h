#ifndef LIB_WIRE_TICKET_INPUTS_H
#define LIB_WIRE_TICKET_INPUTS_H

#include "lib/base/json.h"
#include "lib/wire/ticket.h"

/* "inputs" of a ticket, out and in: for ticket.c only. */
void ticket_inputs_put(struct buf *out, const struct ticket *t);

/* REFUSED; what was read so far is ticket_release()'s. */
int ticket_inputs_parse(
    struct ticket *t, const struct json_value *root, struct err *e);

void ticket_inputs_release(struct ticket *t);

#endif
