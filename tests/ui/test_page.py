"""How the page is served: where, by which rules, and how heavy it is."""
import gzip
import http.client
import re
import subprocess

import pytest

from harness import DIST, ROOT, environment

UI = ROOT / "ui"
FILES = sorted(path.relative_to(UI).as_posix() for path in UI.rglob("*") if path.is_file())
HTML = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
FORBIDDEN = re.compile(r"\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval|new Function|setAttribute\('style'|createPolicy)\b|\bstyle=|\son[a-z]+=\"")


def test_browser_is_sent_to_the_page_and_programs_get_their_text(shop):
    answer = shop.stack.get("/", **HTML)
    assert (answer.status, answer.headers["location"]) == (302, "/ui/")
    for accept in (None, "*/*", "text/plain", "application/json"):
        answer = shop.stack.get("/", accept=accept)
        assert (answer.status, answer.body) == (200, b"Dronc - Redis-backed Job Scheduler")
    assert shop.stack.request("POST", "/", "", HTML).status == 405
    answer = shop.stack.get("/ui")
    assert (answer.status, answer.headers["location"]) == (301, "/ui/")


@pytest.mark.parametrize("name", ["", *FILES])
def test_file_is_served_with_its_type_and_the_rules(shop, name):
    answer = shop.stack.get("/ui/" + name)
    assert answer.status == 200
    assert answer.body == (UI / (name or "index.html")).read_bytes()
    kind = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}[(name or "x.html").rpartition(".")[2]]
    assert answer.headers["content-type"].split(";")[0] == kind
    csp = dict(part.strip().partition(" ")[::2] for part in answer.headers["content-security-policy"].split(";"))
    assert csp == {"default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "img-src": "'self'", "connect-src": "'self'", "base-uri": "'none'", "form-action": "'none'",
                   "frame-ancestors": "'none'", "require-trusted-types-for": "'script'", "trusted-types": "'none'"}
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-opener-policy"] == answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["/ui/nothing", "/ui/js/", "/ui/../nginx/nginx.conf", "/ui/%2e%2e/nginx/nginx.conf", "/ui/..%2fredis.sock", "/ui//etc/passwd", "/nginx/nginx.conf", "/fcgi.pid"])
def test_nothing_else_is_served(shop, path):
    connection = http.client.HTTPConnection("127.0.0.1", shop.stack.port, timeout=10)
    connection.putrequest("GET", path, skip_host=False)
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status in (400, 403, 404), path
    assert answer.getheader("content-type") == "application/json"
    assert answer.read().startswith(b'{"error":')


def test_page_changes_nothing_by_itself(shop):
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert shop.stack.request(method, "/ui/app.css").status == 405


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith((".js", ".html"))])
def test_text_never_becomes_markup(name):
    found = FORBIDDEN.findall((UI / name).read_text())
    assert found == []


def test_nothing_comes_from_elsewhere():
    for name in FILES:
        for url in re.findall(r"https?://[^\s'\"`)<>]+", (UI / name).read_text()):
            assert url.startswith(("http://www.w3.org/", "https://example.com/")) or url == "http://", (name, url)


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".js")])
def test_module_is_short(name):
    lines = (UI / name).read_text().splitlines()
    assert len(lines) <= 400
    assert lines[0].startswith("/*"), "it does not open with its purpose"


def test_weight_up_to_first_use(browser):
    """What the first screen takes, as it comes over the wire, headers and all; the other screens come later, when there is time."""
    browser.driver.execute_cdp_cmd("Network.clearBrowserCache", {})
    browser.open()
    files = browser.script("""const end = performance.getEntriesByType('resource').find(r => r.name.includes('/v1/')).startTime;
        return [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource').filter(r => r.name.includes('/ui/') && r.startTime < end)].map(r => [r.name, r.transferSize])""")
    assert len(files) <= 20, files
    assert sum(size for _, size in files) <= 40_960, files
    print(f"first use: {sum(size for _, size in files)} bytes in {len(files)} files")


def test_install_puts_the_page_where_the_site_looks_for_it(tmp_path):
    done = subprocess.run([ROOT / "scripts" / "install"], env=environment(DESTDIR=tmp_path, PREFIX="/opt/d", DIST=DIST), capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert {name: (tmp_path / "opt/d/share/dronc/ui" / name).read_bytes() for name in FILES} == {name: (UI / name).read_bytes() for name in FILES}
    assert "root /opt/d/share/dronc;" in (tmp_path / "opt/d/share/dronc/nginx/site.conf.example").read_text()


def test_whole_page_is_light():
    assert sum(len(gzip.compress((UI / name).read_bytes())) for name in FILES) <= 73_728


def test_other_screens_are_there_when_the_network_is_not(browser, shop):
    browser.open()
    browser.until("names => names.every(name => performance.getEntriesByType('resource').some(r => r.name.endsWith('/ui/' + name)))", [name for name in FILES if name.endswith(".js")], timeout=15)
    browser.hurry()
    try:
        browser.network(offline=True)
        browser.script("location.hash = '#/runners'")
        browser.wait_for_text("Runners")
        browser.find("#trouble", "No answer", timeout=20)
    finally:
        browser.network()
    browser.gone("#trouble", timeout=20)


@pytest.mark.alone
def test_page_is_fast_on_a_phone_in_a_bad_network(new_browser, shop):
    """Lighthouse's mobile profile: 150 ms, 1.6 Mbit/s, a processor four times slower."""
    browser = new_browser
    browser.begin(shop.stack, width=390, height=844)
    browser.network(latency_ms=150, down_bps=1.6e6, up_bps=750e3)
    browser.driver.execute_cdp_cmd("Emulation.setCPUThrottlingRate", {"rate": 4})
    browser.open()
    browser.wait_for_text("failing")
    seen = browser.seen()
    print("on a phone:", {name: round(seen[name], 3) for name in ("lcp", "shift", "long")})
    assert seen["shift"] <= 0.05
    if shop.stack.get("/v1/stats").status == 404:
        pytest.skip("this server has no /v1/stats: the page asks it three times in turn instead of once")
    assert seen["lcp"] <= 1500
