#ifndef TOOLS_PF_ACCOUNT_SITE_H
#define TOOLS_PF_ACCOUNT_SITE_H

#include <sys/types.h>

#include <limits.h>
#include <stdbool.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"

/*
 * The installed form of one master, and where its parts lie.
 *
 *	ROOT/			root's own, 0755: sshd insists for its chroots
 *	ROOT/<folder>		the master's: the table of site_folders
 *	ROOT/spool/<account>/	root's; incoming/tmp and new the account's,
 *				outgoing the master's (site_make_spool)
 *	ETC/keys/<account>	root's: who is an account, and its keys
 *	ETC/sshd/		of an sshd of our own, after `adopt`
 */
#define SITE_ROOT "/var/lib/pandafuzz"
#define SITE_USER "pandafuzz"
#define SITE_ETC  "/etc/pandafuzz"

#define GROUP_BOTS    "pfbots"
#define GROUP_READERS "pfreaders"
#define GROUP_CI      "pfci"
#define GROUP_ADMIN   "pandafuzz-admin"
#define GROUP_READ    "pandafuzz-read"

struct site {
	char root[PATH_MAX];
	const char *user; /* of the master */
	const char *etc;  /* ETC */
	uid_t uid;        /* of "user" */
	gid_t gid;
	int dir;   /* ROOT */
	int spool; /* ROOT/spool */
	int keys;  /* ETC/keys */
};

/* A folder of the master below ROOT. */
struct site_folder {
	const char *name;
	unsigned mode;
	const char *owner, *group; /* NULL: the master's */
};

extern const struct site_folder site_folders[];
extern const size_t site_folder_count;

/* As lines of tmpfiles.d(5). */
void site_print_folders(const struct site *s, struct buf *out);

/* Make what is missing, set what is other.  Needs the users and groups. */
int site_make(struct site *s, struct err *e);

/* Open what setup has made; NOT_FOUND when it has not. */
int site_open(struct site *s, struct err *e);

/* A path that can stand in sshd's files. */
int site_check_path(const char *path, struct err *e);

/*
 * Folders of an account that is the Unix user "uid" with a group of its own.
 * Whatever lies in them stays.  site_drop_spool() removes them as far as they
 * are empty, site_remove_spool() with what is in them.
 */
int site_make_spool(const struct site *s, const char *account, uid_t uid,
    gid_t gid, struct err *e);
void site_drop_spool(const struct site *s, const char *account);
int site_remove_spool(const struct site *s, const char *account, struct err *e);

/* Owner and mode of the folder "name", which is made when it is missing. */
struct site_mark {
	uid_t uid;
	gid_t gid;
	mode_t mode;
};
int site_folder(
    int at, const char *name, const struct site_mark *m, struct err *e);

#endif
