#ifndef TOOLS_PFADM_KIT_H
#define TOOLS_PFADM_KIT_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/digest.h"
#include "lib/base/err.h"
#include "lib/base/json.h"
#include "lib/wire/manifest.h"

/*
 * A kit: a folder, or a tar of one, with which a crash is seen again on any
 * machine, without us and without a network.
 *
 *	repro.sh README.txt		what a person needs
 *	program loader runs		a word each, for repro.sh
 *	environment arguments		a word a line
 *	expected			how it crashed (kit_text.c)
 *	input input.min series/NNNN	what is run
 *	report.txt			what it said then
 *	build/...			files of the build, as they lie there
 *	lib/...				loader and libraries of this machine
 *	MANIFEST			digest, mode, bytes, path, where from
 *
 * Nothing in it is made by putting text of bots into a script: repro.sh is
 * always the same, and reads the others line by line.
 */
#define KIT_NAMES  16
#define KIT_BUILD  "@KIT_BUILD@" /* places that repro.sh fills in */
#define KIT_INPUT  "@KIT_INPUT@"
#define KIT_SERIES "@KIT_SERIES@"
#define KIT_WORK   "@KIT_WORK@"
#define KIT_HOME   "@KIT_HOME@"
#define KIT_WORDS  4096  /* of a command or environment */
#define KIT_WORD   65536 /* bytes of one */

struct kit {
	int dir; /* where it is made; the caller's */
	/* As GET crashes/ and GET builds/ have them; the caller's. */
	const struct json_value *crash;
	bool scrub;
	uint64_t runs;
	struct digest build;
	bool other_build; /* not the first: its places are others */
	char target[256], program[TICKET_PATH_MAX + 1];
	char build_dir[512], work_dir[512]; /* on the bot */
	/* To be taken out: names and what stands for them. */
	struct {
		char name[256];
		const char *word;
	} names[KIT_NAMES];
	int name_count;
	char **lines; /* of MANIFEST */
	int line_count;
	struct buf missing; /* libraries that were found nowhere, a line each */
	uint64_t bytes;
};

void kit_release(struct kit *k);

/* ---- kit.c: files of the kit, each with the place it came from ---- */
int kit_put(struct kit *k, const char *path, const struct buf *text,
    const char *from, struct err *e);
int kit_copy(struct kit *k, const char *path, bool program, int fd,
    const char *from, struct err *e);
/* A file that was made at "path" by somebody else; "fd" is open on it. */
int kit_note(struct kit *k, const char *path, bool program, int fd,
    const char *from, struct err *e);
/* Make the folder of "path" and the empty file; a descriptor, or -1. */
int kit_create(struct kit *k, const char *path, struct err *e);
/* MANIFEST: the last one. */
int kit_close(struct kit *k, struct err *e);

/* ---- kit_scrub.c ---- */
/* From now on "name" is "word" in scrubbed text.  Short ones, and "root", stay:
 * they are words of programs, too. */
void kit_hide(struct kit *k, const char *name, const char *word);
void kit_hide_ours(struct kit *k); /* this machine's and its user's */
void kit_hide_recorded(struct kit *k, const struct json_value *environment);
/* Append a text of bots: as it is, or scrubbed. */
void kit_text(
    const struct kit *k, struct buf *out, const char *text, size_t len);

/* ---- kit_words.c: environment, arguments ---- */
int kit_words(struct kit *k, struct err *e);

/* ---- kit_text.c: expected, README.txt, repro.sh and its words ---- */
int kit_texts(struct kit *k, struct err *e);
/* Lines of it under "key": an array of strings, or a string with newlines. */
void kit_lines(struct buf *out, const struct json_value *item, const char *key,
    const char *before);

/* ---- kit_libs.c: lib/ and the loader's name ---- */
int kit_libraries(struct kit *k, const struct manifest *build, struct err *e);

/* ---- kit_script.c ---- */
const char *kit_script(void);

/* Does a target whose program is "program" need this file of its build?
 * "others": the programs of the build's targets. */
bool kit_needs(const char *path, const char *program, const char *const *others,
    int count);

#endif
