/* What several screens are made of. */
import * as answers from './answers.js';
import * as charts from './charts.js';
import {fill, h, keep} from './dom.js';
import * as f from './format.js';
import {executionLink, jobLink} from './router.js';

/* A table with a caption for screen readers. columns: [title, class]. set(items, key, cells) shows one row for each item. */
export function table(caption, columns, {empty = 'Nothing here.', rows = {}} = {}) {
    const body = h('tbody');
    const heads = columns.map(([title, className]) =>
        h('th', {scope: 'col', class: className}, title === '' ? h('span', {class: 'hidden'}, 'Actions') : title),
    );
    const node = h(
        'div',
        {class: 'scroll'},
        h('table', {}, h('caption', {class: 'hidden'}, caption), h('thead', {}, h('tr', {}, heads)), body),
    );
    const row = cells =>
        h(
            'tr',
            {},
            cells.map((cell, i) => h('td', {class: columns[i][1]}, cell)),
        );
    return {
        node,
        body,
        set(items, key, cells) {
            const list = items.length > 0 ? items : [null];
            keep(
                body,
                list,
                item => (item === null ? '' : key(item)),
                item =>
                    item === null
                        ? h('tr', {class: 'empty'}, h('td', {colspan: columns.length}, empty))
                        : rowWith(row(cells(item)), item, rows),
            );
        },
    };
}

function rowWith(row, item, {href, className}) {
    if (href) {
        row.dataset.href = href(item);
        row.tabIndex = -1;
    }
    if (className?.(item)) row.className = className(item);
    return row;
}

export function section(title, extra, ...children) {
    return h('section', {}, h('div', {class: 'head'}, h('h2', {}, title), extra), children);
}

export function pageHead(title, ...tools) {
    return h('div', {class: 'head page'}, h('h1', {}, title), tools.length > 0 && h('div', {class: 'tools'}, tools));
}

export function jobName(record) {
    const name = answers.nameOf(record);
    return h('a', {href: jobLink(record.job_id), class: name ? '' : 'mono', title: record.job_id}, name ?? f.shortId(record.job_id));
}

/* "failed, connect: connection refused" */
export function cause(e) {
    const text = f.reason(e);
    return h(
        'span',
        {class: e.outcome === 'succeeded' ? 'dim' : 'cause'},
        e.error_class && !text.startsWith(e.error_class) && h('span', {class: 'label'}, e.error_class),
        text,
    );
}

export const STATES = ['ACTIVE', 'PAUSED', 'COMPLETED', 'BROKEN'];

export function state(job) {
    const tone = {PAUSED: 'warn', BROKEN: 'bad'}[job.state] ?? 'dim';
    return h('span', {class: 'state ' + tone, title: job.state_note}, (job.state ?? '').toLowerCase());
}

/* How an attempt ended, leading to it. */
export const outcomeLink = e =>
    h(
        'a',
        {class: 'plain', href: executionLink(e.id)},
        f.outcome(e.outcome),
        f.missed(e),
        e.attempt > 1 && h('span', {class: 'dim'}, ` attempt ${e.attempt}`),
    );

export function executionRow(e) {
    const at = e.execution_time_ms || e.scheduled_time_ms;
    return [
        f.time(at),
        jobName(e),
        outcomeLink(e),
        f.took(e),
        e.execution_time_ms > 0 ? f.duration(e.lateness_ms) : h('span', {class: 'dim'}, '–'),
        cause(e),
    ];
}

export const EXECUTION_COLUMNS = [
    ['When', 'time'],
    ['Job', 'grow'],
    ['Outcome', 'fit fold'],
    ['Took', 'num wide'],
    ['Late', 'num wide'],
    ['Why', 'wide grow'],
];

export function field(label, control, {hint, error, id} = {}) {
    const name = id ?? control.id;
    return h(
        'div',
        {class: 'field'},
        h('label', {for: name}, label),
        control,
        hint && h('p', {class: 'hint', id: name + '-hint'}, hint),
        error,
    );
}

