"""A Chromium that a test drives, and what it has to say: errors of the console, reports of the CSP, layout shifts, bytes."""
import base64
import contextlib
import os
import signal
from pathlib import Path

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from harness import SCALE, processes_in, wait_for

# Runs before the page's own scripts do. asked: requests whose answers the page has not shown yet. It shows one as soon as it has read it,
# or asks for the next one, before any timer runs.
WATCH = """window.seen = {violations: [], shift: 0, moved: [], lcp: 0, long: 0, asked: 0};
document.addEventListener('securitypolicyviolation', e => seen.violations.push(e.violatedDirective + ' ' + (e.sample || e.blockedURI)));
const watch = (type, each) => new PerformanceObserver(list => list.getEntries().forEach(each)).observe({type, buffered: true});
const place = r => [r.x, r.y, r.width, r.height].map(Math.round).join(' ');
watch('layout-shift', e => {
    if (e.hadRecentInput) return;
    seen.shift += e.value;
    for (const s of e.sources) seen.moved.push(`${location.hash} ${e.value.toFixed(4)}: ${s.node?.nodeName} "${(s.node?.textContent ?? '').slice(0, 40)}" ${place(s.previousRect)} to ${place(s.currentRect)}`);
});
watch('largest-contentful-paint', e => { seen.lcp = e.startTime; });
watch('longtask', e => { seen.long += Math.max(0, e.duration - 50); });
const ask = window.fetch, isShown = () => setTimeout(() => { seen.asked--; }, 0);
window.fetch = (...all) => {
    seen.asked++;
    return ask(...all).then(answer => {
        const read = answer.text.bind(answer);
        answer.text = () => read().finally(isShown);
        return answer;
    }, error => { isShown(); throw error; });
};"""

# Calls back with the first true value of a function of the arguments, or with null after so many ms.
UNTIL = """const [limit, ...all] = arguments, done = all.pop(), end = performance.now() + limit, is = (%s);
(function look() {
    let value = null;
    try { value = is(...all); } catch (error) { if (performance.now() >= end) throw error; }
    if (value || performance.now() >= end) done(value || null); else setTimeout(look, 20);
})();"""

FIND = """(selector, text, isCentred) => {
    const node = [...document.querySelectorAll(selector)].find(n => n.checkVisibility({visibilityProperty: true}) && n.getClientRects().length > 0 &&
        (text === null || n.innerText?.includes(text) || n.getAttribute('aria-label')?.includes(text)));
    if (node && isCentred) node.scrollIntoView({block: 'center'});
    return node;
}"""

# The screen that was asked for is there with its first answer, and the keys are. Then nothing is asked for, and what came is painted.
SETTLED = """const [limit, done] = arguments, end = performance.now() + limit;
const isThere = () => !document.querySelector('main').dataset.old && (/as of|stopped|no answer/.test(document.getElementById('asof').textContent) || document.querySelector('dialog[open]'));
const until = is => new Promise((resolve, reject) => (function look() {
    if (is()) resolve(); else if (performance.now() >= end) reject(); else setTimeout(look, 20);
})());
const frame = () => new Promise(requestAnimationFrame);
until(isThere).then(() => import('/ui/js/keys.js')).then(() => until(() => seen.asked === 0 && isThere())).then(frame).then(frame).then(() => done(true), () => done(false));"""


