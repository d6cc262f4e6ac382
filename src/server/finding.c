/* SPDX-License-Identifier: Apache-2.0 */
#include "server/finding.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "server/request.h"

enum { MOST_FINDINGS = 100 };

void bp_findings_init(struct bp_findings *findings, struct bp_arena *arena) {
        *findings = (struct bp_findings){.problems = {.arena = arena, .limit = MOST_FINDINGS}};
        bp_list_init(&findings->details, arena);
}

static struct bp_value borrowed(const char *text) {
        return bp_value_text_borrow(text, strlen(text));
}

static int location(struct bp_arena *arena, const struct bp_place *place, struct bp_value *ret_value) {
        struct bp_list_builder list;

        bp_list_init(&list, arena);
        bp_list_add(&list, borrowed(place->part));
        if (place->name)
                bp_list_add(&list, borrowed(place->name));
        if (place->index >= 0)
                bp_list_add(&list, bp_value_int(place->index));
        return bp_list_finish(&list, ret_value);
}

static void add_detail(struct bp_findings *findings, const struct bp_place *place, const struct bp_finding *finding) {
        struct bp_arena *arena = findings->details.arena;
        struct bp_object_builder detail, context;
        struct bp_value where, message, value;

        if (location(arena, place, &where) || bp_value_text_z(arena, finding->message, &message)) {
                findings->error = -ENOMEM;
                return;
        }
        bp_object_init(&detail, arena);
        bp_object_set_z(&detail, "type", borrowed(finding->type));
        bp_object_set_z(&detail, "loc", where);
        bp_object_set_z(&detail, "msg", message);
        bp_object_set_z(&detail, "input", finding->input ? *finding->input : bp_value_null);
        if (finding->context) {
                bp_object_init(&context, arena);
                bp_object_set_z(&context, finding->context, finding->context_value);
                if (bp_object_finish(&context, &value))
                        findings->error = -ENOMEM;
                else
                        bp_object_set_z(&detail, "ctx", value);
        }
        if (bp_object_finish(&detail, &value))
                findings->error = -ENOMEM;
        else
                bp_list_add(&findings->details, value);
}

/* A body's place is a pointer; other parts have none, so the sentence names them. */
static void add_problem(struct bp_findings *findings, const struct bp_place *place, const struct bp_finding *finding) {
        bool is_body = strcmp(place->part, "body") == 0;
        struct bp_problem problem = {0};

        if (is_body || !place->name)
                bp_problem_set(&problem, finding->code, "%s", finding->message);
        else
                bp_problem_set(&problem, finding->code, "%s parameter '%s': %s", place->part, place->name,
                               finding->message);
        if (is_body && place->index >= 0)
                bp_problem_prefix_index(&problem, (size_t)place->index);
        if (is_body && place->name)
                bp_problem_prefix(&problem, place->name);
        if (bp_problem_list_add(&findings->problems, &problem))
                findings->error = -ENOMEM;
}

void bp_request_findings_add(struct bp_findings *findings, const struct bp_place *place,
                             const struct bp_finding *finding) {
        if (findings->problems.count < MOST_FINDINGS)
                add_detail(findings, place, finding);
        add_problem(findings, place, finding);
}

int bp_findings_answer(struct bp_findings *findings, struct bp_request *request) {
        struct bp_value detail;

        if (!findings->error && !findings->problems.count)
                return 0;
        if (findings->error || bp_list_finish(&findings->details, &detail)) {
                bp_request_fail_errno(request, -ENOMEM);
                return 1;
        }
        bp_request_fail(request, &(struct bp_failure){
                                         .status = 422,
                                         .code = findings->problems.items[0]->code,
                                         .message = findings->problems.items[0]->message,
                                         .pointer = findings->problems.items[0]->pointer,
                                         .problems = &findings->problems,
                                         .detail = &detail,
                                 });
        return 1;
}