/* A row of choices of which one is taken: [value, text]. */
export function choice(label, options, value, pick) {
    const buttons = options.map(([each, text]) =>
        h(
            'button',
            {
                type: 'button',
                'aria-pressed': String(each === value),
                onclick: () => {
                    buttons.forEach((button, i) => button.setAttribute('aria-pressed', String(options[i][0] === each)));
                    pick(each);
                },
            },
            text,
        ),
    );
    return h('div', {class: 'choice', role: 'group', 'aria-label': label}, buttons);
}

export function copyButton(text, what) {
    return h(
        'button',
        {
            type: 'button',
            class: 'quiet',
            onclick: async event => {
                const button = event.currentTarget;
                try {
                    await navigator.clipboard.writeText(text);
                    button.textContent = 'copied';
                } catch {
                    button.textContent = 'not allowed';
                }
                setTimeout(() => {
                    button.textContent = 'copy';
                }, 1500);
            },
            'aria-label': 'Copy ' + what,
        },
        'copy',
    );
}

export const legend = items =>
    h(
        'p',
        {class: 'legend'},
        items.map(([className, text]) => h('span', {}, h('i', {class: className, 'aria-hidden': 'true'}), text)),
    );

export const phaseLegend = () => legend(charts.PHASES.map(name => ['phase-' + name, name]));

/* name: value pairs; those without a value are left out. */
export function facts(pairs) {
    return h(
        'dl',
        {class: 'facts'},
        pairs
            .filter(([, value]) => value !== null && value !== undefined && value !== '' && value !== false)
            .map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))),
    );
}

/* "in 3 m 20 s", kept true by the clock of app.js. */
export const countdown = ms => h('span', {class: 'countdown', 'data-until': ms}, f.relative(ms));

/* --- runners: those that are alive, or those that the latest executions name --------------------------------------- */

const LEASE_MS = 10_000;

export function runnersTable() {
    return {node: h('div'), list: null, isSeen: null};
}

export function showRunners(view, {runners, seen}) {
    if (view.isSeen !== (runners === null)) {
        view.isSeen = runners === null;
        view.list = view.isSeen
            ? table(
                  'Runners that the latest executions name',
                  [
                      ['Runner', 'grow'],
                      ['Last call', 'time'],
                      ['Calls', 'num'],
                      ['Went wrong', 'num'],
                  ],
                  {empty: 'None has called anything yet.'},
              )
            : table(
                  'Runners',
                  [
                      ['Runner', 'grow'],
                      ['Lease', ''],
                      ['Under way', 'num'],
                      ['Held', 'num wide'],
                      ['Since', 'time wide'],
                  ],
                  {empty: 'No runner is alive.'},
              );
        fill(view.node, view.list.node);
    }
    if (view.isSeen)
        view.list.set(
            seen,
            r => r.id,
            r => [h('span', {class: 'mono'}, r.id), f.time(r.last_ms), f.count(r.calls), f.count(r.bad)],
        );
    else view.list.set(runners, r => r.id ?? r.runner, runnerRow);
}

function runnerRow(r) {
    const left = r.lease_ms ?? (r.lease_seconds ?? 0) * 1000;
    const lease = h('meter', {
        min: 0,
        max: LEASE_MS,
        low: LEASE_MS / 4,
        value: Math.max(0, left),
        'aria-label': `${f.span(left)} left of the lease`,
    });
    return [
        h('span', {class: 'mono'}, r.id ?? r.runner, r.version && h('span', {class: 'dim'}, ' ' + r.version)),
        h('span', {class: 'lease'}, lease, h('span', {class: 'dim'}, f.span(left))),
        r.in_flight === undefined ? '–' : f.count(r.in_flight),
        r.held === undefined ? '–' : f.count(r.held),
        r.since ? f.time(typeof r.since === 'string' ? Date.parse(r.since) : r.since) : '–',
    ];
}
