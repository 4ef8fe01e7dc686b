"""What people come for, each by mouse, and by keyboard alone."""
import pytest
from selenium.webdriver.common.keys import Keys

from harness import wait_for
from target import status

HANDS = ["mouse", "keyboard"]


class Hand:
    """Presses things: with a mouse, or by Tab and Enter."""

    def __init__(self, browser, kind):
        self.browser, self.isMouse = browser, kind == "mouse"

    def press(self, text, selector="button, a, summary, [role=option]"):
        if self.isMouse:
            self.browser.click(selector, text)
        else:
            self.browser.tab_to(text)
            self.browser.press(Keys.ENTER)

    def write(self, selector, text, label):
        if self.isMouse:
            self.browser.click(selector)
        else:
            self.browser.tab_to(label)
        self.browser.chord(Keys.CONTROL, "a")
        self.browser.type(text)


@pytest.fixture(params=HANDS)
def hand(request, browser):
    return Hand(browser, request.param)


def test_job_is_made_with_a_preview_and_deleted(hand, browser, shop):
    browser.open("#/new")
    hand.write("#f-schedule", "61 * * * *", "Schedule")
    browser.wait_for_text("61 is out of range")
    assert browser.script("return document.querySelector('.fault u').textContent").startswith("61")
    assert browser.script("return document.getElementById('f-schedule').getAttribute('aria-invalid')") == "true"
    hand.write("#f-schedule", "0 9 * * MON-FRI", "Schedule")
    browser.wait_for_text("At 09:00 on weekdays")
    assert browser.script("return document.querySelectorAll('aside tbody tr').length") == 10
    hand.write("#f-api", shop.well.url, "URL")
    hand.write("#f-name", f"made by {hand.isMouse}", "Name")
    hand.press("Create")
    browser.wait_for_text("Definition")
    job_id = browser.hash.removeprefix("#/job/")
    assert shop.stack.job(job_id).json["schedule"] == "0 9 * * MON-FRI"
    assert shop.stack.job(job_id).json["type"] == "ATLEAST_ONCE"
    hand.press("Delete")
    browser.find("dialog")
    hand.press("Delete", "dialog button")
    wait_for(lambda: shop.stack.job(job_id).status == 404, 10, "the end of the job")
    wait_for(lambda: browser.hash == "#/jobs", 10)


def test_error_of_the_server_stands_at_its_field(browser, shop):
    browser.open("#/new")
    browser.fill("#f-schedule", "@daily")
    browser.fill("#f-api", "ftp://example.com/")
    browser.click("button", "Create")
    browser.wait_for_text("http")
    assert browser.focused() == "f-api"
    assert browser.script("return document.getElementById('f-api-error').textContent") != ""


def test_job_is_paused_with_a_note_and_resumed(hand, browser, shop):
    browser.open(f"#/job/{shop.nightly}")
    hand.press("Pause")
    browser.find("dialog")
    hand.write("#note", "moving house", "Note")
    hand.press("Pause", "dialog button")
    browser.wait_for_text("moving house")
    assert shop.stack.job(shop.nightly).json["state"] == "PAUSED"
    hand.press("Resume")
    wait_for(lambda: shop.stack.job(shop.nightly).json["state"] == "ACTIVE", 10)
    browser.find("button", "Pause")


def test_job_runs_now(hand, browser, shop):
    browser.open(f"#/job/{shop.nightly}")
    before = len(shop.stack.executions(job_id=shop.nightly))
    hand.press("Run now")
    browser.wait_for_text("runs now")
    wait_for(lambda: len(shop.stack.executions(job_id=shop.nightly)) > before, 10)
    browser.find(".outcome", "succeeded")


def test_why_answers_for_an_instant_and_for_an_attempt(hand, browser, shop):
    browser.open(f"#/job/{shop.nightly}")
    hand.press("Ask why")
    browser.find(".why .answer")
    browser.go(f"#/job/{shop.sync}")
    hand.press("Why, at" if not hand.isMouse else "why", "td button")
    browser.wait_for_text("failed")
    browser.find(".why .answer strong", "failed")
    assert "why=" in browser.hash, "the question cannot be shared"


def test_change_is_shown_before_it_is_saved(hand, browser, shop):
    browser.open(f"#/job/{shop.nightly}/edit")
    hand.write("#f-schedule", "15 4 * * *", "Schedule")
    browser.wait_for_text("At 04:15 every day")
    hand.press("Review the change")
    browser.find("dialog .changes")
    assert "30 2 * * *" in browser.script("return document.querySelector('dialog .changes').innerText")
    assert shop.stack.job(shop.nightly).json["schedule"] == "30 2 * * *"
    hand.press("Save", "dialog button")
    wait_for(lambda: shop.stack.job(shop.nightly).json["schedule"] == "15 4 * * *", 10)
    browser.wait_for_text("Saved.")
    assert shop.stack.patch(shop.nightly, {"schedule": "30 2 * * *"}).status == 200


