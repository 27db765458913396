/* What the tests of submissions and of reruns begin with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "masterd/db/submissions.h"
#include "tests/unit/masterd/handed_in.h"
#include "tests/unit/masterd/work.h"

struct scene
scene_of(void **state)
{
	struct scene s = {.f = *state};

	farm_sql(s.f, "UPDATE bot SET slots = 64");
	s.target = work_target(s.f, "inflate");
	s.build = work_build(s.f, "r1", 1);
	work_put(s.f, s.build, s.target, "good");
	farm_sql(s.f, "UPDATE build SET state = 'good'");
	return s;
}

struct digest
input_of(int n)
{
	struct digest d;

	memset(&d, n, sizeof(d));
	return d;
}

int64_t
hand_in(struct scene *s, int n, bool *fresh)
{
	const struct submission one = {.target = s->target,
	    .sha256 = input_of(n),
	    .bytes = 8,
	    .name = "in",
	    .who = "user:x",
	    .trace = "t",
	    .now_ms = FARM_NOW};
	int64_t id;

	assert_int_equal(submissions_add(s->f->db, &one, &id, fresh, NULL), 0);
	return id;
}
