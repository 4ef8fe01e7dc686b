/* Answers to an operator's questions: what fails, what is next, the figures. A server that has a route for one is asked; else the
 * answer comes from what every server has, is bounded, and says so (`partial`). */
import * as api from './api.js';
import {eachOf} from './dom.js';
import {hostOf, isBad} from './format.js';

const LATEST = 200; // executions that are looked at
const SAME_MS = 1_000; // the questions of one screen share one answer for so long
const LOOKED_UP = 24; // jobs that are asked for one by one, at most
const FRESH_MS = 8_000; // how long such an answer is good

/* --- names ------------------------------------------------------------------------------------------------------- */

const looked = new Map(); // id → {at, job}

async function lookUp(id) {
    const had = looked.get(id);
    if (had !== undefined && Date.now() - had.at < FRESH_MS) return had.job;
    let job = null;
    try {
        job = await api.job(id);
    } catch (error) {
        if (error.status !== 404) throw error;
        api.forget(id);
    }
    looked.set(id, {at: Date.now(), job});
    if (looked.size > 500) looked.delete(looked.keys().next().value);
    return job;
}

/* Learn the names of the jobs of these records, those that came without one. */
export async function nameJobs(records) {
    const ids = new Set(
        records.filter(r => r.job_name === undefined && r.name === undefined && api.known(r.job_id) === undefined).map(r => r.job_id),
    );
    if (!api.may('jobs:read')) return;
    await eachOf([...ids].slice(0, LOOKED_UP), 6, id => lookUp(id).catch(() => null));
}

export const nameOf = record => record.job_name ?? record.name ?? api.known(record.job_id)?.name ?? null;
export const targetOf = record => record.host ?? hostOf(api.known(record.job_id)?.api ?? '');

/* --- the latest executions: several answers of one screen come from them ------------------------------------------- */

let latestAsked = null;

export function latest() {
    if (latestAsked === null || Date.now() - latestAsked.at > SAME_MS)
        latestAsked = {at: Date.now(), answer: api.executions({limit: LATEST})};
    return latestAsked.answer;
}

/* --- what fails now ---------------------------------------------------------------------------------------------- */

/* Jobs whose latest occurrence went wrong: [{job_id, name, state, since_ms, isSinceExact, in_a_row, error, error_class, host}]. */
export async function failing() {
    const page = await api.failingJobs(100);
    if (page !== null) return {jobs: await Promise.all(page.jobs.slice(0, LOOKED_UP).map(fromListed)), partial: page.next_cursor !== null};
    const {executions, next_cursor: more} = await api.executions({limit: LATEST, success: false});
    const bad = executions.filter(e => isBad(e.outcome));
    const ids = [...new Set(bad.map(e => e.job_id))];
    const jobs = [];
    await eachOf(ids.slice(0, LOOKED_UP), 6, async id => {
        const job = await lookUp(id);
        if (job?.last_execution && isBad(job.last_execution.outcome))
            jobs.push(
                fromRecords(
                    job,
                    bad.filter(e => e.job_id === id),
                ),
            );
    });
    jobs.sort((a, b) => a.since_ms - b.since_ms);
    return {jobs, partial: ids.length > LOOKED_UP || Boolean(more && bad.length === LATEST)};
}

const instant = value => (typeof value === 'string' ? Date.parse(value) : value);

async function fromListed(listed) {
    const job = listed.last_execution === undefined ? ((await lookUp(listed.job_id)) ?? listed) : listed;
    const since = listed.failing_since_ms ?? listed.failing_since ?? job.last_execution?.scheduled_time_ms;
    return {...described(job), since_ms: instant(since), isSinceExact: true};
}

function fromRecords(job, bad) {
    const inARow = job.counts?.failures ?? job.counts?.failures_in_a_row ?? 1;
    const instants = [...new Set(bad.map(e => e.scheduled_time_ms))].sort((a, b) => b - a); // of occurrences: each may have had many attempts
    return {...described(job), since_ms: instants[Math.min(inARow, instants.length) - 1], isSinceExact: instants.length >= inARow};
}

