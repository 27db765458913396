/*
 * Ids, numbers and digests as they travel.
 */
#include <string.h>

#include "lib/base/text.h"
#include "lib/wire/fields.h"

void
field_put_id(struct buf *out, const char *key, uint64_t id)
{
	if (id == 0)
		json_put_null(out, key);
	else
		json_put_string(out, key, text_hex64(id).text);
}

int
field_id(const struct json_value *v, uint64_t *id, bool may_be_null)
{
	const char *text = json_string(v);

	*id = 0;
	if (may_be_null && v != NULL && json_type(v) == JSON_NULL)
		return 0;
	if (text == NULL || text_to_hex64(id, text) == -1 || *id == 0)
		return -1;
	return 0;
}

int
field_number(const struct json_value *v, uint64_t *number)
{
	return json_u64(v, number) == -1 || *number > FIELD_NUMBER_MAX ? -1 : 0;
}

int
field_digest(const struct json_value *v, struct digest *d)
{
	const char *text = json_string(v);

	return text == NULL || strlen(text) != DIGEST_HEX
	    ? -1
	    : digest_parse(d, text);
}

struct json *
field_line(const char *line, size_t len, struct err *e)
{
	struct json *j = json_parse(line, len, &JSON_LINE, e);

	if (j != NULL && json_type(json_root(j)) != JSON_OBJECT) {
		json_free(j);
		err_set(e, ERR_REFUSED, "a line that is no JSON object");
		return NULL;
	}
	return j;
}
