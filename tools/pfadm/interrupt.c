/*
 * SIGINT as a mark that loops look at.
 */
#include <signal.h>
#include <stddef.h>
#include <time.h>

#include "tools/pfadm/interrupt.h"

static volatile sig_atomic_t seen;

static void
on_interrupt(int signo)
{
	(void)signo;
	seen = 1;
}

void
interrupt_catch(void)
{
	struct sigaction action = {.sa_handler = on_interrupt};

	seen = 0;
	sigaction(SIGINT, &action, NULL);
}

bool
interrupted(void)
{
	return seen != 0;
}

void
interrupt_rest(uint64_t ms)
{
	const struct timespec pause = {
	    (time_t)(ms / 1000), (long)(ms % 1000) * 1000000L};

	if (!seen)
		nanosleep(&pause, NULL);
}