def test_change_of_what_somebody_else_changed_shows_both(browser, shop):
    browser.open(f"#/job/{shop.nightly}/edit")
    browser.fill("#f-description", "mine")
    browser.click("button", "Review the change")
    browser.find("dialog .changes")
    assert shop.stack.patch(shop.nightly, {"description": "theirs"}).status == 200
    browser.click("dialog button", "Save")
    browser.wait_for_text("It was changed meanwhile")
    both = browser.script("return document.querySelector('dialog .changes').innerText")
    assert "theirs" in both and "mine" in both
    browser.click("dialog button", "Save")
    wait_for(lambda: shop.stack.job(shop.nightly).json["description"] == "mine", 10)


def test_call_is_tried_once_and_leaves_no_job(hand, browser, shop):
    hook = shop.target.hook().answers(status(200, b'{"rows": 17}'))
    browser.open("#/new")
    hand.write("#f-api", hook.url, "URL")
    hand.press("Try once")
    browser.wait_for_text('"rows": 17')
    browser.wait_for_text("The job that was made for this is deleted.")
    assert len(hook.calls) == 1
    assert shop.stack.jobs(tag="dronc-try")["jobs"] == []


def test_curl_command_fills_in_the_form(hand, browser, shop):
    browser.open("#/new")
    hand.press("Paste a curl command")
    hand.write("#curl", "curl -sS -X PUT https://example.com/a?b=1 -H 'X-Team: ops' -d '{\"full\": true}' -m 30", "The command fills in the form")
    browser.wait_for_text("The form is filled in.")
    values = browser.script("const f = document.querySelector('form.job').elements; return [f.method.value, f.api.value, f.headers.value, f.body.value, f.timeout_ms.value]")
    assert values == ["PUT", "https://example.com/a?b=1", "X-Team: ops\nContent-Type: application/x-www-form-urlencoded", '{"full": true}', "30000"]


def test_jobs_are_filtered_and_the_filter_is_in_the_address(hand, browser, shop):
    browser.open("#/jobs")
    if not hand.isMouse:
        browser.press("/")
    hand.write("#q", "warehouse", "Name")
    wait_for(lambda: browser.script("return document.querySelectorAll('main tbody tr[data-href]').length") == 2, 10)
    assert browser.hash == "#/jobs?q=warehouse"
    browser.open(browser.hash)
    wait_for(lambda: browser.script("return document.querySelectorAll('main tbody tr[data-href]').length") == 2, 10)
    browser.open("#/jobs?signing=orders")
    assert browser.script("return [...document.querySelectorAll('main tbody tr[data-href] a')].map(a => a.innerText)") == ["orders/export", "signed: orders"]


def test_selected_jobs_are_paused_together(hand, browser, shop):
    browser.open("#/jobs?q=warehouse")
    for name in ("warehouse/returns", "warehouse/stock"):
        if hand.isMouse:
            browser.click(f"input[aria-label^='Select {name}']")
        else:
            browser.tab_to(f"Select {name}")
            browser.press(Keys.SPACE)
    browser.wait_for_text("2 selected")
    if hand.isMouse:
        browser.click(".selection button", "Pause")
    else:
        browser.tab_to("Pause", back=True)
        browser.press(Keys.ENTER)
    browser.find("dialog")
    hand.press("Pause", "dialog button")
    wait_for(lambda: shop.stack.job(shop.stock).json["state"] == shop.stack.job(shop.returns).json["state"] == "PAUSED", 10)
    for job_id in (shop.stock, shop.returns):
        shop.stack.resume(job_id)


def test_dead_letter_is_redriven(hand, browser, shop):
    shop.stack.pause(shop.stock)
    shop.stack.pause(shop.returns)
    shop.stack.pause(shop.sync)
    shop.stack.pause(shop.strange)
    try:
        browser.open("#/dead?job=" + shop.sync)
        browser.wait_for_text("status 503")
        shop.stack.resume(shop.sync)
        hand.press("Redrive that of crm/sync" if not hand.isMouse else "Redrive", "section:last-of-type td button")
        browser.wait_for_text("A new round of attempts begins")
    finally:
        for job_id in (shop.stock, shop.returns, shop.sync, shop.strange):
            shop.stack.resume(job_id)


def test_dead_letters_of_a_cause_are_redriven_at_a_pace_and_stopped(browser, shop):
    browser.open("#/dead?job=" + shop.stock)
    browser.wait_for_text("connect")
    shop.stack.pause(shop.stock)  # so that none is redriven, and the letters stay for other tests
    browser.fill("#rate", "1")
    browser.click("button", "Redrive all")
    browser.find("progress")
    browser.click(".progress button", "Stop")
    browser.wait_for_text("then stopped")
    shop.stack.resume(shop.stock)


