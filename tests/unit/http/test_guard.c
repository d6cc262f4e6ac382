/* SPDX-License-Identifier: Apache-2.0 */
/* What the URL alone tells. The reasons are those of the conformance vectors; the spellings are those of RFC 3986 and
 * inet_aton(3), the ranges those of the IANA special-purpose registries. */
#include "unit.h"

#include "base/memory.h"
#include "http/address.h"
#include "http/client.h"

struct guard_case {
        const char *url;
        const char *reason; /* NULL: may be tried */
};

static void check_cases(const struct bp_http_client_settings *settings, const struct guard_case *cases, size_t count) {
        struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);

        assert_non_null(arena);
        for (size_t i = 0; i < count; i++) {
                const char *reason = bp_http_guard(settings, cases[i].url, arena);

                if (!cases[i].reason && reason)
                        fail_msg("%s should pass, but: %s", cases[i].url, reason);
                if (cases[i].reason && !reason)
                        fail_msg("%s should be refused: %s", cases[i].url, cases[i].reason);
                if (reason)
                        assert_string_equal(reason, cases[i].reason);
        }
        bp_arena_free(arena);
}

static void a_public_name_or_address_passes(void **state) {
        static const struct guard_case cases[] = {
                {"https://example.com/x", NULL},
                {"http://8.8.8.8", NULL},
                {"http://[2001:db8::1]/", NULL},
                {"http://user:secret@example.com:8080/?q=localhost#10.0.0.1", NULL},
                {"http://example.com.", NULL},
                {"http://172.15.255.255/", NULL},
                {"http://172.32.0.0/", NULL},
                {"http://100.128.0.1/", NULL},
                {"http://[::ffff:8.8.8.8]/", NULL},
                {"http://[64:ff9b::808:808]/", NULL},
                {"http://10.0.0.1.example.com/", NULL},
                {"http://localhost.example.com/", NULL},
                {"http://notlocalhost/", NULL},
                {"ftp://example.com/", NULL},
        };

        (void)state;
        check_cases(NULL, cases, sizeof(cases) / sizeof(cases[0]));
}

static void a_private_address_is_refused_in_every_spelling(void **state) {
        static const struct guard_case cases[] = {
                {"http://10.0.0.1/", "IP address 10.0.0.1 is in blocked range"},
                {"http://172.31.255.255", "IP address 172.31.255.255 is in blocked range"},
                {"http://192.168.1.1:8080/", "IP address 192.168.1.1 is in blocked range"},
                {"http://127.0.0.1.", "IP address 127.0.0.1 is in blocked range"},
                {"http://127.1/", "IP address 127.0.0.1 is in blocked range"},
                {"http://2130706433/", "IP address 127.0.0.1 is in blocked range"},
                {"http://0x7f000001/", "IP address 127.0.0.1 is in blocked range"},
                {"http://0x7F.0.0.1/", "IP address 127.0.0.1 is in blocked range"},
                {"http://0177.0.0.1/", "IP address 127.0.0.1 is in blocked range"},
                {"http://%31%32%37.0.0.1/", "IP address 127.0.0.1 is in blocked range"},
                {"http://0/", "IP address 0.0.0.0 is in blocked range"},
                {"http://0.1.2.3/", "IP address 0.1.2.3 is in blocked range"},
                {"http://100.64.0.1/", "IP address 100.64.0.1 is in blocked range"},
                {"http://169.254.0.1/", "IP address 169.254.0.1 is in blocked range"},
                {"http://198.18.0.1/", "IP address 198.18.0.1 is in blocked range"},
                {"http://224.0.0.1/", "IP address 224.0.0.1 is in blocked range"},
                {"http://255.255.255.255/", "IP address 255.255.255.255 is in blocked range"},
                {"http://[::1]/", "IP address ::1 is in blocked range"},
                {"http://[0:0:0:0:0:0:0:1]:80/", "IP address ::1 is in blocked range"},
                {"http://[::]/", "IP address :: is in blocked range"},
                {"http://[fe80::1]/", "IP address fe80::1 is in blocked range"},
                {"http://[fe80::1%25eth0]/", "IP address fe80::1 is in blocked range"},
                {"http://[FD00::1]/", "IP address fd00::1 is in blocked range"},
                {"http://[ff02::1]/", "IP address ff02::1 is in blocked range"},
                {"http://[::ffff:10.0.0.1]/", "IP address ::ffff:10.0.0.1 is in blocked range"},
                {"http://[::ffff:a00:1]/", "IP address ::ffff:10.0.0.1 is in blocked range"},
                {"http://[::127.0.0.1]/", "IP address ::127.0.0.1 is in blocked range"},
                {"http://[64:ff9b::a00:1]/", "IP address 64:ff9b::a00:1 is in blocked range"},
                {"http://[2002:7f00:1::]/", "IP address 2002:7f00:1:: is in blocked range"},
                {"http://user@127.0.0.1/", "IP address 127.0.0.1 is in blocked range"},
                {"http://example.com@127.0.0.1/", "IP address 127.0.0.1 is in blocked range"},
                {" http://127.0.0.1/", "IP address 127.0.0.1 is in blocked range"},
        };

        (void)state;
        check_cases(NULL, cases, sizeof(cases) / sizeof(cases[0]));
}

