/*
 * Invitations, requests and answers of enrolment.  A line is written for
 * people to copy: every part says for itself what is wrong with it, and the
 * secret is never shown.
 *
 * What is signed is not the JSON but its fields in one fixed form, so that
 * nobody has to agree on how JSON is spelled.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/digest.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/wire/invitation.h"

#define SCHEME       "sftp://"
#define VERSION      1
#define SECRET_TEXT  52 /* 256 bits in fives, the last four bits zero */
#define LINE_MAX_LEN 600

static const char base32[] = "abcdefghijklmnopqrstuvwxyz234567";

/* ---- the secret ------------------------------------------------------ */

static void
secret_format(char out[SECRET_TEXT + 1], const uint8_t secret[SSHKEY_BYTES])
{
	unsigned bits = 0, have = 0, n = 0;
	size_t i;

	for (i = 0; i < SSHKEY_BYTES; i++) {
		bits = (bits << 8 | secret[i]) & 0xfff;
		for (have += 8; have >= 5; have -= 5)
			out[n++] = base32[bits >> (have - 5) & 31];
	}
	out[n++] = base32[bits << (5 - have) & 31];
	out[n] = '\0';
}

static int
secret_parse(uint8_t secret[SSHKEY_BYTES], const char *text, struct err *e)
{
	unsigned bits = 0, have = 0;
	const char *at;
	size_t i, n = 0;

	if (strlen(text) != SECRET_TEXT)
		return err_set(e, ERR_REFUSED,
		    "the secret has %zu characters instead of %d: is the line "
		    "whole?",
		    strlen(text), SECRET_TEXT);
	for (i = 0; i < SECRET_TEXT; i++) {
		if ((at = strchr(base32, text[i])) == NULL)
			return err_set(e, ERR_REFUSED,
			    "character %zu of the secret is none that a secret "
			    "has (a-z, 2-7)",
			    i + 1);
		bits = (bits << 5 | (unsigned)(at - base32)) & 0xfff;
		if ((have += 5) >= 8)
			secret[n++] = (uint8_t)(bits >> (have -= 8));
	}
	if ((bits & ((1u << have) - 1)) != 0)
		return err_set(e, ERR_REFUSED,
		    "the last character of the secret is a wrong one");
	return 0;
}

/* ---- the line -------------------------------------------------------- */

void
invitation_format(struct buf *out, const struct invitation *i)
{
	char secret[SECRET_TEXT + 1];

	secret_format(secret, i->secret);
	buf_printf(out, SCHEME "%s@%s:%u#%s#%s#%s", i->user, i->host, i->port,
	    i->fingerprint, i->account.text, secret);
	explicit_bzero(secret, sizeof(secret));
}

static bool
only(const char *text, const char *set)
{
	return text[0] != '\0' && text[strspn(text, set)] == '\0';
}

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* What useradd takes, and what others have. */
static bool
user_ok(const char *user)
{
	return only(user, LOWER UPPER DIGITS "_.-") && user[0] != '-' &&
	    user[0] != '.' && strlen(user) <= NAME_MAX_LEN;
}

static bool
host_ok(const char *host)
{
	size_t len = strlen(host);

	if (len == 0 || len > 255)
		return false;
	if (host[0] != '[')
		return only(host, LOWER UPPER DIGITS ".-") && host[0] != '-';
	/* The brackets stay: a port follows. */
	return len > 3 && host[len - 1] == ']' &&
	    strspn(host + 1, DIGITS "abcdefABCDEF:.") == len - 2;
}

static bool
fingerprint_ok(const char *text)
{
	return strlen(text) == SSHKEY_FINGERPRINT - 1 &&
	    strncmp(text, "SHA256:", 7) == 0 &&
	    only(text + 7, LOWER UPPER DIGITS "+/");
}