def test_discarding_many_asks_for_their_number(browser, shop):
    browser.open("#/dead?job=" + shop.sync)
    browser.click("tbody button", "Discard")
    browser.fill("#typed", "0")
    browser.click("dialog button", "Discard")
    browser.wait_for_text("That is not")
    assert shop.stack.get(f"/v1/dead?job_id={shop.sync}").json["count"] > 0
    browser.press(Keys.ESCAPE)
    browser.gone("dialog")


def test_rows_are_walked_by_keys_and_opened(browser, shop):
    browser.open("#/jobs?q=billing")
    browser.press("j")
    wait_for(lambda: browser.focused() == shop.invoices, 5)
    browser.press(Keys.ENTER)
    wait_for(lambda: browser.hash == f"#/job/{shop.invoices}", 5)
    browser.press("e")
    wait_for(lambda: browser.hash == f"#/job/{shop.invoices}/edit", 5)
    for key, hash_ in (("o", "#/"), ("j", "#/jobs"), ("a", "#/activity"), ("d", "#/dead"), ("r", "#/runners"), ("s", "#/signing"), ("n", "#/new")):
        browser.script("document.activeElement.blur()")
        browser.press("g", key)
        wait_for(lambda: browser.hash == hash_, 5, hash_)


def test_single_keys_can_be_switched_off_and_do_nothing_in_a_field(browser):
    browser.open("#/jobs")
    browser.click("#q")
    browser.type("gd?")
    assert browser.hash.startswith("#/jobs")
    browser.open("#/")
    browser.press("?")
    browser.find("dialog kbd")
    browser.click("#keys-on")
    browser.press(Keys.ESCAPE)
    browser.press("g", "j")
    assert browser.hash in ("", "#/")
    browser.chord(Keys.CONTROL, "k")
    browser.find("#palette")
    browser.script("localStorage.clear()")


def test_palette_finds_jobs_and_screens(browser, shop):
    browser.open("#/")
    browser.chord(Keys.CONTROL, "k")
    browser.find("#palette")
    browser.type("night")
    browser.find("[role=option]", "nightly import")
    browser.press(Keys.ENTER)
    wait_for(lambda: browser.hash == f"#/job/{shop.nightly}", 5)


def test_activity_leads_to_an_execution_and_its_phases(hand, browser, shop):
    browser.open("#/activity?outcome=failed")
    assert browser.script("return [...document.querySelectorAll('main tbody .outcome')].every(o => o.textContent.endsWith('failed'))")
    hand.press("✗failed" if hand.isMouse else "✗", "td a")
    wait_for(lambda: browser.hash.startswith("#/execution/"), 5)
    browser.wait_for_text("Where the time went")
    browser.wait_for_text("Idempotency-Key")
    browser.go(f"#/execution/{shop.execution(shop.invoices)}")
    browser.wait_for_text('"html": "<b>bold</b>"')


def test_times_are_shown_in_utc_or_local(browser, shop):
    browser.open(f"#/execution/{shop.execution(shop.invoices)}")
    read = lambda: browser.script("return document.querySelector('main time').textContent + document.getElementById('zone').textContent")
    local = read()
    browser.press("u")
    wait_for(lambda: read() != local and read().endswith("UTC"), 10)
    browser.press("u")
    wait_for(lambda: read() == local, 10)


def test_typing_and_the_focus_survive_a_refresh(browser, shop):
    browser.open("#/jobs")
    browser.press("j", "j")
    had = browser.focused()
    as_of = browser.script("return document.getElementById('asof').textContent")
    browser.an_hour_later()
    browser.until("as_of => document.getElementById('asof').textContent !== as_of", as_of)
    assert browser.focused() == had


def test_refreshing_stops_and_goes_on(browser):
    browser.open("#/")
    browser.press(".")
    browser.wait_for_text("stopped at")
    browser.press(".")
    browser.wait_for_text("as of")


def test_overview_tells_what_fails_and_pauses_what_shares_a_cause(browser, shop):
    browser.open("#/")
    browser.wait_for_text("have been failing since")
    browser.find(".group h3", "127.0.0.1:9")
    browser.click(".group button", "Pause all 2 that fail at 127.0.0.1:9")
    browser.fill("#note", "the host is away")
    browser.click("dialog button", "Pause")
    browser.wait_for_text("2 jobs paused.")
    paused = [shop.stack.job(job_id).json for job_id in (shop.stock, shop.returns)]
    assert [(job["state"], job.get("state_note")) for job in paused] == [("PAUSED", "the host is away")] * 2
    for job_id in (shop.stock, shop.returns):
        shop.stack.resume(job_id)


def test_page_shows_which_jobs_sign_with_which_key(browser, shop):
    browser.open("#/signing")
    row = browser.find("main tbody tr", "orders").text
    assert "orders/export" in row and "v1" in row
    browser.go(f"#/job/{shop.signed}")
    browser.find("dd a", "orders")
