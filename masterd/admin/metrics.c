/*
 * Metrics in Prometheus' text format (0.0.4): facts from the database, gauges
 * from the master.  One HELP and TYPE a name, its samples below.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/base/version.h"
#include "masterd/admin/admin_internal.h"

static const struct {
	const char *name, *type, *help;
} families[] = {
    {"pandafuzz_build_info", "gauge", "The version of the master."},
    {"pandafuzz_bots", "gauge", "Bots by state."},
    {"pandafuzz_jobs", "gauge", "Jobs by status."},
    {"pandafuzz_spool_bundles", "gauge", "Bundles by where they wait."},
    {"pandafuzz_spool_oldest_seconds", "gauge",
	"Age of the oldest bundle that waits in incoming."},
    {"pandafuzz_ingest_bundles_total", "counter",
	"Bundles by kind and outcome."},
    {"pandafuzz_ingest_duration_seconds", "histogram",
	"From a bundle's arrival in incoming to its COMMIT."},
    {"pandafuzz_execs_total", "counter",
	"Executions of jobs that are not over."},
    {"pandafuzz_execs_per_second", "gauge", "Speed of jobs that are not over."},
    {"pandafuzz_edges_found", "gauge", "Edges covered in a target."},
    {"pandafuzz_corpus_files", "gauge", "Units of a target."},
    {"pandafuzz_corpus_bytes", "gauge", "Size of the units of a target."},
    {"pandafuzz_crashes_total", "counter", "Distinct crashes of a target."},
    {"pandafuzz_crash_buckets", "gauge", "Bugs of a project."},
    {"pandafuzz_crash_buckets_hidden", "gauge",
	"Bugs that lists leave out, and why."},
    {"pandafuzz_crash_hits_total", "counter",
	"Times that bugs of a project were hit."},
    {"pandafuzz_submissions_waiting", "gauge",
	"Inputs handed in that no bot has run yet."},
    {"pandafuzz_bot_last_seen_timestamp_seconds", "gauge",
	"When a bot was heard of last."},
    {"pandafuzz_db_size_bytes", "gauge", "Size of the database file."},
    {"pandafuzz_db_checkpoint_seconds", "gauge",
	"How long the last checkpoint of the database took."},
    {"pandafuzz_disk_free_bytes", "gauge",
	"Free space of the store's file system."},
};

struct text {
	struct buf *out;
	char last[64]; /* name of the family that is open */
};

static void
family(struct text *t, const char *name)
{
	size_t i;

	if (strcmp(t->last, name) == 0)
		return;
	text_copy(t->last, sizeof(t->last), name);
	for (i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (strcmp(families[i].name, name) == 0)
			buf_printf(t->out, "# HELP %s %s\n# TYPE %s %s\n", name,
			    families[i].help, name, families[i].type);
}

static void
sample(void *arg, const char *name, const char *labels, int64_t value)
{
	struct text *t = arg;

	family(t, name);
	if (*labels == '\0')
		buf_printf(t->out, "%s %jd\n", name, (intmax_t)value);
	else
		buf_printf(
		    t->out, "%s{%s} %jd\n", name, labels, (intmax_t)value);
}

/* Milliseconds as seconds. */
static void
sample_ms(struct text *t, const char *name, uint64_t ms)
{
	family(t, name);
	buf_printf(t->out, "%s %ju.%03ju\n", name, (uintmax_t)(ms / 1000),
	    (uintmax_t)(ms % 1000));
}

/* "0.025", "1": without zeros behind. */
static void
add_limit(struct buf *out, uint64_t ms)
{
	buf_printf(out, "%ju", (uintmax_t)(ms / 1000));
	if (ms % 1000 == 0)
		return;
	buf_printf(out, ".%03ju", (uintmax_t)(ms % 1000));
	while (out->data[out->len - 1] == '0')
		out->data[--out->len] = '\0';
}

/* Of milliseconds; counts there are cumulative. */
static void
histogram(struct text *t, const char *name, const struct histogram *h)
{
	uint64_t seen = 0;
	int i;

	family(t, name);
	for (i = 0; i < h->count; i++) {
		seen += h->counts[i];
		buf_printf(t->out, "%s_bucket{le=\"", name);
		add_limit(t->out, h->limits[i]);
		buf_printf(t->out, "\"} %ju\n", (uintmax_t)seen);
	}
	seen = histogram_total(h);
	buf_printf(t->out,
	    "%s_bucket{le=\"+Inf\"} %ju\n%s_sum %ju.%03ju\n%s_count %ju\n",
	    name, (uintmax_t)seen, name, (uintmax_t)(h->sum / 1000),
	    (uintmax_t)(h->sum % 1000), name, (uintmax_t)seen);
}

static void
own_samples(struct text *t, struct admin *a)
{
	struct admin_gauges g;
	struct stat st;

	admin_gauges(a, &g);
	sample(
	    t, "pandafuzz_build_info", "version=\"" PANDAFUZZ_VERSION "\"", 1);
	sample(t, "pandafuzz_spool_oldest_seconds", "",
	    (int64_t)(g.oldest_ms / 1000));
	sample(t, "pandafuzz_disk_free_bytes", "", (int64_t)g.disk_free);
	if (fstatat(store_root(a->store), "data/pandafuzz.db", &st, 0) == 0)
		sample(t, "pandafuzz_db_size_bytes", "", st.st_size);
	sample_ms(
	    t, "pandafuzz_db_checkpoint_seconds", db_checkpoint_ms(a->db));
	histogram(t, "pandafuzz_ingest_duration_seconds", &g.took);
	/* Last: the first samples of the database are of this family too. */
	sample(t, "pandafuzz_spool_bundles", "queue=\"incoming\"",
	    (int64_t)g.incoming);
	sample(t, "pandafuzz_spool_bundles", "queue=\"in_hand\"",
	    (int64_t)g.in_hand);
}

int
metrics(struct request *r, struct err *e)
{
	struct text t = {.out = &r->out};

	r->type = "text/plain; version=0.0.4; charset=utf-8";
	own_samples(&t, r->admin);
	return view_metrics(r->admin->db, sample, &t, e);
}
