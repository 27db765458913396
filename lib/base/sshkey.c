/*
 * Keys of machines and invitations: made, written as OpenSSH writes them,
 * signed with and verified.  libcrypto knows the curve; the formats around it
 * are a few length-prefixed strings.
 *
 * Secrets are wiped from every buffer that held them.
 */
#include <sys/random.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "lib/base/buf.h"
#include "lib/base/digest.h"
#include "lib/base/fs.h"
#include "lib/base/random.h"
#include "lib/base/sshkey.h"

#define TYPE_LEN   11 /* of "ssh-ed25519" */
#define BLOB_BYTES (4 + TYPE_LEN + 4 + SSHKEY_BYTES)
#define BLOB_TEXT  (SSHKEY_TEXT - 1) /* 51 bytes: no padding */
#define MAGIC      "openssh-key-v1"  /* its NUL is part of it */
#define FILE_BLOCK 8                 /* of the cipher "none" */
#define FILE_WIDTH 70
#define LINE_LIMIT 16384 /* longer than any public key that exists */

_Static_assert(BLOB_BYTES % 3 == 0 && BLOB_BYTES / 3 * 4 == BLOB_TEXT,
    "the blob of an ed25519 key fills its base64");

/* ---- the curve ------------------------------------------------------- */

int
sshkey_from_seed(
    struct sshkey *k, const uint8_t seed[SSHKEY_BYTES], struct err *e)
{
	size_t len = SSHKEY_BYTES;
	EVP_PKEY *pkey;
	int ok;

	memmove(k->seed, seed, SSHKEY_BYTES);
	pkey = EVP_PKEY_new_raw_private_key(
	    EVP_PKEY_ED25519, NULL, k->seed, SSHKEY_BYTES);
	ok = pkey != NULL &&
	    EVP_PKEY_get_raw_public_key(pkey, k->pub, &len) == 1 &&
	    len == SSHKEY_BYTES;
	EVP_PKEY_free(pkey);
	if (!ok)
		return err_set(
		    e, ERR_BUG, "libcrypto cannot make an ed25519 key");
	return 0;
}