static int
parse_place(struct invitation *i, char *place, struct err *e)
{
	char *at, *colon;
	uint64_t port;

	if ((at = strchr(place, '@')) == NULL)
		return err_set(e, ERR_REFUSED,
		    "there is no user in it: sftp://USER@HOST:PORT#...");
	*at++ = '\0';
	if (!user_ok(place))
		return err_set(e, ERR_REFUSED, "the user is no user's name");
	if ((colon = strrchr(at, ':')) == NULL ||
	    text_to_u64(&port, colon + 1) == -1 || port == 0 || port > 65535)
		return err_set(e, ERR_REFUSED,
		    "the port is none: sftp://USER@HOST:PORT#...");
	*colon = '\0';
	if (!host_ok(at))
		return err_set(e, ERR_REFUSED,
		    "the host is no name or address (IPv6: in brackets)");
	text_copy(i->user, sizeof(i->user), place);
	text_copy(i->host, sizeof(i->host), at);
	i->port = (unsigned)port;
	return 0;
}

int
invitation_place(
    struct invitation *i, const char *user, const char *url, struct err *e)
{
	struct buf place = BUF_INIT;
	int rc;

	if (strncmp(url, SCHEME, strlen(SCHEME)) != 0 ||
	    strpbrk(url, "@#") != NULL || strchr(user, '@') != NULL)
		return err_set(
		    e, ERR_REFUSED, "this is no " SCHEME "HOST:PORT");
	buf_printf(&place, "%s@%s", user, url + strlen(SCHEME));
	rc = parse_place(i, place.data, e);
	buf_release(&place);
	return rc;
}

static int
parse_parts(struct invitation *i, char *line, struct err *e)
{
	char *part[4];
	int n;

	if (strncmp(line, SCHEME, strlen(SCHEME)) != 0)
		return err_set(
		    e, ERR_REFUSED, "an invitation starts with " SCHEME);
	part[0] = line + strlen(SCHEME);
	for (n = 1; n < 4; n++) {
		if ((part[n] = strchr(part[n - 1], '#')) == NULL)
			return err_set(e, ERR_REFUSED,
			    "an invitation has four parts with '#' between, "
			    "this has %d: is the line whole?",
			    n);
		*part[n]++ = '\0';
	}
	if (parse_place(i, part[0], e) == -1)
		return -1;
	if (!fingerprint_ok(part[1]))
		return err_set(e, ERR_REFUSED,
		    "the fingerprint of the host is none (SHA256:...)");
	text_copy(i->fingerprint, sizeof(i->fingerprint), part[1]);
	if (!name_ok(part[2]))
		return err_set(
		    e, ERR_REFUSED, "the account is no account's name");
	if (name_parse(&i->account, "account", part[2], e) == -1)
		return -1;
	return secret_parse(i->secret, part[3], e);
}

int
invitation_parse(struct invitation *i, const char *untrusted, struct err *e)
{
	char line[LINE_MAX_LEN];
	size_t len;
	int rc;

	memset(i, 0, sizeof(*i));
	untrusted += strspn(untrusted, " \t\r\n");
	len = strcspn(untrusted, " \t\r\n");
	if (untrusted[len + strspn(untrusted + len, " \t\r\n")] != '\0')
		return err_set(
		    e, ERR_REFUSED, "an invitation is one line without blanks");
	if (len >= sizeof(line))
		return err_set(
		    e, ERR_REFUSED, "this is too long for an invitation");
	memcpy(line, untrusted, len);
	line[len] = '\0';
	rc = parse_parts(i, line, e);
	explicit_bzero(line, sizeof(line));
	if (rc == -1)
		explicit_bzero(i, sizeof(*i));
	return rc;
}

uint64_t
invitation_id(const uint8_t pub[SSHKEY_BYTES])
{
	struct digest d;
	uint64_t id = 0;
	int i;

	digest_of(&d, pub, SSHKEY_BYTES);
	for (i = 0; i < 8; i++)
		id = id << 8 | d.bytes[i];
	return id;
}

/* ---- the request ----------------------------------------------------- */

