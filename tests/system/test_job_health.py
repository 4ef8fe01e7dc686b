"""A job that fails: counted, paused, and told to those who want to know, on the change from well to failing and back."""
import time

from harness import NEVER_SOON, wait_for
from target import held, status

GOOD, BAD = status(200), status(500)


def run_and_wait(client, job_id):
    """An occurrence by hand, from the call to its last record."""
    known = len(client.executions(job_id=job_id))
    assert client.run(job_id).status == 202
    wait_for(lambda: len(client.executions(job_id=job_id)) > known, what="the record of a run by hand")


def second(ahead):
    """A whole second, so many from now."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + ahead))


def count_of(client, job_id):
    return client.job(job_id).json["counts"]["failures"]


# --- pause_after_failures -----------------------------------------------------------------------------------------


def test_job_is_paused_after_failures_in_a_row_and_a_resume_starts_over(handler, runner, hook):
    hook.answers(BAD)
    job_id = handler.schedule("* * * * * *", hook.url, pause_after_failures=3)
    paused = wait_for(lambda: (lambda job: job["state"] == "PAUSED" and job)(handler.job(job_id).json))
    assert (paused["state_reason"], paused["state_note"], paused["next"]) == ("failures", "3 occurrences failed in a row", [])
    assert paused["counts"]["failures"] == 3 and paused["version"] == 1
    called = len(hook.calls)
    assert 3 <= called <= 4, "one may have been on its way"
    why = handler.job(job_id, f"/why?at={second(5)}").json
    assert (why["why"], why["state_reason"], why["state_note"]) == ("paused", "failures", "3 occurrences failed in a row")

    resumed = handler.resume(job_id).json
    assert (resumed["state"], resumed["counts"]["failures"]) == ("ACTIVE", 0)
    wait_for(lambda: handler.job(job_id).json["state"] == "PAUSED")
    assert called + 3 <= len(hook.calls) <= called + 4


def test_success_in_between_starts_the_count_over(handler, runner, hook):
    hook.answers(BAD, BAD, GOOD, BAD, BAD, GOOD)
    job_id = handler.schedule(NEVER_SOON, hook.url, pause_after_failures=3)
    counts = []
    for _ in range(6):
        run_and_wait(handler, job_id)
        counts.append(count_of(handler, job_id))
    assert counts == [1, 2, 0, 1, 2, 0]
    assert handler.job(job_id).json["state"] == "ACTIVE"


def test_retries_that_fail_are_one_failure(handler, runner, hook):
    hook.answers(BAD)
    job_id = handler.schedule(NEVER_SOON, hook.url, "ATLEAST_ONCE", pause_after_failures=2,
                              retry={"max_attempts": 3, "min_backoff_ms": 50, "max_backoff_ms": 50, "jitter": "none"})
    for failures in (1, 2):
        handler.run(job_id)
        wait_for(lambda: count_of(handler, job_id) == failures)  # noqa: B023
    assert len(hook.calls) == 6
    assert handler.job(job_id).json["state_reason"] == "failures"


def test_lost_occurrence_is_a_failure(make_runner, handler, hook):
    first = make_runner()
    hook.answers(held)
    job_id = handler.schedule(NEVER_SOON, hook.url, pause_after_failures=1)
    handler.run(job_id)
    hook.wait_for_calls(1)
    make_runner()
    first.kill()
    job = wait_for(lambda: (lambda job: job["state"] == "PAUSED" and job)(handler.job(job_id).json), 20)
    assert (job["state_reason"], job["counts"]["failures"]) == ("failures", 1)
    assert [e["outcome"] for e in handler.executions(job_id=job_id)] == ["lost"]


def test_job_that_does_not_ask_for_it_is_not_counted(handler, runner, hook):
    job_id = handler.schedule(NEVER_SOON, hook.answers(BAD).url, overlap="skip")
    run_and_wait(handler, job_id)
    assert handler.job(job_id).json["counts"] == {"runs": 1, "failures_in_a_row": 1}
