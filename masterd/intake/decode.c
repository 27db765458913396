/*
 * In the decode child: bundles in, frames out.  A filter without folder, open
 * or network; whatever the bytes do to it, they do it here.
 */
#include <sys/resource.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <seccomp.h>

#include "masterd/intake/decode.h"
#include "masterd/intake/frame.h"

#define FLUSH_AT   (256 * 1024)
#define REPORT_MAX (256 * 1024) /* of a report, for triage */
#define MEMORY_MAX (512ull << 20)

struct decode {
	struct buf out;
	struct buf report;
	bool in_report;
	uint64_t report_left;
	struct facts facts;
	struct buf text;
};

#ifdef __SANITIZE_ADDRESS__
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

static void
allow(scmp_filter_ctx ctx, int call)
{
	if (seccomp_rule_add(ctx, SCMP_ACT_ALLOW, call, 0) < 0)
		_exit(2);
}

/* Nothing but the bytes in hand from here on. */
static void
cage(void)
{
	static const int calls[] = {SCMP_SYS(read), SCMP_SYS(write),
	    SCMP_SYS(recvmsg), SCMP_SYS(close), SCMP_SYS(exit),
	    SCMP_SYS(exit_group), SCMP_SYS(brk), SCMP_SYS(mmap),
	    SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise),
	    SCMP_SYS(mprotect), SCMP_SYS(rt_sigreturn), SCMP_SYS(futex)};
	struct rlimit none = {0, 0}, memory = {MEMORY_MAX, MEMORY_MAX};
	scmp_filter_ctx ctx;
	size_t i;

	setrlimit(RLIMIT_CORE, &none);
	setrlimit(RLIMIT_FSIZE, &none);
	if (SANITIZED)
		return; /* its runtime needs files and clones */
	setrlimit(RLIMIT_AS, &memory);
	if ((ctx = seccomp_init(SCMP_ACT_KILL_PROCESS)) == NULL)
		_exit(2);
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		allow(ctx, calls[i]);
	if (seccomp_load(ctx) < 0)
		_exit(2);
	seccomp_release(ctx);
}

static void
flush(struct decode *d)
{
	size_t done = 0;
	ssize_t n;

	while (done < d->out.len) {
		n = write(1, d->out.data + done, d->out.len - done);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			_exit(0); /* masterd is gone */
		done += (size_t)n;
	}
	buf_reset(&d->out);
}

static void
put(struct decode *d, enum frame_type type, const void *body, size_t len)
{
	frame_put(&d->out, type, body, len);
	if (d->out.len >= FLUSH_AT)
		flush(d);
}

static void
put_facts(struct decode *d)
{
	struct frame_facts head = {0, 0, 0};

	(void)facts_read(&d->facts, buf_text(&d->report), d->report.len);
	head.has_address = d->facts.address_class != ADDRESS_NONE;
	head.address = d->facts.address;
	buf_reset(&d->text);
	buf_add(&d->text, &head, sizeof(head));
	facts_write(&d->text, &d->facts);
	head.len = (uint32_t)(d->text.len - sizeof(head));
	memcpy(d->text.data, &head, sizeof(head));
	put(d, FRAME_FACTS, d->text.data, d->text.len);
	d->in_report = false;
	buf_reset(&d->report);
}

static void
on_record(struct decode *d, const struct record *r)
{
	put(d, FRAME_RECORD, r, sizeof(*r));
	d->in_report = r->type == REC_REPORT;
	d->report_left = r->size;
	if (d->in_report && r->size == 0)
		put_facts(d);
}

static void
on_payload(struct decode *d, const uint8_t *bytes, size_t len)
{
	size_t room;

	put(d, FRAME_PAYLOAD, bytes, len);
	if (!d->in_report)
		return;
	room = REPORT_MAX - d->report.len;
	buf_add(&d->report, bytes, len < room ? len : room);
	d->report_left -= len;
	if (d->report_left == 0)
		put_facts(d);
}

static void
put_verdict(struct decode *d, const struct bundle_item *item)
{
	struct frame_verdict v;

	memset(&v, 0, sizeof(v));
	v.step = (uint32_t)item->step;
	v.has_end = item->has_end;
	if (item->has_end)
		v.end = item->end;
	if (item->step != STEP_OK)
		memcpy(v.reason, item->why.text, sizeof(v.reason));
	v.reason[sizeof(v.reason) - 1] = '\0';
	put(d, FRAME_VERDICT, &v, sizeof(v));
	flush(d);
}

/* One bundle to its end. */
static void
decode(struct decode *d, int fd)
{
	struct bundle_reader *r =
	    bundle_reader_new(bundle_source_fd, &fd, &BUNDLE_LIMITS);
	struct bundle_item *item = mem_alloc(sizeof(*item));
	struct err e;

	d->in_report = false;
	buf_reset(&d->report);
	for (;;) {
		if (bundle_read(r, item, &e) == -1)
			_exit(3); /* I/O: says nothing of the bundle */
		if (item->step == STEP_HEADER) {
			put(d, FRAME_HEADER, &item->header,
			    sizeof(item->header));
		} else if (item->step == STEP_RECORD) {
			on_record(d, &item->record);
		} else if (item->step == STEP_PAYLOAD) {
			on_payload(d, item->bytes, item->len);
		} else {
			put_verdict(d, item);
			break;
		}
	}
	free(item);
	bundle_reader_free(r);
}

/* The next descriptor, or -1 when masterd has closed its end. */
static int
receive(void)
{
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = {&byte, 1};
	struct msghdr msg;
	struct cmsghdr *c;
	ssize_t n;
	int fd = -1;

	memset(&msg, 0, sizeof(msg));
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	msg.msg_control = control;
	msg.msg_controllen = sizeof(control);
	do
		n = recvmsg(0, &msg, 0);
	while (n == -1 && errno == EINTR);
	if (n != 1)
		return -1;
	c = CMSG_FIRSTHDR(&msg);
	if (c != NULL && c->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

int
decode_child(void *arg)
{
	static struct decode d;
	struct digest warm;
	int fd;

	(void)arg;
	digest_of(&warm, "", 0); /* libcrypto opens files on first use */
	cage();
	while ((fd = receive()) != -1) {
		decode(&d, fd);
		close(fd);
	}
	_exit(0);
}
