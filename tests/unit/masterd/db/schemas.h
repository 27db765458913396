#ifndef TESTS_UNIT_MASTERD_DB_SCHEMAS_H
#define TESTS_UNIT_MASTERD_DB_SCHEMAS_H

#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

#include "lib/base/digest.h"
#include "masterd/db/db.h"
#include "tests/unit/scratch.h"

/*
 * A folder with a database that a program of an older schema left, and questions
 * to it and its copies that go past db.c.  All of them fail the test when they
 * cannot be answered; names are below the folder.
 */
#define DATA   "data/pandafuzz.db"
#define COPY   "data/pandafuzz.db.before-2" /* of schema 1 */
#define COPY_2 "data/pandafuzz.db.before-3"
#define COPY_3 "data/pandafuzz.db.before-4"

/* With scratch_teardown() a cmocka pair: *state is a struct scratch *. */
int schemas_setup(void **state);   /* schema 1 */
int schemas_setup_2(void **state); /* schema 2 */
int schemas_setup_3(void **state); /* schema 3 */

/* Of the fixture that was set up last. */
extern int schemas_from;
const char *schemas_kept(void); /* COPY, COPY_2, COPY_3: its copy */

sqlite3 *schemas_open(struct scratch *s, const char *name);
void schemas_run(sqlite3 *handle, const char *sql);
int64_t schemas_number(sqlite3 *handle, const char *sql);
int64_t schemas_number_in(struct scratch *s, const char *name, const char *sql);

/* Every table, every row, every value, as one digest. */
struct digest schemas_content(struct scratch *s, const char *name);
bool schemas_same(
    struct scratch *s, const char *name, const struct digest *content);

void schemas_copy(struct scratch *s, const char *from, const char *to);
struct db *schemas_db(struct scratch *s); /* db_open() */

#endif
