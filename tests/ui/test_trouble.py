"""When there is no answer: the page says since when, shows what it had as old, and goes on by itself once there is one."""
import os
import signal

from harness import wait_for


def test_silence_is_told_and_ends(browse, make_stack):
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
        wait_for(lambda: "All is well" not in browser.text() or browser.script("return document.querySelector('main').classList.contains('stale')"), 60, "a page that says so")
    finally:
        os.kill(redis, signal.SIGCONT)
    browser.wait_for_text("All is well", timeout=60)


def test_page_is_not_polled_while_it_is_hidden_or_a_dialog_is_open(browser, shop):
    browser.open()
    count = lambda: browser.script("return performance.getEntriesByType('resource').filter(r => r.name.includes('/v1/')).length")
    browser.press("?")
    browser.find("dialog kbd")
    browser.idle()
    before = count()
    browser.driver.execute_async_script("setTimeout(arguments[0], 5000)")
    assert count() == before
    browser.press("\ue00c")
    wait_for(lambda: count() > before, 10)
