/* What fails, how late calls are, what comes next, who calls. */
import * as actions from '../actions.js';
import * as answers from '../answers.js';
import * as api from '../api.js';
import * as charts from '../charts.js';
import {fill, h, keep, setText} from '../dom.js';
import * as f from '../format.js';
import {choice, countdown, jobName, legend, runnersTable, section, showRunners, table} from '../parts.js';
import {executionLink, go, jobLink, link} from '../router.js';

const WINDOWS = [
    ['1', 'minute'],
    ['60', 'hour'],
    ['480', '8 h'],
];

export async function show(main, route) {
    const view = build(route);
    fill(main, view.nodes);
    return {
        title: 'Overview',
        every_ms: 2000,
        refresh: () => refresh(view),
        keys: {
            r: id => id && actions.runJob({job_id: id}),
            p: id => id && actions.togglePause(view.failing.get(id)),
            y: id => id && go(jobLink(id) + '?why=' + view.failing.get(id)?.at_ms),
            e: id => id && go(jobLink(id) + '/edit'),
        },
    };
}

function build(route) {
    const view = {window: route.query.get('last') ?? '60', failing: new Map(), figures: null};
    view.verdict = h('p', {class: 'verdict', role: 'status'}, '\u00a0');
    view.strip = h('div', {class: 'strip'});
    keep(view.strip, placeholders(), item => item.label, figure);
    view.late = h('div', {class: 'plot'});
    view.minutes = h('div', {class: 'plot'});
    view.lateNote = h('p', {class: 'hint'}, '\u00a0');
    view.minutesNote = h('p', {class: 'hint'}, '\u00a0');
    view.groups = h('div', {class: 'groups'});
    view.next = table(
        'What comes next',
        [
            ['When', 'time'],
            ['', 'fit'],
            ['Job', 'grow'],
            ['Host', 'wide'],
        ],
        {empty: 'No job has an instant ahead.', rows: {href: e => jobLink(e.job_id)}},
    );
    view.nextNote = h('p', {class: 'hint'});
    view.runners = runnersTable();
    view.redis = h('p', {class: 'hint', id: 'redis'}, '\u00a0');
    const toggle = choice('Period', WINDOWS, view.window, value => {
        view.window = value;
        history.replaceState(null, '', link('', {last: value === '60' ? '' : value}));
        drawCharts(view);
    });
    view.nodes = [
        h('h1', {class: 'hidden'}, 'Overview'),
        view.verdict,
        view.strip,
        section('Failing now', null, view.groups),
        h(
            'div',
            {class: 'pair'},
            section('Lateness', toggle, view.late, view.lateNote),
            section(
                'Calls by the minute',
                legend(charts.KINDS.map(([kind, word]) => ['kind-' + kind, word])),
                view.minutes,
                view.minutesNote,
            ),
        ),
        h(
            'div',
            {class: 'pair'},
            section('Next', null, view.next.node, view.nextNote),
            section('Runners and Redis', h('a', {href: '#/runners'}, 'All'), view.runners.node, view.redis),
        ),
    ];
    return view;
}

const placeholders = () =>
    ['calls a second', 'success, 5 min', 'lateness, p99', 'overdue', 'failing', 'dead letters'].map(label => ({label, value: '–'}));

function figure({label, value, unit, tone, href, values}) {
    const number = h('b', {class: tone ?? ''}, value, unit && h('small', {}, '\u2009' + unit));
    return h(
        href ? 'a' : 'div',
        {class: 'figure', href},
        h('span', {}, label),
        number,
        values ? charts.spark(values) : h('span', {class: 'spark'}),
    );
}

async function refresh(view) {
    const [figures, failing, next, health, runners] = await Promise.all([
        answers.figures(),
        answers.failing(),
        answers.upcoming(10),
        api.health(),
        answers.runners(),
    ]);
    const overdue = figures.overdue ?? next.overdue ?? null;
    view.figures = figures;
    view.failing = new Map(failing.jobs.map(job => [job.job_id, job]));
    drawFigures(view, figures, failing, overdue);
    drawCharts(view);
    drawFailing(view, failing);
    view.next.set(
        next.entries,
        e => e.job_id + e.at_ms,
        e => [f.time(e.at_ms), countdown(e.at_ms), jobName(e), h('span', {class: 'dim'}, e.host)],
    );
    setText(view.nextNote, next.partial ? 'Of the first 200 jobs only: this server does not list what comes next.' : '');
    showRunners(view.runners, runners);
    drawRedis(view, health, figures);
    drawVerdict(view, {failing, overdue, health, runners, figures});
}

