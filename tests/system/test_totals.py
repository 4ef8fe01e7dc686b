"""What scripts/test-unit says at its end is what happened: CI adds it up."""
import subprocess

import pytest

from harness import ROOT

PROGRAM = """
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

static void test_right(void **state) { (void)state; }
static void test_wrong(void **state) { (void)state; assert_int_equal(1, 2); }
static void test_skipped(void **state) { (void)state; skip(); }
static void test_that_ends_it_all(void **state) { (void)state; _Exit(3); }

int main(void)
{
    const struct CMUnitTest tests[] = { %s };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
"""


@pytest.fixture
def test_unit(home):
    """Runs programs that are made of these tests each: the exit code and the last line."""
    (home / "tests").mkdir()

    def run(*programs):
        for n, tests in enumerate(programs):
            source = PROGRAM % ", ".join(f"cmocka_unit_test({test})" for test in tests)
            subprocess.run(["gcc", "-w", "-x", "c", "-", "-o", home / f"program{n}", "-lcmocka"], input=source, text=True, check=True)
        done = subprocess.run([ROOT / "scripts" / "test-unit", home, *(home / f"program{n}" for n in range(len(programs)))],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
        return done.returncode, done.stdout.splitlines()[-1]

    return run


@pytest.mark.parametrize("programs, totals", [
    ([["test_right", "test_right"]], (0, "2 passed, 0 failed")),
    ([["test_right", "test_wrong"]], (1, "1 passed, 1 failed")),
    ([["test_right", "test_wrong", "test_skipped"]], (1, "1 passed, 1 failed")),
    ([["test_right", "test_that_ends_it_all", "test_right"]], (1, "1 passed, 1 failed")),
    ([["test_wrong", "test_that_ends_it_all"]], (1, "0 passed, 2 failed")),
    ([["test_right"], ["test_wrong"], ["test_right", "test_right"]], (1, "3 passed, 1 failed")),
])
def test_each_unit_test_counts_once(test_unit, programs, totals):
    assert test_unit(*programs) == totals
