#!/usr/bin/python3
"""The screenshot of the README: a stack with some jobs, a minute later. `make screenshot`"""
import shutil
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "system"), str(HERE)]

from browser import Browser  # noqa: E402
from harness import ROOT, Stack  # noqa: E402
from target import Target, slow, status  # noqa: E402

LET_RUN_S = 75
QUICK = {"max_attempts": 3, "min_backoff_ms": 500, "max_backoff_ms": 2000}


def make_jobs(stack, target):
    well, busy, bad = target.hook(), target.hook().answers(slow(0.12)), target.hook().answers(status(503))
    for name, schedule, hook in (("billing/invoices", "@every 2s", well), ("billing/reminders", "@every 3s", well), ("reports/hourly figures", "@every 5s", busy), ("search/reindex", "@every 4s", busy),
                                 ("crm/sync contacts", "@every 3s", well)):
        stack.schedule(schedule, hook.url, "ATLEAST_ONCE", name=name)
    stack.schedule("@every 7s", bad.url, "ATLEAST_ONCE", name="webhooks/push orders", retry=QUICK)
    for name in ("warehouse/stock levels", "warehouse/returns"):
        stack.schedule("@every 9s", "http://127.0.0.1:9/", "ATLEAST_ONCE", name=name, retry=QUICK)
    stack.schedule("0 3 * * *", well.url, "ATLEAST_ONCE", name="nightly import", timezone="Europe/Berlin")


def main():
    home = Path(tempfile.mkdtemp(prefix="dronc-shot-"))
    target, stack, browser = Target(), Stack(home / "s"), None
    try:
        stack.start()
        make_jobs(stack, target)
        time.sleep(LET_RUN_S)
        browser = Browser(home)
        browser.begin(stack, width=1200, height=940)
        browser.open()
        browser.wait_for_text("have been failing")
        browser.shot(ROOT / "docs" / "page.png", whole=False)
    finally:
        if browser is not None:
            browser.close()
        stack.stop()
        target.stop()
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
