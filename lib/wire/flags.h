#ifndef LIB_WIRE_FLAGS_H
#define LIB_WIRE_FLAGS_H

/*
 * Flags of engines that are not for jobs or builds to set, since the runner's
 * own bookkeeping stands on them.
 *
 * Why a flag may not be given, for a sentence such as "'-fork': the bot
 * decides it"; NULL when it may.  "flag" with its '-' or '--', or without.
 */
const char *flag_refusal(const char *flag);

#endif
