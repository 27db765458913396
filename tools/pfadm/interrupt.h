#ifndef TOOLS_PFADM_INTERRUPT_H
#define TOOLS_PFADM_INTERRUPT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Ctrl-C for commands that go on until somebody stops them: it ends what they
 * wait for, and they end as they like.
 */
void interrupt_catch(void);
bool interrupted(void);

/* Sleep, but not on after an interrupt. */
void interrupt_rest(uint64_t ms);

#endif
