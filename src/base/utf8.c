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

/* How many bytes the first byte of a code point announces. */
static size_t announced_size(unsigned char first) {
        return first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

void bp_utf8_mend(char *text, size_t size) {
        for (size_t i = 0; i < size;) {
                size_t step = announced_size((unsigned char)text[i]);

                if (step > size - i || !bp_utf8_valid(text + i, step)) {
                        text[i] = '?';
                        step = 1;
                }
                i += step;
        }
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
static bool add_mapped(struct bp_strbuf *buffer, uint8_t *mapped, const size_t *size) {
        if (!mapped)
                return false;
        bp_strbuf_add(buffer, (const char *)mapped, *size);
        free(mapped);
        return true;
}

/* Python starts a word after every character without case, digits and apostrophes included. */
enum {
        CAPITAL_SIGMA = 0x3A3,
        SMALL_SIGMA = 0x3C3,
        FINAL_SIGMA = 0x3C2,
};

static size_t before(const char *text, size_t at) {
        do
                at--;
        while (at > 0 && ((unsigned char)text[at] & 0xC0) == 0x80);
        return at;
}

/* Unicode's condition Final_Sigma: a cased letter before, none behind, ignorable characters between left aside. */
static bool is_final(const char *text, size_t size, size_t at) {
        uint32_t code_point = 0;
        size_t step;

        for (size_t i = at; i > 0;) {
                i = before(text, i);
                code_point = bp_utf8_decode(text + i, &step);
                if (!uc_is_property_case_ignorable(code_point))
                        break;
        }
        if (!code_point || !is_cased(code_point) || uc_is_property_case_ignorable(code_point))
                return false;
        bp_utf8_decode(text + at, &step);
        for (at += step; at < size; at += step) {
                code_point = bp_utf8_decode(text + at, &step);
                if (!uc_is_property_case_ignorable(code_point))
                        return !is_cased(code_point);
        }
        return true;
}

/* Appends the characters from `at` up to `end` in lower case; only sigma depends on what is around it. */
static bool add_lower(struct bp_strbuf *buffer, const char *text, size_t size, size_t at, size_t end) {
        while (at < end) {
                size_t step, stop = at, mapped_size = 0;

                while (stop < end && bp_utf8_decode(text + stop, &step) != CAPITAL_SIGMA)
                        stop += step;
                if (stop > at &&
                    !add_mapped(buffer, u8_tolower(bytes_of(text + at), stop - at, NULL, NULL, NULL, &mapped_size),
                                &mapped_size))
                        return false;
                if (stop < end) {
                        char sigma[4];

                        bp_strbuf_add(buffer, sigma,
                                      bp_utf8_encode(is_final(text, size, stop) ? FINAL_SIGMA : SMALL_SIGMA, sigma));
                        stop += step;
                }
                at = stop;
        }
        return true;
}

/* As Python: a word begins after every character without case, digits and apostrophes included. */
static bool add_title(struct bp_strbuf *buffer, const char *text, size_t size) {
        size_t at = 0, step, end;

        while (at < size) {
                size_t mapped_size = 0;
                bool in_word = is_cased(bp_utf8_decode(text + at, &step));

                if (!add_mapped(buffer, u8_totitle(bytes_of(text + at), step, NULL, NULL, NULL, &mapped_size),
                                &mapped_size))
                        return false;
                at += step;
                for (end = at; in_word && end < size; end += step)
                        in_word = is_cased(bp_utf8_decode(text + end, &step));
                if (!add_lower(buffer, text, size, at, end))
                        return false;
                at = end;
        }
        return true;
}

static bool add_case(struct bp_strbuf *buffer, enum bp_case to, const char *text, size_t size) {
        size_t mapped_size = 0;
        uint8_t *mapped;

        if (to == BP_CASE_LOWER)
                return add_lower(buffer, text, size, 0, size);
        if (to == BP_CASE_TITLE)
                return add_title(buffer, text, size);
        mapped = to == BP_CASE_UPPER ? u8_toupper(bytes_of(text), size, NULL, NULL, NULL, &mapped_size)
                                     : u8_casefold(bytes_of(text), size, NULL, NULL, NULL, &mapped_size);
        return add_mapped(buffer, mapped, &mapped_size);
}

int bp_utf8_change_case(struct bp_arena *arena, enum bp_case to, const char *text, size_t size, const char **ret_text,
                        size_t *ret_size) {
        struct bp_strbuf buffer;

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
        if (!add_case(&buffer, to, text, size) || buffer.error)
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
