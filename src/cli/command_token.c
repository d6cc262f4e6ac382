/* SPDX-License-Identifier: Apache-2.0 */
/* budpipeline token: bearer tokens of the service, in its store, also while it runs. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/token.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "base/writer.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/read_settings.h"
#include "daemon/config.h"
#include "daemon/store_folder.h"
#include "store/store.h"

enum { LONGEST_NAME = 100, NAME_COLUMNS = 20, SCOPE_COLUMNS = 26, TIME_COLUMNS = 21, TIME_SHOWN = 19 };

static const int64_t second_us = 1000000, longest_seconds = INT64_C(100) * 366 * 86400;

/* ---------------------------------------------------------------------------------------------------------------
 * The store
 */

static int refuse(const struct bp_cli *cli, const struct bp_problem *problem) {
        bp_cli_error(cli, "%s: %s", problem->code, problem->message);
        return BP_EXIT_INVALID;
}

static int fail(const struct bp_cli *cli, int error) {
        if (error == -ENOMEM)
                return bp_cli_no_memory(cli);
        bp_cli_error(cli, "the store failed: %s", strerror(-error));
        return BP_EXIT_FAILED;
}

/* Tokens are wanted before the service has run for the first time: then its store is made here. */
static int open_store(const struct bp_config *config, bool create, struct bp_store **ret_store,
                      struct bp_problem *problem) {
        struct bp_store_settings settings = {.url = bp_config_text(config, "store.url"), .mode = BP_STORE_ADMIN};
        struct bp_store *made;
        int r = bp_store_open(&settings, ret_store, problem);

        if (r != BP_STORE_PROBLEM || !create || strcmp(problem->code, "STORE_NOT_FOUND") != 0)
                return r;
        if (bp_store_folder_make(config, problem))
                return BP_STORE_PROBLEM;
        settings.mode = BP_STORE_EXECUTE;
        r = bp_store_open(&settings, &made, problem);
        if (r)
                return r;
        bp_store_close(made);
        settings.mode = BP_STORE_ADMIN;
        return bp_store_open(&settings, ret_store, problem);
}

/* What a command does with the store. @return enum bp_exit */
typedef int use_store(struct bp_cli *cli, const struct bp_arguments *arguments, struct bp_store *store);

static int with_config(struct bp_cli *cli, const struct bp_arguments *arguments, const struct bp_config *config,
                       bool create, use_store *use) {
        const char *url = bp_config_text(config, "store.url");
        struct bp_problem problem = {0};
        struct bp_store *store;
        int r, code;

        if (!url || strncmp(url, "memory:", 7) == 0) {
                bp_cli_error(cli, "say with --store which store the service uses; one in memory is no other program's");
                return BP_EXIT_INVALID;
        }
        r = open_store(config, create, &store, &problem);
        if (r > 0)
                return refuse(cli, &problem);
        if (r < 0)
                return fail(cli, r);
        code = use(cli, arguments, store);
        bp_store_close(store);
        return code;
}

static int with_store(struct bp_cli *cli, const struct bp_arguments *arguments, bool create, use_store *use) {
        struct bp_config *config;
        int code = bp_settings_read(cli, arguments, &config);

        if (code)
                return code;
        code = with_config(cli, arguments, config, create, use);
        bp_config_free(config);
        return code;
}

/* ---------------------------------------------------------------------------------------------------------------
 * create
 */

static const char default_scopes[] = "read,pipelines,execute";

/* An empty text is none, rather than the default: it is what a variable that is not set leaves. */
static int add_scopes(const struct bp_cli *cli, const char *text, uint32_t *scopes) {
        do {
                size_t size = strcspn(text, ", ");
                uint32_t scope = bp_scope_of(text, size);

                if (!scope) {
                        bp_cli_error(cli, "--scope: '%.*s' is none of read, pipelines, execute, metrics, act-as, admin",
                                     (int)size, text);
                        return BP_EXIT_INVALID;
                }
                *scopes |= scope;
                text += size;
                text += strspn(text, ", ");
        } while (*text);
        return BP_EXIT_COMPLETED;
}

/* Of all --scope, each of which may name several. */
static int read_scopes(const struct bp_cli *cli, const struct bp_arguments *arguments, uint32_t *scopes) {
        int code = BP_EXIT_COMPLETED;
        const char *text;
        size_t cursor = 0;

        while (code == BP_EXIT_COMPLETED && (text = bp_arguments_next(arguments, BP_OPTION_SCOPE, &cursor)))
                code = add_scopes(cli, text, scopes);
        if (code == BP_EXIT_COMPLETED && !*scopes)
                code = add_scopes(cli, default_scopes, scopes);
        return code;
}

