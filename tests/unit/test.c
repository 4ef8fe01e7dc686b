/* test: collects what TEST, EACH_TEST and ALL_TESTS define, and has cmocka run it. The main of every test
 * program. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#define TESTS_MAX 256

static struct CMUnitTest tests[TESTS_MAX]; /* cmocka passes over those that are empty */
static size_t count;
static void (*before_each)(void), (*after_each)(void), (*before_all)(void), (*after_all)(void);

/* cmocka gives a test and its fixtures what stands in initial_state. */
static void run(void **state)
{
    ((const struct test *)*state)->body();
}

static int set_up_each(void **state)
{
    (void)state;
    before_each();
    return 0;
}

static int tear_down_each(void **state)
{
    (void)state;
    after_each();
    return 0;
}

static int set_up_all(void **state)
{
    (void)state;
    before_all();
    return 0;
}

static int tear_down_all(void **state)
{
    (void)state;
    after_all();
    return 0;
}

void test_add(struct test *test)
{
    if (count == TESTS_MAX) {
        fprintf(stderr, "more than %d tests in one program\n", TESTS_MAX);
        exit(2);
    }
    tests[count++] = (struct CMUnitTest){.name = test->name, .test_func = run, .initial_state = test};
}

void test_each(void (*set_up)(void), void (*tear_down)(void))
{
    before_each = set_up;
    after_each = tear_down;
}

void test_all(void (*set_up)(void), void (*tear_down)(void))
{
    before_all = set_up;
    after_all = tear_down;
}

int main(int argc, char **argv)
{
    for (size_t i = 0; i < count; i++) {
        tests[i].setup_func = before_each == NULL ? NULL : set_up_each;
        tests[i].teardown_func = after_each == NULL ? NULL : tear_down_each;
    }
    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, before_all == NULL ? NULL : set_up_all,
                                  after_all == NULL ? NULL : tear_down_all);
}