function described(job) {
    const last = job.last_execution;
    return {
        job_id: job.job_id,
        name: job.name ?? null,
        state: job.state,
        in_a_row: job.counts?.failures ?? job.counts?.failures_in_a_row ?? null,
        error_class: last?.error_class ?? '',
        error: last?.error ?? '',
        last_id: last?.id,
        at_ms: last?.scheduled_time_ms,
        host: hostOf(job.api ?? ''),
    };
}

/* --- what comes next --------------------------------------------------------------------------------------------- */

export async function upcoming(limit) {
    const answer = await api.upcoming(limit);
    if (answer !== null) return {entries: answer.upcoming ?? answer, partial: false};
    const page = await api.jobs({state: 'ACTIVE', limit: LATEST});
    const entries = page.jobs
        .filter(job => job.next?.length > 0)
        .flatMap(job => job.next.map(next => ({job_id: job.job_id, name: job.name, at_ms: next.unix * 1000, host: hostOf(job.api)})));
    entries.sort((a, b) => a.at_ms - b.at_ms);
    return {
        entries: entries.slice(0, limit),
        partial: page.next_cursor !== null,
        overdue: page.next_cursor === null ? overdueOf(page.jobs) : null,
    };
}

/* Occurrences that have been due for more than a second, as far as jobs show their next instants. */
function overdueOf(jobs) {
    return jobs.filter(job => job.next?.[0] && job.next[0].unix * 1000 < Date.now() - 2000).length;
}

/* --- figures ------------------------------------------------------------------------------------------------------ */

/* Upper bounds in ms. */
export const LATENESS = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000, 3_600_000];

/* {calls_per_second, success_ratio, p99_ms, overdue, failing, dead, minutes, source}; null: not known. A minute is
 * {at_ms, ok, bad, missed, skipped, lateness: [counts by LATENESS, and more]}. */
export async function figures() {
    const answer = await api.stats();
    if (answer !== null) return fromStats(answer);
    const [{executions}, dead] = await Promise.all([latest(), api.dead({limit: 100})]);
    const called = executions.filter(e => e.execution_time_ms > 0);
    return {
        calls_per_second: pace(called),
        success_ratio: ratio(executions.filter(e => e.scheduled_time_ms > Date.now() - 300_000)),
        p99_ms: quantile(
            called.map(e => e.lateness_ms),
            0.99,
        ),
        overdue: null,
        failing: null,
        dead: dead.count,
        deadIsMore: Boolean(dead.next_cursor),
        minutes: byMinute(executions),
        source: `the latest ${executions.length} executions`,
        looked: executions.length,
        isFull: executions.length === LATEST,
    };
}

function fromStats(s) {
    const minutes = (s.minutes ?? []).map(([minute, ok, bad, lost, skipped, ...lateness]) => ({
        at_ms: minute * 60_000,
        ok,
        bad,
        missed: lost,
        skipped,
        lateness,
    }));
    const last5 = minutes.filter(m => m.at_ms > Date.now() - 360_000);
    const sum = name => last5.reduce((n, m) => n + m[name], 0);
    const late = merge(last5.map(m => m.lateness));
    const done = minutes.filter(m => m.at_ms <= Date.now() - 60_000).at(-1);
    return {
        calls_per_second: s.calls_per_second ?? (done ? (done.ok + done.bad) / 60 : 0),
        success_ratio: sum('ok') + sum('bad') > 0 ? sum('ok') / (sum('ok') + sum('bad')) : null,
        p99_ms: quantileOf(late, 0.99),
        overdue: s.occurrences_overdue ?? s.overdue ?? null,
        failing: s.jobs_failing ?? s.failing ?? null,
        dead: s.dead_letters ?? s.dead ?? null,
        deadIsMore: false,
        minutes,
        source: null,
        redis: s.redis,
        oldest_overdue_s: s.oldest_overdue_seconds ?? null,
    };
}

/* Over the last minute, or over all of them if they are younger than that. */
function pace(called) {
    const now = Date.now();
    const young = called.filter(e => e.execution_time_ms > now - 60_000);
    if (young.length < called.length || called.length < LATEST) return young.length / 60;
    return young.length / Math.max(1, (now - young.at(-1).execution_time_ms) / 1000);
}

