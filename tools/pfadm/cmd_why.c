/*
 * job why: the master's account of a job's share, for people.
 */
#include "tools/pfadm/commands.h"

static double
number(const struct json_value *item, const char *key)
{
	double value = 0;

	(void)json_double(json_get(item, key), &value);
	return value;
}

/* "25.0 %", or "-" where there is nothing to have a share of. */
static void
put_share(struct buf *out, const struct json_value *item, const char *key)
{
	double value;

	if (json_double(json_get(item, key), &value) == -1)
		buf_adds(out, "-");
	else
		buf_printf(out, "%.1f %%", value * 100);
}

static void
print_weights(const struct json_value *item)
{
	const char *why = json_get_string(item, "multiplier_why", "");
	const char *until = json_get_string(item, "boost_until", NULL);

	printf("job         %s\n", json_get_string(item, "id", ""));
	printf("target      %s\n", json_get_string(item, "target", ""));
	printf("status      %s\n", json_get_string(item, "status", ""));
	printf("weight      %.0f\n", number(item, "weight"));
	printf("multiplier  %g%s%s\n", number(item, "multiplier"),
	    *why == '\0' ? "" : ": ", why);
	printf("boost       %g%s%s\n", number(item, "boost"),
	    until == NULL ? "" : " until ", until == NULL ? "" : until);
	printf("effective   %g\n", number(item, "effective"));
}

static void
print_slots(const struct json_value *item)
{
	uint64_t ceiling = json_get_u64(item, "ceiling", 0);
	struct buf due = BUF_INIT, day = BUF_INIT, start = BUF_INIT;

	printf("slots       %ju", (uintmax_t)json_get_u64(item, "slots", 0));
	printf(", floor %ju", (uintmax_t)json_get_u64(item, "floor", 0));
	if (ceiling > 0)
		printf(", ceiling %ju", (uintmax_t)ceiling);
	putchar('\n');
	put_share(&due, item, "share_due");
	put_share(&day, item, "share_day");
	put_share(&start, item, "share_start");
	printf("due         %s: %.2f of %ju slots\n", due.data,
	    number(item, "slots_due"),
	    (uintmax_t)json_get_u64(item, "all_slots", 0));
	printf("had         %s in a day, %s since its start (a week at most)\n",
	    day.data, start.data);
	buf_release(&due);
	buf_release(&day);
	buf_release(&start);
}

static void
print_why(struct pfadm *pf, const struct json_value *root)
{
	const struct json_value *item = json_get(root, "item");
	const struct json_value *causes = json_get(item, "causes"), *c;

	(void)pf;
	print_weights(item);
	print_slots(item);
	if (json_count(causes) > 0)
		puts("why not more");
	for (c = json_first(causes); c != NULL; c = json_next(c))
		printf("  %s\n", json_get_string(c, "text", ""));
}

int
cmd_job_why(struct pfadm *pf)
{
	return show_reply(
	    pf, client_path(pf->client, "jobs/%s/why", pf->arg), print_why);
}
