/*
 * A folder of reports, grouped as a master groups crashes: by signature and
 * security flag first, then by the rules of lib/triage/link.h.  A signature's
 * stack is the smallest of those seen with it, so the order of files makes no
 * difference; groups are numbered by their first file in order of names.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/triage/link.h"
#include "tools/pf-triage/pf_triage.h"

/* What the reports of one signature and flag share. */
struct bug {
	struct triage triage;
	int group, number; /* number: of the group, shown; 0 not yet */
};

struct file {
	char *path;
	int bug; /* -1: no crash, -2: could not be read */
};

struct folder {
	const struct wish *wish;
	struct file *files;
	int file_count;
	struct bug *bugs;
	int bug_count;
	int *slots; /* a hash of bugs by signature; -1: free */
	int slot_count;
	int groups;
};

static int
by_path(const void *a, const void *b)
{
	return strcmp(
	    ((const struct file *)a)->path, ((const struct file *)b)->path);
}

/* The regular files of the folder, by name; dot files are left out. */
static int
list_files(struct folder *f, const char *path)
{
	struct buf name = BUF_INIT;
	struct dirent *entry;
	struct stat st;
	DIR *dir = opendir(path);

	if (dir == NULL)
		return -1;
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		buf_reset(&name);
		buf_printf(&name, "%s/%s", path, entry->d_name);
		if (stat(name.data, &st) == -1 || !S_ISREG(st.st_mode))
			continue;
		f->files = mem_resize(
		    f->files, (size_t)f->file_count + 1, sizeof(*f->files));
		f->files[f->file_count++] =
		    (struct file){.path = mem_strdup(name.data), .bug = -1};
	}
	closedir(dir);
	buf_release(&name);
	if (f->file_count > 0)
		qsort(f->files, (size_t)f->file_count, sizeof(*f->files),
		    by_path);
	return 0;
}

/* ---- bugs -------------------------------------------------------------- */

static bool
smaller_stack(const struct triage *a, const struct triage *b)
{
	int i, order;

	for (i = 0; i < a->stack_count && i < b->stack_count; i++)
		if ((order = strcmp(a->stack[i], b->stack[i])) != 0)
			return order < 0;
	return a->stack_count < b->stack_count;
}

static void
make_slots(struct folder *f)
{
	int i;

	for (f->slot_count = 16; f->slot_count < 2 * f->file_count;)
		f->slot_count *= 2;
	f->slots = mem_array((size_t)f->slot_count, sizeof(*f->slots));
	for (i = 0; i < f->slot_count; i++)
		f->slots[i] = -1;
}

static int
add_bug(struct folder *f, const struct triage *t)
{
	unsigned at = t->signature.bytes[0] | t->signature.bytes[1] << 8u |
	    t->signature.bytes[2] << 16u | t->security << 24u;
	struct bug *b;

	for (at &= (unsigned)f->slot_count - 1; f->slots[at] != -1;
	     at = (at + 1) & ((unsigned)f->slot_count - 1)) {
		b = &f->bugs[f->slots[at]];
		if (!digest_equal(&b->triage.signature, &t->signature) ||
		    b->triage.security != t->security)
			continue;
		if (smaller_stack(t, &b->triage))
			b->triage = *t;
		return f->slots[at];
	}
	f->bugs =
	    mem_resize(f->bugs, (size_t)f->bug_count + 1, sizeof(*f->bugs));
	f->bugs[f->bug_count] = (struct bug){.triage = *t};
	return f->slots[at] = f->bug_count++;
}

static int
read_files(struct folder *f)
{
	struct report *r = mem_alloc(sizeof(*r));
	int i, status = 0;

	for (i = 0; i < f->file_count; i++) {
		if (!report_read(r, f->wish, f->files[i].path)) {
			f->files[i].bug = -2;
			status = EXIT_USAGE;
		} else if (r->crash) {
			f->files[i].bug = add_bug(f, &r->triage);
		} else if (status == 0) {
			status = EXIT_NO_CRASH;
		}
	}
	buf_release(&r->text);
	free(r);
	return status;
}

/* ---- groups ------------------------------------------------------------ */

static void
make_item(struct link_item *item, const struct triage *t)
{
	int i;

	memset(item, 0, sizeof(*item));
	item->signature = t->signature;
	item->security = t->security;
	item->linkable = !t->placeless;
	memcpy(item->family, t->type, sizeof(item->family));
	item->state_count = t->state_count;
	for (i = 0; i < t->state_count; i++)
		item->state[i] = t->state[i];
	item->depth = t->stack_count;
	for (i = 0; i < t->stack_count; i++)
		item->stack[i] = t->stack[i];
}

