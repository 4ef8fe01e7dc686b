"""The page in a real browser, before a real stack. Everything lives in one temporary directory and is stopped by its pid."""
import os
import pwd
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "security"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "system"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import pytest  # noqa: E402

from system_fixtures import *  # noqa: E402, F403 (pytest finds fixtures by their names here)
from browser import Browser  # noqa: E402
from harness import Stack, make_key  # noqa: E402
from sealing import Keys  # noqa: E402
from shop import Shop  # noqa: E402


@pytest.fixture(scope="session")
def shop(base, target):
    """A stack in which things happen: jobs that succeed, that fail, that are paused, with strange names, signed ones."""
    home = base / "shop"
    home.mkdir()
    base.chmod(0o711)  # root's stack runs as another user, who has to reach the keys
    keys = Keys(home)
    keys.public.chmod(0o644)
    if os.geteuid() == 0:
        shutil.chown(keys.private, "dronc" if "dronc" in [user.pw_name for user in pwd.getpwall()] else "nobody")
    stack = Stack(home, FCGI_PROCESSES=4, **keys.settings).start()
    yield Shop(stack, target)
    assert stack.stop() == 0, stack.program.err


@pytest.fixture(scope="session")
def window(base):
    """One browser for all tests: to start one takes seconds."""
    browser = Browser(base / "window")
    yield browser
    browser.close()


@pytest.fixture
def browse(window):
    """The browser on a stack: browse(stack)."""
    def browse(stack, **look):
        window.begin(stack, **look)
        return window

    yield browse
    window.leave()


@pytest.fixture
def new_browser(home):
    """One that has seen nothing yet."""
    browser = Browser(home)
    yield browser
    browser.close()


@pytest.fixture
def browser(browse, shop):
    """The browser on the shop. What its console and the CSP have to say is nothing."""
    browser = browse(shop.stack)
    yield browser
    # A refused request is an answer, which Chromium notes as an error of the network.
    said = [line for line in browser.complaints() if "Failed to load resource" not in line]
    assert said == []


@pytest.fixture(scope="session")
def keyed(base):
    """A stack that asks for keys: (stack, the token that may do everything, one that may only read)."""
    stack = Stack(base / "keyed", FCGI_PROCESSES=2).start()
    settings = {"REDIS_SOCKET": stack.data / "run" / "redis.sock"}
    tokens = make_key(settings), make_key(settings, "--scopes", "jobs:read,executions:read", "--name", "reader")
    yield stack, *tokens
    assert stack.stop() == 0
