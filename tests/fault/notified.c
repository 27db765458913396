/*
 * notified SOCKET: what a daemon tells its supervisor (sd_notify(3)), a line
 * each on standard output: seconds since the start, then the word.  Ends with
 * whoever reads it, or by a signal.
 */
#include <sys/socket.h>
#include <sys/un.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

int
main(int argc, char **argv)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	double began = now();
	char text[4096], *line, *rest;
	ssize_t n;

	if (argc != 2 || strlen(argv[1]) >= sizeof(un.sun_path)) {
		fputs("usage: notified SOCKET\n", stderr);
		return 2;
	}
	memcpy(un.sun_path, argv[1], strlen(argv[1]) + 1);
	if (fd == -1 || bind(fd, (struct sockaddr *)&un, sizeof(un)) == -1) {
		perror("notified");
		return 1;
	}
	puts("0.0 bound");
	fflush(stdout);
	while ((n = recv(fd, text, sizeof(text) - 1, 0)) > 0) {
		text[n] = '\0';
		for (line = strtok_r(text, "\n", &rest); line != NULL;
		     line = strtok_r(NULL, "\n", &rest))
			printf("%.1f %s\n", now() - began, line);
		if (fflush(stdout) == EOF)
			return 0;
	}
	return 0;
}
