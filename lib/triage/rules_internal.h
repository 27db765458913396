#ifndef LIB_TRIAGE_RULES_INTERNAL_H
#define LIB_TRIAGE_RULES_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/triage/rules.h"

/*
 * Inside of the rules: what a line says (rules_read.c), where it is found
 * again by a name (rules_find.c), and how three sets become one answer
 * (rules.c).
 */
enum rule_verb { RULE_IGNORE, RULE_KEEP, RULE_WIDEN };

enum rule_subject {
	RULE_FUNCTION,
	RULE_FILE,
	RULE_MODULE,
	RULE_UNNAMED,
	RULE_SUBJECTS
};

/* Most globs are no globs: what they are decides how they are looked up. */
enum rule_form { FORM_EXACT, FORM_START, FORM_PART, FORM_END, FORM_GLOB };

struct rule {
	enum rule_verb verb;
	enum rule_subject subject;
	enum role role;
	enum rule_form form;
	char *glob;        /* as written, NUL-terminated */
	const char *plain; /* in glob: the letters without stars */
	size_t length;     /* of plain */
	uint64_t letters;  /* that a name must have to match */
	int line;
	int next; /* in its list of the finder; -1: the last */
};

/* Rules by subject: whole names in a hash, starts by their first byte, all
 * others one by one; each list from the newest to the oldest rule. */
#define FINDER_STARTS 32

struct finder {
	int *whole; /* indices and -1 */
	uint32_t slots;
	int start[FINDER_STARTS];
	int other;
	bool any;
};

enum finder_kind { FIND_ROLE, FIND_WIDEN, FIND_KINDS };

/* What one section says, or all sections of one project. */
struct rules_set {
	char *project; /* NULL: built in, or [all] */
	struct rule *rules;
	int count, cap;
	struct finder finders[FIND_KINDS][RULE_SUBJECTS];
	/* A setting that is negative was not made. */
	int state, group, timeouts;
	double distance, likeness;
};

void rules_set_init(struct rules_set *s);
void rules_set_release(struct rules_set *s);

/* Make the finders, once all rules are there. */
void rules_set_index(struct rules_set *s);

/* The newest rule that matches, or NULL. */
const struct rule *rules_find(const struct rules_set *s, enum finder_kind kind,
    enum rule_subject subject, const char *name, size_t len);

/* fnmatch(3) without flags and classes, in time length times length. */
bool rules_glob(const char *glob, const char *name, size_t len);

/* What is wrong with a glob, and where; NULL: nothing. */
const char *rules_glob_fault(const char *glob, size_t *at);

/* ---- text ---- */
#define RULES_GLOB_MAX    256
#define RULES_COMPLAINTS  20
#define RULES_PROJECT_MAX 64

/* Where a reader puts a rule: the set of the section it stands in. */
struct rules_reader {
	const char *text;
	size_t len;
	/* NULL: there are too many. */
	struct rules_set *(*section)(void *arg, const char *project);
	void *arg;
	struct buf *complaints; /* a line each, the first RULES_COMPLAINTS */
};

/* Returns the number of complaints; "*said" counts rules and settings. */
int rules_read(const struct rules_reader *r, int *said);

/* The built-in rules: base_rules.c. */
extern const char base_rules_text[];

/* rules_frame() for a name that is known already. */
struct rules_word rules_judge(
    const struct rules_named *r, const struct frame *f, const char *function);

#endif
