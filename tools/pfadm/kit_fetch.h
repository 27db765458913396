#ifndef TOOLS_PFADM_KIT_FETCH_H
#define TOOLS_PFADM_KIT_FETCH_H

#include "tools/pfadm/kit.h"
#include "tools/pfadm/pfadm.h"

/*
 * Ask the master for all that the kit of crash "id" wants and make it in the
 * folder "dir", which is empty.  "k" is to be released in any case.  0, or the
 * exit code after a complaint.  The crash's id goes to "name".
 */
int kit_fetch(struct pfadm *pf, struct kit *k, int dir, char name[160]);

#endif
