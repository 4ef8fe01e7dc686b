"""The jobs that the tests of the page look at."""
from harness import NEVER_SOON, wait_for
from sealing import make_key
from target import status

STRANGE = "<img src=x onerror=\"document.title='hacked'\">"
QUICK = {"max_attempts": 2, "min_backoff_ms": 100, "max_backoff_ms": 100}


class Shop:
    def __init__(self, stack, target):
        self.stack, self.target = stack, target
        self.well = target.hook().answers(lambda talk: talk.answer(200, b'{"ok":true,"html":"<b>bold</b>"}'))
        self.bad = target.hook().answers(status(503))
        make_key(stack, "orders")
        self.invoices = self.job("@every 1s", self.well.url, name="billing/invoices", tags=["billing"], description="Send the invoices", keep_response=True)
        self.sync = self.job("@every 1s", self.bad.url, name="crm/sync contacts", retry=QUICK, tags=["crm"])
        self.stock = self.job("@every 1s", "http://127.0.0.1:9/", name="warehouse/stock levels", retry=QUICK)
        self.returns = self.job("@every 1s", "http://127.0.0.1:9/returns", name="warehouse/returns", retry=QUICK)
        self.nightly = self.job("30 2 * * *", self.well.url, name="nightly import", timezone="Europe/Berlin", method="POST", body='{"run": "{{execution_id}}"}', headers={"Content-Type": "application/json"})
        self.signed = self.job(NEVER_SOON, self.well.url, name="orders/export", signing="orders")
        self.strange = self.job("@every 1s", self.bad.url, name=STRANGE, retry=QUICK, description=STRANGE, tags=["<b>bold</b>"], headers={"X-Strange": STRANGE}, body=STRANGE, method="POST", keep_response=True)
        self.nameless = self.job("@every 1s", self.well.url, kind="ATMOST_ONCE")
        self.paused = self.job("@hourly", self.well.url, name="archive/move files")
        stack.pause(self.paused, {"note": "the disk is being replaced"})
        busy = (self.invoices, self.sync, self.stock, self.returns, self.strange, self.nameless)
        for job_id in (self.sync, self.stock, self.returns, self.strange):
            wait_for(lambda: stack.get(f"/v1/dead?job_id={job_id}").json["count"] >= 3, 30, "dead letters")
        for job_id in busy:
            wait_for(lambda: stack.executions(job_id=job_id), 30, "a call")
        for job_id in busy:  # enough has happened: from now on less does, so that the tables stay short
            assert stack.patch(job_id, {"schedule": "@every 30s"}).status == 200

    def job(self, schedule, api, kind="ATLEAST_ONCE", **fields):
        return self.stack.schedule(schedule, api, kind, **fields)

    def execution(self, job_id):
        return self.stack.wait_for_executions(job_id)[-1]["id"]

    def screens(self):
        """Every screen: its name, and its address."""
        return {"overview": "#/", "jobs": "#/jobs", "job": f"#/job/{self.invoices}", "job-failing": f"#/job/{self.sync}", "job-paused": f"#/job/{self.paused}", "job-strange": f"#/job/{self.strange}",
                "execution": f"#/execution/{self.execution(self.invoices)}", "execution-failed": f"#/execution/{self.execution(self.stock)}", "dead": "#/dead", "new": "#/new?schedule=0+9+*+*+MON-FRI",
                "edit": f"#/job/{self.nightly}/edit", "activity": "#/activity", "runners": "#/runners", "signing": "#/signing", "wall": "#/wall"}
