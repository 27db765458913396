/*
 * Ids as they travel.
 */
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
