/*
 * Why a job has the slots that it has: asked of the planner itself.
 */
#include "masterd/admin/admin_internal.h"

int
job_why(struct request *r, struct err *e)
{
	const struct admin_hooks *hooks = &r->admin->hooks;
	struct view_key found;

	if (request_find(r, VIEW_JOB, r->part[0], NULL, &found, e) == -1)
		return -1;
	if (hooks->why == NULL)
		return err_set(e, ERR_AGAIN, "nobody plans here");
	return hooks->why(hooks->arg, found.id, &r->out, e);
}