function ratio(executions) {
    const over = executions.filter(e => e.outcome === 'succeeded' || isBad(e.outcome));
    return over.length > 0 ? over.filter(e => e.outcome === 'succeeded').length / over.length : null;
}

function quantile(values, q) {
    if (values.length === 0) return null;
    const sorted = [...values].sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)];
}

const bucketOf = ms => {
    const at = LATENESS.findIndex(bound => ms <= bound);
    return at < 0 ? LATENESS.length : at;
};

function byMinute(executions) {
    const minutes = new Map();
    for (const e of executions) {
        const at = Math.floor((e.execution_time_ms || e.scheduled_time_ms) / 60_000);
        if (!minutes.has(at))
            minutes.set(at, {at_ms: at * 60_000, ok: 0, bad: 0, missed: 0, skipped: 0, lateness: new Array(LATENESS.length + 1).fill(0)});
        const minute = minutes.get(at);
        minute[kindOf(e.outcome)] += e.outcome === 'missed' ? (e.missed_count ?? 1) : 1;
        if (e.execution_time_ms > 0) minute.lateness[bucketOf(e.lateness_ms)]++;
    }
    return [...minutes.values()].sort((a, b) => a.at_ms - b.at_ms);
}

function kindOf(outcome) {
    if (outcome === 'succeeded') return 'ok';
    if (outcome === 'missed') return 'missed';
    return isBad(outcome) ? 'bad' : 'skipped';
}

/* Counts of several histograms, added up. */
export function merge(histograms) {
    const sum = new Array(LATENESS.length + 1).fill(0);
    for (const counts of histograms)
        counts.forEach((n, i) => {
            if (i < sum.length) sum[i] += n;
        });
    return sum;
}

/* The upper bound of the bucket in which that part of all lies, in ms; Infinity: beyond the last. */
export function quantileOf(counts, q) {
    const all = counts.reduce((a, b) => a + b, 0);
    if (all === 0) return null;
    let seen = 0;
    for (const [i, n] of counts.entries()) {
        seen += n;
        if (seen >= q * all) return LATENESS[i] ?? Infinity;
    }
    return Infinity;
}

/* --- what is under way, and who calls ------------------------------------------------------------------------------ */

export async function running() {
    const answer = await api.running();
    return answer === null ? null : (answer.running ?? answer);
}

/* Runners that live, or null with those that the latest executions name. */
export async function runners() {
    const answer = await api.runners();
    if (answer !== null) return {runners: answer.runners ?? answer, seen: null};
    const {executions} = await latest();
    const seen = new Map();
    for (const e of executions.filter(each => each.runner)) {
        const had = seen.get(e.runner) ?? {id: e.runner, last_ms: 0, calls: 0, bad: 0};
        had.last_ms = Math.max(had.last_ms, e.execution_time_ms || e.scheduled_time_ms);
        had.calls++;
        if (isBad(e.outcome)) had.bad++;
        seen.set(e.runner, had);
    }
    return {runners: null, seen: [...seen.values()].sort((a, b) => b.last_ms - a.last_ms)};
}

/* --- what a schedule means ----------------------------------------------------------------------------------------- */

const sentences = new Map();

/* The sentence, or what is known of it now; `later` is called once it is there. */
export function describe(job, later) {
    if (job.description_of_schedule) return job.description_of_schedule;
    if (!job.schedule || job.schedule.startsWith('@at')) return '';
    const key = job.schedule + '\n' + job.timezone;
    if (!sentences.has(key)) {
        sentences.set(key, '');
        waiting.push([job.schedule, job.timezone, key, later]);
        work();
    }
    return sentences.get(key);
}

const waiting = [];
let isWorking = false;

async function work() {
    if (isWorking) return;
    isWorking = true;
    const done = new Set();
    await eachOf(waiting.splice(0), 4, async ([schedule, zone, key, later]) => {
        try {
            sentences.set(key, (await api.preview(schedule, zone, 1)).description);
        } catch {
            /* the schedule itself is shown */
        }
        done.add(later);
    });
    isWorking = false;
    for (const later of done) later?.();
    if (waiting.length > 0) work();
}
