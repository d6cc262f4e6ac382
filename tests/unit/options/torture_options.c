/* SPDX-License-Identifier: Apache-2.0 */
/* Questions for options while every memory request of the thread that asks fails in turn. */
#include "torture.h"

#include <unistd.h>

#include "invoke/invoke.h"
#include "options/options.h"
#include "registry/registry.h"

struct answered {
        int pipe[2];
        int error;
};

static void take(void *userdata, struct bp_options_answer *answer) {
        struct answered *answered = userdata;

        answered->error = answer->error;
        bp_options_answer_free(answer);
        assert_int_equal(write(answered->pipe[1], "", 1), 1);
}

static int ask(const void *data) {
        static const struct bp_invoker_service service = {.name = "budapp", .url = "http://127.0.0.1:1"};
        const struct bp_invoker_settings invoke = {.services = &service, .n_services = 1};
        const struct bp_options_settings settings = {.invoke = &invoke};
        const struct bp_options_question question = {
                .param = data, .text = "Red", .within = "p", .user_id = "u", .limit = 2};
        struct answered answered = {0};
        struct bp_options *options = NULL;
        char byte;
        int r = bp_options_new(&settings, &options);

        assert_int_equal(pipe(answered.pipe), 0);
        if (r == 0)
                r = bp_options_ask(options, &question, take, &answered);
        if (r == 0)
                assert_int_equal(read(answered.pipe[0], &byte, 1), 1);
        bp_options_free(options);
        close(answered.pipe[0]);
        close(answered.pipe[1]);
        return r ? r : answered.error;
}

static void questions_are_answered_or_refused(void **state) {
        static const struct bp_select_option stated[] = {
                {"1", "Red"}, {"2", "Green"}, {"3", "Dark red"}, {"4", "Reddish"}};
        const struct bp_param_meta choice = {
                .type = BP_PARAM_SELECT, .options = stated, .n_options = sizeof(stated) / sizeof(stated[0])};
        const struct bp_param_meta model = {.type = BP_PARAM_CLOUD_MODEL_REF};

        (void)state;
        assert_int_equal(torture(ask, &choice), 0);
        assert_int_equal(torture(ask, &model), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(questions_are_answered_or_refused)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
