#ifndef MASTERD_ACCOUNTS_ENROL_INTERNAL_H
#define MASTERD_ACCOUNTS_ENROL_INTERNAL_H

#include "masterd/accounts/enrol.h"
#include "masterd/db/accounts.h"

struct enrol {
	int root;
	int fresh, tmp, outgoing; /* -1: not there yet */
	struct loop *loop;
	struct db *db;
	struct enrol_hooks hooks;
	struct loop_source *watch, *timer;
};

/* What becomes of one request. */
enum enrol_verdict {
	ENROL_IGNORE, /* of no invitation that we know: removed */
	ENROL_REFUSE, /* with "reason" */
	ENROL_AGAIN,  /* it was taken before: the answer stands in the rows */
	ENROL_TAKE
};

struct enrol_case {
	struct account_invite invite;
	struct account_row account;
	struct enrol_request request;
	char reason[161];
	bool known; /* its key is the account's already */
};

/* Reads rows and "file", changes nothing.  -1 when the database failed. */
int enrol_judge(struct enrol *en, const char *file, struct enrol_case *c,
    enum enrol_verdict *verdict, struct err *e);

/* outgoing/<invite>/answer.json, where it says something else now. */
int enrol_put_answer(struct enrol *en, const char *invite,
    const struct enrol_answer *a, struct err *e);

/* Of what is on its way no more than so many, so large, so long. */
void enrol_bound(struct enrol *en);

#endif
