/*
 * The cage of sftp-server.  Each word of it has its reason: without
 * --cap-drop ALL root could still rename new/ away; with the whole account
 * folder writable it could overwrite a published build through its hard link;
 * tmp and new bound one by one would be two file systems between which no
 * rename works.  sftp-server starts in /in, so that "incoming/new/x" is right
 * here and in an account of a system's sshd.
 */
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "lib/base/spawn.h"
#include "lib/wire/invitation.h"
#include "tools/pf-local/confine.h"
#include "tools/pf-local/layout.h"

#define BWRAP "/usr/bin/bwrap"

/* A session dies that writes a longer file: twice the largest bundle, and a
 * request of enrolment with room to spare. */
#define FILE_LIMIT  "--fsize=536870912"
#define ENROL_LIMIT "--fsize=65536"

#define DENIED \
	"setstat,fsetstat,lsetstat,mkdir,rmdir,symlink,hardlink,posix-rename"

struct args {
	char **list; /* NULL-terminated */
	size_t count;
};

static void
add(struct args *a, const char *word)
{
	a->list = mem_resize(a->list, a->count + 2, sizeof(*a->list));
	a->list[a->count++] = mem_strdup(word);
	a->list[a->count] = NULL;
}

static void
add_words(struct args *a, const char *const *words)
{
	for (; *words != NULL; words++)
		add(a, *words);
}

/* "how" ROOT/<below>[/<name>] "to"[/<name>] */
static void
add_bind(struct args *a, const char *how, const struct local *l,
    const char *below, const char *to)
{
	struct buf path = BUF_INIT;

	buf_printf(&path, "%s/%s", l->root, below);
	add(a, how);
	add(a, path.data);
	add(a, to);
	buf_release(&path);
}

void
confine_free(char **argv)
{
	size_t i;

	for (i = 0; argv != NULL && argv[i] != NULL; i++)
		free(argv[i]);
	free(argv);
}

/* clang-format off */
static const char *const cage_head[] = {
	BWRAP, "--unshare-all", "--cap-drop", "ALL", "--die-with-parent",
	"--new-session", "--clearenv",
	NULL
};
static const char *const cage_tail[] = {
	"--ro-bind", "/usr", "/usr",
	"--symlink", "usr/lib", "/lib",
	"--symlink", "usr/lib64", "/lib64",
	"--tmpfs", "/dev", "--dev-bind", "/dev/null", "/dev/null",
	"--chdir", "/in",
	NULL
};
/* clang-format on */

static void
add_tail(struct args *a, const struct local *l)
{
	add_bind(a, "--ro-bind", l, "local/etc/passwd", "/etc/passwd");
	add_bind(a, "--ro-bind", l, "local/etc/group", "/etc/group");
	add_words(a, cage_tail);
}

static void
add_cage(struct args *a, const struct local *l, const char *account)
{
	struct buf below = BUF_INIT;

	add(a, "/usr/bin/prlimit");
	add(a, strcmp(account, ENROL_ACCOUNT) == 0 ? ENROL_LIMIT : FILE_LIMIT);
	add_words(a, cage_head);
	buf_printf(&below, "spool/%s", account);
	add_bind(a, "--ro-bind", l, below.data, "/in");
	buf_adds(&below, "/incoming");
	add_bind(a, "--bind", l, below.data, "/in/incoming");
	buf_release(&below);
	add_tail(a, l);
}

static const char *
sftp_server(void)
{
	static const char *const paths[] = {"/usr/lib/openssh/sftp-server",
	    "/usr/libexec/openssh/sftp-server", "/usr/lib/ssh/sftp-server"};
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (access(paths[i], X_OK) == 0)
			return paths[i];
	return NULL;
}

char **
confine_sftp(const struct local *l, const char *account)
{
	struct args a = {NULL, 0};
	const char *server = sftp_server();

	add_cage(&a, l, account);
	add(&a, server == NULL ? "sftp-server" : server);
	add(&a, "-u");
	add(&a, "027");
	add(&a, "-P");
	add(&a, DENIED);
	return a.list;
}

/* Of each kind of folder, those of one project; what is not there yet is left
 * out. */
