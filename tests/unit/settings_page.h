#ifndef TESTS_UNIT_SETTINGS_PAGE_H
#define TESTS_UNIT_SETTINGS_PAGE_H

#include "lib/base/config.h"

/*
 * Fails unless the manual page has an item for each key of the table, in its
 * order, and no other: name, type, what is accepted, default, and whether a
 * change needs a restart.
 */
void assert_page_equals_table(
    const char *path, const struct config_table *table);

#endif
