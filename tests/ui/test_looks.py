"""Every screen, in the light, in the dark and on a phone: axe has nothing to say, nothing is wider than the window, nothing moves."""
import os
from pathlib import Path

import pytest

from harness import ROOT, wait_for
from shop import STRANGE

AXE = ROOT / "build" / "pypi" / "axe_playwright_python" / "axe.min.js"  # what scripts/deps test gets from PyPI
SHOTS = os.environ.get("DRONC_UI_SHOTS")
SIZES = {"1280": (1280, 900), "390": (390, 844)}
SCHEMES = ("light", "dark")


@pytest.fixture(params=SIZES)
def size(request, browser):
    browser.look(*SIZES[request.param])
    return request.param


def judge(browser, name, size):
    """What is shown now, in the light and in the dark."""
    for scheme in SCHEMES:
        browser.look(*SIZES[size], scheme)
        assert browser.axe(AXE.read_text()) == [], f"{name}, {size} px, {scheme}"
        assert browser.overflow() <= 0, f"{name}, {size} px, {scheme}: wider than the window"
        if SHOTS:
            Path(SHOTS).mkdir(parents=True, exist_ok=True)
            browser.shot(Path(SHOTS) / f"{name}-{scheme}-{size}.png")


def test_every_screen_is_accessible_and_fits_and_nothing_moves(browser, shop, size):
    browser.open()
    for name, address in shop.screens().items():
        browser.go(address)
        judge(browser, name, size)
    assert browser.seen()["shift"] <= 0.05, browser.seen()["moved"]


def test_way_to_the_wall_and_back_moves_nothing(browser, size):
    """It has no header, so all of a screen that is still there when the header goes would move up."""
    browser.open("#/signing")
    try:
        browser.network(latency_ms=150)  # so that there is time to see what was there before
        for where in ("#/wall", "#/signing", "#/wall", "#/runners"):
            browser.go(where)
    finally:
        browser.network()
    assert browser.seen()["moved"] == []


def test_column_stays_as_wide_as_it_is_while_its_seconds_are_counted_down(browser, shop, size):
    browser.open(f"#/job/{shop.nightly}")
    widths = browser.script("""const all = [...document.querySelectorAll('.countdown')];
        return ['now', 'in 9 s', 'in 59 s', 'in 9 m 59 s', 'in 59 m 59 s', 'in 23 h 59 m'].map(text => { for (const n of all) n.textContent = text; return all[0].closest('td').getBoundingClientRect().width; })""")
    assert len(set(widths)) == 1, widths


def test_every_dialog_is_accessible_and_fits(browser, shop, size):
    browser.open(f"#/job/{shop.nightly}")
    for text in ("Pause", "Delete"):
        browser.click(".head.page button", text)
        browser.find("dialog")
        judge(browser, "dialog-" + text.lower(), size)
        browser.click("dialog button", "Cancel")
        browser.gone("dialog")
    browser.script("document.activeElement.blur()")
    browser.press("?")
    browser.find("dialog kbd")
    judge(browser, "dialog-keys", size)
    browser.click("dialog button", "Close")
    browser.go(f"#/job/{shop.nightly}/edit")
    browser.fill("#f-schedule", "15 4 * * *")
    browser.click("button", "Review the change")
    browser.find("dialog .changes")
    judge(browser, "dialog-change", size)
    browser.click("dialog button", "Cancel")
    browser.go("#/new")
    browser.fill("#f-schedule", "0 61 * * *")
    browser.wait_for_text("out of range")
    for summary in browser.driver.find_elements("css selector", "form.job summary"):
        browser.script("arguments[0].click()", summary)
    judge(browser, "new-open-with-error", size)
    browser.go("#/jobs?q=warehouse")
    browser.click("input[aria-label^='Select warehouse']")
    judge(browser, "jobs-selected", size)
    browser.click(".selection button", "Clear")
    browser.go(f"#/job/{shop.sync}")
    browser.click("button", "Ask why")
    browser.find(".why .answer")
    judge(browser, "job-why", size)


def test_what_strangers_wrote_is_text_everywhere(browser, shop):
    """A name, a description, a tag, a header, a body and an answer that are markup."""
    screens = {**shop.screens(), "execution": f"#/execution/{shop.execution(shop.strange)}", "edit": f"#/job/{shop.strange}/edit", "dead": f"#/dead?job={shop.strange}", "jobs": "#/jobs?q=%3Cimg"}
    browser.open()
    for name, address in screens.items():
        browser.go(address)
        assert browser.script("return document.querySelectorAll('main img, main b:not(.figure b), main script').length") == 0, name
        assert browser.script("return document.title") != "hacked", name
    browser.go(screens["jobs"])
    browser.find("main td a", STRANGE)
    browser.go(f"#/job/{shop.strange}")
    browser.find("h1", STRANGE)
    browser.click("button", "Delete")
    browser.find("dialog h2", STRANGE)
    browser.click("dialog button", "Cancel")
    assert browser.seen()["violations"] == []


def test_every_chart_says_in_a_sentence_what_it_shows(browser, shop):
    browser.open()
    labels = browser.script("return [...document.querySelectorAll('svg[role=img]')].map(s => s.getAttribute('aria-label'))")
    assert any("half of them within" in label for label in labels)
    assert any("succeeded" in label and "in a minute" in label for label in labels)
    browser.go(f"#/job/{shop.sync}")
    labels = browser.script("return [...document.querySelectorAll('svg[role=img]')].map(s => s.getAttribute('aria-label'))")
    assert any("went wrong" in label for label in labels)
    assert browser.script("return [...document.querySelectorAll('svg')].every(s => s.getAttribute('role') === 'img' || s.getAttribute('aria-hidden') === 'true')")


def test_screen_is_announced_and_focus_goes_to_it(browser, shop):
    browser.open()
    browser.go("#/jobs")
    assert browser.script("return document.activeElement.id") == "main"
    assert browser.script("return document.title") == "Jobs · Dronc"
    assert browser.script("return document.querySelector('nav a[aria-current=page]').innerText") == "Jobs"
    assert browser.script("return document.querySelectorAll('h1').length") == 1


def test_skip_link_leads_to_the_content(browser):
    browser.open()
    browser.script("document.activeElement.blur()")
    browser.tab_to("Skip to content", limit=3)
    browser.press("\ue007")
    wait_for(lambda: browser.script("return document.activeElement.id") == "main", 5)
