/* test: what every unit test starts from: cmocka's assertions, and tests that run because they are there.
 *
 *     TEST(heap_empty_has_no_first)
 *     {
 *         ...
 *     }
 *
 * A program runs the tests of its one source in the order in which they stand; there is no list to keep and
 * no main to write (test.c has it). A test is shown as test_<name>. A program's first argument chooses among
 * its tests: `build/release/tests/test_heap '*removal*'`.
 */
#ifndef DRONC_TEST_H
#define DRONC_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* One test. */
struct test {
    const char *name;
    void (*body)(void);
};

/* Define a test. Its body follows. */
#define TEST(name)                                                        \
    static void test_##name(void);                                        \
    __attribute__((constructor)) static void test_##name##_is_there(void) \
    {                                                                     \
        static struct test test = {"test_" #name, test_##name};           \
        test_add(&test);                                                  \
    }                                                                     \
    static void test_##name(void)

/* Run set_up before each test, and tear_down after it. Either may be NULL. */
#define EACH_TEST(set_up, tear_down)                               \
    __attribute__((constructor)) static void each_test_is_so(void) \
    {                                                              \
        test_each(set_up, tear_down);                              \
    }                                                              \
    struct test

/* Run set_up once before the first test, and tear_down once after the last. Either may be NULL. */
#define ALL_TESTS(set_up, tear_down)                               \
    __attribute__((constructor)) static void all_tests_is_so(void) \
    {                                                              \
        test_all(set_up, tear_down);                               \
    }                                                              \
    struct test

/* What the macros call. */
void test_add(struct test *test);
void test_each(void (*set_up)(void), void (*tear_down)(void));
void test_all(void (*set_up)(void), void (*tear_down)(void));

#endif
