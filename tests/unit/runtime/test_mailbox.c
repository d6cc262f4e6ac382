/* SPDX-License-Identifier: Apache-2.0 */
/* Letters from several threads: none is lost, and those of one sender come in order. */
#include "unit.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>

#include "runtime/mailbox.h"

enum {
        SENDERS = 4,
        LETTERS = 20000,
};

struct numbered {
        struct bp_letter letter;
        uint32_t sender, number;
};

struct sender {
        struct bp_mailbox *mailbox;
        struct numbered letters[LETTERS];
        uint32_t received;
};

static void an_empty_box_gives_nothing(void **state) {
        struct bp_mailbox mailbox = {NULL};

        (void)state;
        assert_true(bp_mailbox_is_empty(&mailbox));
        assert_null(bp_mailbox_take(&mailbox));
}

static void only_the_first_letter_asks_to_wake_the_receiver(void **state) {
        struct bp_mailbox mailbox = {NULL};
        struct bp_letter letters[3] = {{.kind = 1}, {.kind = 2}, {.kind = 3}};
        struct bp_letter *taken;

        (void)state;
        assert_true(bp_mailbox_put(&mailbox, &letters[0]));
        assert_false(bp_mailbox_put(&mailbox, &letters[1]));
        assert_false(bp_mailbox_is_empty(&mailbox));
        taken = bp_mailbox_take(&mailbox);
        assert_ptr_equal(taken, &letters[0]);
        assert_ptr_equal(taken->next, &letters[1]);
        assert_null(taken->next->next);
        assert_true(bp_mailbox_put(&mailbox, &letters[2]));
}

static void *send_all(void *argument) {
        struct sender *sender = argument;

        for (uint32_t i = 0; i < LETTERS; i++)
                bp_mailbox_put(sender->mailbox, &sender->letters[i].letter);
        return NULL;
}

static struct sender senders[SENDERS];

static uint32_t receive(struct bp_mailbox *mailbox) {
        struct bp_letter *letter = bp_mailbox_take(mailbox);
        uint32_t n = 0;

        for (; letter; letter = letter->next, n++) {
                const struct numbered *numbered = (const struct numbered *)(const void *)letter;

                assert_int_equal(numbered->number, senders[numbered->sender].received++);
        }
        return n;
}

static void letters_of_one_sender_come_in_order_and_none_is_lost(void **state) {
        struct bp_mailbox mailbox = {NULL};
        pthread_t threads[SENDERS];
        uint32_t received = 0;

        (void)state;
        for (uint32_t i = 0; i < SENDERS; i++) {
                senders[i].mailbox = &mailbox;
                for (uint32_t k = 0; k < LETTERS; k++)
                        senders[i].letters[k] = (struct numbered){.sender = i, .number = k};
        }
        for (uint32_t i = 0; i < SENDERS; i++)
                assert_int_equal(pthread_create(&threads[i], NULL, send_all, &senders[i]), 0);
        while (received < SENDERS * LETTERS) {
                received += receive(&mailbox);
                sched_yield();
        }
        for (uint32_t i = 0; i < SENDERS; i++)
                pthread_join(threads[i], NULL);
        assert_true(bp_mailbox_is_empty(&mailbox));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_empty_box_gives_nothing),
                cmocka_unit_test(only_the_first_letter_asks_to_wake_the_receiver),
                cmocka_unit_test(letters_of_one_sender_come_in_order_and_none_is_lost),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
