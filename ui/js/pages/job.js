/* One job: what it is, when it is called next, what became of its calls, and why. */
import * as actions from '../actions.js';
import * as answers from '../answers.js';
import * as api from '../api.js';
import * as charts from '../charts.js';
import {fill, h, keep, setText} from '../dom.js';
import * as f from '../format.js';
import {cause, copyButton, countdown, facts, outcomeLink, pageHead, phaseLegend, section, state, table} from '../parts.js';
import {executionLink, go, jobLink, setQuery} from '../router.js';
import {whyView} from './why.js';

const KEPT = 200;
const LISTED = 50;

export async function show(main, route) {
    const job = await api.job(route.id),
        view = build(route.id, job.timezone);
    view.job = job;
    fill(main, view.nodes);
    const wanted = route.query.get('why');
    if (wanted) ask(view, wanted === 'now' ? Date.now() : Number(wanted)).catch(actions.sayError);
    const act = fn => () => fn(view.job);
    return {
        title: actions.titleOf(view.job),
        every_ms: 5000,
        refresh: () => refresh(view),
        keys: {r: act(actions.runJob), p: act(actions.togglePause), e: () => go(jobLink(route.id) + '/edit'), y: () => view.at.focus()},
    };
}

function build(id, zone) {
    const view = {id, zone};
    view.head = h('div');
    view.trouble = h('div');
    view.facts = h('div');
    view.next = table(
        'The next instants',
        [
            ['When', 'time'],
            ['', 'fit'],
            ['UTC', 'mono wide fit'],
            ...(zone && zone !== 'UTC' ? [['In ' + zone, 'mono wide fit']] : []),
            ['', ''],
        ],
        {empty: 'No instant ahead.'},
    );
    view.nextNote = h('p', {class: 'hint'});
    view.chart = h('div', {class: 'plot'});
    view.counts = h('p', {class: 'hint'}, '\u00a0');
    view.list = table(
        'Attempts',
        [
            ['When', 'time'],
            ['Outcome', 'fit'],
            ['Took', 'num'],
            ['Late', 'num wide'],
            ['dns', 'num wide'],
            ['connect', 'num wide'],
            ['tls', 'num wide'],
            ['wait', 'num wide'],
            ['receive', 'num wide'],
            ['Cause', 'grow wide'],
            ['', 'acts'],
        ],
        {empty: 'It has not been called yet.', rows: {href: e => executionLink(e.id)}},
    );
    view.all = h(
        'button',
        {
            type: 'button',
            hidden: true,
            onclick: () => {
                view.isWhole = true;
                drawList(view);
            },
        },
        'Show all',
    );
    view.at = h('input', {type: 'datetime-local', step: 1, id: 'why-at', required: true});
    view.answer = h('div', {role: 'status', class: 'answers'});
    view.dead = h('div');
    const form = h(
        'form',
        {
            class: 'row',
            onsubmit: event => {
                event.preventDefault();
                ask(view, f.showsUtc() ? Date.parse(view.at.value + 'Z') : new Date(view.at.value).getTime()).catch(actions.sayError);
            },
        },
        h('div', {class: 'field'}, h('label', {for: 'why-at'}, `Instant (${f.showsUtc() ? 'UTC' : 'your time'})`), view.at),
        h('button', {}, 'Ask why'),
    );
    view.nodes = [
        view.head,
        view.trouble,
        h(
            'div',
            {class: 'pair job'},
            section('Definition', null, view.facts),
            h(
                'div',
                {},
                section('Next', null, view.next.node, view.nextNote),
                section('Why was it called, or not?', null, form, view.answer),
            ),
        ),
        section('Attempts', phaseLegend(), view.chart, view.counts, view.list.node, h('div', {class: 'row'}, view.all)),
        view.dead,
    ];
    return view;
}

async function refresh(view) {
    const mayRead = api.may('executions:read');
    const [job, list, dead] = await Promise.all([
        api.job(view.id),
        mayRead ? api.executionsOf(view.id, {limit: KEPT}) : {executions: []},
        mayRead ? api.dead({job_id: view.id, limit: 200}) : {dead: []},
    ]);
    view.job = job;
    view.executions = list.executions;
    const tenNext = job.state === 'ACTIVE' && job.schedule && !job.schedule.startsWith('@') ? await moreNext(job) : null;
    drawHead(view, job);
    drawFacts(view, job);
    view.next.set(
        tenNext ?? job.next ?? [],
        n => n.unix,
        n => [
            f.time(n.unix * 1000),
            countdown(n.unix * 1000),
            n.utc,
            ...(view.zone && view.zone !== 'UTC' ? [n.local] : []),
            n.dst && h('span', {class: 'label'}, 'clock change: ' + n.dst),
        ],
    );
    setText(view.nextNote, job.state === 'PAUSED' ? 'Paused: nothing is called until it is resumed.' : '');
    fill(
        view.chart,
        charts.timeline(view.executions, e => ask(view, e.scheduled_time_ms)),
    );
    setText(view.counts, countsOf(job, view.executions));
    drawList(view);
    drawDead(view, dead);
    if (view.at.value === '') view.at.value = localInput(view.executions[0]?.scheduled_time_ms ?? Date.now());
}

