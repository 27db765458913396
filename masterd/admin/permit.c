/*
 * From a peer and a route to yes or no.  The grants that the templates give
 * the peer are copied at the start of a request, since a reload may free the
 * templates before it ends.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "masterd/admin/admin_internal.h"
#include "masterd/admin/permit.h"
#include "masterd/db/viewer.h"

struct grant {
	char project[NAME_MAX_LEN + 1];
	enum peer_role role;
};

/* ---- grants ---------------------------------------------------------- */

/* "alice", or "@team" for a group of the system. */
static bool
is_named(const struct peer *p, char *const *names)
{
	const char *user = strchr(p->name, ':');
	int i;

	for (i = 0; names != NULL && names[i] != NULL; i++) {
		if (names[i][0] == '@' && peer_in_group(p, names[i] + 1))
			return true;
		if (user != NULL && strcmp(user + 1, names[i]) == 0)
			return true;
	}
	return false;
}

static enum peer_role
role_in(const struct peer *p, const struct project_access *access)
{
	if (p->role == ROLE_ADMIN || is_named(p, access->admins))
		return ROLE_ADMIN;
	if (is_named(p, access->readers))
		return ROLE_READ;
	return access->is_private ? ROLE_ANYBODY : p->role;
}

static void
add_grant(struct request *r, const char *project, enum peer_role role)
{
	struct grant *g;

	r->grants = mem_resize(
	    r->grants, (size_t)r->grant_count + 1, sizeof(*r->grants));
	g = &r->grants[r->grant_count++];
	text_copy(g->project, sizeof(g->project), project);
	g->role = role;
}

static int
grant_account(struct request *r, struct err *e)
{
	struct buf words = BUF_INIT;
	char *word, *save = NULL;
	int got;

	r->peer.role = ROLE_ANYBODY; /* its uid counts for nothing */
	got = viewer_account_projects(r->admin->db, r->peer.account, &words, e);
	if (words.len > 0)
		for (word = strtok_r(words.data, " ", &save); word != NULL;
		     word = strtok_r(NULL, " ", &save))
			add_grant(r, word, ROLE_ADMIN);
	buf_release(&words);
	return got;
}

static int
make_grants(struct request *r, struct err *e)
{
	const struct templates *t = templates_now(r->admin);
	const struct project_access *access;
	const char *project;
	int at = 0;

	r->grant_count = 0;
	if (r->peer.account[0] != '\0')
		return grant_account(r, e);
	if (r->peer.role == ROLE_ADMIN)
		return 0;
	while ((access = templates_access(t, &at, &project)) != NULL)
		add_grant(r, project, role_in(&r->peer, access));
	return 0;
}

enum peer_role
permit_role(const struct request *r, const char *project)
{
	int i;

	for (i = 0; i < r->grant_count; i++)
		if (strcmp(r->grants[i].project, project) == 0)
			return r->grants[i].role;
	return r->peer.role;
}

static bool
has_anywhere(const struct request *r, enum peer_role role)
{
	int i;

	if (r->peer.role >= role)
		return true;
	for (i = 0; i < r->grant_count; i++)
		if (r->grants[i].role >= role)
			return true;
	return false;
}

/* ---- while it is worked on ------------------------------------------- */

static bool
sees(void *arg, const char *project)
{
	return permit_role(arg, project) >= ROLE_READ;
}

/* Nothing is hidden from it: the views need not ask. */
static bool
sees_all(const struct request *r)
{
	int i;

	if (r->peer.role < ROLE_READ)
		return false;
	for (i = 0; i < r->grant_count; i++)
		if (r->grants[i].role < ROLE_READ)
			return false;
	return true;
}

void
permit_enter(struct request *r)
{
	struct db *db = r->admin->db;

	log_set_trace(r->trace.id);
	db_set_trace(db, r->trace.id);
	viewer_set(db, sees_all(r) ? NULL : sees, r);
}

void
permit_leave(struct request *r)
{
	struct db *db = r->admin->db;

	log_set_trace("");
	db_set_trace(db, "");
	viewer_set(db, NULL, NULL);
}

/* ---- no -------------------------------------------------------------- */