/* No field holds a newline. */
static void
signed_form(struct buf *out, const struct enrol_request *r)
{
	char key[SSHKEY_TEXT];

	sshkey_text(key, r->key);
	buf_printf(out, "pandafuzz enrol %d\n%s\n%s\n%s\n%s\n", VERSION,
	    r->account.text, r->bot.text, key, r->host);
}

static bool
printable(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

int
enrol_request_format(struct buf *out, const struct enrol_request *r,
    const struct sshkey *secret, struct err *e)
{
	uint8_t signature[SSHKEY_SIGNATURE];
	char hex[2 * SSHKEY_SIGNATURE + 1], key[SSHKEY_TEXT];
	struct buf form = BUF_INIT;
	int i, rc;

	if (!printable(r->host))
		return err_set(e, ERR_BUG, "the host's name is not printable");
	signed_form(&form, r);
	rc = sshkey_sign(signature, secret, form.data, form.len, e);
	buf_release(&form);
	if (rc == -1)
		return -1;
	for (i = 0; i < SSHKEY_SIGNATURE; i++)
		snprintf(hex + 2 * i, 3, "%02x", signature[i]);
	sshkey_text(key, r->key);
	json_open(out, NULL, '{');
	json_put_u64(out, "enrol", VERSION);
	json_put_string(out, "account", r->account.text);
	json_put_string(out, "bot", r->bot.text);
	json_put_string(out, "key", key);
	json_put_string(out, "host", r->host);
	json_put_string(out, "signature", hex);
	json_close(out, '}');
	buf_addc(out, '\n');
	return 0;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int
parse_signature(uint8_t signature[SSHKEY_SIGNATURE], const char *hex)
{
	int i, high, low;

	if (hex == NULL || strlen(hex) != 2 * SSHKEY_SIGNATURE)
		return -1;
	for (i = 0; i < SSHKEY_SIGNATURE; i++) {
		high = hex_digit(hex[2 * i]);
		low = hex_digit(hex[2 * i + 1]);
		if (high == -1 || low == -1)
			return -1;
		signature[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

/* Keys of the file: those named, each once, and no others. */
static int
check_keys(const struct json_value *root, const char *const *keys, int count,
    const char *what, struct err *e)
{
	uint64_t version;
	int i;

	if (json_type(root) != JSON_OBJECT ||
	    json_u64(json_get(root, "enrol"), &version) == -1)
		return err_set(e, ERR_REFUSED, "this is no %s", what);
	if (version != VERSION)
		return err_set(e, ERR_REFUSED,
		    "a %s of version %ju, which this program does not know",
		    what, (uintmax_t)version);
	for (i = 0; i < count; i++)
		if (json_string(json_get(root, keys[i])) == NULL)
			return err_set(e, ERR_REFUSED, "the %s has no '%s'",
			    what, keys[i]);
	if (json_count(root) != count + 1)
		return err_set(
		    e, ERR_REFUSED, "the %s has keys that nobody knows", what);
	return 0;
}

static int
take_request(
    struct enrol_request *r, const struct json_value *root, struct err *e)
{
	const char *bot = json_get_string(root, "bot", "");
	const char *key = json_get_string(root, "key", "");

	if (name_parse(&r->account, "account",
		json_get_string(root, "account", ""), e) == -1 ||
	    (bot[0] != '\0' && name_parse(&r->bot, "bot", bot, e) == -1))
		return -1;
	/* Only the base64: one request has one spelling. */
	if (strlen(key) != SSHKEY_TEXT - 1)
		return err_set(e, ERR_REFUSED,
		    "the key of the request is no " SSHKEY_TYPE " key");
	if (sshkey_parse(r->key, key, e) == -1)
		return err_wrap(e, "the key of the request");
	if (!text_copy(
		r->host, sizeof(r->host), json_get_string(root, "host", "")) ||
	    !printable(r->host))
		return err_set(e, ERR_REFUSED,
		    "the name of the host is too long or not printable");
	return 0;
}

static int
check_signature(const struct enrol_request *r, const struct json_value *root,
    const uint8_t invited[SSHKEY_BYTES], struct err *e)
{
	uint8_t signature[SSHKEY_SIGNATURE];
	struct buf form = BUF_INIT;
	bool good;

	if (parse_signature(
		signature, json_get_string(root, "signature", "")) == -1)
		return err_set(
		    e, ERR_REFUSED, "the signature of the request is none");
	signed_form(&form, r);
	good = sshkey_verify(invited, signature, form.data, form.len);
	buf_release(&form);
	if (!good)
		return err_set(e, ERR_REFUSED,
		    "the request is not signed with the secret of its "
		    "invitation");
	return 0;
}

int
enrol_request_parse(struct enrol_request *r, const void *bytes, size_t len,
    const uint8_t invited[SSHKEY_BYTES], struct err *e)
{
	static const char *const keys[] = {
	    "account", "bot", "key", "host", "signature"};
	struct json *j;
	int rc;

	memset(r, 0, sizeof(*r));
	if ((j = json_parse(bytes, len, &JSON_LINE, e)) == NULL)
		return err_wrap(e, "the request");
	rc = check_keys(json_root(j), keys, 5, "request of enrolment", e);
	if (rc == 0)
		rc = take_request(r, json_root(j), e);
	if (rc == 0)
		rc = check_signature(r, json_root(j), invited, e);
	json_free(j);
	if (rc == -1)
		memset(r, 0, sizeof(*r));
	return rc;
}

/* ---- the answer ------------------------------------------------------ */

static const char *const states[] = {
    [ENROL_WAITING] = "waiting",
    [ENROL_ADMITTED] = "admitted",
    [ENROL_REFUSED] = "refused",
};

void
enrol_answer_format(struct buf *out, const struct enrol_answer *a)
{
	json_open(out, NULL, '{');
	json_put_u64(out, "enrol", VERSION);
	json_put_string(out, "state", states[a->state]);
	json_put_string(out, "account", a->account.text);
	json_put_string(out, "user", a->user);
	json_put_string(out, "reason", a->reason);
	json_close(out, '}');
	buf_addc(out, '\n');
}

static int
take_answer(
    struct enrol_answer *a, const struct json_value *root, struct err *e)
{
	const char *state = json_get_string(root, "state", "");
	const char *account = json_get_string(root, "account", "");
	const char *user = json_get_string(root, "user", "");
	struct buf reason = BUF_INIT;
	int s;

	for (s = 0; s < 3 && strcmp(states[s], state) != 0; s++)
		continue;
	if (s == 3)
		return err_set(
		    e, ERR_REFUSED, "the answer's state is none that exists");
	a->state = (enum enrol_state)s;
	if (account[0] != '\0' &&
	    name_parse(&a->account, "account", account, e) == -1)
		return -1;
	/* Who is let in must learn where to, and as whom. */
	if (a->state == ENROL_ADMITTED &&
	    (account[0] == '\0' || !user_ok(user)))
		return err_set(e, ERR_REFUSED,
		    "the answer does not say as whom to log in");
	if (user[0] != '\0' && !user_ok(user))
		return err_set(
		    e, ERR_REFUSED, "the answer's user is no user's name");
	text_copy(a->user, sizeof(a->user), user);
	user = json_get_string(root, "reason", "");
	text_clean_line(&reason, user, strlen(user), sizeof(a->reason) - 1);
	text_copy(a->reason, sizeof(a->reason), buf_text(&reason));
	buf_release(&reason);
	return 0;
}

int
enrol_answer_parse(
    struct enrol_answer *a, const void *bytes, size_t len, struct err *e)
{
	static const char *const keys[] = {
	    "state", "account", "user", "reason"};
	struct json *j;
	int rc;

	memset(a, 0, sizeof(*a));
	if ((j = json_parse(bytes, len, &JSON_LINE, e)) == NULL)
		return err_wrap(e, "the answer");
	rc = check_keys(json_root(j), keys, 4, "answer to an enrolment", e);
	if (rc == 0)
		rc = take_answer(a, json_root(j), e);
	json_free(j);
	if (rc == -1)
		memset(a, 0, sizeof(*a));
	return rc;
}