function drawFigures(view, s, failing, overdue) {
    const [number, unit] = s.p99_ms === null ? ['–'] : s.p99_ms === Infinity ? ['> 1', 'h'] : f.duration(s.p99_ms).split(' ');
    const hour = s.minutes.filter(m => m.at_ms > Date.now() - 3_600_000);
    keep(
        view.strip,
        [
            {label: 'calls a second', value: f.rate(s.calls_per_second), values: series(hour), href: '#/activity'},
            {
                label: 'success, 5 min',
                value: s.success_ratio === null ? '–' : f.percent(s.success_ratio).split(' ')[0],
                unit: s.success_ratio === null ? '' : '%',
                tone: s.success_ratio !== null && s.success_ratio < 0.8 ? 'bad' : '',
                href: '#/activity?outcome=failed',
            },
            {label: 'lateness, p99', value: number, unit, tone: s.p99_ms > 1000 ? 'warn' : ''},
            {label: 'overdue', value: overdue === null ? '–' : f.count(overdue), tone: overdue > 0 ? 'bad' : ''},
            {
                label: 'failing',
                value: f.count(s.failing ?? failing.jobs.length) + (s.failing === null && failing.partial ? '+' : ''),
                tone: failing.jobs.length > 0 ? 'bad' : '',
                href: '#/jobs?health=failing',
            },
            {label: 'dead letters', value: f.count(s.dead) + (s.deadIsMore ? '+' : ''), tone: s.dead > 0 ? 'warn' : '', href: '#/dead'},
        ],
        item => item.label,
        figure,
    );
}

/* Calls of each of the last 60 minutes. */
function series(minutes) {
    const now = Math.floor(Date.now() / 60_000),
        values = new Array(60).fill(0);
    for (const m of minutes) values[59 - (now - m.at_ms / 60_000)] = m.ok + m.bad;
    return values;
}

function drawCharts(view) {
    const s = view.figures;
    if (s === null) return;
    const minutes = Number(view.window),
        since = Date.now() - minutes * 60_000 - 60_000;
    const counts = answers.merge(s.minutes.filter(m => m.at_ms >= since).map(m => m.lateness));
    const median = answers.quantileOf(counts, 0.5),
        p99 = answers.quantileOf(counts, 0.99),
        all = counts.reduce((a, b) => a + b, 0);
    fill(view.late, charts.latenessChart(counts, median, p99));
    setText(
        view.lateNote,
        all === 0
            ? 'No call in this time.'
            : `${f.plural(all, 'call')}${s.source ? ` of ${s.source}` : ''}: half of them began within ${charts.boundOf(median)} of their instant, 99 % within ${charts.boundOf(p99)}.`,
    );
    fill(view.minutes, charts.minutesChart(s.minutes, Math.max(60, minutes)));
    setText(view.minutesNote, s.isFull ? `From ${s.source}: older minutes may lack some.` : '\u00a0');
}

/* Jobs that fail for the same cause at the same host stand together. */
function drawFailing(view, {jobs, partial}) {
    const groups = new Map();
    for (const job of jobs) {
        const key = `${job.host}\n${job.error_class || 'status'}`;
        groups.set(key, [...(groups.get(key) ?? []), job]);
    }
    if (jobs.length === 0)
        return keep(
            view.groups,
            [0],
            () => 'none',
            () => h('p', {class: 'calm'}, h('span', {class: 'mark good', 'aria-hidden': 'true'}, '✓'), 'No job fails.'),
        );
    const list = [...groups].map(([key, members]) => ({key, members})).sort((a, b) => b.members.length - a.members.length);
    keep(
        view.groups,
        list,
        group => group.key,
        group => failingGroup(group, partial),
    );
    return undefined;
}

function failingGroup({key, members}) {
    const [host, error] = key.split('\n');
    const active = members.filter(job => job.state === 'ACTIVE');
    const tools = h(
        'div',
        {class: 'tools'},
        active.length > 1 &&
            actions.button(
                `Pause all ${active.length}`,
                'jobs:write',
                () => actions.pauseJobs(active),
                '',
                `Pause all ${active.length} that fail at ${host}`,
            ),
        host && h('a', {class: 'button', href: link('jobs', {host: host.replace(/:\d+$/, '')})}, 'Jobs of this host'),
    );
    const list = table(
        `Jobs that fail at ${host} with ${error}`,
        [
            ['Job', 'grow'],
            ['Since', 'time'],
            ['In a row', 'num wide'],
            ['Latest', 'grow wide'],
            ['', 'acts'],
        ],
        {rows: {href: job => jobLink(job.job_id)}},
    );
    list.set(members, job => job.job_id, failingRow);
    return h(
        'div',
        {class: 'group'},
        h(
            'div',
            {class: 'head'},
            h(
                'h3',
                {},
                h('span', {class: 'mark bad', 'aria-hidden': 'true'}, '✗'),
                f.plural(members.length, 'job'),
                h('span', {class: 'label'}, error),
                h('span', {class: 'mono'}, host),
            ),
            tools,
        ),
        list.node,
    );
}