static void
add_project(struct args *a, const struct local *l, const char *project)
{
	static const char *const kinds[] = {"corpus", "crashes", "buckets"};
	char below[64], to[80];
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		snprintf(below, sizeof(below), "%s/%.40s", kinds[i], project);
		snprintf(to, sizeof(to), "/in/%s", below);
		add_bind(a, "--ro-bind-try", l, below, to);
	}
}

char **
confine_rsync(
    const struct local *l, const char *projects, const struct rsync_ask *ask)
{
	char *copy = mem_strdup(projects), *word, *rest = NULL;
	struct args a = {NULL, 0};
	size_t i;

	add_words(&a, cage_head);
	for (word = strtok_r(copy, ",", &rest); word != NULL;
	     word = strtok_r(NULL, ",", &rest))
		add_project(&a, l, word);
	free(copy);
	add(&a, "--dir");
	add(&a, "/in");
	add_tail(&a, l);
	add(&a, "/usr/bin/rsync");
	for (i = 1; i < ask->count; i++)
		add(&a, ask->words[i]);
	return a.list;
}

static int
try_cage(const struct local *l, struct err *e)
{
	struct spawn s = {0};
	struct buf output = BUF_INIT;
	struct args a = {NULL, 0};
	int status;

	add_cage(&a, l, LOCAL_ACCOUNT);
	add(&a, "/usr/bin/true");
	s.argv = (const char *const *)a.list;
	s.in = s.out = s.err = -1;
	status = spawn_run(&s, &output, 4096, 10000, e);
	if (status > 0) {
		err_set(e, ERR_REFUSED,
		    "bubblewrap cannot confine sftp-server here (are user "
		    "namespaces allowed? --link dir does without): %s",
		    buf_text(&output));
		e->text[strcspn(e->text, "\n")] = '\0';
	}
	confine_free(a.list);
	buf_release(&output);
	return status == 0 ? 0 : -1;
}

/* sshd runs the command through the user's shell. */
static int
check_shell(struct err *e)
{
	const char *shell, *name;
	struct passwd *pw;

	if (geteuid() == 0)
		return 0; /* it reads local/etc/passwd, with a shell of ours */
	pw = getpwuid(geteuid());
	if (pw == NULL || pw->pw_shell[0] == '\0')
		return 0;
	shell = pw->pw_shell;
	name = strrchr(shell, '/');
	name = name == NULL ? shell : name + 1;
	if (strcmp(name, "nologin") == 0 || strcmp(name, "false") == 0 ||
	    access(shell, X_OK) == -1)
		return err_set(e, ERR_REFUSED,
		    "user '%s' has the shell '%s', with which sshd would let "
		    "bots in and then run nothing; give it another (chsh) or "
		    "use --link dir",
		    pw->pw_name, shell);
	return 0;
}

int
confine_check(const struct local *l, struct err *e)
{
	if (access(BWRAP, X_OK) == -1)
		return err_set(e, ERR_REFUSED,
		    "'" BWRAP "' is missing: install bubblewrap");
	if (sftp_server() == NULL)
		return err_set(e, ERR_REFUSED,
		    "sftp-server is missing: install openssh-sftp-server");
	if (check_shell(e) == -1)
		return -1;
	return try_cage(l, e);
}

int
confine_write_etc(const struct local *l, struct err *e)
{
	struct buf passwd = BUF_INIT, group = BUF_INIT, shadow = BUF_INIT;
	unsigned uid = (unsigned)geteuid(), gid = (unsigned)getegid();

	if (fs_make_dirs(l->own, "etc", 0755, e) == -1)
		return -1;
	buf_printf(&passwd, "%s:x:%u:%u::/:/bin/sh\n", l->user, uid, gid);
	buf_adds(&passwd, "sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin\n");
	buf_adds(&passwd, "nobody:x:65534:65534::/:/usr/sbin/nologin\n");
	buf_printf(&group, "%s:x:%u:\nnogroup:x:65534:\n", l->user, gid);
	/* No password fits "*", and it does not lock the account as "!" does,
	 * which many a root has. */
	buf_printf(&shadow, "%s:*:19000:0:99999:7:::\n", l->user);
	if (layout_write(l, "etc/passwd", &passwd, e) == -1 ||
	    layout_write(l, "etc/group", &group, e) == -1)
		return -1;
	return layout_write(l, "etc/shadow", &shadow, e);
}