class Browser:
    """One window. Whoever uses it looks at `complaints()` at the end."""

    def __init__(self, home):
        self.base, self.violations, self.is_away = "", [], True
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
        self.driver.set_script_timeout(600)
        self.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": WATCH})
        self.look()

    def look(self, width=1280, height=900, scheme="light"):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": "reduce"}]})

    def begin(self, stack, **look):
        """As new, before a stack: what an earlier test left is gone."""
        self.base = f"http://127.0.0.1:{stack.port}"
        self.driver.execute_cdp_cmd("Storage.clearDataForOrigin", {"origin": self.base, "storageTypes": "local_storage"})
        self.complaints()
        self.look(**look)

    def network(self, offline=False, latency_ms=0, down_bps=-1, up_bps=-1):
        """What lies between the page and its server, from now on."""
        self.driver.execute_cdp_cmd("Network.enable", {})
        self.driver.execute_cdp_cmd("Network.emulateNetworkConditions", {"offline": offline, "latency": latency_ms, "downloadThroughput": down_bps / 8 if down_bps > 0 else -1, "uploadThroughput": up_bps / 8 if up_bps > 0 else -1})

    # --- going somewhere ----------------------------------------------------------------------------------------

    def open(self, where=""):
        """Load the page anew, at a place of it."""
        self.leave()
        self.is_away = False
        self.driver.get(f"{self.base}/ui/{where}")
        self.settled()

    def leave(self):
        if self.is_away:
            return
        with contextlib.suppress(Exception):
            self.violations += self.seen()["violations"]
        self.driver.get("about:blank")
        self.is_away = True

    def go(self, where):
        """To another screen, by the address."""
        self.script("document.querySelector('main').dataset.old = '1'; location.hash = arguments[0]", where)
        self.settled()

    def settled(self):
        """The screen has its first answer, all of it is shown, and keys work."""
        assert self.driver.execute_async_script(SETTLED, int(30_000 * SCALE)), f"no screen with data, but: {self.text()[:600]!r}"

    def hurry(self):
        """The page's clock runs ten times as fast: it asks again ten times as often."""
        self.script("const now = Date.now, begin = now(); Date.now = () => begin + 10 * (now() - begin)")

    def an_hour_later(self):
        """By the page's clock, so that it is time to ask again; and what looks at that clock each second has done so."""
        self.script("const now = Date.now; Date.now = () => now() + 3_600_000")
        self.until("() => document.querySelector('[data-until]').textContent.endsWith('ago')")
        self.tick()

    def tick(self):
        self.script("document.querySelector('[data-until]').textContent = ''")
        self.until("() => document.querySelector('[data-until]').textContent !== ''", what="the next second of the page")

    def asked(self):
        """How many answers of the API the page has had."""
        return self.script("return performance.getEntriesByType('resource').filter(r => r.name.includes('/v1/')).length")

    def idle(self):
        """The page asks for nothing, and has shown what it asked for."""
        self.until("() => seen.asked === 0", what="a page that asks for nothing")

    # --- looking --------------------------------------------------------------------------------------------------

    def script(self, text, *args):
        return self.driver.execute_script(text, *args)

    def until(self, function, *args, timeout=10, what=None):
        """The first true value of a function of the page."""
        value = self.driver.execute_async_script(UNTIL % function, int(timeout * 1000 * SCALE), *args)
        assert value, f"not within {timeout * SCALE:g} s: {what or function} in: {self.text()[:1500]!r}"
        return value

    def find(self, selector, text=None, timeout=10, is_centred=False):
        """The first visible element that matches, and has that text in it."""
        return self.until(FIND, selector, text, is_centred, timeout=timeout, what=f"{selector} {text or ''}")

    def gone(self, selector, timeout=10):
        self.until("selector => [...document.querySelectorAll(selector)].every(n => n.getClientRects().length === 0)", selector, timeout=timeout, what=f"the end of {selector}")

    def text(self):
        return self.script("return document.body.innerText")

    def wait_for_text(self, text, timeout=15):
        self.until("text => document.body.innerText.includes(text)", text, timeout=timeout, what=repr(text))

    @property
    def hash(self):
        return self.script("return location.hash")

    def focused(self):
        return self.script("const a = document.activeElement; return a.id || a.dataset.key || a.innerText || a.tagName")

    # --- acting ----------------------------------------------------------------------------------------------------

    def click(self, selector, text=None):
        def clicked():
            with contextlib.suppress(StaleElementReferenceException):  # the screen was read again just now
                node = self.find(selector, text, is_centred=True)
                node.click()
                return node
            return None
        return wait_for(clicked, 10, f"a click on {selector} {text or ''}")

    def press(self, *keys):
        """Keys, to whatever has the focus."""
        for key in keys:
            ActionChains(self.driver).send_keys(key).perform()

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
        if not self.script("return 'axe' in window"):
            self.driver.execute_cdp_cmd("Runtime.evaluate", {"expression": source})
        found = self.driver.execute_async_script("""const done = arguments[0];
            axe.run(document, {resultTypes: ['violations']}).then(r => done(r.violations.map(v => `${v.id} (${v.impact}) × ${v.nodes.length}: ${v.nodes.slice(0, 3).map(n => n.html.slice(0, 160) + ' | ' + n.failureSummary.replace(/\\s+/g, ' ').slice(0, 240)).join(' || ')}`)), e => done(['axe: ' + e]));""")
        return found

    def overflow(self):
        """How many pixels the page is wider than its window, or a table than its place."""
        return self.script("return Math.max(...[document.documentElement, ...document.querySelectorAll('.scroll')].map(n => n.scrollWidth - n.clientWidth))")

    def shot(self, path, whole=True):
        if not whole:
            return self.driver.save_screenshot(str(path))
        size = self.driver.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
        data = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True, "clip": {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 4000), "scale": 1}})
        Path(path).write_bytes(base64.b64decode(data["data"]))
        return None

    def close(self):
        with contextlib.suppress(Exception):
            self.driver.quit()
        for pid in processes_in(self.home):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not processes_in(self.home), what="the end of Chromium")