/* The group with the first file is number 1. */
static void
number_groups(struct folder *f, const int *group)
{
	int *numbers, i, bug;

	numbers = mem_array((size_t)f->bug_count, sizeof(*numbers));
	for (i = 0; i < f->file_count; i++) {
		if ((bug = f->files[i].bug) < 0)
			continue;
		f->bugs[bug].group = group[bug];
		if (numbers[group[bug]] == 0)
			numbers[group[bug]] = ++f->groups;
		f->bugs[bug].number = numbers[group[bug]];
	}
	free(numbers);
}

static void
make_groups(struct folder *f)
{
	struct rules_limits limits = rules_limits(f->wish->named);
	struct link_item *items;
	int *group, i;

	if (f->bug_count == 0)
		return;
	items = mem_array((size_t)f->bug_count, sizeof(*items));
	group = mem_array((size_t)f->bug_count, sizeof(*group));
	for (i = 0; i < f->bug_count; i++)
		make_item(&items[i], &f->bugs[i].triage);
	group_all(items, f->bug_count, &limits, group);
	number_groups(f, group);
	free(items);
	free(group);
}

/* ---- what is printed --------------------------------------------------- */

static int
number_of(const struct folder *f, int file)
{
	int bug = f->files[file].bug;

	return bug < 0 ? 0 : f->bugs[bug].number;
}

static void
show_lines(const struct folder *f)
{
	struct report *r = mem_alloc(sizeof(*r));
	struct buf out = BUF_INIT;
	int i;

	for (i = 0; i < f->file_count; i++) {
		if (f->files[i].bug == -2 ||
		    !report_read(r, f->wish, f->files[i].path))
			continue;
		show_json(&out, r, f->wish, number_of(f, i));
		put_out(&out);
	}
	buf_release(&out);
	buf_release(&r->text);
	free(r);
}

static void
show_file(struct buf *out, const struct folder *f, int i)
{
	buf_adds(out, "    ");
	text_clean_line(out, f->files[i].path, strlen(f->files[i].path), 4096);
	buf_addc(out, '\n');
}

/* Files in order of their groups: a list of each group would do the same. */
struct member {
	int number, file;
};

static int
by_number(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return x->file < y->file ? -1 : x->file > y->file;
}

static void
show_head(
    struct buf *out, const struct folder *f, const struct member *m, int count)
{
	const struct triage *t = &f->bugs[f->files[m->file].bug].triage;

	buf_printf(out, "%scluster %d: %s, %d report%s%s\n  ",
	    m->number > 1 ? "\n" : "", m->number, triage_type_text(t).text,
	    count, count == 1 ? "" : "s", t->security ? ", security" : "");
	show_state(out, t);
	buf_addc(out, '\n');
}

static void
show_groups(const struct folder *f)
{
	struct member *m = mem_array((size_t)f->file_count + 1, sizeof(*m));
	struct buf out = BUF_INIT;
	int i, n, none = 0;

	for (i = 0; i < f->file_count; i++)
		m[i] = (struct member){number_of(f, i), i};
	if (f->file_count > 0)
		qsort(m, (size_t)f->file_count, sizeof(*m), by_number);
	for (i = 0; i < f->file_count; i++) {
		if (m[i].number == 0) {
			none += f->files[m[i].file].bug == -1;
			continue;
		}
		for (n = i; n < f->file_count && m[n].number == m[i].number;)
			n++;
		if (i == 0 || m[i - 1].number != m[i].number)
			show_head(&out, f, &m[i], n - i);
		show_file(&out, f, m[i].file);
		put_out(&out);
	}
	buf_printf(&out,
	    "%s%d cluster%s of %d signature%s, %d without a "
	    "crash\n",
	    f->groups > 0 ? "\n" : "", f->groups, f->groups == 1 ? "" : "s",
	    f->bug_count, f->bug_count == 1 ? "" : "s", none);
	put_out(&out);
	buf_release(&out);
	free(m);
}

int
cluster_run(const struct wish *w)
{
	struct folder f = {.wish = w};
	int i, status;

	if (list_files(&f, w->cluster) == -1) {
		fprintf(stderr, "pf-triage: cannot list '%s': %s\n", w->cluster,
		    strerror(errno));
		return EXIT_USAGE;
	}
	make_slots(&f);
	status = read_files(&f);
	make_groups(&f);
	if (w->json)
		show_lines(&f);
	else
		show_groups(&f);
	for (i = 0; i < f.file_count; i++)
		free(f.files[i].path);
	free(f.files);
	free(f.bugs);
	free(f.slots);
	return status;
}
