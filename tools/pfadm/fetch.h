#ifndef TOOLS_PFADM_FETCH_H
#define TOOLS_PFADM_FETCH_H

#include "tools/pfadm/pfadm.h"
#include "tools/pfadm/table.h"

/*
 * Lists and items: asked for page by page, printed by a description.
 */
struct listing {
	const char *path; /* "jobs" */
	const struct column *columns;
	const char *none; /* what to say on standard error when it is empty */
	bool limited;     /* on a terminal only the newest 50 */
	bool whole;       /* it has no pages */
	/* What the first page says besides its rows, for people; or NULL. */
	void (*tell)(struct pfadm *pf, const struct json_value *root);
};

/* What is shown below an item: rows under one of its keys. */
struct section {
	const char *title, *key;
	const struct column *columns;
};

struct sheet {
	const char *path; /* "jobs" */
	const struct column *fields;
	const struct section *sections; /* end with a title of NULL; may be
					   NULL */
};

/* Print the listing that is the command's data. */
int show_list(struct pfadm *pf);
/* Another one, with the filters of the command line. */
int show_list_of(struct pfadm *pf, const struct listing *l);
/* The same for an address of its own. */
int show_listing(
    struct pfadm *pf, const struct listing *l, const char *address);

/* Add all rows of an address; 0, or the exit code after a complaint. */
int fetch_rows(struct pfadm *pf, const char *address, struct rows *rows);
/* Print them as the master prints a list. */
void print_rows_json(const struct rows *rows);
/* Print what the master said, as it said it. */
void print_reply_json(const struct reply *r);

/* Print the sheet that is the command's data, for the command's argument. */
int show_sheet(struct pfadm *pf);
void print_sheet(
    struct pfadm *pf, const struct sheet *s, const struct json_value *item);

/* Ask for an address and print it as JSON, or with "print". */
int show_reply(struct pfadm *pf, const char *address,
    void (*print)(struct pfadm *pf, const struct json_value *root));

#endif
