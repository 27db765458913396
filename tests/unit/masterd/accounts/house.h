#ifndef TESTS_UNIT_MASTERD_ACCOUNTS_HOUSE_H
#define TESTS_UNIT_MASTERD_ACCOUNTS_HOUSE_H

#include "lib/wire/invitation.h"
#include "masterd/db/accounts.h"
#include "tests/unit/scratch.h"

/*
 * A ROOT with account "office", and machines that come to it.  The gate runs
 * in a loop of its own, for as long as house_run() says.
 */
struct house {
	struct scratch *scratch;
	int fatal; /* times that it was said */
};

int house_setup(void **state);
int house_teardown(void **state);

/* An open invitation of the key made of "fill" bytes. */
struct sshkey house_key(uint8_t fill);
void house_invite(struct house *h, uint8_t fill, bool automatic);

/* A request of the machine with key "own", signed with that of "fill", in
 * incoming/new; returns the invite. */
const char *house_knock(
    struct house *h, uint8_t fill, uint8_t own, const char *bot);

/* Open the gate, until nothing lies in incoming/new and all is quiet. */
void house_run(struct house *h);

/* A statement on the closed database; the first column, a number or text. */
long house_number(struct house *h, const char *sql);
void house_sql(struct house *h, const char *sql);

/* State of an answer: "none" when there is none. */
const char *house_answer(struct house *h, const char *invite);

/* Does a file below the root hold this text? */
bool house_holds(struct house *h, const char *file, const char *text);

#endif