static int64_t seconds_of(char unit) {
        switch (unit) {
        case 's':
                return 1;
        case 'm':
                return 60;
        case 'h':
                return 3600;
        case 'd':
                return 86400;
        case 'w':
                return 7 * INT64_C(86400);
        default:
                return 0;
        }
}

/* "30d". @return 0 for what is no duration */
static int64_t read_duration(const char *text) {
        int64_t number, seconds;
        char *end;

        if (text[0] < '0' || text[0] > '9')
                return 0;
        errno = 0;
        number = strtoll(text, &end, 10);
        if (errno || !*end || end[1] || __builtin_mul_overflow(number, seconds_of(*end), &seconds))
                return 0;
        return seconds <= longest_seconds ? seconds : 0;
}

static int fill(const struct bp_cli *cli, const struct bp_arguments *arguments, struct bp_token_row *token) {
        const char *expires = bp_arguments_text(arguments, BP_OPTION_EXPIRES_IN);
        int64_t seconds = expires ? read_duration(expires) : 0;
        size_t length;

        token->name = bp_arguments_operand(arguments, 0);
        token->owner = bp_arguments_text(arguments, BP_OPTION_OWNER);
        if (!token->owner)
                token->owner = token->name;
        length = strlen(token->name);
        if (length == 0 || length > LONGEST_NAME || strlen(token->owner) > LONGEST_NAME) {
                bp_cli_error(cli, "names of tokens and owners have 1 to %d bytes", LONGEST_NAME);
                return BP_EXIT_INVALID;
        }
        if (expires && !seconds) {
                bp_cli_error(cli, "--expires-in: '%s' is no duration as 90m, 12h, 30d or 52w", expires);
                return BP_EXIT_INVALID;
        }
        token->created_at = bp_wall_now();
        token->id = bp_id_new(token->created_at);
        if (seconds)
                token->expires_at.us = token->created_at.us + seconds * second_us;
        return read_scopes(cli, arguments, &token->scopes);
}

static void write_times(struct bp_writer *writer, const struct bp_token_row *token) {
        char created[BP_WALL_TEXT_SIZE], expires[BP_WALL_TEXT_SIZE];

        bp_writer_text(writer, "created_at", bp_wall_format(token->created_at, created));
        bp_writer_text(writer, "expires_at", token->expires_at.us ? bp_wall_format(token->expires_at, expires) : NULL);
}

static const char *const *scope_words(uint32_t scopes, const char *words[9]) {
        size_t count = 0;

        for (size_t i = 0; bp_scope_words[i]; i++)
                if (scopes & bp_scope_of(bp_scope_words[i], strlen(bp_scope_words[i])))
                        words[count++] = bp_scope_words[i];
        words[count] = NULL;
        return words;
}

/* `text`: the secret, or NULL. */
static void write_json(struct bp_strbuf *buffer, const struct bp_token_row *token, const char *text) {
        struct bp_writer writer = bp_writer_open(buffer, '{');
        const char *words[9];

        bp_writer_text(&writer, "name", token->name);
        bp_writer_text(&writer, "owner", token->owner);
        bp_writer_texts(&writer, "scopes", scope_words(token->scopes, words));
        write_times(&writer, token);
        if (text)
                bp_writer_text(&writer, "token", text);
        else
                bp_writer_bool(&writer, "revoked", token->revoked);
        bp_strbuf_add_char(buffer, '}');
}

static bool wants_json(const struct bp_arguments *arguments) {
        return strcmp(bp_arguments_text(arguments, BP_OPTION_FORMAT), "json") == 0;
}

static int show_new(const struct bp_cli *cli, const struct bp_arguments *arguments, const struct bp_token_row *token,
                    const char *text) {
        struct bp_strbuf buffer;
        int code;

        bp_strbuf_init(&buffer, NULL, SIZE_MAX);
        if (wants_json(arguments))
                write_json(&buffer, token, text);
        else
                bp_strbuf_add_text(&buffer, text);
        bp_strbuf_add_char(&buffer, '\n');
        code = bp_cli_write(cli, &buffer);
        bp_strbuf_done(&buffer);
        if (cli->err_is_terminal)
                fputs("This is shown once. Clients send it as 'Authorization: Bearer TOKEN'.\n", cli->err);
        return code;
}

