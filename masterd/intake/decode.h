#ifndef MASTERD_INTAKE_DECODE_H
#define MASTERD_INTAKE_DECODE_H

/*
 * The body of a decode child (DESIGN 3): fd 0 is a socket on which each
 * message carries one descriptor, fd 1 the pipe for frames.  It can read,
 * write, receive and use memory, and nothing else.  Ends when the socket does.
 */
int decode_child(void *arg);

#endif
