#ifndef MASTERD_ADMIN_LOG_PLACE_H
#define MASTERD_ADMIN_LOG_PLACE_H

#include "masterd/admin/admin_internal.h"

/*
 * Logs of jobs and bots: ?after=FILE.BYTE, as the last answer said it, or the
 * last ?lines=N; the answer is {"job":..., "text":..., "next":"FILE.BYTE"}.
 */
struct log_answer {
	const char *noun, *key;
	bool follows;   /* from "place" on, else the last "lines" */
	uint64_t lines; /* by request */
	struct store_log_place place;
	struct buf text; /* caller releases */
};

int log_place_read(struct request *r, struct log_answer *a, struct err *e);
void log_place_answer(struct request *r, const struct log_answer *a);

#endif