function failingRow(job) {
    return [
        h('span', {}, jobName(job), job.state === 'PAUSED' && h('span', {class: 'state warn'}, 'paused')),
        h('span', {}, !job.isSinceExact && h('span', {class: 'dim'}, 'before '), f.time(job.since_ms)),
        job.in_a_row === null ? '–' : f.count(job.in_a_row),
        h('a', {class: 'plain cause', href: job.last_id ? executionLink(job.last_id) : jobLink(job.job_id)}, job.error || job.error_class),
        h(
            'div',
            {class: 'acts'},
            h(
                'a',
                {class: 'button', href: jobLink(job.job_id) + '?why=' + job.at_ms, 'aria-label': `Why did ${actions.titleOf(job)} fail`},
                'Why',
            ),
            actions.button('Run', 'jobs:run', () => actions.runJob(job), 'wide'),
            actions.button(job.state === 'PAUSED' ? 'Resume' : 'Pause', 'jobs:write', () => actions.togglePause(job)),
        ),
    ];
}

function drawRedis(view, health, figures) {
    const redis = figures.redis,
        said = health.checks?.redis ?? '–';
    fill(
        view.redis,
        'Redis: ',
        h('span', {class: said === 'healthy' ? '' : 'bad'}, said),
        redis?.memory_used_bytes
            ? `, ${f.bytes(redis.memory_used_bytes)}${redis.memory_max_bytes ? ` of ${f.bytes(redis.memory_max_bytes)}` : ''}`
            : '',
        '. ',
        (health.warnings ?? []).map(text => h('span', {class: 'warn'}, '⚠ ' + text + ' ')),
    );
}

/* One line that is true: the worst first. */
function drawVerdict(view, {failing, overdue, health, runners, figures}) {
    const said = [],
        good = [];
    if (health.status !== 'healthy') said.push(`Redis is ${health.checks?.redis ?? 'away'}: jobs can be neither stored nor called.`);
    if (runners.runners !== null && runners.runners.length === 0) said.push('No runner is alive: nothing is called.');
    if (overdue > 0) said.push(`${f.plural(overdue, 'occurrence')} overdue.`);
    if (failing.jobs.length > 0) said.push(failingSentence(failing, figures));
    if (overdue === 0) good.push('nothing is overdue');
    if (runners.runners !== null) good.push(f.plural(runners.runners.length, 'runner'));
    good.push('Redis is ' + (health.checks?.redis ?? '–'));
    const isWell = said.length === 0;
    view.verdict.className = 'verdict ' + (isWell ? 'good' : 'bad');
    const text = isWell ? `All is well: no job fails, ${good.join(', ')}.` : said.join(' ');
    if (view.verdict.dataset.text === text) return;
    view.verdict.dataset.text = text;
    fill(view.verdict, h('span', {class: 'mark', 'aria-hidden': 'true'}, isWell ? '✓' : '✗'), h('span', {}, text));
}

/* How many, since when, and where: "3 jobs have been failing since 02:14: 2 with connect at api.example.com, 1 with http at …" */
function failingSentence({jobs, partial}, figures) {
    const first = jobs.reduce((a, b) => (b.since_ms < a.since_ms ? b : a)),
        n = figures.failing ?? jobs.length;
    const causes = new Map();
    for (const {error_class, error: text, host} of jobs) {
        const error = error_class === 'http' && text ? text : error_class; // the status says more
        const cause = [error && 'with ' + error, host && 'at ' + host].filter(Boolean).join(' ');
        causes.set(cause, (causes.get(cause) ?? 0) + 1);
    }
    const sorted = [...causes].sort((a, b) => b[1] - a[1]).slice(0, 2);
    const where =
        causes.size === 1
            ? ` ${n === 1 ? '' : n === 2 ? 'both ' : 'all '}${sorted[0][0]}`
            : ' ' + sorted.map(([cause, m]) => `${f.count(m)} ${cause}`).join(', ') + (causes.size > 2 ? ', and others' : '');
    return `${f.count(n)}${partial ? ' or more' : ''} ${n === 1 ? 'job has' : 'jobs have'} been failing since ${first.isSinceExact ? '' : 'before '}${f.moment(first.since_ms)}${n === 1 ? '' : ':'}${where}.`;
}
