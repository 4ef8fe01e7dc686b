"""How the tests run side by side: in which order, and which of them not at all.

Nearly all of them wait more than they compute, and do not mind a busy machine: they wait for conditions. A few measure
how late the programs are, in milliseconds, and would measure the other tests besides. They are marked `alone`: they come
last, and each waits until no other test runs. (Without workers, `-n 0`, tests run one by one in the order of their files.)
"""
import fcntl
import os
import tempfile
import zlib

import pytest

LOCK = "DRONC_TEST_LOCK"  # a file that belongs to one run: workers find it in their environment


def pytest_configure(config):
    for warning in ("PytestUnhandledThreadExceptionWarning", "PytestUnraisableExceptionWarning"):
        config.addinivalue_line("filterwarnings", f"error::pytest.{warning}")  # an error in a thread of a test is one of the test
    config.addinivalue_line("markers", "alone: measures the programs in milliseconds, so no other test may run meanwhile")
    if not hasattr(config, "workerinput"):
        handle, os.environ[LOCK] = tempfile.mkstemp(prefix="dronc-test-lock-")
        os.close(handle)


def pytest_unconfigure(config):
    if not hasattr(config, "workerinput"):
        os.unlink(os.environ.pop(LOCK))


def place_of(item):
    """Slow tests stand side by side in their files, and a worker is given many in a row: so mix them, each time alike."""
    alone = item.get_closest_marker("alone") is not None
    waits_for_early_calls = "test_timeouts" in item.nodeid  # begun with the first test of a worker
    return alone, waits_for_early_calls, zlib.crc32(item.nodeid.encode())


def pytest_collection_modifyitems(config, items):
    if hasattr(config, "workerinput"):
        items.sort(key=place_of)


def pytest_fixture_setup(fixturedef, request):
    """Tests of other files come between, so what belongs to a file would be rebuilt again and again, perhaps in the place of the one before."""
    mixed = hasattr(request.config, "workerinput")
    assert not mixed or fixturedef.scope in ("function", "session"), f"{fixturedef.argname}: of a test, or of all of them"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    with open(os.environ[LOCK], encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX if item.get_closest_marker("alone") else fcntl.LOCK_SH)
        yield
