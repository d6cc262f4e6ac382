/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file has its data twice, in 32 and in 64 bits; the second half and the rule behind it are used where there are any.
 * Every number of the file is checked before it is used: it may be damaged, or none of ours.
 */
#include "base/zone.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/zone_rule.h"

enum {
        NAME_SIZE_MAX = 128,
        FILE_SIZE_MAX = 256 << 10,
        HEADER_SIZE = 44,
        TYPE_SIZE = 6,
        OFFSET_MAX = 26 * 3600, /* nobody's clocks are further from UTC */
};

struct bp_zone {
        int32_t first_offset; /* before the first change */
        bool has_rule;        /* for the time from the last change on */
        struct bp_zone_rule rule;
        size_t n_changes;
        const int64_t *changes;
        const int32_t *offsets; /* from each change on */
};

/* ---------------------------------------------------------------------------------------------------------------
 * Files
 */

bool bp_zone_name_is_valid(const char *name) {
        static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-_./";
        size_t size = strlen(name);

        if (size == 0 || size > NAME_SIZE_MAX || name[strspn(name, allowed)])
                return false;
        if (name[0] == '/' || name[0] == '.' || name[size - 1] == '/')
                return false;
        return !strstr(name, "//") && !strstr(name, "/.");
}

/* @return 0, 1 when there is no such file or it is too large, or -ENOMEM */
static int read_whole(struct bp_arena *arena, int fd, const unsigned char **ret_bytes, size_t *ret_size) {
        struct stat status;
        unsigned char *bytes;
        size_t size = 0;
        ssize_t n = 1;

        if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_size < 0 || status.st_size > FILE_SIZE_MAX)
                return 1;
        bytes = bp_arena_alloc(arena, (size_t)status.st_size + 1);
        if (!bytes)
                return -ENOMEM;
        while (size < (size_t)status.st_size && n > 0) {
                n = read(fd, bytes + size, (size_t)status.st_size - size);
                if (n > 0)
                        size += (size_t)n;
                else if (n < 0 && errno == EINTR)
                        n = 1;
        }
        if (n < 0)
                return 1;
        bytes[size] = '\0';
        *ret_bytes = bytes;
        *ret_size = size;
        return 0;
}