static void a_name_for_this_machine_is_refused(void **state) {
        static const struct guard_case cases[] = {
                {"http://LOCALHOST:80", "Blocked hostname: localhost"},
                {"http://localhost./", "Blocked hostname: localhost"},
                {"http://foo.localhost", "Blocked hostname: foo.localhost"},
                {"http://%6cocalhost", "Blocked hostname: localhost"},
                {"http://metadata.google.internal/computeMetadata/", "Blocked hostname: metadata.google.internal"},
                {"http://169.254.169.254/latest", "Blocked hostname: 169.254.169.254"},
                {"http://0xa9fea9fe/latest", "Blocked hostname: 169.254.169.254"},
        };

        (void)state;
        check_cases(NULL, cases, sizeof(cases) / sizeof(cases[0]));
}

static void a_url_without_a_host_is_refused(void **state) {
        static const struct guard_case cases[] = {
                {"", "URL has no hostname"},
                {"not a url", "URL has no hostname"},
                {"example.com/x", "URL has no hostname"},
                {"http:///x", "URL has no hostname"},
                {"http://:80/", "URL has no hostname"},
                {"http://user@/", "URL has no hostname"},
                {"http:example.com", "URL has no hostname"},
                {"http://[bad/", "Invalid URL: Invalid IPv6 URL"},
                {"http://::1]/", "Invalid URL: Invalid IPv6 URL"},
        };

        (void)state;
        check_cases(NULL, cases, sizeof(cases) / sizeof(cases[0]));
}

static void a_named_target_is_let_through_and_no_other(void **state) {
        static const char *const allow_hosts[] = {"127.0.0.1:8080", "LocalHost:*", "[::1]:443", "10.1.2.3", NULL};
        const struct bp_http_client_settings settings = {.allow_hosts = allow_hosts};
        static const struct guard_case cases[] = {
                {"http://127.0.0.1:8080/", NULL},
                {"http://0x7f000001:8080/", NULL},
                {"http://127.0.0.1:8081/", "IP address 127.0.0.1 is in blocked range"},
                {"http://127.0.0.1/", "IP address 127.0.0.1 is in blocked range"},
                {"http://127.0.0.2:8080/", "IP address 127.0.0.2 is in blocked range"},
                {"http://localhost:1/", NULL},
                {"http://foo.localhost:1/", "Blocked hostname: foo.localhost"},
                {"https://[::1]/", NULL},
                {"http://[::1]/", "IP address ::1 is in blocked range"},
                {"http://10.1.2.3:9/", NULL},
        };

        (void)state;
        check_cases(&settings, cases, sizeof(cases) / sizeof(cases[0]));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_public_name_or_address_passes),
                cmocka_unit_test(a_private_address_is_refused_in_every_spelling),
                cmocka_unit_test(a_name_for_this_machine_is_refused),
                cmocka_unit_test(a_url_without_a_host_is_refused),
                cmocka_unit_test(a_named_target_is_let_through_and_no_other),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
