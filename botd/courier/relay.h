#ifndef BOTD_COURIER_RELAY_H
#define BOTD_COURIER_RELAY_H

#include "botd/courier/courier.h"

/*
 * "pandafuzz-botd relay": one courier for every bot's root found below a
 * folder, over one connection: compute nodes without a network and a shared
 * file system, say.  Such bots run with "link: relay".  Roots that appear
 * later are found by a scan each ten seconds, at once where inotify sees them.
 *
 * A root whose courier lock another holds is left alone and tried again.
 * Trouble of one root (a full or broken disk) is its own.
 */
int relay_run(const struct courier_config *c, const char *folder);

#endif
