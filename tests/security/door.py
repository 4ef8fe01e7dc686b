"""What stands at the door: the API behind an nginx that serves pages too, a site of somebody else, and Chromium."""
import json
import os
import shutil
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from harness import ROOT, HttpClient, Program, environment, free_port, processes_in, wait_for

PAGES = Path(__file__).resolve().parent / "pages"
ASKED = """log_format asked '$status $request_method $http_host $request_uri origin="$http_origin" site="$http_sec_fetch_site"';
    access_log log/nginx-access.log asked"""
MORE = """location /pages/ { root .; default_type text/html; }
        set_real_ip_from 127.0.0.1; real_ip_header X-Client; # a test names its address
        """


def config(port, socket):
    """That of `make run`, with the pages of this test beside the API."""
    def text(name):
        return (ROOT / "nginx" / name).read_text()

    filled = {"@USER@": "user root;" if os.geteuid() == 0 else "", "@CONNECTIONS@": "1024", "@LISTEN@": f"127.0.0.1:{port}; listen [::1]:{port}",
              "@LIMITS@": text("limits.conf"), "@SITE@": MORE + text("dronc.conf"), "access_log log/nginx-access.log combined buffer=64k flush=1s": ASKED,
              "run/fcgi.sock": str(socket)}
    made = text("nginx.conf.in").partition("\n")[2]  # its first line is a comment with the same marks
    for mark, instead in filled.items():
        assert made.count(mark) == 1, mark
        made = made.replace(mark, instead)
    return made


class Door(HttpClient):
    """An nginx with the site that we ship, the pages of this test beside it, and a handler behind it."""

    def __init__(self, home, handler):
        super().__init__(free_port())
        self.home = Path(home) / "nginx"
        for folder in ("log", "run/nginx"):
            (self.home / folder).mkdir(parents=True)
        shutil.copytree(PAGES, self.home / "pages")
        (self.home / "nginx.conf").write_text(config(self.port, handler.path))
        path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
        self.program = Program(self.home, "nginx", ["nginx", "-p", f"{self.home}/", "-e", "stderr", "-c", "nginx.conf", "-g", "daemon off;"],
                               environment(PATH=path))
        wait_for(self.answers, what="nginx")

    def answers(self):
        assert self.program.running, self.program.err
        try:
            return self.get("/health").status == 200
        except OSError:
            return False

    def asked(self):
        """(status, rest of the line) of each request that arrived."""
        lines = (self.home / "log" / "nginx-access.log").read_text(errors="replace").splitlines()
        return [(int(line.partition(" ")[0]), line.partition(" ")[2]) for line in lines]

    def stop(self):
        self.program.terminate()


class Foreign:
    """A site of somebody else: it serves a page, redirects, and is told what its pages saw."""

    def __init__(self, urls):
        self.reports, self.urls = [], list(urls)
        site = self

        class Handle(BaseHTTPRequestHandler):
            def do_GET(self):
                path = urlsplit(self.path).path
                if path == "/next" and site.urls:
                    return self.redirect(302, site.urls.pop(0))
                page = PAGES / path.rpartition("/")[2]
                return self.answer(page.read_bytes() if page.is_file() else b"the end")

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if self.path.startswith("/307"):
                    return self.redirect(307, parse_qs(urlsplit(self.path).query)["to"][0])
                site.reports.append(json.loads(body))
                return self.answer(b"")

            def redirect(self, status, location):
                self.send_response(status)
                self.send_header("Location", location)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def answer(self, body):
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", free_port()), Handle)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Chromium:
    """Opens one address; names leads every name that is no loopback's to this machine. What guards local networks is off: other browsers
    have no such guard."""

    def __init__(self, home, url, names):
        self.home = Path(home) / "chromium"
        self.home.mkdir()
        rules = ",".join(f"MAP {name} 127.0.0.1" for name in names)
        argv = ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", f"--user-data-dir={self.home}/profile",
                f"--host-resolver-rules={rules}", "--disable-popup-blocking",
                "--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets,LocalNetworkAccessChecksWebTransport,"
                "BlockInsecurePrivateNetworkRequests,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable", url]
        env = environment(HOME=self.home, XDG_RUNTIME_DIR=self.home, TMPDIR=self.home)
        self.program = Program(self.home, "chromium", argv, env)

    def close(self):
        try:
            os.killpg(self.program.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.program.process.wait()
        wait_for(lambda: not processes_in(self.home), what="the end of Chromium")
