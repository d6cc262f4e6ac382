/* SPDX-License-Identifier: Apache-2.0 */
/* Batch forms: lines in, answers out. Input is taken as it arrives, so that a caller may wait for each answer. */
#include "cli/jsonl.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "base/value.h"
#include "cli/cli.h"
#include "cli/command.h"

#define LINE_SIZE_MAX ((size_t)16 * 1024 * 1024)
#define ANSWER_SIZE_MAX ((size_t)64 * 1024 * 1024)
#define ARENA_SIZE_MAX ((size_t)512 * 1024 * 1024)

/* A definition stands one level below its line. */
enum { LINE_DEPTH_MAX = BP_JSON_DEPTH + 2 };

struct batch {
        const struct bp_cli *cli;
        bp_jsonl_answer *answer;
        void *userdata;
        struct bp_arena *arena;
        struct bp_strbuf line, text;
        bool flush_each;
        bool failed; /* standard output is broken */
};

static void write_error(struct bp_strbuf *buffer, const struct bp_problem *problem) {
        bp_strbuf_clear(buffer);
        bp_strbuf_add_text(buffer, "{\"error\":");
        bp_jsonl_write_problem(buffer, problem, problem->pointer[0] != '\0');
        bp_strbuf_add_char(buffer, '}');
}

static int answer_object(struct batch *batch, struct bp_problem *problem) {
        const struct bp_json_limits limits = {.depth = LINE_DEPTH_MAX, .size_bytes = LINE_SIZE_MAX};
        struct bp_value line;
        int r;

        r = bp_json_parse(batch->arena, bp_strbuf_text(&batch->line), batch->line.size, &limits, &line, problem);
        if (r)
                return r;
        if (line.type != BP_OBJECT)
                return bp_problem_set(problem, "LINE_INVALID", "the line must be a JSON object, not %s",
                                      bp_value_python_type(&line));
        r = batch->answer(batch->userdata, &line, batch->arena, &batch->text, problem);
        return r ? r : batch->text.error;
}

static int answer_line(struct batch *batch, struct bp_problem *problem) {
        if (batch->line.error == -E2BIG)
                return bp_problem_set(problem, "LINE_TOO_LARGE", "the line is longer than %zu bytes", LINE_SIZE_MAX);
        if (batch->line.error)
                return batch->line.error;
        return answer_object(batch, problem);
}

static bool is_blank(const struct bp_strbuf *line) {
        return !line->error && strspn(bp_strbuf_text(line), " \t\r") == line->size;
}

static void finish_line(struct batch *batch) {
        struct bp_problem problem = {0};
        int r;

        if (is_blank(&batch->line)) {
                bp_strbuf_clear(&batch->line);
                return;
        }
        r = answer_line(batch, &problem);
        if (r < 0)
                bp_problem_set(&problem, r == -ENOMEM || r == -E2BIG ? "LIMIT" : "SYSTEM", "%s", strerror(-r));
        if (r)
                write_error(&batch->text, &problem);
        bp_strbuf_add_char(&batch->text, '\n');
        batch->failed = bp_cli_write(batch->cli, &batch->text) != BP_EXIT_COMPLETED ||
                        (batch->flush_each && fflush(batch->cli->out) != 0);
        bp_strbuf_clear(&batch->line);
        bp_strbuf_clear(&batch->text);
        bp_arena_reset(batch->arena);
}

static void take_chunk(struct batch *batch, const char *chunk, size_t size) {
        while (size > 0 && !batch->failed) {
                const char *end = memchr(chunk, '\n', size);
                size_t taken = end ? (size_t)(end - chunk) : size;

                bp_strbuf_add(&batch->line, chunk, taken);
                if (!end)
                        return;
                finish_line(batch);
                chunk = end + 1;
                size -= taken + 1;
        }
}

static int read_lines(struct batch *batch) {
        char chunk[65536];
        ssize_t got;

        while (!batch->failed && (got = read(STDIN_FILENO, chunk, sizeof(chunk))) != 0) {
                if (got < 0 && errno == EINTR)
                        continue;
                if (got < 0) {
                        bp_cli_error(batch->cli, "cannot read standard input: %s", strerror(errno));
                        return BP_EXIT_FAILED;
                }
                take_chunk(batch, chunk, (size_t)got);
        }
        if (!batch->failed && (batch->line.size || batch->line.error))
                finish_line(batch);
        return batch->failed ? BP_EXIT_FAILED : BP_EXIT_COMPLETED;
}

static bool is_file(FILE *stream) {
        struct stat status;

        return fstat(fileno(stream), &status) == 0 && S_ISREG(status.st_mode);
}

int bp_jsonl_run(const struct bp_cli *cli, bp_jsonl_answer *answer, void *userdata) {
        struct batch batch = {.cli = cli, .answer = answer, .userdata = userdata, .flush_each = !is_file(cli->out)};
        int code;

        batch.arena = bp_arena_new(ARENA_SIZE_MAX);
        if (!batch.arena)
                return bp_cli_no_memory(cli);
        bp_strbuf_init(&batch.line, NULL, LINE_SIZE_MAX);
        bp_strbuf_init(&batch.text, NULL, ANSWER_SIZE_MAX);
        code = read_lines(&batch);
        bp_strbuf_done(&batch.line);
        bp_strbuf_done(&batch.text);
        bp_arena_free(batch.arena);
        return code;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Members of a line
 */

int bp_jsonl_object(const struct bp_value *line, const char *key, const struct bp_value **ret_object,
                    struct bp_problem *reterr_problem) {
        const struct bp_value *value = bp_value_get(line, key);

        if (value && value->type != BP_OBJECT && value->type != BP_NULL)
                return bp_problem_set(reterr_problem, "LINE_INVALID", "\"%s\" must be an object, not %s", key,
                                      bp_value_python_type(value));
        *ret_object = value && value->type == BP_OBJECT ? value : NULL;
        return 0;
}

int bp_jsonl_text(const struct bp_value *line, const char *key, const struct bp_value **ret_text,
                  struct bp_problem *reterr_problem) {
        const struct bp_value *value = bp_value_get(line, key);

        if (!value || value->type != BP_STRING)
                return bp_problem_set(reterr_problem, "LINE_INVALID", "\"%s\" must be text", key);
        *ret_text = value;
        return 0;
}

bool bp_jsonl_flag(const struct bp_value *line, const char *key) {
        const struct bp_value *value = bp_value_get(line, key);

        return value && value->type == BP_BOOL && value->as.boolean;
}

void bp_jsonl_write_problem(struct bp_strbuf *buffer, const struct bp_problem *problem, bool with_pointer) {
        bp_strbuf_add_text(buffer, "{\"code\":");
        bp_json_write_string(buffer, problem->code ? problem->code : "", problem->code ? strlen(problem->code) : 0);
        bp_strbuf_add_text(buffer, ",\"message\":");
        bp_json_write_string(buffer, problem->message, strlen(problem->message));
        if (with_pointer) {
                bp_strbuf_add_text(buffer, ",\"pointer\":");
                bp_json_write_string(buffer, problem->pointer, strlen(problem->pointer));
        }
        if (problem->line)
                bp_strbuf_printf(buffer, ",\"line\":%u,\"column\":%u", problem->line, problem->column);
        bp_strbuf_add_char(buffer, '}');
}
