/* SPDX-License-Identifier: Apache-2.0 */
/* Counts every problem and keeps as many as the limits allow, so that hostile input cannot fill the memory. */
#include "pipeline/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/problem.h"

/* Counts a problem. @return the list it goes to, or NULL when it is not kept: then it need not be put into words */
static struct bp_problem_list *list_for_one_more(struct bp_findings *findings, bool is_error) {
        struct bp_problem_list *list = is_error ? findings->errors : findings->warnings;

        ++*(is_error ? &findings->n_errors : &findings->n_warnings);
        if (list && list->count >= findings->limit) {
                list->dropped++;
                return NULL;
        }
        return list;
}

__attribute__((format(printf, 5, 0))) static int add_formatted(struct bp_findings *findings, bool is_error,
                                                               const char *code, const struct bp_path *path,
                                                               const char *format, va_list arguments) {
        struct bp_problem_list *list = list_for_one_more(findings, is_error);
        struct bp_problem problem;
        char message[1024];

        if (!list)
                return 0;
        vsnprintf(message, sizeof(message), format, arguments);
        bp_problem_set(&problem, code, "%s", message);
        bp_path_write(path, problem.pointer);
        return bp_problem_list_add(list, &problem);
}

int bp_findings_error(struct bp_findings *findings, const char *code, const struct bp_path *path, const char *format,
                      ...) {
        va_list arguments;
        int r;

        va_start(arguments, format);
        r = add_formatted(findings, true, code, path, format, arguments);
        va_end(arguments);
        return r;
}

int bp_findings_warning(struct bp_findings *findings, const char *code, const struct bp_path *path, const char *format,
                        ...) {
        va_list arguments;
        int r;

        va_start(arguments, format);
        r = add_formatted(findings, false, code, path, format, arguments);
        va_end(arguments);
        return r;
}

int bp_findings_add(struct bp_findings *findings, bool is_error, const struct bp_path *path,
                    const struct bp_problem *problem) {
        struct bp_problem_list *list = list_for_one_more(findings, is_error);
        struct bp_problem whole = *problem;

        if (!list)
                return 0;
        bp_path_prefix(path, &whole);
        whole.line = whole.column = 0;
        return bp_problem_list_add(list, &whole);
}

const char *bp_findings_hint(const char *nearest, char text[static 96]) {
        text[0] = '\0';
        if (nearest)
                snprintf(text, 96, "; did you mean '%s'?", nearest);
        return text;
}
