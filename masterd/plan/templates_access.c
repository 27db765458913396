/*
 * Who may do what in a project: keys of a project's section that are of no
 * job, and so are no values.  A later file's list takes an earlier one's place.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "masterd/plan/templates_internal.h"

#define NAMES_MAX    64
#define NAME_LONGEST 64 /* of users and groups, with the '@' */

static void
drop_names(char **names)
{
	int i;

	for (i = 0; names != NULL && names[i] != NULL; i++)
		free(names[i]);
	free(names);
}

void
access_free(struct project_access *a)
{
	if (a == NULL)
		return;
	drop_names(a->admins);
	drop_names(a->readers);
	free(a);
}

bool
access_key(const char *key)
{
	return strcmp(key, "admins") == 0 || strcmp(key, "readers") == 0 ||
	    strcmp(key, "security") == 0;
}

/* As useradd takes them, capitals and a domain's @ too: "alice", "@team". */
static bool
name_fits(const char *name)
{
	size_t len = strlen(name);

	if (*name == '@') {
		name++;
		len--;
	}
	return len > 0 && len < NAME_LONGEST && *name != '-' &&
	    strspn(name,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789._@$-") == len;
}

static bool
add_name(struct config_tree *tree, const struct config_node *n, const char *key,
    char **names, int count)
{
	const char *text = config_node_text(n);

	if (config_node_type(n) != CONFIG_NODE_TEXT || !name_fits(text)) {
		config_tree_complain(tree, n, 0,
		    "%s: takes names of users, and of groups as @group", key);
		return false;
	}
	if (count == NAMES_MAX) {
		config_tree_complain(
		    tree, n, 0, "%s: takes at most %d names", key, NAMES_MAX);
		return false;
	}
	names[count] = mem_strdup(text);
	return true;
}

static void
set_names(struct config_tree *tree, const struct config_node *n,
    const char *key, char ***names)
{
	int i, count = 0;

	drop_names(*names);
	*names = mem_array(NAMES_MAX + 1, sizeof(**names));
	if (config_node_nothing(n))
		return;
	if (config_node_type(n) != CONFIG_NODE_LIST) {
		(void)add_name(tree, n, key, *names, 0);
		return;
	}
	for (i = 0; i < config_node_count(n); i++) {
		if (!add_name(tree, config_node_at(n, i), key, *names, count))
			return;
		count++;
	}
}

static void
set_security(struct config_tree *tree, const struct config_node *n,
    struct project_access *a)
{
	const char *text =
	    config_node_type(n) == CONFIG_NODE_TEXT ? config_node_text(n) : "";

	a->is_private = strcmp(text, "private") == 0;
	if (!a->is_private && strcmp(text, "public") != 0)
		config_tree_complain(tree, n, 0,
		    "security: takes public (the default) or private");
}

void
access_set(struct project_access **a, struct config_tree *tree,
    const struct config_node *n, const char *key)
{
	if (*a == NULL)
		*a = mem_alloc(sizeof(**a));
	if (strcmp(key, "security") == 0)
		set_security(tree, n, *a);
	else
		set_names(tree, n, key,
		    key[0] == 'a' ? &(*a)->admins : &(*a)->readers);
}

const struct project_access *
templates_access(const struct templates *t, int *at, const char **project)
{
	const struct layer *l;

	while (*at < t->count) {
		l = t->layers[(*at)++];
		*project = l->name;
		if (l->access != NULL)
			return l->access;
	}
	return NULL;
}