static int create(struct bp_cli *cli, const struct bp_arguments *arguments, struct bp_store *store) {
        struct bp_token_row token = {0};
        char text[BP_TOKEN_TEXT_SIZE];
        int r, code;

        code = fill(cli, arguments, &token);
        if (code)
                return code;
        r = bp_token_make(text, &token.hash);
        if (r == 0)
                r = bp_store_token_add(store, &token);
        if (r == BP_STORE_DUPLICATE) {
                bp_cli_error(cli, "there is a token '%s' already; a name is used once, also when it was revoked",
                             token.name);
                return BP_EXIT_INVALID;
        }
        return r ? fail(cli, r) : show_new(cli, arguments, &token, text);
}

int bp_command_token_create(struct bp_cli *cli, const struct bp_arguments *arguments) {
        return with_store(cli, arguments, true, create);
}

/* ---------------------------------------------------------------------------------------------------------------
 * list and revoke
 */

static void add_column(struct bp_strbuf *buffer, const char *text, size_t columns) {
        size_t used = bp_text_columns(text);

        bp_show_text(buffer, text, 0);
        do {
                bp_strbuf_add_char(buffer, ' ');
        } while (++used < columns);
}

static void add_time(struct bp_strbuf *buffer, struct bp_wall time) {
        char text[BP_WALL_TEXT_SIZE];

        if (!time.us) {
                add_column(buffer, "never", TIME_COLUMNS);
                return;
        }
        bp_wall_format(time, text);
        text[TIME_SHOWN] = '\0';
        add_column(buffer, text, TIME_COLUMNS);
}

static const char *state_of(const struct bp_token_row *token) {
        if (token->revoked)
                return "revoked";
        return token->expires_at.us && token->expires_at.us <= bp_wall_now().us ? "expired" : "valid";
}

static void write_row(struct bp_strbuf *buffer, const struct bp_token_row *token) {
        struct bp_strbuf scopes;

        bp_strbuf_init(&scopes, NULL, SIZE_MAX);
        bp_scopes_write(&scopes, token->scopes);
        add_column(buffer, token->name, NAME_COLUMNS);
        add_column(buffer, token->owner, NAME_COLUMNS);
        add_column(buffer, bp_strbuf_text(&scopes), SCOPE_COLUMNS);
        add_time(buffer, token->created_at);
        add_time(buffer, token->expires_at);
        bp_strbuf_add_text(buffer, state_of(token));
        bp_strbuf_add_char(buffer, '\n');
        bp_strbuf_done(&scopes);
}

static void write_table(struct bp_strbuf *buffer, const struct bp_token_row *tokens, size_t n_tokens) {
        add_column(buffer, "NAME", NAME_COLUMNS);
        add_column(buffer, "OWNER", NAME_COLUMNS);
        add_column(buffer, "SCOPES", SCOPE_COLUMNS);
        add_column(buffer, "CREATED", TIME_COLUMNS);
        add_column(buffer, "EXPIRES", TIME_COLUMNS);
        bp_strbuf_add_text(buffer, "STATE\n");
        for (size_t i = 0; i < n_tokens; i++)
                write_row(buffer, &tokens[i]);
}

static void write_list(struct bp_strbuf *buffer, const struct bp_token_row *tokens, size_t n_tokens) {
        struct bp_writer writer = bp_writer_open(buffer, '[');

        for (size_t i = 0; i < n_tokens; i++) {
                bp_writer_next(&writer);
                write_json(buffer, &tokens[i], NULL);
        }
        bp_strbuf_add_text(buffer, "]\n");
}

static int list(struct bp_cli *cli, const struct bp_arguments *arguments, struct bp_store *store) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_token_row *tokens;
        struct bp_strbuf buffer;
        size_t n_tokens;
        int r = arena ? bp_store_tokens(store, arena, &tokens, &n_tokens) : -ENOMEM;

        if (r)
                return fail(cli, r);
        bp_strbuf_init(&buffer, arena, SIZE_MAX);
        if (wants_json(arguments))
                write_list(&buffer, tokens, n_tokens);
        else
                write_table(&buffer, tokens, n_tokens);
        return bp_cli_write(cli, &buffer);
}

int bp_command_token_list(struct bp_cli *cli, const struct bp_arguments *arguments) {
        return with_store(cli, arguments, false, list);
}

static int revoke(struct bp_cli *cli, const struct bp_arguments *arguments, struct bp_store *store) {
        const char *name = bp_arguments_operand(arguments, 0);
        int r = bp_store_token_revoke(store, name);

        if (r == BP_STORE_NOT_FOUND) {
                bp_cli_error(cli, "there is no token '%s'", name);
                return BP_EXIT_INVALID;
        }
        return r ? fail(cli, r) : BP_EXIT_COMPLETED;
}

int bp_command_token_revoke(struct bp_cli *cli, const struct bp_arguments *arguments) {
        return with_store(cli, arguments, false, revoke);
}
