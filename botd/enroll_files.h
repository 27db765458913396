#ifndef BOTD_ENROLL_FILES_H
#define BOTD_ENROLL_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/sshkey.h"

/*
 * What enrolling leaves on a machine.
 *
 *	check, host, key ... finish or drop, close
 */
struct enroll_files {
	const char *folder; /* of settings */
	const char *key;    /* NULL: folder/bot.key */
	const char *root;   /* of the bot, to be written down; may be NULL */
	const char *invite;
	/* By check() and key(): */
	char *key_path, *pending, *hosts; /* hosts: the line of known_hosts */
	bool plain;                       /* the folder is the usual one */
	int beside, dir; /* folder of the key; pending; -1: none */
	uint8_t pub[SSHKEY_BYTES];
};

struct enroll_words {
	const char *link, *account, *name;
};

/* Could all be written?  CONFLICT when there is a key already. */
int enroll_files_check(struct enroll_files *f, struct err *e);

/* The host as it is to be pinned.  Writes nothing. */
int enroll_files_host(struct enroll_files *f, const char *at,
    const uint8_t pub[SSHKEY_BYTES], struct err *e);

/* The pending folder with our own key, of an earlier try or new, the one-time
 * key "once" and known_hosts. */
int enroll_files_key(
    struct enroll_files *f, const struct sshkey *once, struct err *e);

/* All gets its name, the key last. */
int enroll_files_finish(
    struct enroll_files *f, const struct enroll_words *w, struct err *e);

void enroll_files_drop(struct enroll_files *f); /* the pending folder */
void enroll_files_close(struct enroll_files *f);

#endif