static int read_file(struct bp_arena *arena, const char *folder, const char *name, const unsigned char **ret_bytes,
                     size_t *ret_size) {
        int folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd, r;

        if (folder_fd < 0)
                return 1;
        fd = openat(folder_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        close(folder_fd);
        if (fd < 0)
                return 1;
        r = read_whole(arena, fd, ret_bytes, ret_size);
        close(fd);
        return r;
}

/* ---------------------------------------------------------------------------------------------------------------
 * TZif
 */

static int64_t big_endian(const unsigned char *bytes, size_t size) {
        uint64_t number = bytes[0] & 0x80 ? UINT64_MAX : 0;

        for (size_t i = 0; i < size; i++)
                number = number << 8 | bytes[i];
        return (int64_t)number;
}

/* One of the two halves. */
struct half {
        size_t time_size;
        size_t n_times, n_types, n_chars, n_leaps, n_standard, n_utc;
        const unsigned char *data;
        size_t size; /* of the data */
};

static bool read_header(const unsigned char *bytes, size_t left, size_t time_size, struct half *ret_half) {
        size_t counts[6];
        struct half half = {.time_size = time_size};

        if (left < HEADER_SIZE || memcmp(bytes, "TZif", 4) != 0)
                return false;
        for (size_t i = 0; i < 6; i++) {
                int64_t count = big_endian(bytes + 20 + 4 * i, 4);

                if (count < 0 || count > FILE_SIZE_MAX)
                        return false;
                counts[i] = (size_t)count;
        }
        half.n_utc = counts[0];
        half.n_standard = counts[1];
        half.n_leaps = counts[2];
        half.n_times = counts[3];
        half.n_types = counts[4];
        half.n_chars = counts[5];
        half.data = bytes + HEADER_SIZE;
        half.size = half.n_times * (time_size + 1) + half.n_types * TYPE_SIZE + half.n_chars +
                    half.n_leaps * (time_size + 4) + half.n_standard + half.n_utc;
        if (half.n_types == 0 || half.size > left - HEADER_SIZE)
                return false;
        *ret_half = half;
        return true;
}

static bool read_offset(const struct half *half, size_t type, int32_t *ret_offset) {
        const unsigned char *types = half->data + half->n_times * (half->time_size + 1);
        int64_t offset;

        if (type >= half->n_types)
                return false;
        offset = big_endian(types + type * TYPE_SIZE, 4);
        if (offset <= -OFFSET_MAX || offset >= OFFSET_MAX)
                return false;
        *ret_offset = (int32_t)offset;
        return true;
}

/* @return 0, 1 for what makes no sense, or -ENOMEM */
static int read_changes(struct bp_arena *arena, const struct half *half, struct bp_zone *zone) {
        const unsigned char *types = half->data + half->n_times * half->time_size;
        int64_t *changes = bp_arena_array(arena, half->n_times, sizeof(*changes));
        int32_t *offsets = bp_arena_array(arena, half->n_times, sizeof(*offsets));

        if (!changes || !offsets)
                return -ENOMEM;
        if (!read_offset(half, 0, &zone->first_offset))
                return 1;
        for (size_t i = 0; i < half->n_times; i++) {
                changes[i] = big_endian(half->data + i * half->time_size, half->time_size);
                if ((i > 0 && changes[i] <= changes[i - 1]) || !read_offset(half, types[i], &offsets[i]))
                        return 1;
        }
        zone->n_changes = half->n_times;
        zone->changes = changes;
        zone->offsets = offsets;
        return 0;
}

/* The text between two line ends behind the data; an empty one says nothing about the time to come. */
static bool read_footer(struct bp_arena *arena, const unsigned char *bytes, size_t left, struct bp_zone *zone) {
        const unsigned char *end = left > 1 && bytes[0] == '\n' ? memchr(bytes + 1, '\n', left - 1) : NULL;
        const char *text;

        if (!end)
                return false;
        if (end == bytes + 1)
                return true;
        text = bp_arena_text(arena, (const char *)bytes + 1, (size_t)(end - bytes - 1));
        zone->has_rule = text && bp_zone_rule_parse(text, &zone->rule);
        return zone->has_rule;
}

static int read_zone(struct bp_arena *arena, const unsigned char *bytes, size_t size, struct bp_zone *zone) {
        struct half half;
        size_t used;
        int r;

        if (!read_header(bytes, size, 4, &half))
                return 1;
        if (bytes[4] < '2')
                return read_changes(arena, &half, zone);
        used = HEADER_SIZE + half.size;
        if (!read_header(bytes + used, size - used, 8, &half))
                return 1;
        r = read_changes(arena, &half, zone);
        if (r)
                return r;
        used += HEADER_SIZE + half.size;
        return read_footer(arena, bytes + used, size - used, zone) ? 0 : 1;
}

int bp_zone_load(struct bp_arena *arena, const char *folder, const char *name, const struct bp_zone **ret_zone) {
        struct bp_zone *zone = bp_arena_alloc(arena, sizeof(*zone));
        const unsigned char *bytes;
        size_t size;
        int r = 0;

        if (!zone)
                return -ENOMEM;
        *zone = (struct bp_zone){0};
        if (strcmp(name, "UTC") != 0) {
                if (!bp_zone_name_is_valid(name))
                        return 1;
                r = read_file(arena, folder, name, &bytes, &size);
                if (r == 0)
                        r = read_zone(arena, bytes, size, zone);
        }
        if (r == 0)
                *ret_zone = zone;
        return r;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Time
 */

/* The number of changes up to a moment, itself included. */
static size_t changes_until(const struct bp_zone *zone, int64_t unix_seconds) {
        size_t low = 0, high = zone->n_changes;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (zone->changes[middle] <= unix_seconds)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

/* The offset at a moment, and until when it holds. */
static int32_t offset_until(const struct bp_zone *zone, int64_t unix_seconds, int64_t *ret_until) {
        size_t n = changes_until(zone, unix_seconds);

        if (n < zone->n_changes) {
                *ret_until = zone->changes[n];
                return n > 0 ? zone->offsets[n - 1] : zone->first_offset;
        }
        if (zone->has_rule)
                return bp_zone_rule_offset(&zone->rule, unix_seconds, ret_until);
        *ret_until = INT64_MAX;
        return n > 0 ? zone->offsets[n - 1] : zone->first_offset;
}

int32_t bp_zone_offset(const struct bp_zone *zone, int64_t unix_seconds) {
        int64_t until;

        return offset_until(zone, unix_seconds, &until);
}

struct bp_civil bp_zone_civil(const struct bp_zone *zone, int64_t unix_seconds) {
        const int64_t far = INT64_C(1) << 40; /* beyond the year 9999, and no overflow */

        unix_seconds = unix_seconds < -far ? -far : unix_seconds > far ? far : unix_seconds;
        return bp_civil_of_seconds(unix_seconds + bp_zone_offset(zone, unix_seconds));
}

/* The first moment at which clocks show that much: where they jump over it, that is the moment of the jump. */
int64_t bp_zone_unix(const struct bp_zone *zone, const struct bp_civil *civil) {
        int64_t wanted = bp_civil_seconds(civil), at = wanted - OFFSET_MAX, until;

        for (;;) {
                int64_t reached = wanted - offset_until(zone, at, &until);

                if (reached < at)
                        reached = at;
                if (reached < until)
                        return reached;
                at = until;
        }
}
