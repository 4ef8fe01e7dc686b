"""When there is no answer: the page says since when, shows what it had as old, and goes on by itself once there is one."""
import os
import signal

import pytest
from selenium.webdriver.common.keys import Keys

from harness import wait_for


def test_page_says_that_there_is_no_answer_until_there_is_one(browse, make_stack):
    stack = make_stack().start()
    stack.schedule("@every 1s", f"http://127.0.0.1:{stack.port}/health", name="heartbeat")
    browser = browse(stack)
    browser.open()
    browser.wait_for_text("All is well")
    handlers = stack.pids("fcgi")
    for pid in handlers:
        os.kill(pid, signal.SIGSTOP)
    try:
        bar = browser.find("#trouble", timeout=60)
        assert bar.get_attribute("role") == "alert"
        assert browser.script("return document.querySelector('main').classList.contains('stale')")
        browser.wait_for_text("No answer since")
    finally:
        for pid in handlers:
            os.kill(pid, signal.SIGCONT)
    browser.gone("#trouble", timeout=60)
    assert not browser.script("return document.querySelector('main').classList.contains('stale')")


def test_wall_shows_no_signal_rather_than_what_is_old(browse, make_stack):
    stack = make_stack().start()
    browser = browse(stack)
    browser.open("#/wall")
    browser.wait_for_text("All is well")
    handlers = stack.pids("fcgi")
    for pid in handlers:
        os.kill(pid, signal.SIGSTOP)
    try:
        browser.wait_for_text("NO SIGNAL since", timeout=60)
    finally:
        for pid in handlers:
            os.kill(pid, signal.SIGCONT)
    browser.wait_for_text("All is well", timeout=60)


def test_redis_that_is_away_is_the_first_thing_said(browse, make_stack):
    stack = make_stack().start()
    browser = browse(stack)
    browser.open()
    browser.wait_for_text("All is well")
    redis = stack.pids("redis")[0]
    os.kill(redis, signal.SIGSTOP)
    try:
        browser.until("() => !document.body.innerText.includes('All is well') || document.querySelector('main').classList.contains('stale')", timeout=60)
    finally:
        os.kill(redis, signal.SIGCONT)
    browser.wait_for_text("All is well", timeout=60)


HIDE = "Object.defineProperty(document, 'visibilityState', {get: () => 'hidden', configurable: true})"
SHOW = "delete document.visibilityState; document.dispatchEvent(new Event('visibilitychange'))"


@pytest.mark.parametrize("why", ["hidden", "dialog"])
def test_page_asks_for_nothing_while_it_is_hidden_or_a_dialog_is_open(browser, why):
    browser.open()
    if why == "hidden":
        browser.script(HIDE)
    else:
        browser.press("?")
        browser.find("dialog kbd")
    browser.idle()
    before = browser.asked()
    browser.an_hour_later()
    assert browser.asked() == before
    if why == "hidden":
        browser.script(SHOW)
    else:
        browser.press(Keys.ESCAPE)
    wait_for(lambda: browser.asked() > before, 10)