/* Ten instants with their marks for changes of the clock; a job has only five. A window, an offset or a bound on runs is the job's own business. */
async function moreNext(job) {
    if (job.starts_at || job.ends_at || job.jitter_ms || job.max_runs || !job.next?.length) return null;
    if (view10.key !== job.job_id + job.version + job.next[0].unix) {
        const from = f.isoUtc(job.next[0].unix * 1000 - 1000);
        Object.assign(view10, {
            key: job.job_id + job.version + job.next[0].unix,
            next: (await api.preview(job.schedule, job.timezone, 10, from)).next,
        });
    }
    return view10.next;
}
const view10 = {key: '', next: null};

function localInput(ms) {
    const d = new Date(f.showsUtc() ? ms : ms - new Date(ms).getTimezoneOffset() * 60_000);
    return d.toISOString().slice(0, 19);
}

/* --- the head --------------------------------------------------------------------------------------------------------- */

function drawHead(view, job) {
    keep(
        view.head,
        [{state: job.state, version: job.version, name: job.name}],
        () => 'head',
        () =>
            h(
                'div',
                {},
                pageHead(
                    actions.titleOf(job),
                    actions.button('Run now', 'jobs:run', () => actions.runJob(view.job), 'primary'),
                    actions.button(job.state === 'PAUSED' ? 'Resume' : 'Pause', 'jobs:write', () => actions.togglePause(view.job)),
                    api.may('jobs:write') && h('a', {class: 'button', href: jobLink(view.id) + '/edit'}, 'Edit'),
                    actions.button('Delete', 'jobs:write', () => actions.deleteJob(view.job), 'danger'),
                ),
                h(
                    'p',
                    {class: 'under'},
                    state(job),
                    h('span', {class: 'dim small'}, 'version ', job.version),
                    h('span', {class: 'id'}, h('span', {class: 'dim mono cut'}, job.job_id), copyButton(job.job_id, 'the id')),
                ),
            ),
    );
    keep(
        view.trouble,
        troublesOf(job),
        text => text,
        text => h('p', {class: 'notice'}, text),
    );
}

function troublesOf(job) {
    const said = [];
    if (job.state === 'PAUSED')
        said.push(
            `Paused${job.state_since ? ' since ' + f.moment(Date.parse(job.state_since)) : ''}${job.state_by ? ' by ' + job.state_by : ''}${{gone: ', because its target answered 410', failures: ', after too many failures in a row'}[job.state_reason] ?? ''}${job.state_note ? ': ' + job.state_note : '.'}`,
        );
    if (job.state === 'BROKEN') said.push('Broken: ' + (job.error ?? 'what is stored cannot be read') + '.');
    const inARow = job.counts?.failures ?? job.counts?.failures_in_a_row ?? 0;
    if (inARow > 0)
        said.push(
            `It failed ${inARow === 1 ? 'the last time' : `${f.count(inARow)} times in a row`}${job.last_execution?.error ? ': ' + job.last_execution.error : ''}.`,
        );
    return said.concat((job.warnings ?? []).map(text => text.charAt(0).toUpperCase() + text.slice(1) + '.'));
}

/* --- the definition ------------------------------------------------------------------------------------------------- */

const GUARANTEE = {ATLEAST_ONCE: 'at least once', ATMOST_ONCE: 'at most once'};

function drawFacts(view, job) {
    const sentence = answers.describe(job, () => drawFacts(view, view.job));
    keep(
        view.facts,
        [{...job, next: null, last_execution: null, counts: null, sentence}],
        () => 'facts',
        () =>
            facts([
                [
                    'Schedule',
                    job.schedule &&
                        h(
                            'div',
                            {class: 'two'},
                            h('span', {}, sentence || job.schedule),
                            h('span', {class: 'dim'}, h('code', {}, job.schedule), ' ', job.timezone),
                        ),
                ],
                ['Calls', job.api && h('span', {class: 'mono'}, (job.method ?? 'GET') + ' ' + job.api)],
                ['Guarantee', GUARANTEE[job.type]],
                ['Description', job.description],
                ['Tags', job.tags?.map(tag => h('a', {class: 'tag', href: '#/jobs?tag=' + encodeURIComponent(tag)}, tag))],
                ['Signed with', job.signing && h('a', {href: '#/signing'}, job.signing)],
                [
                    'Headers',
                    job.headers &&
                        h(
                            'ul',
                            {class: 'plain mono'},
                            Object.entries(job.headers).map(([name, value]) => h('li', {}, `${name}: ${value}`)),
                        ),
                ],
                [
                    'Body',
                    job.body !== undefined
                        ? h('pre', {}, job.body)
                        : job.body_base64 && f.plural(Math.floor((job.body_base64.length * 3) / 4), 'byte'),
                ],
                ['Time-out', job.timeout_ms && f.duration(job.timeout_ms)],
                ['Time to connect', job.connect_timeout_ms && f.duration(job.connect_timeout_ms)],
                ['Redirects', job.follow_redirects === undefined ? null : `up to ${job.follow_redirects}`],
                ['Success', job.success && h('code', {}, JSON.stringify(job.success))],
                ['Retry', retrySentence(job)],
                [
                    'After an outage',
                    job.catch_up && `${job.catch_up}${job.catch_up_window_s ? `, up to ${f.span(job.catch_up_window_s * 1000)} late` : ''}`,
                ],
                ['Overlap', job.overlap],
                ['Jitter', job.jitter_ms && f.duration(job.jitter_ms)],
                ['Window', (job.starts_at || job.ends_at) && `${job.starts_at ?? '…'} to ${job.ends_at ?? '…'}`],
                ['Runs at most', job.max_runs && f.count(job.max_runs)],
                ['Pauses after', job.pause_after_failures && f.plural(job.pause_after_failures, 'failure')],
                ['On failure', job.on_failure_url && h('span', {class: 'mono'}, job.on_failure_url)],
                ['On recovery', job.on_recovery_url && h('span', {class: 'mono'}, job.on_recovery_url)],
                [
                    'Latest notice',
                    job.last_notice &&
                        `${job.last_notice.event}, ${job.last_notice.state.replace('_', ' ')} (${f.plural(job.last_notice.attempts, 'attempt')})`,
                ],
                ['Created', f.time(Date.parse(job.created_at))],
            ]),
    );
}

