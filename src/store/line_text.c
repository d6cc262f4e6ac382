/* SPDX-License-Identifier: Apache-2.0 */
#include "store/line_text.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "base/strbuf.h"
#include "store/record_text.h"

void bp_line_write(struct bp_strbuf *text, const struct bp_store_line *line, struct bp_wall first_at) {
        bp_strbuf_add_char(text, '[');
        bp_text_add_int(text, line->step);
        bp_strbuf_add_char(text, ',');
        bp_text_add_int(text, line->attempt);
        bp_strbuf_add_char(text, ',');
        bp_text_add_int(text, line->at.us - first_at.us);
        bp_strbuf_add_char(text, ',');
        bp_text_add_int(text, line->level);
        bp_strbuf_add_char(text, ',');
        bp_json_write_string(text, line->message, strlen(line->message));
        bp_strbuf_add_char(text, ']');
}

int bp_line_read(const struct bp_value *item, struct bp_wall first_at, struct bp_store_line *ret_line) {
        const struct bp_value *parts = item->as.items;

        if (item->type != BP_LIST || item->count != 5 || parts[4].type != BP_STRING)
                return -EPROTO;
        for (size_t i = 0; i < 4; i++)
                if (parts[i].type != BP_INT)
                        return -EPROTO;
        *ret_line = (struct bp_store_line){.step = (uint32_t)parts[0].as.integer,
                                           .attempt = (uint32_t)parts[1].as.integer,
                                           .at = {first_at.us + parts[2].as.integer},
                                           .level = (uint8_t)parts[3].as.integer,
                                           .message = parts[4].as.text};
        return 0;
}
