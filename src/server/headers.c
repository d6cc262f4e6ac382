/* SPDX-License-Identifier: Apache-2.0 */
#include "server/headers.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *skip_space(const char *at) {
        while (*at == ' ' || *at == '\t')
                at++;
        return at;
}

/* "0.5" as 500; what cannot be read is 1000. */
static int read_quality(const char *at) {
        int quality = 0;

        if (*at != '0')
                return 1000;
        if (at[1] != '.')
                return 0;
        at += 2;
        for (int unit = 100; unit && isdigit((unsigned char)*at); unit /= 10)
                quality += (*at++ - '0') * unit;
        return quality;
}

static int quality_of(const char *item, size_t size) {
        const char *end = item + size;

        while ((item = memchr(item, ';', (size_t)(end - item)))) {
                item = skip_space(item + 1);
                if (item >= end)
                        break;
                if ((*item == 'q' || *item == 'Q') && item[1] == '=')
                        return read_quality(item + 2);
        }
        return 1000;
}

int bp_header_quality(const char *list, const char *word) {
        size_t word_size = strlen(word);

        while (list && *list) {
                size_t size, name_size;

                list = skip_space(list);
                size = strcspn(list, ",");
                name_size = strcspn(list, ";, \t");
                if (name_size == word_size && strncasecmp(list, word, word_size) == 0)
                        return quality_of(list, size);
                list += size;
                if (*list == ',')
                        list++;
        }
        return -1;
}

uint32_t bp_header_wait(const char *prefer, uint32_t most) {
        while (prefer && *prefer) {
                prefer = skip_space(prefer);
                if (strncasecmp(prefer, "wait", 4) == 0) {
                        const char *at = skip_space(prefer + 4);
                        unsigned long seconds;

                        if (*at == '=') {
                                at = skip_space(at + 1);
                                at += *at == '"';
                                if (!isdigit((unsigned char)*at))
                                        return 0;
                                seconds = strtoul(at, NULL, 10);
                                return seconds < most ? (uint32_t)seconds : most;
                        }
                }
                prefer += strcspn(prefer, ",;");
                if (*prefer)
                        prefer++;
        }
        return 0;
}

bool bp_header_matches_tag(const char *list, const char *tag) {
        size_t tag_size = strlen(tag);

        while (*list) {
                list = skip_space(list);
                if (*list == '*')
                        return true;
                if (strncmp(list, "W/", 2) == 0)
                        list += 2;
                if (strncmp(list, tag, tag_size) == 0)
                        return true;
                if (*list == '"')
                        list += 1 + strcspn(list + 1, "\"");
                list += strcspn(list, ",");
                if (*list)
                        list++;
        }
        return false;
}

bool bp_header_value_is_sane(const char *value) {
        for (; *value; value++) {
                if ((unsigned char)*value < 0x20 || *value == 0x7F)
                        return false;
        }
        return true;
}

bool bp_header_name_is_sane(const char *name) {
        if (!*name)
                return false;
        for (; *name; name++) {
                if (!isalnum((unsigned char)*name) && !strchr("!#$%&'*+-.^_`|~", *name))
                        return false;
        }
        return true;
}

bool bp_header_is_token_text(const char *value, size_t most) {
        size_t size = strlen(value);

        if (!size || size > most || value[0] == ' ' || value[size - 1] == ' ')
                return false;
        for (size_t i = 0; i < size; i++) {
                if (value[i] < 0x20 || value[i] > 0x7E)
                        return false;
        }
        return true;
}
