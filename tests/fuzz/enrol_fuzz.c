/*
 * Any bytes are an invitation, a request, an answer or a public key, or none.
 * The first byte says which; what is taken is written and read again, and says
 * the same.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/sshkey.h"
#include "lib/wire/invitation.h"

static void
refused(const struct err *e)
{
	assert(e->cls == ERR_REFUSED && e->text[0] != '\0');
}

static void
try_key(const char *text)
{
	uint8_t pub[SSHKEY_BYTES], again[SSHKEY_BYTES];
	char written[SSHKEY_TEXT];
	struct err e = {0};

	if (sshkey_parse(pub, text, &e) == -1) {
		refused(&e);
		return;
	}
	sshkey_text(written, pub);
	assert(strstr(text, written) != NULL);
	if (sshkey_parse(again, written, &e) == -1)
		abort();
	assert(memcmp(pub, again, sizeof(pub)) == 0);
}

static void
try_invitation(const char *text)
{
	struct invitation i, again;
	struct buf line = BUF_INIT, more = BUF_INIT;
	struct err e = {0};

	if (invitation_parse(&i, text, &e) == -1) {
		refused(&e);
		return;
	}
	invitation_format(&line, &i);
	assert(strpbrk(line.data, " \t\n\"'`$\\;&|<>") == NULL);
	if (invitation_parse(&again, line.data, &e) == -1)
		abort();
	invitation_format(&more, &again);
	assert(strcmp(line.data, more.data) == 0);
	buf_release(&line);
	buf_release(&more);
}

/* Nobody knows the secret of this one, so nothing is taken. */
static void
try_request(const char *bytes, size_t len)
{
	static const uint8_t invited[SSHKEY_BYTES] = {0xd7, 0x5a, 0x98, 0x01,
	    0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07,
	    0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02,
	    0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a};
	struct enrol_request r;
	struct err e = {0};

	if (enrol_request_parse(&r, bytes, len, invited, &e) == 0)
		abort();
	refused(&e);
}

static void
try_answer(const char *bytes, size_t len)
{
	struct enrol_answer a, again;
	struct buf text = BUF_INIT, more = BUF_INIT;
	struct err e = {0};

	if (enrol_answer_parse(&a, bytes, len, &e) == -1) {
		refused(&e);
		return;
	}
	enrol_answer_format(&text, &a);
	assert(text.len <= ENROL_MAX);
	if (enrol_answer_parse(&again, text.data, text.len, &e) == -1)
		abort();
	enrol_answer_format(&more, &again);
	assert(strcmp(text.data, more.data) == 0);
	buf_release(&text);
	buf_release(&more);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf text = BUF_INIT;

	if (size == 0)
		return 0;
	buf_add(&text, data + 1, size - 1);
	switch (data[0] % 4) {
	case 0:
		try_key(buf_text(&text));
		break;
	case 1:
		try_invitation(buf_text(&text));
		break;
	case 2:
		try_request(buf_text(&text), text.len);
		break;
	default:
		try_answer(buf_text(&text), text.len);
	}
	buf_release(&text);
	return 0;
}
