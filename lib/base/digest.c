/*
 * SHA-256 through OpenSSL's EVP interface.  libcrypto failing here means that
 * it is broken or out of memory: the process ends.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "lib/base/buf.h"
#include "lib/base/digest.h"

struct hasher {
	EVP_MD_CTX *ctx;
};

static const EVP_MD *
sha256(void)
{
	static EVP_MD *md;

	if (md == NULL)
		md = EVP_MD_fetch(NULL, "SHA256", NULL);
	return md;
}

static void
must(int ok)
{
	if (ok != 1) {
		fputs("libcrypto cannot compute SHA-256\n", stderr);
		abort();
	}
}

struct hasher *
hasher_new(void)
{
	struct hasher *h = mem_alloc(sizeof(*h));

	h->ctx = EVP_MD_CTX_new();
	must(h->ctx != NULL && sha256() != NULL);
	hasher_reset(h);
	return h;
}

void
hasher_free(struct hasher *h)
{
	if (h == NULL)
		return;
	EVP_MD_CTX_free(h->ctx);
	free(h);
}

void
hasher_reset(struct hasher *h)
{
	must(EVP_DigestInit_ex2(h->ctx, sha256(), NULL));
}

void
hasher_add(struct hasher *h, const void *bytes, size_t len)
{
	must(EVP_DigestUpdate(h->ctx, bytes, len));
}

void
hasher_end(struct hasher *h, struct digest *d)
{
	unsigned int len;

	must(EVP_DigestFinal_ex(h->ctx, d->bytes, &len));
	hasher_reset(h);
}

void
digest_of(struct digest *d, const void *bytes, size_t len)
{
	must(sha256() != NULL);
	must(EVP_Digest(bytes, len, d->bytes, NULL, sha256(), NULL));
}

bool
digest_equal(const struct digest *a, const struct digest *b)
{
	return memcmp(a->bytes, b->bytes, DIGEST_SIZE) == 0;
}

struct digest_hex
digest_hex(const struct digest *d)
{
	static const char digits[] = "0123456789abcdef";
	struct digest_hex hex;
	size_t i;

	for (i = 0; i < DIGEST_SIZE; i++) {
		hex.text[2 * i] = digits[d->bytes[i] >> 4];
		hex.text[2 * i + 1] = digits[d->bytes[i] & 15];
	}
	hex.text[DIGEST_HEX] = '\0';
	return hex;
}

static int
nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

int
digest_parse(struct digest *d, const char *text)
{
	size_t i;
	int high, low;

	for (i = 0; i < DIGEST_SIZE; i++) {
		if ((high = nibble(text[2 * i])) == -1 ||
		    (low = nibble(text[2 * i + 1])) == -1)
			return -1;
		d->bytes[i] = (uint8_t)(high << 4 | low);
	}
	return text[DIGEST_HEX] == '\0' ? 0 : -1;
}
