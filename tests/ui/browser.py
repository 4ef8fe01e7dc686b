"""A Chromium that a test drives, and what it has to say: errors of the console, reports of the CSP, layout shifts, bytes."""
import contextlib
import json
import os
import signal
import time
from pathlib import Path

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from harness import SCALE, processes_in, wait_for

# Runs before the page's own scripts do.
WATCH = """window.seen = {violations: [], shift: 0, lcp: 0, long: 0};
document.addEventListener('securitypolicyviolation', e => seen.violations.push(e.violatedDirective + ' ' + (e.sample || e.blockedURI)));
const watch = (type, each) => new PerformanceObserver(list => list.getEntries().forEach(each)).observe({type, buffered: true});
watch('layout-shift', e => { if (!e.hadRecentInput) seen.shift += e.value; });
watch('largest-contentful-paint', e => { seen.lcp = e.startTime; });
watch('longtask', e => { seen.long += Math.max(0, e.duration - 50); });"""


class Browser:
    """One window. Whoever uses it looks at `complaints()` at the end."""

    def __init__(self, home, base):
        self.base, self.violations = base, []
        self.home = Path(home) / "browser"
        self.home.mkdir(parents=True, exist_ok=True)
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
                         "--disable-component-update", "--lang=en", "--hide-scrollbars", f"--user-data-dir={self.home}/profile"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        env = {**os.environ, "HOME": str(self.home), "TMPDIR": str(self.home), "XDG_RUNTIME_DIR": str(self.home), "TZ": "Europe/Berlin"}
        here = os.getcwd()
        os.chdir(self.home)  # so that whatever Chromium leaves running is found again
        try:
            self.service = Service("/usr/bin/chromedriver", env=env)
            self.driver = webdriver.Chrome(service=self.service, options=options)
        finally:
            os.chdir(here)
        self.driver.set_script_timeout(60)
        self.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": WATCH})
        self.look()

    def look(self, width=1280, height=900, scheme="light"):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": "reduce"}]})

    # --- going somewhere ----------------------------------------------------------------------------------------

    def open(self, where=""):
        """Load the page anew, at a place of it."""
        self.leave()
        self.driver.get(f"{self.base}/ui/{where}")
        self.settled()

    def leave(self):
        with contextlib.suppress(Exception):
            self.violations += self.seen()["violations"]
        self.driver.get("about:blank")

    def go(self, where):
        """To another screen, by the address."""
        mark = self.script("const m = document.querySelector('main'); m.dataset.old = '1'; location.hash = arguments[0]; return true", where)
        assert mark
        wait_for(lambda: not self.script("return document.querySelector('main').dataset.old"), 20, f"the screen {where}")
        self.settled()

    def settled(self):
        """It has its first answer."""
        wait_for(lambda: self.script("return /as of|stopped|no answer/.test(document.getElementById('asof')?.textContent) || document.querySelector('dialog[open]') !== null"), 30, "a screen with data")
        self.idle()

    def idle(self, quiet=0.4, timeout=15):
        """Nothing is changed any more for a moment."""
        probe = """const done = arguments[1], main = document.body; let timer = setTimeout(() => { watch.disconnect(); done(true); }, arguments[0]);
            const watch = new MutationObserver(list => { if (list.every(m => m.target.nodeType !== 1 || m.target.closest?.('.countdown, #asof'))) return; clearTimeout(timer); timer = setTimeout(() => { watch.disconnect(); done(true); }, 250); });
            watch.observe(main, {childList: true, subtree: true}); setTimeout(() => { watch.disconnect(); done(false); }, arguments[2] || 8000);"""
        return self.driver.execute_async_script(probe, int(quiet * 1000))

    # --- looking --------------------------------------------------------------------------------------------------

    def script(self, text, *args):
        return self.driver.execute_script(text, *args)

    def find(self, selector, text=None, timeout=10):
        """The first visible element that matches, and has that text in it."""
        def found():
            for node in self.driver.find_elements(By.CSS_SELECTOR, selector):
                with contextlib.suppress(Exception):
                    if node.is_displayed() and (text is None or text in node.text or text in (node.get_attribute("aria-label") or "")):
                        return node
            return None
        return wait_for(found, timeout, f"{selector} {text or ''} in: {self.text()[:600]!r}")

    def gone(self, selector, timeout=10):
        wait_for(lambda: self.script("return [...document.querySelectorAll(arguments[0])].every(n => n.getClientRects().length === 0)", selector), timeout, f"the end of {selector}")

    def text(self):
        return self.script("return document.body.innerText")

    def wait_for_text(self, text, timeout=15):
        wait_for(lambda: text in self.text(), timeout, f"{text!r} in {self.text()[:1500]!r}")

    @property
    def hash(self):
        return self.script("return location.hash")

    def focused(self):
        return self.script("const a = document.activeElement; return a.id || a.dataset.key || a.innerText || a.tagName")

    # --- acting ----------------------------------------------------------------------------------------------------

    def click(self, selector, text=None):
        def clicked():
            with contextlib.suppress(StaleElementReferenceException):  # the screen was read again just now
                node = self.find(selector, text)
                self.script("arguments[0].scrollIntoView({block: 'center'})", node)
                node.click()
                return node
            return None
        return wait_for(clicked, 10, f"a click on {selector} {text or ''}")

    def press(self, *keys):
        """Keys, to whatever has the focus."""
        for key in keys:
            ActionChains(self.driver).send_keys(key).perform()
            time.sleep(0.05)

    def type(self, text):
        ActionChains(self.driver).send_keys(text).perform()

    def chord(self, modifier, key):
        ActionChains(self.driver).key_down(modifier).send_keys(key).key_up(modifier).perform()

    def tab_to(self, text, limit=80, back=False):
        """Press Tab until what has the focus says that: how somebody without a mouse gets there."""
        for _ in range(limit):
            said = self.script("const a = document.activeElement; if (a === document.body) return ''; const l = a.labels && a.labels[0]; return (a.getAttribute('aria-label') || (l && l.innerText) || a.innerText || a.value || '') + ''")
            if said.strip().startswith(text):
                return
            if back:
                self.chord(Keys.SHIFT, Keys.TAB)
            else:
                self.press(Keys.TAB)
        raise AssertionError(f"Tab does not lead to {text!r}")

    def fill(self, selector, text):
        node = self.find(selector)
        node.clear()
        node.send_keys(text)

    # --- judging ---------------------------------------------------------------------------------------------------

    def seen(self):
        return self.script("return window.seen")

    def complaints(self, expected=()):
        """What the console and the CSP say, without the answers (a status of 400 and more) that a test meant to get."""
        said = [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
        said = [line for line in said if not any(mark in line for mark in expected)]
        self.leave()
        said, self.violations = said + self.violations, []
        return said

    def axe(self, source):
        """Violations, each as a line. The page's CSP does not apply to what the test brings."""
        self.driver.execute_cdp_cmd("Runtime.evaluate", {"expression": source})
        found = self.driver.execute_async_script("""const done = arguments[0];
            axe.run(document, {resultTypes: ['violations']}).then(r => done(r.violations.map(v => `${v.id} (${v.impact}) × ${v.nodes.length}: ${v.nodes.slice(0, 3).map(n => n.html.slice(0, 160) + ' | ' + n.failureSummary.replace(/\\s+/g, ' ').slice(0, 240)).join(' || ')}`)), e => done(['axe: ' + e]));""")
        return found

    def overflow(self):
        """How many pixels the page is wider than its window."""
        return self.script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")

    def shot(self, path, whole=True):
        if not whole:
            return self.driver.save_screenshot(str(path))
        size = self.driver.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
        data = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True, "clip": {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 4000), "scale": 1}})
        import base64
        Path(path).write_bytes(base64.b64decode(data["data"]))
        return None

    def close(self):
        with contextlib.suppress(Exception):
            self.driver.quit()
        for pid in processes_in(self.home):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not processes_in(self.home), what="the end of Chromium")
