/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <string.h>

#include "envelope/envelope.h"

static bool is_letter(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool may_follow(char c) {
        return is_letter(c) || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

const char *bp_topic_problem(const char *topic, size_t size) {
        if (size == 0)
                return "a topic has a name";
        if (size > BP_TOPIC_SIZE_MAX)
                return "a topic has at most 255 characters";
        if (!is_letter(topic[0]))
                return "a topic begins with a letter";
        for (size_t i = 1; i < size; i++)
                if (!may_follow(topic[i]))
                        return "a topic consists of letters, digits, '.', '_' and '-'";
        return NULL;
}
