#ifndef TOOLS_PFADM_PAGE_H
#define TOOLS_PFADM_PAGE_H

#include "tools/pfadm/pfadm.h"
#include "tools/pfadm/table.h"

/*
 * Pages of one thing, for people: fields, sections below, and commands to go on
 * with.  All text is made harmless here (plain.h).
 */

/* "name           text", further lines below the first; nothing for "". */
void page_field(const char *name, const char *text);
void page_fieldf(const char *name, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* A line of a section; further lines below the first. */
void page_item(const char *text);
/* A title after an empty line, bold where there is colour. */
void page_section(struct pfadm *pf, const char *title);
/* The list's rows as a table below a title; nothing when it is empty. */
void page_table(struct pfadm *pf, const char *title,
    const struct json_value *list, const struct column *columns);
/* One command to go on with. */
void page_next(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* "7 of 10 (40-89 %)" of tries, reproduced, low and high; "" without tries. */
void page_tries(struct buf *out, const struct json_value *r);

/* "high: use after free, write": a word, and the rule that decided. */
void page_judged(const char *name, const char *word, const char *rule);

/* A text that goes to a shell as it is, or NULL: ids and names are letters. */
const char *page_word(const struct json_value *item, const char *key);

#endif
