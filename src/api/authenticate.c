/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who asks. A bearer token names an owner and says what it may do; a token of the platform (dapr-api-token) opens the
 * routes that the platform calls, and these only. X-User-ID says on whose behalf a trusted caller asks.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "api/known_tokens.h"
#include "api/private.h"
#include "api/token.h"
#include "base/clock.h"
#include "server/server.h"

enum { UNAUTHORIZED = 401 };

static const char bearer[] = "Bearer ";

/* The token of an Authorization header, or NULL. */
static const char *bearer_token(const struct bp_request *request) {
        const char *header = bp_request_header(request, "Authorization");

        if (!header || strncasecmp(header, bearer, sizeof(bearer) - 1) != 0)
                return NULL;
        header += sizeof(bearer) - 1;
        return header + strspn(header, " ");
}

/* Compares digests, so that the time tells nothing of the texts. */
static bool is_same_secret(const char *a, const char *b) {
        const struct bp_digest x = bp_digest_of(a, strlen(a)), y = bp_digest_of(b, strlen(b));
        volatile uint8_t difference = 0;

        for (size_t i = 0; i < sizeof(x.bytes); i++)
                difference |= x.bytes[i] ^ y.bytes[i];
        return difference == 0;
}

static bool is_platform(const struct bp_api *api, const struct bp_request *request) {
        const char *expected = api->settings.app_api_token;
        const char *given = bp_request_header(request, "dapr-api-token");

        return expected && expected[0] && given && is_same_secret(expected, given);
}

static void set_user(const struct bp_request *request, struct bp_principal *principal) {
        const char *user = bp_request_header(request, "X-User-ID");

        if (user && (principal->scopes & BP_SCOPE_ACT_AS) && bp_id_parse(user, &principal->user))
                principal->has_user = true;
}

static int check_token(struct bp_api *api, struct bp_request *request, struct bp_principal *ret_principal) {
        const char *text = bearer_token(request);
        struct bp_principal principal = {0};
        struct bp_token_row token;
        struct bp_digest hash;
        int r;

        if (!text || !bp_token_hash(text, &hash))
                return UNAUTHORIZED;
        r = bp_api_known_tokens_find(api->tokens, hash, bp_request_arena(request), &token);
        if (r < 0)
                return r;
        if (r || token.revoked || (token.expires_at.us && token.expires_at.us <= bp_wall_now().us))
                return UNAUTHORIZED;
        principal.name = token.owner;
        principal.token = token.id;
        principal.scopes = bp_scopes_expand(token.scopes) & ~(uint32_t)BP_SCOPE_INTERNAL;
        principal.has_user = bp_id_parse(token.owner, &principal.user);
        set_user(request, &principal);
        *ret_principal = principal;
        return 0;
}

/* Without a configured token the routes of the platform are closed to it, also where tokens are not demanded. */
static int check_caller_of_platform(struct bp_api *api, struct bp_request *request,
                                    struct bp_principal *ret_principal) {
        if (!is_platform(api, request))
                return check_token(api, request, ret_principal);
        *ret_principal = (struct bp_principal){.name = "platform", .scopes = BP_SCOPE_INTERNAL};
        return 0;
}

int bp_api_authenticate(void *userdata, struct bp_request *request, struct bp_principal *ret_principal) {
        struct bp_principal principal = {.name = "anonymous"};
        struct bp_api *api = userdata;
        uint32_t scope = bp_request_route(request)->scope;
        int r = 0;

        if (scope & BP_SCOPE_INTERNAL) {
                r = check_caller_of_platform(api, request, &principal);
        } else if (!api->settings.authentication) {
                principal.scopes = bp_scopes_expand(BP_SCOPE_ADMIN);
                set_user(request, &principal);
        } else if (scope) {
                r = check_token(api, request, &principal);
        }
        if (r == 0)
                *ret_principal = principal;
        return r;
}