int
sshkey_new(struct sshkey *k, struct err *e)
{
	uint8_t seed[SSHKEY_BYTES];
	int rc;

	if (getrandom(seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
		return err_sys(e, "the kernel gives no random bytes");
	rc = sshkey_from_seed(k, seed, e);
	explicit_bzero(seed, sizeof(seed));
	return rc;
}

int
sshkey_sign(uint8_t signature[SSHKEY_SIGNATURE], const struct sshkey *k,
    const void *message, size_t len, struct err *e)
{
	size_t size = SSHKEY_SIGNATURE;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY *pkey;
	int ok;

	pkey = EVP_PKEY_new_raw_private_key(
	    EVP_PKEY_ED25519, NULL, k->seed, SSHKEY_BYTES);
	ok = ctx != NULL && pkey != NULL &&
	    EVP_DigestSignInit(ctx, NULL, NULL, NULL, pkey) == 1 &&
	    EVP_DigestSign(ctx, signature, &size, message, len) == 1 &&
	    size == SSHKEY_SIGNATURE;
	EVP_PKEY_free(pkey);
	EVP_MD_CTX_free(ctx);
	return ok ? 0 : err_set(e, ERR_BUG, "libcrypto cannot sign");
}

bool
sshkey_verify(const uint8_t pub[SSHKEY_BYTES],
    const uint8_t signature[SSHKEY_SIGNATURE], const void *message, size_t len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY *pkey;
	bool ok;

	pkey = EVP_PKEY_new_raw_public_key(
	    EVP_PKEY_ED25519, NULL, pub, SSHKEY_BYTES);
	ok = ctx != NULL && pkey != NULL &&
	    EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, pkey) == 1 &&
	    EVP_DigestVerify(ctx, signature, SSHKEY_SIGNATURE, message, len) ==
		1;
	EVP_PKEY_free(pkey);
	EVP_MD_CTX_free(ctx);
	return ok;
}

/* ---- as SSH writes it ------------------------------------------------ */

static void
add_u32(struct buf *b, size_t n)
{
	const uint8_t bytes[4] = {(uint8_t)(n >> 24), (uint8_t)(n >> 16),
	    (uint8_t)(n >> 8), (uint8_t)n};

	buf_add(b, bytes, sizeof(bytes));
}

static void
add_string(struct buf *b, const void *bytes, size_t len)
{
	add_u32(b, len);
	buf_add(b, bytes, len);
}

static void
make_blob(uint8_t blob[BLOB_BYTES], const uint8_t pub[SSHKEY_BYTES])
{
	struct buf b = BUF_INIT;

	add_string(&b, SSHKEY_TYPE, TYPE_LEN);
	add_string(&b, pub, SSHKEY_BYTES);
	memcpy(blob, b.data, BLOB_BYTES);
	buf_release(&b);
}

void
sshkey_text(char out[SSHKEY_TEXT], const uint8_t pub[SSHKEY_BYTES])
{
	uint8_t blob[BLOB_BYTES];

	make_blob(blob, pub);
	EVP_EncodeBlock((unsigned char *)out, blob, BLOB_BYTES);
}

void
sshkey_fingerprint(
    char out[SSHKEY_FINGERPRINT], const uint8_t pub[SSHKEY_BYTES])
{
	unsigned char text[DIGEST_SIZE / 3 * 4 + 4 + 1];
	uint8_t blob[BLOB_BYTES];
	struct digest d;

	make_blob(blob, pub);
	digest_of(&d, blob, sizeof(blob));
	EVP_EncodeBlock(text, d.bytes, DIGEST_SIZE);
	/* 44 characters with one of padding, which ssh-keygen leaves out. */
	snprintf(out, SSHKEY_FINGERPRINT, "SHA256:%.43s", (const char *)text);
}

/* ---- a key from outside ---------------------------------------------- */

static bool
is_base64(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	    (c >= '0' && c <= '9') || c == '+' || c == '/' || c == '=';
}

/* The type that a blob names, as far as it is a word; "" when it is none. */
static void
type_of_blob(char *out, size_t size, const char *text, size_t len)
{
	unsigned char head[72];
	size_t take = len < 96 ? len / 4 * 4 : 96, n, i;

	out[0] = '\0';
	if (take < 8 ||
	    EVP_DecodeBlock(head, (const unsigned char *)text, (int)take) < 6)
		return;
	n = (size_t)head[2] << 8 | head[3];
	if (head[0] != 0 || head[1] != 0 || n < 3 || n >= size ||
	    n + 4 > take / 4 * 3)
		return;
	for (i = 0; i < n; i++)
		if (strchr("abcdefghijklmnopqrstuvwxyz0123456789-@.",
			head[4 + i]) == NULL ||
		    head[4 + i] == '\0')
			return;
	memcpy(out, head + 4, n);
	out[n] = '\0';
}

static int
other_kind(const char *type, struct err *e)
{
	if (strstr(type, "-cert-") != NULL)
		return err_set(e, ERR_REFUSED,
		    "this is a certificate ('%s'), not a public key: give the "
		    "ed25519 key itself",
		    type);
	if (strncmp(type, "sk-", 3) == 0)
		return err_set(e, ERR_REFUSED,
		    "this is a key of a security token ('%s'), with which no "
		    "machine can log in by itself: only " SSHKEY_TYPE
		    " keys are taken",
		    type);
	return err_set(e, ERR_REFUSED,
	    "this is a key of the kind '%s': only " SSHKEY_TYPE
	    " keys are taken (ssh-keygen -t ed25519)",
	    type);
}

/* "text" has "len" characters and does not have to end there. */
static int
parse_blob(
    uint8_t pub[SSHKEY_BYTES], const char *text, size_t len, struct err *e)
{
	unsigned char blob[BLOB_BYTES + 3];
	char type[64], again[SSHKEY_TEXT];
	size_t i;

	for (i = 0; i < len; i++)
		if (!is_base64(text[i]))
			return err_set(
			    e, ERR_REFUSED, "this is not a public key");
	type_of_blob(type, sizeof(type), text, len);
	if (type[0] != '\0' && strcmp(type, SSHKEY_TYPE) != 0)
		return other_kind(type, e);
	if (type[0] == '\0')
		return err_set(e, ERR_REFUSED, "this is not a public key");
	if (len == BLOB_TEXT &&
	    EVP_DecodeBlock(blob, (const unsigned char *)text, BLOB_TEXT) ==
		BLOB_BYTES) {
		memcpy(pub, blob + BLOB_BYTES - SSHKEY_BYTES, SSHKEY_BYTES);
		/* One key has one spelling, and the lengths inside are right. */
		sshkey_text(again, pub);
		if (memcmp(again, text, BLOB_TEXT) == 0)
			return 0;
	}
	return err_set(e, ERR_REFUSED,
	    "this " SSHKEY_TYPE " key is damaged: it should have %d characters "
	    "after its kind",
	    BLOB_TEXT);
}

static size_t
word_len(const char *text)
{
	return strcspn(text, " \t");
}

static const char *
skip_blanks(const char *text)
{
	return text + strspn(text, " \t");
}

/* Kinds begin so, in public lines and behind options. */
static const char *
find_kind(const char *line)
{
	static const char *const kinds[] = {
	    "ssh-", "ecdsa-", "sk-ssh-", "sk-ecdsa-"};
	size_t i;

	for (; *line != '\0'; line = skip_blanks(line + word_len(line)))
		for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
			if (strncmp(line, kinds[i], strlen(kinds[i])) == 0)
				return line;
	return NULL;
}

static int
parse_named(uint8_t pub[SSHKEY_BYTES], const char *line, struct err *e)
{
	const char *blob = skip_blanks(line + word_len(line));
	char type[64];
	size_t i, n = word_len(line);

	if (n == TYPE_LEN && memcmp(line, SSHKEY_TYPE, TYPE_LEN) == 0) {
		if (*blob == '\0')
			return err_set(e, ERR_REFUSED,
			    "this is the kind of a key without the key");
		return parse_blob(pub, blob, word_len(blob), e);
	}
	for (i = 0; i < n && i < sizeof(type) - 1; i++)
		type[i] = (line[i] > ' ' && line[i] < 0x7f && line[i] != '\'' &&
			      line[i] != '"')
		    ? line[i]
		    : '?';
	type[i] = '\0';
	return other_kind(type, e);
}

static int
parse_line(uint8_t pub[SSHKEY_BYTES], const char *line, struct err *e)
{
	const char *kind;

	if (*line == '\0')
		return err_set(e, ERR_REFUSED, "there is no key in it");
	if (strstr(line, "PRIVATE KEY") != NULL)
		return err_set(e, ERR_REFUSED,
		    "this is a private key, which never leaves its machine: "
		    "give the line of its .pub file");
	if (strncmp(line, "---- BEGIN", 10) == 0 ||
	    strncmp(line, "-----BEGIN", 10) == 0)
		return err_set(e, ERR_REFUSED,
		    "this is a key in another format: give one line as "
		    "`ssh-keygen -y` prints it");
	if ((kind = find_kind(line)) == line)
		return parse_named(pub, line, e);
	if (kind != NULL)
		return err_set(e, ERR_REFUSED,
		    "there is something before the key: a line with options "
		    "is not taken");
	return parse_blob(pub, line, word_len(line), e);
}

int
sshkey_parse(uint8_t pub[SSHKEY_BYTES], const char *untrusted, struct err *e)
{
	const char *start = untrusted + strspn(untrusted, " \t\r\n");
	size_t len = strcspn(start, "\r\n");
	struct buf line = BUF_INIT;
	int rc;

	memset(pub, 0, SSHKEY_BYTES);
	if (len > LINE_LIMIT)
		return err_set(e, ERR_REFUSED, "this is not a public key");
	/* What follows the first line of a private key is its secret. */
	if (start[len + strspn(start + len, " \t\r\n")] != '\0' &&
	    strstr(start, "BEGIN") == NULL)
		return err_set(e, ERR_REFUSED,
		    "there is more than one line: give one key");
	buf_add(&line, start, len);
	rc = parse_line(pub, buf_text(&line), e);
	if (line.data != NULL)
		explicit_bzero(line.data, line.len);
	buf_release(&line);
	return rc;
}

/* ---- the private file ------------------------------------------------ */

static void
add_private(struct buf *b, const struct sshkey *k, const char *comment)
{
	uint64_t check = random_u64();
	uint8_t both[2 * SSHKEY_BYTES];
	char pad = 1;

	/* Twice the same: with a cipher it would show a wrong passphrase. */
	add_u32(b, (uint32_t)check);
	add_u32(b, (uint32_t)check);
	add_string(b, SSHKEY_TYPE, TYPE_LEN);
	add_string(b, k->pub, SSHKEY_BYTES);
	memcpy(both, k->seed, SSHKEY_BYTES);
	memcpy(both + SSHKEY_BYTES, k->pub, SSHKEY_BYTES);
	add_string(b, both, sizeof(both));
	explicit_bzero(both, sizeof(both));
	add_string(b, comment, strlen(comment));
	while (b->len % FILE_BLOCK != 0)
		buf_addc(b, pad++);
}

static void
wipe(struct buf *b)
{
	if (b->data != NULL)
		explicit_bzero(b->data, b->cap);
	buf_release(b);
}

/* "out" is grown before secrets enter it: growing leaves copies behind. */
static void
format_file(struct buf *out, const struct sshkey *k, const char *comment)
{
	struct buf all = BUF_INIT, part = BUF_INIT;
	uint8_t blob[BLOB_BYTES];
	unsigned char *text;
	size_t done, len;

	buf_grow(&part, 512 + strlen(comment));
	buf_grow(&all, 1024 + strlen(comment));
	buf_grow(out, 2048 + 2 * strlen(comment));
	make_blob(blob, k->pub);
	add_private(&part, k, comment);
	buf_add(&all, MAGIC, sizeof(MAGIC));
	add_string(&all, "none", 4);
	add_string(&all, "none", 4);
	add_string(&all, "", 0);
	add_u32(&all, 1);
	add_string(&all, blob, sizeof(blob));
	add_string(&all, part.data, part.len);
	text = mem_alloc(all.len / 3 * 4 + 8);
	len = (size_t)EVP_EncodeBlock(
	    text, (const unsigned char *)all.data, (int)all.len);
	buf_adds(out, "-----BEGIN OPENSSH PRIVATE KEY-----\n");
	for (done = 0; done < len; done += FILE_WIDTH)
		buf_printf(out, "%.*s\n", FILE_WIDTH, (char *)text + done);
	buf_adds(out, "-----END OPENSSH PRIVATE KEY-----\n");
	explicit_bzero(text, len);
	free(text);
	wipe(&part);
	wipe(&all);
}

static int
check_comment(const char *comment, struct err *e)
{
	const char *p;

	for (p = comment; *p != '\0'; p++)
		if (*p <= ' ' || *p >= 0x7f)
			return err_set(e, ERR_BUG,
			    "the comment of a key is one word of ASCII");
	return p - comment > 255
	    ? err_set(e, ERR_BUG, "the comment of a key is too long")
	    : 0;
}

/* Staged beside, synced, named without replacing anything. */
static int
commit(int at, const char *name, const struct buf *text, struct err *e)
{
	char temp[300];
	int fd;

	snprintf(temp, sizeof(temp), ".%.200s.%016jx.tmp", name,
	    (uintmax_t)random_u64());
	fd = openat(at, temp,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1)
		return err_sys(e, "cannot stage '%s'", name);
	if (fs_write_all(fd, text->data, text->len) == -1 || fsync(fd) == -1) {
		err_sys(e, "cannot write '%s'", name);
		close(fd);
		goto unstage;
	}
	close(fd);
	if (renameat2(at, temp, at, name, RENAME_NOREPLACE) == -1) {
		if (errno == EEXIST)
			err_set(e, ERR_CONFLICT,
			    "'%s' is there already, and a key is never "
			    "overwritten",
			    name);
		else
			err_sys(e, "cannot commit '%s'", name);
		goto unstage;
	}
	return fs_sync_dir(at, e);

unstage:
	unlinkat(at, temp, 0);
	return -1;
}

int
sshkey_write(int at, const char *name, const struct sshkey *k,
    const char *comment, struct err *e)
{
	struct buf text = BUF_INIT;
	int rc;

	if (check_comment(comment, e) == -1)
		return -1;
	format_file(&text, k, comment);
	rc = commit(at, name, &text, e);
	wipe(&text);
	return rc;
}
