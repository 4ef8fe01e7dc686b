"""Where the API asks for keys: the page asks for one, keeps it in memory alone, and offers only what it allows."""
from harness import NEVER_SOON, wait_for


def sign_in(browser, token):
    browser.find("dialog #key")
    browser.fill("#key", token)
    browser.click("dialog button", "Sign in")
    browser.gone("dialog")
    browser.settled()


def test_key_opens_the_page_and_is_kept_nowhere(browse, keyed):
    stack, everything, _ = keyed
    stack.token = everything
    job_id = stack.schedule(NEVER_SOON, "https://example.com/", name="with a key")
    browser = browse(stack)
    browser.open("#/jobs")
    browser.find("dialog #key")
    browser.fill("#key", "dr_nonsense")
    browser.click("dialog button", "Sign in")
    browser.wait_for_text("not one of this API")
    sign_in(browser, everything)
    browser.wait_for_text("with a key")
    browser.go(f"#/job/{job_id}")
    browser.find("button", "Run now")
    stored = browser.script("""const all = store => Array.from({length: store.length}, (_, i) => store.getItem(store.key(i)));
        return JSON.stringify([all(localStorage), all(sessionStorage), document.cookie, location.href, document.documentElement.outerHTML])""")
    assert everything not in stored
    browser.go("#/jobs")
    browser.click("#sign")
    browser.find("dialog #key")
    assert "with a key" not in browser.text()
    browser.click("dialog button", "Cancel")
    browser.wait_for_text("sign in to see anything")
    before = browser.asked()
    browser.script("const now = Date.now; Date.now = () => now() + 60_000")  # long past the time to ask again
    wait_for(lambda: browser.asked() > before, 10)
    browser.idle()
    assert browser.script("return document.querySelector('dialog')") is None, "the dialog comes back by itself"
    browser.open("#/jobs")
    browser.find("dialog #key")  # a reload forgets it


def test_key_that_may_only_read_hides_what_it_cannot_do(browse, keyed):
    stack, everything, reader = keyed
    stack.token = everything
    job_id = stack.schedule(NEVER_SOON, "https://example.com/", name="look, do not touch")
    browser = browse(stack)
    browser.open(f"#/job/{job_id}")
    sign_in(browser, reader)
    browser.wait_for_text("look, do not touch")
    for text in ("Run now", "Pause", "Edit", "Delete"):
        assert browser.script("return [...document.querySelectorAll('main button, main a')].every(b => b.innerText !== arguments[0])", text), text
    assert not browser.find("header").find_element("css selector", "a[href='#/new']").is_displayed()
    browser.go("#/jobs")
    browser.wait_for_text("look, do not touch")
    for screen in ("#/", "#/dead", "#/activity", "#/runners", "#/signing"):
        browser.go(screen)
        wait_for(lambda: "403" not in browser.text() and "lacks the scope" not in browser.text(), 5, screen)
