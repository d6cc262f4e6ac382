/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <unistr.h>

#include "base/memory.h"
#include "base/strbuf.h"

static const uint8_t *bytes_of(const char *text) {
        return (const uint8_t *)text;
}

bool bp_utf8_valid(const char *text, size_t size) {
        return !memchr(text, '\0', size) && !u8_check(bytes_of(text), size);
}

size_t bp_utf8_length(const char *text, size_t size) {
        size_t length = 0;

        for (size_t i = 0; i < size; i++)
                length += ((unsigned char)text[i] & 0xC0) != 0x80;
        return length;
}

uint32_t bp_utf8_decode(const char *text, size_t *ret_size) {
        const unsigned char *at = (const unsigned char *)text;

        if (at[0] < 0x80) {
                *ret_size = 1;
                return at[0];
        }
        if (at[0] < 0xE0) {
                *ret_size = 2;
                return (uint32_t)(at[0] & 0x1F) << 6 | (at[1] & 0x3F);
        }
        if (at[0] < 0xF0) {
                *ret_size = 3;
                return (uint32_t)(at[0] & 0x0F) << 12 | (uint32_t)(at[1] & 0x3F) << 6 | (at[2] & 0x3F);
        }
        *ret_size = 4;
        return (uint32_t)(at[0] & 0x07) << 18 | (uint32_t)(at[1] & 0x3F) << 12 | (uint32_t)(at[2] & 0x3F) << 6 |
               (at[3] & 0x3F);
}

size_t bp_utf8_encode(uint32_t code_point, char bytes[4]) {
        uint8_t encoded[4];
        int size = u8_uctomb(encoded, code_point, 4);

        if (size < 1)
                size = u8_uctomb(encoded, 0xFFFD, 4);
        memcpy(bytes, encoded, (size_t)size);
        return (size_t)size;
}

size_t bp_utf8_offset(const char *text, size_t size, size_t index) {
        for (size_t i = 0; i < size; i++)
                if (((unsigned char)text[i] & 0xC0) != 0x80 && index-- == 0)
                        return i;
        return size;
}

static bool is_ascii(const char *text, size_t size) {
        for (size_t i = 0; i < size; i++)
                if ((unsigned char)text[i] >= 0x80)
                        return false;
        return true;
}

static char ascii_upper(char byte) {
        return byte >= 'a' && byte <= 'z' ? (char)(byte - 32) : byte;
}

static char ascii_lower(char byte) {
        return byte >= 'A' && byte <= 'Z' ? (char)(byte + 32) : byte;
}

static bool ascii_letter(char byte) {
        return ascii_lower(byte) >= 'a' && ascii_lower(byte) <= 'z';
}

static void map_ascii(enum bp_case to, const char *text, size_t size, char *mapped) {
        bool in_word = false;

        for (size_t i = 0; i < size; i++) {
                bool upper = to == BP_CASE_UPPER || (to == BP_CASE_TITLE && !in_word);

                mapped[i] = upper ? ascii_upper(text[i]) : ascii_lower(text[i]);
                in_word = ascii_letter(text[i]);
        }
}

static bool is_cased(uint32_t code_point) {
        return uc_is_property_cased(code_point) || uc_is_property_uppercase(code_point) ||
               uc_is_property_lowercase(code_point);
}

/* @return false when memory is exhausted */
static bool add_mapped(struct bp_strbuf *buffer, uint8_t *mapped, size_t size) {
        if (!mapped)
                return false;
        bp_strbuf_add(buffer, (const char *)mapped, size);
        free(mapped);
        return true;
}

/* Python starts a word after every character without case, digits and apostrophes included. */
static bool title_case(struct bp_strbuf *buffer, const char *text, size_t size) {
        size_t at = 0;

        while (at < size) {
                size_t step, end, mapped_size = 0;
                casing_prefix_context_t prefix;
                uint8_t *mapped;

                if (!is_cased(bp_utf8_decode(text + at, &step))) {
                        bp_strbuf_add(buffer, text + at, step);
                        at += step;
                        continue;
                }
                mapped = u8_totitle(bytes_of(text + at), step, NULL, NULL, NULL, &mapped_size);
                if (!add_mapped(buffer, mapped, mapped_size))
                        return false;
                prefix = u8_casing_prefix_context(bytes_of(text + at), step);
                at += step;
                for (end = at; end < size && is_cased(bp_utf8_decode(text + end, &step)); end += step)
                        ;
                if (end == at)
                        continue;
                mapped = u8_ct_tolower(bytes_of(text + at), end - at, prefix, unicase_empty_suffix_context, NULL, NULL,
                                       NULL, &mapped_size);
                if (!add_mapped(buffer, mapped, mapped_size))
                        return false;
                at = end;
        }
        return true;
}

static uint8_t *map_unicode(enum bp_case to, const char *text, size_t size, size_t *ret_size) {
        switch (to) {
        case BP_CASE_UPPER:
                return u8_toupper(bytes_of(text), size, NULL, NULL, NULL, ret_size);
        case BP_CASE_LOWER:
                return u8_tolower(bytes_of(text), size, NULL, NULL, NULL, ret_size);
        default:
                return u8_casefold(bytes_of(text), size, NULL, NULL, NULL, ret_size);
        }
}

int bp_utf8_change_case(struct bp_arena *arena, enum bp_case to, const char *text, size_t size, const char **ret_text,
                        size_t *ret_size) {
        struct bp_strbuf buffer;
        bool done;

        if (is_ascii(text, size)) {
                char *mapped = bp_arena_text(arena, text, size);

                if (!mapped)
                        return -ENOMEM;
                map_ascii(to, text, size, mapped);
                *ret_text = mapped;
                *ret_size = size;
                return 0;
        }
        bp_strbuf_init(&buffer, arena, SIZE_MAX / 2);
        if (to == BP_CASE_TITLE) {
                done = title_case(&buffer, text, size);
        } else {
                size_t mapped_size = 0;
                uint8_t *mapped = map_unicode(to, text, size, &mapped_size);

                done = add_mapped(&buffer, mapped, mapped_size);
        }
        if (!done || buffer.error)
                return -ENOMEM;
        *ret_text = bp_strbuf_text(&buffer);
        *ret_size = buffer.size;
        return 0;
}

bool bp_utf8_is_letter(uint32_t code_point) {
        return uc_is_general_category(code_point, UC_CATEGORY_L);
}

bool bp_utf8_is_alphanumeric(uint32_t code_point) {
        return uc_is_general_category(code_point, UC_CATEGORY_L) || uc_is_general_category(code_point, UC_CATEGORY_N);
}

bool bp_utf8_is_space(uint32_t code_point) {
        return (code_point >= 0x09 && code_point <= 0x0D) || (code_point >= 0x1C && code_point <= 0x20) ||
               code_point == 0x85 || code_point == 0x2028 || code_point == 0x2029 ||
               (code_point > 0x7F && uc_is_general_category(code_point, UC_CATEGORY_Zs));
}

int bp_utf8_digit(uint32_t code_point) {
        return uc_decimal_value(code_point);
}

bool bp_utf8_is_upper(uint32_t code_point) {
        return uc_is_property_uppercase(code_point);
}

bool bp_utf8_is_lower(uint32_t code_point) {
        return uc_is_property_lowercase(code_point);
}

bool bp_utf8_is_printable(uint32_t code_point) {
        if (code_point < 0x7F)
                return code_point >= 0x20;
        return !uc_is_general_category_withtable(code_point, UC_CATEGORY_MASK_C | UC_CATEGORY_MASK_Z);
}
