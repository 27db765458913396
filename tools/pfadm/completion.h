#ifndef TOOLS_PFADM_COMPLETION_H
#define TOOLS_PFADM_COMPLETION_H

#include "tools/pfadm/pfadm.h"

/*
 * Completion for shells, made from the tables of commands and options: words
 * and options stand in the script, names of things are asked for with the
 * hidden command `pfadm __complete KIND BEGINNING`.
 */
/* What the argument of a command, or the value of an option, is a name of:
 * "JOB", "BOT", ...; "FILE" for paths; NULL for nothing that can be listed. */
const char *completion_kind(const char *argument);

/* The words that an option's value can be, blanks between; NULL: any. */
const char *completion_words(const char *option);

#endif