/* Only what the job says of it: the defaults are in the documentation. */
function retrySentence({retry: r = {}, retry_client_errors: any4xx, retry_unsent: unsent}) {
    const from = r.min_backoff_ms && f.duration(r.min_backoff_ms),
        to = r.max_backoff_ms && f.duration(r.max_backoff_ms);
    return [
        r.max_attempts && f.plural(r.max_attempts, 'attempt'),
        from && to ? `backoff from ${from} to ${to}` : from ? `first backoff ${from}` : to && `backoff up to ${to}`,
        r.multiplier && `× ${r.multiplier} each`,
        r.jitter === 'none' && 'without jitter',
        r.max_duration_ms && `for ${f.duration(r.max_duration_ms)} at most`,
        any4xx && 'after any 4xx, too',
        unsent && 'only if nothing was sent',
    ]
        .filter(Boolean)
        .join(', ');
}

/* --- attempts --------------------------------------------------------------------------------------------------------- */

function countsOf(job, executions) {
    const c = job.counts,
        times = executions
            .filter(e => e.execution_time_ms > 0)
            .map(e => e.time_taken_ms)
            .sort((a, b) => a - b);
    if (!c || executions.length === 0) return '\u00a0';
    const bad = executions.filter(e => f.isBad(e.outcome)).length;
    return (
        `Of the latest ${c.of_latest}: ${bad === 0 ? 'none went wrong' : `${f.count(bad)} went wrong`}` +
        (times.length > 0 ? `; median ${f.duration(times[Math.floor(times.length / 2)])}, longest ${f.duration(times.at(-1))}.` : '.') +
        ' Click a column to ask why.'
    );
}

function drawList(view) {
    const list = view.isWhole ? view.executions : view.executions.slice(0, LISTED);
    view.all.hidden = list.length === view.executions.length;
    view.list.set(
        list,
        e => e.id,
        e => {
            const phases = charts.phasesOf(e);
            return [
                f.time(e.scheduled_time_ms),
                outcomeLink(e),
                f.took(e),
                e.execution_time_ms > 0 ? f.duration(e.lateness_ms) : '–',
                ...charts.PHASES.map(name => h('span', {class: 'dim'}, phases && phases[name] > 0 ? f.duration(phases[name]) : '')),
                cause(e),
                h(
                    'button',
                    {
                        type: 'button',
                        class: 'quiet',
                        'aria-label': `Why, at ${f.moment(e.scheduled_time_ms)}`,
                        onclick: () => ask(view, e.scheduled_time_ms),
                    },
                    'why',
                ),
            ];
        },
    );
}

async function ask(view, ms) {
    if (!Number.isFinite(ms)) return;
    view.at.value = localInput(ms);
    setQuery({why: String(ms)});
    const answer = await api.why(view.id, f.isoUtc(Math.floor(ms / 1000) * 1000 === ms ? ms : ms));
    fill(view.answer, whyView(answer));
    view.answer.scrollIntoView({block: 'nearest'});
}

/* --- dead letters ------------------------------------------------------------------------------------------------------ */

function drawDead(view, {dead, next_cursor: more}) {
    if (dead.length === 0) return fill(view.dead);
    const n = f.count(dead.length) + (more ? '+' : '');
    return keep(
        view.dead,
        [{n}],
        () => 'dead',
        () =>
            section(
                'Dead letters',
                null,
                h(
                    'p',
                    {},
                    `${n} occurrence${dead.length === 1 ? '' : 's'} of this job ${dead.length === 1 ? 'is' : 'are'} dead: retries are exhausted. `,
                    h('a', {href: '#/dead?job=' + view.id}, 'Redrive or discard them'),
                ),
            ),
    );
}
