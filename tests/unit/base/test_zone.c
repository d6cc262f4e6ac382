/* SPDX-License-Identifier: Apache-2.0 */
/* Names, damaged files, extremes. What zones say is compared with Python in tests/contract/test_zone.py. */
#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/zone.h"

enum { FILE_BYTES = 1 << 16, DAMAGED = 3000 };

static void names_cannot_leave_the_folder(void **state) {
        static const struct {
                const char *name;
                bool valid;
        } cases[] = {
                {"UTC", true},
                {"Europe/Berlin", true},
                {"America/Argentina/Buenos_Aires", true},
                {"Etc/GMT+12", true},
                {"", false},
                {"/etc/localtime", false},
                {"../UTC", false},
                {"Europe/../UTC", false},
                {"Europe/./Berlin", false},
                {".hidden", false},
                {"Europe//Berlin", false},
                {"Europe/", false},
                {"Europe\\Berlin", false},
                {"Europe/Berlin\n", false},
                {"Z\xc3\xbcrich", false},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
                if (bp_zone_name_is_valid(cases[i].name) != cases[i].valid)
                        fail_msg("%s", cases[i].name);
}

static void utc_needs_no_database(void **state) {
        struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        const struct bp_civil noon = {.year = 2026, .month = 1, .day = 17, .hour = 12};
        const struct bp_zone *zone;

        (void)state;
        assert_int_equal(bp_zone_load(arena, "/nowhere", "UTC", &zone), 0);
        assert_int_equal(bp_zone_unix(zone, &noon), 1768651200);
        assert_int_equal(bp_zone_load(arena, "/nowhere", "Europe/Berlin", &zone), 1);
        bp_arena_free(arena);
}

static void dates_are_those_of_the_calendar(void **state) {
        static const struct {
                struct bp_civil civil;
                bool valid;
        } cases[] = {
                {{2024, 2, 29, 0, 0, 0}, true},     {{2026, 2, 29, 0, 0, 0}, false},  {{2000, 2, 29, 0, 0, 0}, true},
                {{1900, 2, 29, 0, 0, 0}, false},    {{1, 1, 1, 0, 0, 0}, true},       {{0, 1, 1, 0, 0, 0}, false},
                {{9999, 12, 31, 23, 59, 59}, true}, {{10000, 1, 1, 0, 0, 0}, false},  {{2026, 13, 1, 0, 0, 0}, false},
                {{2026, 4, 31, 0, 0, 0}, false},    {{2026, 4, 30, 24, 0, 0}, false}, {{2026, 4, 30, 23, 60, 0}, false},
                {{2026, 4, 30, 23, 59, 60}, false}, {{2026, 4, 0, 0, 0, 0}, false},   {{2026, 4, 30, -1, 0, 0}, false},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
                assert_int_equal(bp_civil_is_valid(&cases[i].civil), cases[i].valid);
}

static void ask_everything(const struct bp_zone *zone) {
        static const struct bp_civil times[] = {
                {1, 1, 1, 0, 0, 0}, {2026, 3, 29, 2, 30, 0}, {9999, 12, 31, 23, 59, 59}};
        static const int64_t moments[] = {INT64_MIN, -3000000000, 0, 1774746000, 4000000000, INT64_MAX};

        for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
                bp_zone_unix(zone, &times[i]);
        for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
                struct bp_civil civil = bp_zone_civil(zone, moments[i]);

                assert_true(bp_civil_is_valid(&civil));
        }
}

static size_t read_berlin(unsigned char *bytes) {
        int fd = open(BP_ZONE_FOLDER "/Europe/Berlin", O_RDONLY | O_CLOEXEC);
        ssize_t size = fd < 0 ? -1 : read(fd, bytes, FILE_BYTES);

        assert_true(size > 0);
        close(fd);
        return (size_t)size;
}

static void write_zone(const char *folder, const unsigned char *bytes, size_t size) {
        char path[64];
        int fd;

        snprintf(path, sizeof(path), "%s/Z", folder);
        fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, bytes, size), size);
        close(fd);
}

/* The same numbers in every run. */
static uint32_t next(uint32_t *seed) {
        *seed = *seed * 1664525u + 1013904223u;
        return *seed >> 8;
}

static void a_damaged_file_is_refused_or_makes_some_zone(void **state) {
        static unsigned char whole[FILE_BYTES], damaged[FILE_BYTES];
        char folder[] = "/tmp/bp-zone-XXXXXX", path[64];
        size_t size = read_berlin(whole), refused = 0;
        uint32_t seed = 1;

        (void)state;
        assert_non_null(mkdtemp(folder));
        for (unsigned i = 0; i < DAMAGED; i++) {
                struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
                const struct bp_zone *zone;
                int r;

                memcpy(damaged, whole, size);
                for (unsigned j = 0; j <= next(&seed) % 4; j++)
                        damaged[next(&seed) % (i % 2 ? size : 64)] = (unsigned char)next(&seed);
                write_zone(folder, damaged, i % 3 ? size : next(&seed) % size);
                r = bp_zone_load(arena, folder, "Z", &zone);
                assert_in_range(r, 0, 1);
                if (r == 0)
                        ask_everything(zone);
                refused += (size_t)r;
                bp_arena_free(arena);
        }
        assert_in_range(refused, DAMAGED / 4, DAMAGED - 1);
        snprintf(path, sizeof(path), "%s/Z", folder);
        unlink(path);
        rmdir(folder);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(names_cannot_leave_the_folder),
                cmocka_unit_test(utc_needs_no_database),
                cmocka_unit_test(dates_are_those_of_the_calendar),
                cmocka_unit_test(a_damaged_file_is_refused_or_makes_some_zone),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
