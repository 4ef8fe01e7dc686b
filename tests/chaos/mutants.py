"""make chaos-mutants: the same harness, pointed at builds with one guard removed each. It has to notice.

    mutants.py [--only NAME,… | --tested] [--seconds 110] [--tries 6]

A mutant is an edit of the source, applied to a copy in build/mutants/<name>. Text that is not found exactly once is an error, so
that a guard that has moved is noticed. A mutant survives when no run of its tries finds a violation; what fails otherwise than by one
of the checks does not count. Guards that matter for a millisecond only have a test of their own instead: a unit test or a system test,
which has to pass with the guard and to fail without it.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "mutants"


@dataclass
class Mutant:
    """guard: what is removed. expected: the checks that should fail, any of them. faults: those under which it matters."""
    name: str
    guard: str
    expected: tuple
    faults: str
    edits: tuple  # (file, text, what stands there instead)
    options: tuple = ("--haste", "4")
    script: str = "chaos.py"


@dataclass
class Tested:
    """test: what has to fail without the guard: test_NAME (a unit test), or a file of tests/system (or FOLDER/FILE) with what -k is to choose."""
    name: str
    guard: str
    test: str
    edits: tuple
    choose: str = ""


MUTANTS = [
    Mutant("unacknowledged-start", "a call waits until Redis has acknowledged its start", (1, 8, 9),
           "kill-redis,kill-clients,partition",
           (("runner/run/attempts.c", """    attempts_ask_redis(attempts, attempt, ATTEMPT_STARTING);
}""", """    struct cmd cmd;
    store_start(&cmd, attempt->shard, attempts->options.context->runner);
    store_start_add(&cmd, &attempt->claim, attempt->following);
    if (redis_link_submit(attempts->options.context->link, &cmd, NULL, NULL) != ERR_OK) {
        log_debug("start not sent", log_i64("shard", attempt->shard));
    }
    attempt_set_state(attempt, ATTEMPT_STARTING);
    attempt_set_state(attempt, ATTEMPT_READY);
    attempts_wait_until(attempts, attempt, attempt->due.ms);
}"""),)),
    Mutant("unfenced-finish", "a record counts only from the runner that holds the claim", (1, 4),
           "stop-runner,partition,stop-redis",
           (("lib/store/lua/part/finishing.lua",
             "return claim.ticket == ticket", "return true"),)),
    Mutant("unchecked-lease", "a runner sends only while its own lease is valid", (4,),
           "stop-runner",
           (("runner/cluster/lease.c", "return now(lease).ms < lease->until.ms;", "return lease->until.ms > 0;"),)),
    Mutant("unblocked-resend", "libcurl must not send an at-most-once request again by itself", (1, 8),
           "kill-handler",
           (("runner/http/http_client.c", "if (call->once && call->sent && !follows) {", "if (false && call->once && call->sent && !follows) {"),)),
    Mutant("retried-at-most-once", "started at-most-once work of a dead runner is lost, not tried again", (1, 3),
           "kill-runner,kill-all-runners",
           (("lib/store/lua/recover.lua", "local at_least_once = claim.kind:upper() == KIND_AT_LEAST_ONCE", "local at_least_once = true"),)),
    Mutant("unrecovered-dead", "what a dead runner held is handed on", (5, 7),
           "kill-runner",
           (("runner/cluster/recovery.c", "return runner->expiry.ms < redis_now.ms &&", "return runner->expiry.ms < redis_now.ms - INT64_C(3600000) &&"),)),
    Mutant("forgotten-retry", "a failed attempt and its retry are written together", (2,),
           "kill-handler",
           (("lib/store/lua/part/finishing.lua", "if after == AFTER_RETRY then", "if after == AFTER_RETRY and false then"),)),
    Mutant("next-from-now", "the next instant is computed from the scheduled one", (1, 2),
           "kill-runner,kill-redis,stop-redis",
           (("runner/run/attempts.c", "if (!job_next(&attempt->job, attempt->claim.scheduled, &attempt->following)) {",
             """struct wall_ms now = cluster_clock_now(attempts_clock(attempts));
    now = now.ms > attempt->claim.scheduled.ms ? now : attempt->claim.scheduled;
    if (!job_next(&attempt->job, now, &attempt->following)) {"""),)),
    Mutant("no-reconciling", "claims whose answer was lost with a connection are handed back", (5, 7),
           "partition,kill-clients,kill-redis",
           (("runner/runner.c", "        reconcile_all(&runner->reconcile);\n", ""),
            ("runner/runner.c", "    reconcile_turn(&runner->reconcile, runner->lease.beats);\n", ""))),
    Mutant("two-step-create", "a job is stored and made due in one script", (6,),
           "kill-handler,kill-all-handlers,kill-redis",
           (("lib/store/lua/job_create.lua", "redis.call('EXISTS', job_key) == 1",
             "redis.call('HGET', job_key, 'step') == '2'"),
            ("lib/store/lua/job_create.lua", """if due then
    redis.call('ZADD', due_key, first_due, job_id)
else
    redis.call('ZREM', due_key, job_id)
end
if not clear then
    try('ZREM', broken_key, job_id)
    redis.call('DEL', job_key)
end
redis.call('HSET', job_key, 'created', as_text(created), each_unpacked())
""", """redis.call('ZREM', broken_key, job_id)
redis.call('HSET', job_key, 'created', as_text(created), each_unpacked())
if redis.call('HINCRBY', job_key, 'step', 1) == 1 then
    return now
end
redis.call('ZADD', due_key, first_due, job_id)
""")), ("--haste", "8", "--posts", "100")),
    Mutant("hasty-201", "a 201 waits for Redis to say that the job is stored", (6,),
           "kill-redis,stop-redis",
           (("fcgi/api/schedule.c", """        (void)api_error_redis(c->error, API_STORAGE_ERROR, "the job is not known to be stored", &info);
        return STEP_FAILED;""", "        return STEP_DONE;"),)),
    Mutant("handlers-own-clock", "a job begins by Redis' clock, not by the handler's", (6,),
           "step-handler,step-redis",
           (("lib/store/lua/job_create.lua", "if math.abs(now - created) > CLOCK_TOLERANCE_MS then", "if false then"),)),
    Mutant("started-though-void", "what was deleted, paused or put elsewhere since it was claimed is not started", (8, 9, 11),
           "kill-handler",
           (("lib/store/lua/part/starting.lua", "local valid, state = is_valid(member:sub(1, 32), claim)",
             "local valid, state = true, nil"),)),
    Mutant("called-again", "a job that is made anew, resumed or changed is not due at an instant that is called already", (8,),
           "kill-handler",
           (("lib/store/lua/part/taken.lua", """    elseif instant <= floor then
        return floor
    end
    local latest = latest_under_way(id)
    if instant <= latest then
        return latest
    end
    return is_under_way(id .. as_text(instant), stamp) and instant or nil
""", "    end\n    return nil\n"),)),
    Mutant("retried-in-a-pause", "a retry that comes due in a pause is not made", (9,),
           "kill-handler",
           (("lib/store/lua/claim.lua", "if not current or state ~= JOB_PAUSED or manual then", "if true then"),
            ("lib/store/lua/part/starting.lua", "if valid and state == JOB_PAUSED and not is_manual(claim.kind) then", "if false then"))),
    Mutant("cancelled-by-hand", "a manual run is made while its job is paused, too", (10,),
           "kill-handler",
           (("lib/store/lua/claim.lua", "if not current or state ~= JOB_PAUSED or manual then", "if not current or state ~= JOB_PAUSED then"),)),
    Mutant("deleted-and-listed", "a job that is deleted leaves the index, too", (11,),
           "kill-handler",
           (("lib/store/lua/job_delete.lua", "index_remove(job_id)", ""),)),
    Mutant("signed-by-the-newest", "a call is signed by every key that is alive, not only the newest", (14,),
           "kill-handler",
           (("runner/run/vault.c", "for (size_t i = 0; i < signing.count && err == ERR_OK; i++) {", "for (size_t i = 0; i < 1 && err == ERR_OK; i++) {"),)),
    Mutant("change-unheard", "a runner hears of a secret that is exchanged", (14,),
           "kill-handler",
           (("runner/run/vault.c", "        if (!shelf->is_asked && (is_old || shelf->is_wanted)) {",
             "        if (!shelf->is_asked && shelf->changes < 0 && (is_old || shelf->is_wanted)) {"),)),
    Mutant("revoked-key-lives-on", "a handler looks a key up again after a second", (15,),
           "kill-handler",
           (("fcgi/api/key_cache.c", "now_of(ctx).ms < place->found.ms + KEY_CACHE_MS;", "place->found.ms > 0;"),)),
    Mutant("start-not-made-up-for", "finish makes the next instant due where Redis has lost the start", (13,), "",
           (("lib/store/lua/part/finishing.lua", "        make_up_for_start(member, claim, next_due)\n", ""),), (), "rollback.py"),
    Mutant("record-lost-for-good", "a started claim whose record Redis has lost is ended", (13,), "",
           (("runner/cluster/reconcile.c", "return claim->started ? RECONCILE_LOST : RECONCILE_UNKNOWN;",
             "return claim->started ? RECONCILE_KNOWN : RECONCILE_UNKNOWN;"),), (), "rollback.py"),
    Tested("lines-twice", "what the log has not written yet is written before a child process starts", "test_audit.py",
           (("fcgi/serve/children.c", "    log_flush(); /* or the child would write what waits, too */\n", ""),), "child_starts"),
    Tested("warning-waits", "a warning does not wait to be written", "test_log",
           (("lib/base/log.c", "    if (self.collects ? level > LOG_INFO : !self.options.buffered) {", "    if (self.collects ? level > LOG_WARN : !self.options.buffered) {"),)),
    Tested("one-stamp", "a job that is created again in the same millisecond has another stamp", "test_store_taken",
           (("lib/store/lua/job_create.lua", "if created <= tonumber(gone) or is_set_back(now) then", "if false then"),)),
    Tested("forgotten-floor", "what ends before its instant has come stays taken", "test_store_taken",
           (("lib/store/lua/part/record.lua", "if is_gone or scheduled .. '.' > position then", "if is_gone then"),)),
    Tested("forgotten-in-the-same-ms", "what ends in the millisecond of its instant stays taken", "test_store_taken",
           (("lib/store/lua/part/record.lua", "scheduled .. '.' > position", "scheduled > position"),)),
    Tested("forgotten-behind-delete", "what ends after its job was deleted stays taken", "test_store_taken",
           (("lib/store/lua/part/record.lua", "if is_gone or scheduled .. '.' > position then",
             "if scheduled .. '.' > position then"),)),
    Tested("forgotten-with-the-job", "a DELETE remembers what the job has taken", "test_store_taken",
           (("lib/store/lua/job_delete.lua", "keep_gone(job_id, now_ms())", ""),)),
    Tested("forgotten-by-the-next", "a job takes over what earlier jobs of its id have taken", "test_store_taken",
           (("lib/store/lua/job_create.lua", "redis.call('HSET', job_key, 'floor', as_text(tonumber(gone)))", ""),)),
    Tested("created-unseen", "a job that is stored has its entry in the trail", "test_store_audit",
           (("lib/store/lua/job_create.lua", "audit_version(job_id, ACTION_CREATE, each_count() > 3 and redis.call('HGET', job_key, 'version') or '1')", ""),)),
    Tested("changed-unseen", "a change has its entry in the trail", "test_store_audit",
           (("lib/store/lua/job_change.lua",
             "audit_version(job_id, redefined == '1' and ACTION_CHANGE or ACTION_RESUME, redis.call('HGET', job_key, 'version') or '1')", ""),)),
    Tested("deleted-unseen", "a job that is deleted has its entry in the trail", "test_store_audit",
           (("lib/store/lua/job_delete.lua", "audit_version(job_id, ACTION_DELETE, found)", ""),)),
    Tested("created-in-name-only", "a job that was there already has no second entry in the trail", "test_store_audit",
           (("lib/store/lua/job_create.lua", "local due = tonumber(first_due)", "local due = tonumber(first_due)\naudit_version(job_id, ACTION_CREATE, '1')"),)),
    Tested("changed-in-name-only", "a change that is refused has no entry in the trail", "test_store_audit",
           (("lib/store/lua/job_change.lua", "    return ANSWER_OTHER\nend\n\nlocal instant",
             "    audit_version(job_id, ACTION_CHANGE, '1')\n    return ANSWER_OTHER\nend\n\nlocal instant"),)),
    Tested("deleted-in-name-only", "a DELETE that finds nothing has no entry in the trail", "test_store_audit",
           (("lib/store/lua/job_delete.lua", "    return ANSWER_NONE\n", "    audit_version(job_id, ACTION_DELETE, '1')\n    return ANSWER_NONE\n"),)),
    Tested("paused-twice", "a pause of what is paused has no entry in the trail", "test_store_audit",
           (("lib/store/lua/job_pause.lua", "    return ANSWER_SAME\n", "    audit_version(job_id, ACTION_PAUSE, '1')\n    return ANSWER_SAME\n"),)),
    Tested("dropped-in-name-only", "what was not among the dead has no entry in the trail", "test_store_audit",
           (("lib/store/lua/dead_drop.lua", "if dead_take(member) == 1 then", "note_audit(member)\n    if dead_take(member) == 1 then"),)),
    Tested("entry-first", "a DELETE comes through when Redis' memory is full, though it leaves an entry in the trail", "test_store_audit",
           (("lib/store/lua/job_delete.lua", "try('ZREM', due_key, job_id)\n", "audit_version(job_id, ACTION_DELETE, found)\ntry('ZREM', due_key, job_id)\n"),
            ("lib/store/lua/job_delete.lua", "note_count(-1)\naudit_version(job_id, ACTION_DELETE, found)\n", "note_count(-1)\n"))),
    Tested("actor-of-many-words", "a text of a client's is one token of an entry in the trail", "test_store_audit",
           (("lib/store/store_audit.c", "value.data[i] > ' ' && value.data[i] <= '~' ? value.data[i] : '_'", "value.data[i]"),)),
    Tested("key-created-unseen", "a key that is made has its entry in the trail", "test_store_key",
           (("lib/store/lua/key_create.lua", "append_audit(install_audit_key, 'key:' .. key_id, ACTION_CREATE, '')", ""),)),
    Tested("key-revoked-twice", "a key that was revoked before has no second entry in the trail", "test_store_key",
           (("lib/store/lua/key_revoke.lua", "    return KEYED_KNOWN\n",
             "    append_audit(install_audit_key, 'key:' .. key_id, ACTION_REVOKE, '')\n    return KEYED_KNOWN\n"),)),
    Tested("key-rotated-unseen", "a key that gets another token has its entry in the trail", "test_store_key",
           (("lib/store/lua/key_rotate.lua", "append_audit(install_audit_key, 'key:' .. key_id, ACTION_ROTATE, '')", ""),)),
    Tested("secret-stored-unseen", "a secret that is stored has its entry in the trail", "test_store_sealed",
           (("lib/store/lua/sealed_put.lua", "append_audit(install_audit_key, kind", "local _ = type(install_audit_key .. kind"),)),
    Tested("secret-dropped-unseen", "a secret that is deleted has its entry in the trail", "test_store_sealed",
           (("lib/store/lua/sealed_drop.lua", "append_audit(install_audit_key, kind .. ':' .. name, ACTION_DELETE, '')", ""),)),
    Tested("all-are-local", "an entry of the trail names the key of the request", "test_audit_keys.py",
           (("fcgi/api/auth.c", "    audit_set_who(ctx, who(ctx));\n", "    audit_set_who(ctx, ctx->barred.code != ERR_OK ? who(ctx) : slice_of(AUDIT_LOCAL));\n"),), "each_change_has_the_id"),
    Tested("strangers-are-local", "a client that shows no key where one is asked for is not local in the trail", "test_audit_keys.py",
           (("fcgi/api/auth.c", "return is_let_in ? slice_of(AUDIT_LOCAL)", "return is_let_in || true ? slice_of(AUDIT_LOCAL)"),),
           "without_keys_who_asks"),
    Tested("door-unseen", "what is refused at the door is in the trail", "test_audit_keys.py",
           (("fcgi/serve/app.c", "    audit_refused(&app->context, error->code);\n", ""),), "door_refuses"),
    Tested("barred-trail", "refusals get into the trail though their request could not ask Redis", "test_audit_keys.py",
           (("fcgi/api/audit.c", "    ctx->barred = (struct errinfo){0};", "    ;"),), "while_redis_is_away"),
    Tested("noted-one-by-one", "refused requests are noted once a minute, with their number", "test_refusals",
           (("fcgi/api/refusals.c", "it->quiet.ms = now.ms + REFUSALS_EACH_MS;", "it->quiet.ms = now.ms;"),)),
    Tested("room-for-every-address", "a flood of addresses is counted together, and not as one of them", "test_refusals",
           (("fcgi/api/refusals.c", "it = it != NULL ? it : find_others(refusals, code);", "it = it != NULL ? it : (find_others(refusals, code), &refusals->of[0]);"),)),
    Tested("unbounded-memory", "what is remembered of deleted jobs is bounded", "test_store_taken",
           (("lib/store/lua/part/gone.lua", "    if excess > 0 then", "    if false then"),)),
    Tested("history-not-asked", "behind a clock that was set back the history says what was called", "test_store_taken",
           (("lib/store/lua/part/taken.lua", "return is_set_back(now) and", "return false and"),)),
    Tested("forgotten-hand-back", "what was started and handed back is taken, however often the job was changed since", "test_store_taken",
           (("lib/store/lua/part/retry.lua", "attempt > 0 and which_job(stamp) or stamp)", "stamp)"),)),
    Tested("forgotten-hand-back-behind-delete", "what was started and is handed back after its job was deleted stays taken", "test_store_taken",
           (("lib/store/lua/release.lua", "    elseif claim.state == CLAIM_STARTED then\n", "    elseif false then\n"),)),
    Tested("forgotten-ahead-of-a-hand-back", "no schedule begins before what was started and handed back", "test_store_taken",
           (("lib/store/lua/part/claims.lua", "    if claim.state == CLAIM_STARTED then\n", "    if false then\n"),)),
    Tested("begun-before-a-call", "no schedule begins before what is under way", "test_store_taken",
           (("lib/store/lua/part/taken.lua", "    if instant <= latest then\n", "    if false then\n"),)),
    Tested("sent-long-after-its-start", "a call that has waited since its start is sent only if its job is not paused", "test_clock.py",
           (("runner/run/attempt_step.c", " || age_ms > ATTEMPT_STARTED_MS;", " || age_ms < 0;"),), "set_back"),
    Tested("confirmed-though-paused", "a call of a paused or deleted job is not confirmed", "test_store_taken",
           (("lib/store/lua/confirm.lua", "    return valid and (state ~= JOB_PAUSED or is_manual(claim.kind)) and VERDICT_DONE or VERDICT_GONE\n", "    return VERDICT_DONE\n"),)),
    Tested("forgotten-by-an-older-version", "what an older version handed back is taken", "test_store_taken",
           (("lib/store/lua/part/taken.lua", "return stamp and is_handed_back(member, stamp) or false", "return false"),)),
    Tested("run-named-as-an-occurrence", "a manual run does not get the name of what is under way", "test_store_taken",
           (("lib/store/lua/part/taken.lua", "        or is_under_way(id .. as_text(instant), stamp, true) do", "        do"),)),
    Tested("run-named-as-the-next", "a manual run does not get the name of the next instant, whichever schedule the handler read", "test_store_taken",
           (("lib/store/lua/part/taken.lua", " or instant == next_due\n", "\n"),)),
    Tested("run-named-as-a-claim", "a manual run does not get the name of what is claimed and starts late", "test_scripts.py",
           (("lib/store/lua/part/taken.lua", "(claim.state == CLAIM_RETRY or any_claim and claim.state)", "claim.state == CLAIM_RETRY"),), "by_hand"),
    Tested("created-ahead", "a job that was made ahead and never called has taken nothing", "test_scripts.py",
           (("lib/store/lua/part/gone.lua", "made = made <= now + CLOCK_TOLERANCE_MS and made or 0", ""),), "made_ahead"),
    Tested("half-written", "a script that meets garbage does its work or changes nothing", "test_scripts.py",
           (("lib/store/lua/part/taken.lua", "ipairs(try('SMEMBERS', holders_key) or {}) do\n        local claim =",
             "ipairs(redis.call('SMEMBERS', holders_key)) do\n        local claim ="),), "garbage"),
    Tested("waits-and-forgotten", "the instant of what waits for another occurrence is taken", "test_store_overlap",
           (("lib/store/lua/part/collision.lua", "    raise_job_floor(id, member:sub(33))\n", ""),)),
    Tested("void-and-under-way", "a void claim is not taken for the one of the occurrence that is under way", "test_store_overlap",
           (("lib/store/lua/part/collision.lua", "if claim.state and claim.state ~= CLAIM_DUE and is_same_job(claim.stamp, slot.stamp) then",
             "if claim.state then"),)),
    Tested("counted-token", "a token does not come again when Redis' data goes back", "test_store_taken",
           (("lib/store/lua/part/token.lua", "local token = time[1] * 1000000 + time[2]", "local token = 0"),)),
    Tested("clocked-token", "nor when its clock does", "test_store_taken",
           (("lib/store/lua/part/token.lua", "if last and last >= token then", "if false then"),)),
    Tested("swallowed-error", "what cannot be looked at is not taken for gone", "test_store_taken",
           (("lib/store/lua/part/write.lua", "if not result.err:find('WRONGTYPE', 1, true) then", "if false then"),)),
    Tested("called-though-void", "what Redis found void, or left to another occurrence, is not called", "test_attempts",
           (("runner/run/attempt_step.c", """verdict,
                                       bool may_send)
{
    if (verdict != STORE_DONE || attempt->cancelled) {
        return ATTEMPT_STEP_END;
    }
    return may_send""", """verdict,
                                       bool may_send)
{
    if (verdict == STORE_LOST || attempt->cancelled) {
        return ATTEMPT_STEP_END;
    }
    return may_send"""),)),
    Tested("started-without-a-lease", "what is started when the lease is lost is handed back", "test_attempts",
           (("runner/run/attempt_step.c", "return may_send ? ATTEMPT_STEP_WAIT : ATTEMPT_STEP_RELEASE;", "return may_send || true ? ATTEMPT_STEP_WAIT : ATTEMPT_STEP_RELEASE;"),)),
    Tested("old-word", "an old answer does not confirm a claim", "test_attempts",
           (("runner/run/attempt_step.c", "bool again = age_ms > ATTEMPT_CONFIRMED_MS &&", "bool again = age_ms > ATTEMPT_CONFIRMED_MS + 3600000 &&"),)),
    Tested("kept-without-a-lease", "what is not sent is handed back when the lease is lost", "test_attempts",
           (("runner/run/attempts.c", "    if (lost) {\n", "    if (lost && false) {\n"),)),
    Tested("claimed-in-a-drain", "what a draining runner still gets it hands back", "test_attempts",
           (("runner/run/attempts_claimed.c", "|| err == ERR_NOMEM || attempts->draining) {", "|| err == ERR_NOMEM) {"),)),
    Tested("cancelled-and-recorded", "a call that a later occurrence cancelled is not recorded again", "test_attempts",
           (("runner/run/attempts.c", "    if (attempt->cancelled) {\n        attempts_end(attempts, attempt);\n        return;\n    }\n", ""),)),
    Tested("cancelled-by-name", "a message cancels one claim, not a later one of the same occurrence", "test_attempts",
           (("runner/run/attempts.c", "if (attempt->claim.token == claim->token && ", "if ("),)),
    Tested("announced-in-vain", "what is announced while Redis is asked is kept", "test_due_plan",
           (("runner/run/due_plan.c", "if (!shard->earlier || next_ms < shard->next.ms) {", "if (true) {"),)),
    Tested("announced-or-never", "a shard is asked again where an announcement may have been lost", "test_due_plan",
           (("runner/run/due_plan.c", "left->next.ms < recheck_ms ?", "left->next.ms < recheck_ms || true ?"),)),
    Tested("backlog-first", "a backlog leaves places for what is due now", "test_due_plan",
           (("runner/run/due_plan.c", "size_t size = plan->capacity - plan->capacity / 4;", "size_t size = plan->capacity;"),)),
    Tested("promised-twice", "claims under way have their places reserved", "test_due_plan",
           (("runner/run/due_plan.c", "left_of(plan->capacity, load->placed + plan->reserved)", "left_of(plan->capacity, load->placed)"),)),
    Tested("claims-without-a-lease", "nothing is claimed without a lease, or in a drain", "test_due",
           (("runner/run/due.c", " || !attempts_may_go_on(due->attempts)) {", ") {"),)),
    Tested("dropped-record", "what got no answer from Redis is sent again", "test_outbox",
           (("runner/run/outbox.c", "            batch->attempts[i]->sent_again = true;\n        }\n        put_back(batch);\n",
             "            batch->attempts[i]->sent_again = true;\n        }\n"),)),
    Tested("odd-verdict", "a verdict that cannot be read is none to call upon", "test_outbox",
           (("runner/run/outbox.c", "            verdict = STORE_LOST;\n", "            verdict = STORE_DONE;\n"),)),
    Tested("no-pause", "a Redis that refuses is not asked again at once", "test_outbox",
           (("runner/run/outbox.c", "at.ms >= queue->paused_until.ms", "at.ms >= queue->paused_until.ms - 3600000"),)),
    Tested("lease-from-the-answer", "the lease counts from when the heartbeat was sent", "test_lease",
           (("runner/cluster/lease.c", "lease->until.ms = beat.sent_us / 1000 + LEASE_MS", "lease->until.ms = now(lease).ms + LEASE_MS"),)),
    Tested("judged-in-haste", "others have a whole lease to prove to be alive", "test_lease",
           (("runner/cluster/lease.c", "if (now(lease).ms >= lease->judge_from.ms) {", "if (lease->judge_from.ms >= 0) {"),)),
    Tested("judged-by-a-set-clock", "no runner is found dead because Redis' clock was set", "test_lease",
           (("runner/cluster/lease.c", "        lease->stepped = true;\n        wait_before_judging(lease);\n", "        lease->stepped = true;\n"),)),
    Tested("newer-database", "nothing is claimed or sent while a newer version uses the database", "test_lease",
           (("runner/cluster/lease.c", "return is_running(lease) && !lease->outdated;", "return is_running(lease);"),)),
    Tested("found-dead-by-itself", "a runner does not hand on what it holds itself", "test_recovery",
           (("runner/cluster/recovery.c", "&& strcmp(runner->id, own) != 0;", "&& (strcmp(runner->id, own) != 0 || true);"),)),
    Tested("forgotten-too-soon", "a dead runner stays on the list until all that it held is handed on", "test_recovery",
           (("runner/cluster/recovery.c", "        hand_on(&step);\n    } else if (step.last) {", "        hand_on(&step);\n    }\n    if (step.last) {"),)),
    Tested("forgotten-holder", "who holds claims and is not on the list is put there", "test_recovery",
           (("runner/cluster/recovery.c", "if (!is_on_list(holder, runners, count)) {", "if (false && !is_on_list(holder, runners, count)) {"),)),
    Tested("called-and-handed-back", "a started claim whose record is lost is not made due as if it had not been called", "test_reconcile",
           (("runner/cluster/reconcile.c", "return claim->started ? RECONCILE_LOST : RECONCILE_UNKNOWN;",
             "return claim->started ? RECONCILE_UNKNOWN : RECONCILE_UNKNOWN;"),)),
    Tested("secret-anywhere", "a secret goes only where it may", "test_secrets.py",
           (("runner/run/attempt_secrets.c", "    if (why != NULL) {", "    if (why != NULL && secrets->vault == NULL) {"),), "fifty"),
    Tested("secret-by-http", "a secret goes by https, unless it may go by http", "test_secret",
           (("lib/secret/secret.c", "return url->https || rule->http ?", "return url->https || rule->count > 0 ?"),)),
    Tested("secret-at-any-port", "a host of a secret with a port is that port", "test_secret",
           (("lib/secret/secret.c", "(host->port == 0 || host->port == url->port);", "(host->port == 0 || url->port > 0);"),)),
    Tested("secret-in-query", "no secret gets into a URL", "test_template",
           (("lib/text/template.c", "if (place == TEMPLATE_IN_QUERY || !is_good_secret(found)) {", "if (!is_good_secret(found)) {"),)),
    Tested("echo-kept", "a secret that a target repeats is blanked in what is kept", "test_secrets.py",
           (("runner/run/attempt_call.c", "    if (attempt->secrets.count > 0) {\n        attempt_secrets_blank(&attempt->secrets, kept",
             "    if (attempt->secrets.count > CALL_SECRETS_MAX) {\n        attempt_secrets_blank(&attempt->secrets, kept"),), "echo"),
    Tested("echo-cut", "what is kept is cut behind the secrets in it, not inside them", "test_secrets.py",
           (("runner/run/attempt_call.c", "EXECUTION_RESPONSE_MAX + more : 0;", "EXECUTION_RESPONSE_MAX + 0 * more : 0;"),), "echo"),
    Tested("key-for-all", "a file of keys that others may read is refused", "test_seal",
           (("lib/secret/seal_file.c", "(found.st_mode & (S_IRWXG | S_IRWXO)) != 0", "(found.st_mode & (S_IRWXG | S_IRWXO)) > 0777"),)),
    Tested("box-for-any-host", "a secret opens only for the hosts that it was sealed for", "test_secret",
           (("lib/secret/secret.c", "        buffer_add(out, host.data, host.len);", "        buffer_add(out, host.data, 0 * host.len);"),)),
    Tested("box-broken-open", "a box that was changed does not open", "test_seal",
           (("lib/secret/seal.c", """EVP_CTRL_GCM_SET_TAG, TAG_SIZE, tag) == 1 &&
                EVP_CipherFinal_ex(ctx, out + len, &rest) == 1;""", """EVP_CTRL_GCM_SET_TAG, TAG_SIZE, tag) == 1 &&
                EVP_CipherFinal_ex(ctx, out + len, &rest) >= 0;"""),)),
    Tested("clear-for-all", "only secrets:read shows what stands in definitions in clear", "test_secrets.py",
           (("fcgi/api/context.c", "(unsigned)SCOPE_SECRETS_READ) == 0;", "(unsigned)SCOPE_SECRETS_READ) == 0 && ctx->caller.scopes == 0;"),), "without_secrets_read"),
    Tested("memory-given-back", "what the handler gives back is overwritten", "test_secrets.py",
           (("fcgi/wipe.c", "        explicit_bzero(memory, malloc_usable_size(memory));\n", ""),), "just_stored"),
    Tested("left-in-the-intake", "no secret stays on the stack that its connection was read with", "test_secrets.py",
           (("fcgi/serve/intake.c", "        explicit_bzero(chunk, (size_t)got); /* it may hold a secret */\n", ""),), "just_stored"),
    Tested("left-by-the-body", "no secret stays on the stack that its body was read with", "test_secrets.py",
           (("fcgi/http/request.c", "        explicit_bzero(chunk, (size_t)got); /* it may hold a secret, which would stay on the stack */\n", ""),), "just_stored"),
    Tested("left-unread", "no secret stays of a request that was refused unread", "test_secrets.py",
           (("fcgi/serve/responder.c", "    explicit_bzero(chunk, sizeof chunk); /* what was refused unread may hold a secret, too */\n", ""),), "refused_unread"),
    Tested("answer-remembered", "a key that is shown once does not stay in the handler", "test_secrets.py",
           (("fcgi/serve/app.c", "        buffer_wipe(&ctx->response.body);\n        buffer_wipe(&app->wire);\n", ""),), "signing_key"),
    Tested("forged-signature", "a job cannot set the headers of a signature", "test_signatures.py",
           (("lib/job/call_options.c", 'is_named(name, "Webhook-Signature")', 'is_named(name, "Webhook-Signature:")'),), "cannot_set"),
    Tested("signed-with-a-body", "a redirect that drops the body is signed without it", "test_signatures.py",
           (("runner/http/http_easy.c", "            item->data = instead;", "            (void)instead;"),), "drops_the_body"),
    Tested("sent-unsigned", "a call that cannot be signed is not sent", "test_signatures.py",
           (("runner/run/attempts.c", "if (err == ERR_OK && attempt->secrets.refused != HTTP_OK) {", "if (err == ERR_OK && attempt->secrets.refused == HTTP_ERROR_SECRET) {"),),
           "without_its_key"),
    Tested("ended-key-signs", "a key that is over signs no more", "test_signatures.py",
           (("runner/run/attempt_secrets.c", "if (signer->ends[i].ms > of->timestamp * 1000) {", "if (signer->ends[i].ms > 0) {"),), "ended_one"),
    Tested("rotation-without-overlap", "an older key signs beside a newer one for a while", "test_signature",
           (("lib/secret/signing.c", "int64_t ends = now.ms + overlap_ms;", "int64_t ends = now.ms + 0 * overlap_ms;"),)),
    Tested("sealed-over-another", "of two changes to the same secret the second is made anew", "test_store_sealed",
           (("lib/store/lua/sealed_put.lua", "~= known then", "~= known and known == '-' then"),)),
    Tested("change-unannounced", "runners use a new value at once", "test_secrets.py",
           (("lib/store/lua/sealed_put.lua", "redis.call('PUBLISH', WAKE_CHANNEL, WAKE_SEALED .. kind)\n", ""),), "used_at_once"),
    Tested("secrets-below-their-level", "older runners leave jobs with secrets and signatures alone", "test_store_replies",
           (("lib/store/store_level.c", "return is_of_level_3(fields) ? 3", "return is_of_level_3(fields) ? 0"),)),
    Tested("one-shard-trimmed", "all shards are trimmed in turn", "test_retention",
           (("runner/cluster/retention.c", "    retention->shard = (retention->shard + 1) % STORE_SHARDS;\n", ""),)),
    Tested("unconfirmed", "a call that was cancelled before it is sent is not sent", "test_attempts",
           (("runner/run/attempt_step.c", "attempt->job.stateful.overlap == OVERLAP_CANCEL || age_ms", "age_ms"),)),
    Tested("all-for-the-slow", "what may turn out slow has half of the places", "test_neighbours.py",
           (("runner/run/gate_host.c", "return gate->doubtful < all && leaves_enough(host, all, all - gate->doubtful);",
             "return true || leaves_enough(host, all, all - gate->doubtful);"),), "hang"),
    Tested("first-come-all-served", "who hangs first leaves places for who comes last", "test_gate",
           (("runner/run/gate_host.c", "return for_hosts && for_peers;", "return for_hosts || for_peers;"),)),
    Tested("peers-unseen", "names that lead to one peer share its places", "test_gate",
           (("runner/run/gate_host.c", "host->peer->doubtful + weight", "host->doubtful + weight"),)),
    Tested("nothing-to-spare", "a host that answered has a place, whatever others were trusted with", "test_gate",
           (("runner/run/gate.c", "return host->quick && gate_host_inside(host) == 0 && gate->spare < gate_spares(gate);",
             "return host->quick && gate_host_inside(host) == 0 && gate->spare > gate_spares(gate);"),)),
    Tested("after-those-that-hang", "of what begins at one instant, calls of hosts that answer come first", "test_attempts",
           (("runner/run/attempts.c", "gate_knows_as_quick(attempt) ? 0 : 1;", "gate_knows_as_quick(attempt) ? 1 : 1;"),)),
    Tested("trusted-for-ever", "a host that falls silent is trusted no longer than its calls took", "test_gate",
           (("runner/run/gate_host.c", "first->at <= now.ms", "first->at <= now.ms - 3600000"),)),
    Tested("time-outs-earn", "a call without an answer in time earns its host nothing", "test_gate",
           (("runner/run/gate.c", "attempt->answered ? now.ms - attempt->called.ms : INT64_MAX", "now.ms - attempt->called.ms"),)),
    Tested("endless-lines", "those who wait for one host leave room for those who wait for others", "test_gate",
           (("runner/run/gate.c", "(line >= GATE_LINE_SHARE * room && is_too_slow(host, now, wait_ms))",
             "(wait_ms < 0 && room == 0 && is_too_slow(host, now, wait_ms))"),)),
    Tested("threads-for-names", "a name is looked up before its attempt comes to the gate, and without a thread", "test_neighbours.py",
           (("runner/run/addresses.c", "if (!lookups_are_for(host)) {", "if (host.len > 0) {"),), "500_lookups"),
    Tested("silence-forgotten", "a name without an answer fails at once for a while", "test_lookups",
           (("runner/http/lookups.c", "fail_lookup(lookups, lookup, LOOKUPS_SILENT_MS,", "fail_lookup(lookups, lookup, 0,"),)),
    Tested("uncounted-lookups", "look-ups under way are bounded, those that no attempt waits for included", "test_lookups",
           (("runner/http/lookups.c", "        lookup->overdue = true;\n", "        lookup->overdue = true;\n        lookups->pending--;\n"),)),
    Tested("uncounted-redirects", "the look-ups of redirects are counted for as long as their threads can live", "test_http_lookups",
           (("runner/http/http_names.c", "lookup->taken = lookup->taken && !(lookup->left && lookup->until.ms <= now.ms);",
             "lookup->taken = lookup->taken && !(lookup->left && lookup->until.ms <= now.ms + 3600000);"),)),
    Tested("jobs-without-end", "no more jobs are stored than JOBS_MAX allows", "test_limits.py",
           (("lib/store/lua/job_create.lua", "if count_jobs() >= jobs_max then", "if false then"),), "jobs_max"),
    Tested("counted-once", "each job that comes is counted", "test_limits.py",
           (("lib/store/lua/job_create.lua", "    note_count(1)\n", ""),), "jobs_max"),
    Tested("counted-for-ever", "a job that goes makes room", "test_limits.py",
           (("lib/store/lua/job_delete.lua", "note_count(-1)\n", ""),), "deleting_makes_room"),
    Tested("counted-without-the-old", "jobs that were stored before the limit count", "test_limits.py",
           (("lib/store/lua/part/count.lua", "        count = count_anew()\n", "        count = 0\n"),), "before_the_limit"),
    Tested("dense-schedule", "a new job's instants keep their distance", "test_limits.py",
           (("fcgi/api/schedule.c", "return limits_check_interval(c->ctx, c->job, c->error) && take_id(c)", "return take_id(c)"),), "dense"),
    Tested("dense-by-a-change", "and those of a job that is changed", "test_limits.py",
           (("fcgi/api/job_patch.c", "p->same_time || limits_check_interval(p->ctx, p->wanted, p->error);", "true;"),), "change_of"),
    Tested("answers-without-end", "what is kept for idempotency keys is bounded", "test_limits.py",
           (("lib/store/lua/part/kept.lua", "if used + bytes <= term[1] * bytes_max then", "if true then"),), "no_room or shorter"),
    Tested("answers-not-counted", "an answer counts as long as it is kept", "test_limits.py",
           (("lib/store/lua/idem_close.lua", "count_bytes(ends, bytes_of(body))", ""),), "counted_until"),
    Tested("answers-counted-for-ever", "what has ended makes room", "test_limits.py",
           (("lib/store/lua/part/kept.lua", "if not bytes or (tonumber(list[i]) or 0) <= now then", "if not bytes then"),), "counted_until"),
    Tested("answers-kept-whole", "a long answer is kept as ids", "test_limits.py",
           (("fcgi/api/idempotency.c", "if (answer.body.len > STORE_IDEM_ANSWER_MAX && brief_pack(", "if (false && brief_pack("),
            ("fcgi/api/idempotency.c", "if (answer.body.len <= STORE_IDEM_ANSWER_MAX && buffer", "if (buffer")), "long"),
    Tested("memory-without-end", "a Redis that may take all memory is warned of", "test_startup.py",
           (("lib/store/store_durability.c", "return found->memory > 0 && (found->memory_max == 0 ||", "return found->memory > 0 && (false ||"),), "all_memory"),
    Tested("rate-without-end", "a client sends no more than its rate", "test_rate.py",
           (("lib/store/lua/part/bucket.lua", "if lacks + interval > size * interval then", "if false then"),)),
    Tested("uncounted-key", "the requests of a key with a rate are counted", "test_keys.py",
           (("fcgi/serve/app.c", "!auth_count(&app->context, error)", "false"),), "rate"),
    Tested("faster-child", "a key with a rate gives no higher one", "test_keys.py",
           (("lib/access/key.c", "return own->rate == 0 ||", "return true ||"),), "rate"),
    Tested("rate-of-yesterday", "a clock that is set back locks no client out", "test_rate.py",
           (("lib/store/lua/rate_take.lua", "if full_at ~= found then", "if is_taken then"),), "set_back"),
    Tested("asked-for-the-configuration", "a Redis user of its own sends nothing that its rights do not have", "test_redis_user.py",
           (("lib/store/store_durability.c", "    if (!out->is_fsync_asked) {\n", "    if (false) {\n"),), "check_says"),
    Tested("unchecked-token", "a token has a check sum, so a mistyped one is refused without Redis", "test_token",
           (("lib/access/token.c", "memcmp(text.data + CHECK_AT, check, TOKEN_CHECK_LEN) != 0) {", "false) {"),)),
    Tested("any-token", "a key lets in who shows its token, not who knows its id", "test_key",
           (("lib/access/key.c", "return (key->has_hash && first) ||", "return (key->has_hash && (first || true)) ||"),)),
    Tested("old-token-for-ever", "the token before a rotation counts for a while", "test_key",
           (("lib/access/key.c", "(key->hash2_until.ms > now.ms && second)", "(key->hash2_until.ms > now.ms - now.ms && second)"),)),
    Tested("expired-key", "a key that has expired lets no one in", "test_key",
           (("lib/access/key.c", "key->expires.ms != 0 && now.ms >= key->expires.ms", "false"),)),
    Tested("revoked-key", "a revoked key lets no one in", "test_key",
           (("lib/access/key.c", "if (key->revoked.ms != 0) {", "if (false) {"),)),
    Tested("from-everywhere", "a key comes from its addresses alone", "test_key",
           (("lib/access/key.c", "return may_come_from(key, proof->source) ? KEY_GOOD : KEY_ELSEWHERE;",
             "return may_come_from(key, proof->source) || true ? KEY_GOOD : KEY_ELSEWHERE;"),)),
    Tested("generous-key", "a key gives no more than it has", "test_key",
           (("lib/access/key.c", "bool good = (other->scopes & ~own->scopes) == 0 &&", "bool good = (other->scopes & 0) == 0 &&"),)),
    Tested("sent-twice", "a rotation that is sent twice keeps the old token", "test_store_key",
           (("lib/store/lua/key_rotate.lua", "if old == hash then", "if old == hash and false then"),)),
    Tested("old-handlers-let-in", "a handler that knows no keys leaves a database alone that has one", "test_store_key",
           (("lib/store/store_key.c", "    cmd->level = STORE_LEVEL_KEYS;\n", ""),)),
    Tested("open-again", "a key that is revoked does not open the API again", "test_store_key",
           (("lib/store/lua/key_revoke.lua", "redis.call('HSETNX', key_key, 'revoked', as_text(now_ms()))",
             "redis.call('DEL', key_key)"),)),
    Tested("scope-of-none", "each route asks for its scope", "test_keys.py",
           (("fcgi/api/auth.c", "if (scope == SCOPE_NONE || (caller->scopes & (unsigned)scope) != 0) {",
             "if (scope == SCOPE_NONE || caller->scopes != 0) {"),), "takes_its_scope"),
    Tested("strangers-without-a-key", "without a key only this machine is answered", "test_keys.py",
           (("fcgi/api/auth.c", "if (ctx->auth == API_AUTH_KEYS || !front_is_local(&ctx->request)) {",
             "if (ctx->auth == API_AUTH_KEYS || (!front_is_local(&ctx->request) && false)) {"),), "no_other_machine_may"),
    Tested("remote-is-local", "what came in on another address than loopback is not local", "test_keys.py",
           (("fcgi/http/front.c", "return is_loopback(address) &&", "return (is_loopback(address) || true) &&"),), "no_other_machine_may"),
    Tested("guessed-without-redis", "where Redis does not say who asks, nothing is read or changed", "test_keys.py",
           (("fcgi/api/auth.c", "    ctx->barred = *info;\n", "    (void)info;\n"),), "without_redis_nobody"),
    Tested("believed-for-ever", "a key that was looked up is believed for a second", "test_keys.py",
           (("fcgi/api/key_cache.c", "now_of(ctx).ms < place->found.ms + KEY_CACHE_MS;", "place->found.ms > 0;"),), "revoked_key_is_dead"),
    Tested("unverified-certificate", "a certificate counts if nginx has verified it", "test_keys.py",
           (("fcgi/api/auth.c", "return verified && dn.len > 0 ?", "return (verified || true) && dn.len > 0 ?"),), "certificate_is_a_key"),
    Tested("self-made-record", "a backup does not say who paused a job", "test_keys.py",
           (("fcgi/api/schedule.c", "    c->as.by = context_by(c->ctx, kept->by);\n", "    c->as.by = kept->by;\n"),), "backup_does_not_say"),
    Tested("shared-idempotency", "idempotency keys belong to the API key that sends them", "test_keys.py",
           (("fcgi/api/idempotency.c", "const char *owner = ctx->caller.key.id;", 'const char *owner = ctx->caller.key.id[0] != 0 ? "" : ctx->caller.key.id;'),),
           "idempotency_keys_belong"),
    Tested("exposed-start", "nothing starts where other machines would be let in without a key", "test_keys.py",
           (("lib/access/reach.c", "return config->api_auth != API_AUTH_NONE &&", "return false && config->api_auth != API_AUTH_NONE &&"),), "does_not_start_where"),
    Tested("front-any-host", "a page does not reach the API by a name of its own", "test_front",
           (("fcgi/http/front.c", "(pass.any_host || check_host(hosts, req, error))", "(pass.any_host || check_host(hosts, req, error) || true)"),)),
    Tested("front-host-begins", "a name is compared whole", "test_front",
           (("fcgi/http/front.c", "    return a.len == b.len && (a.len == 0 || strncasecmp(a.data, b.data, a.len) == 0);",
             "    return a.len >= b.len && strncasecmp(a.data, b.data, b.len) == 0;"),)),
    Tested("front-address-begins", "an address is parsed whole", "test_front",
           (("fcgi/http/front.c", "    if (inet_pton(AF_INET, text, &v4) == 1) {", "    if (inet_aton(text, &v4) != 0) {"),)),
    Tested("front-missing-host", "a request past a web server needs a Host", "test_front",
           (("fcgi/http/front.c", "if (*text == '\\0' && !has_client(req)) {", "if (*text == '\\0') {\n        (void)has_client(req);"),)),
    Tested("front-fetch-site", "a page of another site is known by Sec-Fetch-Site", "test_front",
           (("fcgi/http/front.c", "return *site != '\\0' && strcmp(site, \"same-origin\")", "return false && *site != '\\0' && strcmp(site, \"same-origin\")"),)),
    Tested("front-origin", "a page of another site is known by its Origin", "test_front",
           (("fcgi/http/front.c", "    return same_text(slice_of(from.text), slice_of(to.text));", "    return true;"),)),
    Tested("front-untyped-body", "a body that needs no preflight is refused", "test_front",
           (("fcgi/http/request.c", "return has_body && *declared_type(req) == '\\0';", "return has_body && false;"),)),
    Tested("front-self-call", "a job does not call Dronc itself", "test_app",
           (("fcgi/http/front.c", "(pass.dronc_self || check_self(req, error))", "(pass.dronc_self || check_self(req, error) || true)"),)),
    Tested("front-health-only", "a page of another site may ask for health only", "test_app",
           (("fcgi/serve/app.c", ".any_site = route != NULL && route_is_health(route)", ".any_site = route != NULL && route_is_about_program(route)"),)),
    Tested("front-forwarded", "what came past a proxy is not local", "test_front",
           (("fcgi/http/front.c", "        if (*request_header(req, FORWARDED[i]) != '\\0') {", "        if (false && *request_header(req, FORWARDED[i]) != '\\0') {"),)),
    Tested("page-without-trusted-types", "the page makes no markup from text, and no policy that could", "ui/test_page.py",
           (("nginx/dronc.conf", "; require-trusted-types-for 'script'; trusted-types 'none'\" always;", "\" always;"),), "file_is_served and index"),
    Tested("page-with-markup", "what strangers wrote is text", "ui/test_page.py",
           (("ui/js/dom.js", "    if (node.textContent !== String(text)) node.textContent = text;", "    node.innerHTML = text;"),), "markup and dom"),
    Tested("page-that-keeps-the-key", "the key of a signed-in reader is stored nowhere", "ui/test_session.py",
           (("ui/js/api.js", "    token = key.trim();\n    try {", "    token = key.trim();\n    localStorage.setItem('key', token);\n    try {"),), "kept_nowhere"),
    Tested("page-that-asks-unseen", "a hidden page asks for nothing", "ui/test_trouble.py",
           (("ui/js/app.js", "        document.visibilityState === 'visible' &&\n", ""),), "asks_for_nothing and hidden"),
    Tested("page-that-moves", "what is there does not move when the wall's screen has no header", "ui/test_looks.py",
           (("ui/js/app.js", "    const first = await firstAnswer(made);", "    document.body.classList.toggle('on-wall', route.page === 'wall');\n    const first = await firstAnswer(made);"),), "moves_nothing and wall"),
    Tested("page-that-breathes", "a column is as wide one second as the next", "ui/test_looks.py",
           (("ui/app.css", "    min-width: 92px;", "    min-width: 0;"),), "counted_down"),
    Tested("page-for-programs", "only a browser is sent to the page", "ui/test_page.py",
           (("nginx/dronc.conf", 'if ($dronc_wants ~ "^(GET|HEAD) .*text/html") {', 'if ($dronc_wants ~ "^(GET|HEAD)") {'),), "programs"),
    Tested("odd-referer", "a Referer that is no text does not reach nginx' error log", "security/test_logs.py",
           (("nginx/dronc.conf", 'if ($http_referer ~ "[^\\x20-\\x7e]") {', "if ($http_referer = never) {"),), "referer"),
    Tested("uncounted-client", "one address has only so many requests under way", "security/test_slow_clients.py",
           (("nginx/nginx.conf.in", "        limit_conn dronc_address 64;\n", ""),), "one_address"),
    Tested("spooled-export", "what nobody takes waits on no disk", "test_front.py",
           (("nginx/dronc.conf", "    fastcgi_max_temp_file_size 0;\n", ""),), "nobody_takes"),
    Tested("keys-written", "the keys of TLS connections are written nowhere", "security/test_logs.py",
           (("lib/base/startup.c", '(void)unsetenv("SSLKEYLOGFILE");', ";"),), "keys"),
    Tested("path-in-log", "a token in the path of a URL stays out of logs", "test_url",
           (("lib/text/url_normalise.c", "    buffer_add(out, path.data, path.len - rest.len);\n    if (rest.len > 0) {",
             "    buffer_add(out, path.data, path.len);\n    if (false) {"),)),
    Tested("token-first", "a token may be the first segment of a path", "test_url",
           (("lib/text/url_normalise.c", "first.len > SEGMENT_SHOWN_MAX ||", "false ||"),)),
    Tested("root-stays", "root's stack runs as a user without rights", "test_run_script.py",
           (("scripts/run", "    become_user\n    take_lock\n", "    take_lock\n"),), "without_rights"),
    Tested("root-follows-links", "what root gives away leads nowhere else", "test_run_script.py",
           (("scripts/run", 'chown -hR "$owner" log run', 'chown -RL "$owner" log run'),), "takes_over"),
    Tested("unnamed-address", "the address that nginx listens on is a name of the API", "security/test_address.py",
           (("scripts/run", "    name_this_api\n    check_redis\n", "    check_redis\n"),)),
    Tested("answered-before-asked", "what waits on a kept connection is no answer to the next request", "test_http_client_kept",
           (("runner/http/http_multi.c", "has_more(kept) || http_tls_has_more(easy));", "(false && has_more(kept)) || (false && http_tls_has_more(easy)));"),)),
    Tested("nowhere-by-path", "a redirect to neither http nor https is not followed, whatever libcurl takes it for", "test_http_client_redirects",
           (("runner/http/http_client.c", "if (follows && call->answer.leads_nowhere) {", "if (false && follows && call->answer.leads_nowhere) {"),)),
    Tested("handles-again", "what an answer leaves in libcurl's handle does not reach another call", "test_http_client_answers",
           (("runner/http/http_client.c", "static void call_free(struct http_call *call)\n{\n    curl_easy_cleanup(call->easy);\n",
             "static CURL *spare;\n\nstatic void call_free(struct http_call *call)\n{\n    if (spare == NULL) {\n        curl_easy_reset(call->easy);\n"
             "        spare = call->easy;\n    } else {\n        curl_easy_cleanup(call->easy);\n    }\n"),
            ("runner/http/http_client.c", "    note_host(&call->guard.origin, request);\n    call->easy = curl_easy_init();\n",
             "    note_host(&call->guard.origin, request);\n    call->easy = spare != NULL ? spare : curl_easy_init();\n    spare = NULL;\n"))),
    Tested("target-never", "no setting opens link-local and metadata addresses", "test_targets",
           (("lib/net/targets.c", "if (place->class == IP_NEVER) {", "if (false) {"),)),
    Tested("target-denied", "what TARGETS_DENY names is closed", "test_targets",
           (("lib/net/targets.c", "if (list_has_ip(&targets->deny, part->ip, place->port)) {", "if (false) {"),)),
    Tested("target-denied-by-name", "a host that TARGETS_DENY names is closed", "test_targets",
           (("lib/net/targets.c", "if (list_has_name(&targets->deny, place->host, place->host_len, place->port)) {", "if (false) {"),)),
    Tested("target-loopback-by-name", "a name does not lead to loopback", "test_targets",
           (("lib/net/targets.c", "bool by_name = class == IP_LOOPBACK &&", "bool by_name = false && class == IP_LOOPBACK &&"),)),
    Tested("target-inward", "a redirect does not lead further in", "test_targets",
           (("lib/net/targets.c", "if (is_bound(targets, place) && leads_inward(place->from, place->class)) {", "if (false && leads_inward(place->from, place->class)) {"),)),
    Tested("target-behind-a-gateway", "an address that embeds another is judged by that, too", "test_targets",
           (("lib/net/targets.c", "for (size_t i = 0; i < count && verdict == TARGETS_OPEN; i++) {", "for (size_t i = 0; i < count && false; i++) {"),)),
    Tested("target-embedded", "an address that embeds another has the stricter class of both", "test_ip",
           (("lib/net/ip.c", "class = other > class ? other : class;", "class = other > class && false ? other : class;"),)),
    Tested("target-posted", "an address that no call may go to is refused when it is posted", "test_job",
           (("lib/job/job_url.c", "&& may_be_called(out, targets, info);", "&& (true || may_be_called(out, targets, info));"),)),
    Tested("target-opened", "a connection is opened only to where a call may go", "test_http_guard",
           (("runner/http/http_multi.c", "if (multi->may_open != NULL && !multi->may_open(line->owner, &address->addr)) {", "if (false) {"),)),
    Tested("target-kept", "nor does a request go out on a kept one", "test_http_guard",
           (("runner/http/http_client.c", "ip, port, redirects > 0);\n    if (call->guard.moves) {", "ip, port, redirects > 0) || true;\n    if (call->guard.moves) {"),)),
    Tested("target-retried", "a call that may go nowhere is dead at once", "test_policy",
           (("runner/run/policy.c", "if (failure->forbidden && (failure->unsent || job->type != JOB_ATMOST_ONCE)) {", "if (false) {"),)),
    Tested("target-sent-again", "what was sent at most once and is refused behind a redirect is not kept to be sent again", "test_policy",
           (("runner/run/policy.c", "if (failure->forbidden && (failure->unsent || job->type != JOB_ATMOST_ONCE)) {", "if (failure->forbidden) {"),)),
    Tested("target-redriven", "an at-most-once occurrence is redriven only if nothing was sent", "test_dead.py",
           (("lib/store/lua/dead_redrive.lua", "return status == 0 and record:match(", "return record:match("),), "at_most_once"),
    Tested("origin-headers", "a redirect takes no header to another origin but harmless ones", "test_http_guard",
           (("runner/http/http_move.c", "        if (is_harmless(item->data)) {", "        if (is_harmless(item->data) || true) {"),)),
    Tested("origin-unnoticed", "a redirect to another origin is a transfer of its own", "test_http_guard",
           (("runner/http/http_guard.c", "    return !guard->moves;", "    guard->moves = false;\n    return true;"),)),
    Tested("origin-credentials", "nor does it take a user name and a password", "test_http_guard",
           (("runner/http/http_move.c", "curl_url_set(url, CURLUPART_USER, NULL, 0) == CURLUE_OK", "true"),
            ("runner/http/http_move.c", "curl_url_set(url, CURLUPART_PASSWORD, NULL, 0) == CURLUE_OK", "true"))),
    Tested("origin-for-ever", "redirects are counted across origins", "test_http_guard",
           (("runner/http/http_move.c", "(long)plan->max_redirects - http_call_redirects(call);", "(long)plan->max_redirects;"),)),
    Tested("unprinted-field", "every field that is not at its default is part of what a job's id is made of", "test_fields.py",
           (("lib/job/call_options.c", '    print_number(out, "keep_response", options->keep_response, 0);\n', ""),), "another_job"),
    Tested("undescribed-field", "every field that is not at its default goes to Redis, and back to who asks", "test_fields.py",
           (("lib/job/stateful.c", "    fields->max_runs = (struct job_number){stateful->max_runs > 0, stateful->max_runs};\n", ""),), "comes_back"),
]


def changed(mutant, home):
    """The sources that a mutant changes, as (file below home, what it is to hold)."""
    texts = {}
    for name, text, instead in mutant.edits:
        source = texts.get(name) or (home / name).read_text()
        if source.count(text) != 1:
            raise SystemExit(f"{mutant.name}: {name} has this {source.count(text)} times, not once: {text!r}")
        texts[name] = source.replace(text, instead)
    return texts


def prepare(mutant):
    """A copy of the source with the edit, built. What is built already is taken along, so that little has to be compiled again."""
    home = BUILD / mutant.name
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    for name in filter(None, names):
        if name.split("/")[0] in ("lib", "fcgi", "runner", "admin", "scripts", "nginx", "redis", "ui", "tests", "Makefile"):
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, home / name)
    for built in ("release", "pypi"):
        if (ROOT / "build" / built).exists():
            shutil.copytree(ROOT / "build" / built, home / "build" / built)
    for name, text in changed(mutant, home).items():
        (home / name).write_text(text)
    done = subprocess.run(["make", "-s", "build-only"], cwd=home, capture_output=True, text=True, check=False,
                          env=environment())
    if done.returncode != 0:
        raise SystemExit(f"{mutant.name} does not build:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return home / "dist"


def environment():
    """Without what make hands down."""
    return {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "SANITIZE", "DRONC_DIST")}


def fails(mutant, home):
    """Its own test, in a copy of the source: does it find anything?"""
    if mutant.test.endswith(".py"):
        argv = [sys.executable, "-m", "pytest", "-q", f"tests/{mutant.test if '/' in mutant.test else 'system/' + mutant.test}", *(("-k", mutant.choose) if mutant.choose else ())]
        done = subprocess.run(argv, cwd=home, capture_output=True, text=True, check=False,
                              env={**environment(), "DRONC_DIST": str(home / "dist")})
        return done.returncode == 1  # 2 to 5: it was not run at all
    program = home / "build" / "release" / "tests" / mutant.test
    program.unlink(missing_ok=True)
    subprocess.run(["make", "-s", program.relative_to(home)], cwd=home, capture_output=True, check=True, env=environment())
    return subprocess.run([program], cwd=home, capture_output=True, check=False, env=environment()).returncode != 0


def attempt(mutant, dist, seconds, number):
    """One run: {check: what it found}."""
    result = dist.parent / f"result-{number}.json"
    with open(dist.parent / f"run-{number}.log", "w", encoding="utf-8") as log:
        faults = ("--faults", mutant.faults) if mutant.faults else ()
        subprocess.run([sys.executable, ROOT / "tests" / "chaos" / mutant.script, "--seconds", str(seconds), *faults,
                        "--json", result, "--discard", *mutant.options], env={**os.environ, "DRONC_DIST": str(dist)},
                       stdout=log, stderr=subprocess.STDOUT, check=False)
    if not result.exists():
        raise SystemExit(f"{mutant.name}: the run broke off, see {log.name}")
    found = json.loads(result.read_text())["violations"]
    return {int(check): what for check, what in found.items() if what}


def hunt(mutant, dist, seconds, tries):
    """Run until it is caught by one of the checks that should: (how many runs it took or 0, what was found)."""
    if isinstance(mutant, Tested):
        return int(fails(mutant, dist.parent)), {}
    found = {}
    for number in range(1, tries + 1):
        found = attempt(mutant, dist, seconds, number)
        if set(found) & set(mutant.expected):
            return number, found
    return 0, found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="")
    parser.add_argument("--tested", action="store_true", help="those that have a test of their own: seconds each, not minutes")
    parser.add_argument("--seconds", type=int, default=110)
    parser.add_argument("--tries", type=int, default=6)
    parser.add_argument("--at-once", type=int, default=2)
    options = parser.parse_args()
    chosen = [mutant for mutant in MUTANTS if not options.only or mutant.name in options.only.split(",")]
    chosen = [mutant for mutant in chosen if not options.tested or isinstance(mutant, Tested)]
    survivors = 0
    with ThreadPoolExecutor(options.at_once) as pool:
        dists = list(pool.map(prepare, chosen))  # all of them, before anything is measured
        hunts = [pool.submit(hunt, mutant, dist, options.seconds, options.tries) for mutant, dist in zip(chosen, dists)]
        for mutant, one in zip(chosen, hunts):
            runs, found = one.result()
            survivors += not runs
            print(f"{'caught' if runs else 'SURVIVED':>8}  {mutant.name}: removed: {mutant.guard}", flush=True)
            for check, what in found.items():
                print(f"          check {check}{'' if check in mutant.expected else ' (too)'}: {'; '.join(what)}", flush=True)
    print(f"{len(chosen) - survivors} passed, {survivors} failed")
    sys.exit(survivors > 0)


if __name__ == "__main__":
    main()
