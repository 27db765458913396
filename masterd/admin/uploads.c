/*
 * A hash table of digests.  A digest is its own hash.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "masterd/admin/uploads.h"

#define BUCKETS 4096

struct node {
	struct upload file;
	struct node *next;
};

struct uploads {
	struct node *buckets[BUCKETS];
};

struct uploads *
uploads_new(void)
{
	return mem_alloc(sizeof(struct uploads));
}

void
uploads_free(struct uploads *u)
{
	struct node *n, *next;
	size_t i;

	if (u == NULL)
		return;
	for (i = 0; i < BUCKETS; i++)
		for (n = u->buckets[i]; n != NULL; n = next) {
			next = n->next;
			free(n);
		}
	free(u);
}

static size_t
bucket_of(const struct digest *d)
{
	return ((size_t)d->bytes[0] << 8 | d->bytes[1]) % BUCKETS;
}

/* The link that holds it, or the NULL at the end of its chain. */
static struct node **
find(const struct uploads *u, const struct digest *d)
{
	struct node **at = (struct node **)&u->buckets[bucket_of(d)];

	while (*at != NULL && !digest_equal(&(*at)->file.sha256, d))
		at = &(*at)->next;
	return at;
}

void
uploads_add(struct uploads *u, const struct upload *f)
{
	struct node **at = find(u, &f->sha256);

	if (*at == NULL)
		*at = mem_alloc(sizeof(**at));
	(*at)->file = *f;
}

const struct upload *
uploads_find(const struct uploads *u, const struct digest *sha256)
{
	struct node *n = *find(u, sha256);

	return n == NULL ? NULL : &n->file;
}

void
uploads_forget(struct uploads *u, const struct digest *sha256)
{
	struct node **at = find(u, sha256), *n = *at;

	if (n == NULL)
		return;
	*at = n->next;
	free(n);
}
