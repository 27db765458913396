#ifndef TOOLS_PFADM_NEAREST_H
#define TOOLS_PFADM_NEAREST_H

/* The word that was probably meant: at most a third of its letters differ.
 * NULL when none is near. */
const char *nearest(const char *typed, const char *const *words, int count);

#endif