static void
who_may(struct request *r, const char *project, struct buf *out)
{
	bool change = (r->route->needs & ROLE_MASK) == ROLE_ADMIN;
	const struct templates *t = templates_now(r->admin);
	const struct project_access *access;
	const char *name;
	int at = 0, k;

	while (project != NULL &&
	    (access = templates_access(t, &at, &name)) != NULL) {
		if (strcmp(name, project) != 0 ||
		    permit_role(r, project) < ROLE_READ)
			continue;
		for (k = 0; access->admins != NULL && access->admins[k] != NULL;
		     k++)
			buf_printf(out, "%s%s", k == 0 ? "its admins (" : ", ",
			    access->admins[k]);
		buf_adds(out, k > 0 ? ") and " : "");
	}
	buf_adds(out, "members of the group");
	buf_adds(out,
	    change ? " " GROUP_ADMIN : "s " GROUP_ADMIN " and " GROUP_READ);
	buf_adds(out, " may");
}

/* The sentence says who may. */
static int
deny(struct request *r, const char *project, struct err *e)
{
	bool change = (r->route->needs & ROLE_MASK) == ROLE_ADMIN;
	struct buf may = BUF_INIT;

	if (r->peer.account[0] != '\0') {
		buf_printf(&may,
		    "a ci account may add builds of its projects"
		    " and read them, nothing else");
	} else {
		who_may(r, project, &may);
	}
	text_copy(r->said, sizeof(r->said), buf_text(&may));
	r->hint = r->said;
	err_set(e, ERR_DENIED, "%s may not %s %s%.40s: %s", r->peer.name,
	    change ? "change" : "read", project == NULL ? "this" : "project ",
	    project == NULL ? "" : project, buf_text(&may));
	log_warn("request.denied", LOG_T("who", r->peer.name),
	    LOG_T("route", r->route->path), LOG_T("reason", e->text));
	buf_release(&may);
	return -1;
}

/* ---- yes ------------------------------------------------------------- */

int
permit_project(struct request *r, const char *project, struct err *e)
{
	r->asked = true;
	if (permit_role(r, project) == ROLE_ADMIN)
		return 0;
	/* One that is hidden is answered as a name that nobody has. */
	return deny(r, project, e);
}

bool
permit_asked(const struct request *r)
{
	return r->asked || (r->route->needs & OF_MASK) != OF_BODY;
}

/* A change of one row: its project decides.  One that the peer may not see is
 * not found. */
static int
permit_item(struct request *r, unsigned of, struct err *e)
{
	static const enum view views[] = {
	    [OF_BUILD >> 4] = VIEW_BUILD,
	    [OF_TARGET >> 4] = VIEW_TARGET,
	    [OF_JOB >> 4] = VIEW_JOB,
	    [OF_BUCKET >> 4] = VIEW_BUCKET,
	    [OF_CRASH >> 4] = VIEW_CRASH,
	};
	enum view v = views[of >> 4];
	char project[NAME_MAX_LEN + 1];
	struct view_key found;

	if (request_find(r, v, r->part[0], NULL, &found, e) == -1 ||
	    viewer_project(r->admin->db, v, found.id, project, e) == -1)
		return -1;
	return permit_project(r, project, e);
}

static int
permit_change(struct request *r, unsigned of, struct err *e)
{
	const char *project;

	if (r->peer.role == ROLE_ADMIN)
		return 0;
	/* A reader of the whole master is told who may; so is anybody. */
	if (of == OF_MASTER || of == OF_SEEN || !has_anywhere(r, ROLE_ADMIN))
		return deny(r, NULL, e);
	if (of == OF_FILES || of == OF_BODY)
		return 0;
	if (of != OF_QUERY)
		return permit_item(r, of, e);
	project = request_query(r, "project");
	/* The route says what is wrong with the name. */
	return name_ok(project) ? permit_project(r, project, e) : 0;
}

static int
decide(struct request *r, struct err *e)
{
	unsigned needs = r->route->needs, of = needs & OF_MASK;

	if (r->peer.account[0] != '\0' && (needs & FOR_CI) == 0)
		return deny(r, NULL, e);
	if ((needs & ROLE_MASK) == ROLE_ADMIN)
		return permit_change(r, of, e);
	if (of == OF_MASTER ? r->peer.role >= ROLE_READ
			    : has_anywhere(r, ROLE_READ))
		return 0; /* the views leave out what it may not see */
	return deny(r, NULL, e);
}

bool
permit_again(struct request *r, int socket, const char *account)
{
	struct err e;

	if (!r->stream.asks)
		return true;
	peer_of(socket, account, &r->peer);
	return permit(r, &e) == 0;
}

int
permit(struct request *r, struct err *e)
{
	int got;

	if (make_grants(r, e) == -1)
		return -1;
	permit_enter(r);
	got = decide(r, e);
	permit_leave(r);
	return got;
}
