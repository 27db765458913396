/*
 * What is up.  A master that runs but does not answer is not up: the socket
 * is what everybody else needs of it.
 */
#include <sys/socket.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "lib/base/text.h"
#include "tools/pf-local/api.h"
#include "tools/pf-local/process.h"
#include "tools/pf-local/sshd.h"
#include "tools/pf-local/status.h"

bool
status_master_answers(const struct local *l)
{
	static const char request[] = "GET /api/v1/status HTTP/1.1\r\n"
				      "Host: pandafuzz\r\n"
				      "Connection: close\r\n\r\n";
	char answer[13] = "";
	int fd;

	fd = api_connect(l);
	if (fd == -1)
		return false;
	if (send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) > 0)
		(void)recv(fd, answer, sizeof(answer) - 1, MSG_WAITALL);
	close(fd);
	return strcmp(answer, "HTTP/1.1 200") == 0;
}

uint64_t
status_bot_mark(const struct local *l, const char *bot)
{
	struct stat st;
	char name[96];

	snprintf(name, sizeof(name),
	    "spool/" LOCAL_ACCOUNT "/outgoing/%s/status.json", bot);
	if (fstatat(l->dir, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return 0;
	return (uint64_t)st.st_mtim.tv_sec;
}

static bool
print_row(const struct local *l, const char *name)
{
	const char *state = "up";
	struct process p;

	if (!process_find(l, name, &p)) {
		printf("%-8s %-7s %7s %7s  local/logs/%s.log\n", name, "down",
		    "-", "-", name);
		return false;
	}
	if ((strcmp(name, "master") == 0 && !status_master_answers(l)) ||
	    (strcmp(name, "sshd") == 0 && !sshd_answers(l)))
		state = "silent";
	printf("%-8s %-7s %7d %7s  local/logs/%s.log\n", name, state,
	    (int)p.pid, text_ago(process_age_ms(&p)).text, name);
	return strcmp(state, "up") == 0;
}

bool
status_print(const struct local *l)
{
	char name[16];
	unsigned i;
	bool all;

	printf(
	    "%-8s %-7s %7s %7s  %s\n", "NAME", "STATE", "PID", "UPTIME", "LOG");
	all = print_row(l, "master");
	if (l->config.sftp)
		all &= print_row(l, "sshd");
	for (i = 1; i <= l->config.bots; i++) {
		snprintf(name, sizeof(name), "b%u", i);
		all &= print_row(l, name);
	}
	return all;
}
