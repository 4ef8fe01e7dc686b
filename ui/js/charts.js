/* Charts: SVG of bars, placed in per cent across and in pixels down, so that they fit any width and their text keeps its size. Each is
 * one image to a screen reader, with a sentence; the page has the same figures as a table. */
import {LATENESS} from './answers.js';
import {h} from './dom.js';
import {count, duration, isBad, isoUtc, moment, outcomeOfLetter, plural} from './format.js';

const PLOT = 120; // px that bars may be high
const TOP = 18; // px above them, for marks
const pc = n => n.toFixed(3) + '%';

function chart(label, height, className, ...children) {
    return h('svg', {class: 'chart ' + className, width: '100%', height, role: 'img', 'aria-label': label}, children);
}

/* --- lateness ----------------------------------------------------------------------------------------------------- */

const SHOWN = new Set([1, 10, 100, 1000, 10_000, 60_000, 3_600_000]); // bounds that are written below: all of them would not fit

export const boundLabel = ms => (ms < 1000 ? `${ms} ms` : ms < 60_000 ? `${ms / 1000} s` : ms < 3_600_000 ? `${ms / 60_000} m` : '1 h');

export function latenessChart(counts, median, p99) {
    const top = Math.max(1, ...counts),
        width = 100 / counts.length,
        all = counts.reduce((a, b) => a + b, 0);
    const label =
        all === 0
            ? 'No call yet.'
            : `Lateness of ${plural(all, 'call')}: half of them within ${boundOf(median)}, 99 % within ${boundOf(p99)}.`;
    return chart(
        label,
        TOP + PLOT + 20,
        'lateness',
        h('line', {class: 'axis', x1: '0', x2: '100%', y1: TOP + PLOT + 0.5, y2: TOP + PLOT + 0.5}),
        counts.map((n, i) =>
            h(
                'g',
                {},
                bar(
                    i * width,
                    width,
                    n,
                    top,
                    i >= LATENESS.indexOf(1000) + 1 ? 'late' : 'bar',
                    `${plural(n, 'call')} up to ${boundOf(LATENESS[i] ?? Infinity)} late`,
                ),
                h(
                    'text',
                    {x: pc((i + 0.5) * width), y: TOP + PLOT + 15, class: 'middle'},
                    SHOWN.has(LATENESS[i]) ? boundLabel(LATENESS[i]) : '',
                ),
            ),
        ),
        mark(counts, median, 'p50', width),
        mark(counts, p99, 'p99', width),
    );
}

export const boundOf = ms => (ms === null ? '–' : ms === Infinity ? 'more than 1 h' : boundLabel(ms));

function bar(x, width, n, top, className, title) {
    const height = n === 0 ? 0 : Math.max(2, (PLOT * n) / top);
    return h(
        'rect',
        {class: className, x: pc(x + width * 0.08), width: pc(width * 0.84), y: TOP + PLOT - height, height},
        h('title', {}, title),
    );
}

function mark(counts, value, name, width) {
    if (value === null) return null;
    const i = value === Infinity ? counts.length - 1 : LATENESS.findIndex(bound => bound >= value);
    const x = pc((i + (name === 'p50' ? 0.3 : 0.7)) * width);
    return h(
        'g',
        {class: 'quantile'},
        h('line', {x1: x, x2: x, y1: name === 'p50' ? 16 : 4, y2: TOP + PLOT}),
        h(
            'text',
            {x, y: 13, dx: name === 'p50' ? -3 : 4, class: name === 'p50' && i > 0 ? 'end' : ''},
            name === 'p50' && i === 0 && counts.length > 0 ? '' : name,
        ),
    );
}

/* --- calls by the minute -------------------------------------------------------------------------------------------- */

export const KINDS = [
    ['ok', 'succeeded'],
    ['bad', 'failed'],
    ['missed', 'missed'],
    ['skipped', 'skipped'],
];

/* The last `span` minutes until now, one column each. */
export function minutesChart(minutes, span) {
    const now = Math.floor(Date.now() / 60_000),
        from = now - span + 1;
    const shown = minutes.filter(m => m.at_ms / 60_000 >= from);
    const top = Math.max(1, ...shown.map(m => m.ok + m.bad + m.missed + m.skipped)),
        width = 100 / span;
    const sum = kind => shown.reduce((n, m) => n + m[kind], 0);
    const label =
        `The last ${plural(span, 'minute')}: ` +
        KINDS.map(([kind, word]) => `${count(sum(kind))} ${word}`).join(', ') +
        `; at most ${count(top)} in a minute.`;
    return chart(
        label,
        TOP + PLOT + 20,
        'minutes',
        h('line', {class: 'grid', x1: '0', x2: '100%', y1: TOP + 0.5, y2: TOP + 0.5}),
        h('text', {x: '0', y: TOP - 5}, `${count(top)} a minute`),
        h('line', {class: 'axis', x1: '0', x2: '100%', y1: TOP + PLOT + 0.5, y2: TOP + PLOT + 0.5}),
        shown.map(m => column(m, (m.at_ms / 60_000 - from) * width, width, top)),
        [0, 0.5, 1].map(part =>
            h(
                'text',
                {x: pc(100 * part), y: TOP + PLOT + 15, class: part === 0 ? '' : part === 1 ? 'end' : 'middle'},
                part === 1 ? 'now' : moment((from + part * span) * 60_000).replace(/:\d\d$/, ''),
            ),
        ),
    );
}

function column(minute, x, width, top) {
    let y = TOP + PLOT;
    const title =
        `${moment(minute.at_ms)}: ` +
        KINDS.filter(([kind]) => minute[kind] > 0)
            .map(([kind, word]) => `${count(minute[kind])} ${word}`)
            .join(', ');
    return h(
        'g',
        {},
        h('title', {}, title),
        KINDS.map(([kind]) => {
            if (minute[kind] === 0) return null;
            const height = Math.max(1.5, (PLOT * minute[kind]) / top);
            y -= height;
            return h('rect', {class: 'kind-' + kind, x: pc(x + width * 0.1), width: pc(width * 0.8), y, height});
        }),
    );
}

/* --- the attempts of a job ------------------------------------------------------------------------------------------- */

export const PHASES = ['dns', 'connect', 'tls', 'wait', 'receive'];

/* How long each phase of a call took, in ms; null if there was no call. */
export function phasesOf(execution) {
    const t = execution.timings_us;
    if (!t) return null;
    const [dns, connect, tls] = [t.dns ?? 0, t.connect ?? 0, t.tls ?? 0],
        before = dns + connect + tls,
        total = t.total ?? execution.time_taken_ms * 1000;
    const first = t.first_byte ?? total;
    return {
        dns: dns / 1000,
        connect: connect / 1000,
        tls: tls / 1000,
        wait: Math.max(0, first - before) / 1000,
        receive: Math.max(0, total - Math.max(first, before)) / 1000,
    };
}

/* Newest last. pick(execution) when a column is clicked; the table below the chart has a button for the same. */
export function timeline(executions, pick) {
    const list = [...executions].reverse(),
        width = 100 / Math.max(list.length, 40),
        top = Math.max(1, ...list.map(e => e.time_taken_ms));
    const bad = list.filter(e => isBad(e.outcome)).length;
    const label =
        list.length === 0
            ? 'No attempt yet.'
            : `The latest ${plural(list.length, 'attempt')}, the longest ${duration(top)}; ${bad} went wrong. The table below lists them.`;
    return chart(
        label,
        TOP + PLOT + 18,
        'timeline',
        list.length > 0 && [
            h('line', {class: 'grid', x1: '0', x2: '100%', y1: TOP + 0.5, y2: TOP + 0.5}),
            h('text', {x: '0', y: TOP - 5}, duration(top)),
        ],
        h('line', {class: 'axis', x1: '0', x2: '100%', y1: TOP + PLOT + 0.5, y2: TOP + PLOT + 0.5}),
        list.map((e, i) => attempt(e, 100 - (list.length - i) * width, width, top, pick)),
    );
}

function attempt(e, x, width, top, pick) {
    const phases = phasesOf(e),
        whole = Math.max(e.time_taken_ms > 0 ? 3 : 0, (PLOT * e.time_taken_ms) / top);
    const sum = phases ? PHASES.reduce((n, name) => n + phases[name], 0) || 1 : 1;
    let y = TOP + PLOT;
    const piece = (className, height) =>
        h('rect', {class: className, x: pc(x + width * 0.1), width: pc(width * 0.8), y: (y -= height), height});
    return h(
        'g',
        {class: 'attempt', onclick: () => pick(e)},
        h('title', {}, `${isoUtc(e.scheduled_time_ms)} ${e.outcome}, ${duration(e.time_taken_ms)}`),
        h('rect', {class: 'hit', x: pc(x), width: pc(width), y: TOP, height: PLOT + 18}),
        phases ? PHASES.map(name => phases[name] > 0 && piece('phase-' + name, (whole * phases[name]) / sum)) : piece('phase-none', whole),
        sign(e.outcome, x, width),
    );
}

/* Below the axis: what went wrong, by shape as well as by colour. */
const SIGNS = {
    failed: ['sign-bad', 10],
    lost: ['sign-hollow', 9],
    unknown: ['sign-warn', 6],
    missed: ['sign-warn', 3],
    cancelled: ['sign-dim', 3],
    skipped: ['sign-dim', 3],
};

function sign(outcome, x, width) {
    const [className, height] = SIGNS[outcome] ?? [];
    return className && h('rect', {class: className, x: pc(x + width * 0.1), width: pc(width * 0.8), y: TOP + PLOT + 4, height});
}

/* --- small ones ------------------------------------------------------------------------------------------------------ */

/* The latest outcomes of a job as letters, newest first: shape says it as well as colour. */
export function marks(letters) {
    const list = [...letters].slice(0, 20).reverse(),
        bad = list.filter(c => isBad(outcomeOfLetter(c))).length;
    const label =
        list.length === 0
            ? 'no call yet'
            : `${bad === 0 ? 'all' : count(list.length - bad)} of the latest ${list.length} well, the newest ${outcomeOfLetter(letters[0])}`;
    const shapes = {
        s: ['good', 9, 5],
        f: ['bad', 0, 14],
        l: ['bad', 0, 14],
        u: ['warn', 3, 11],
        m: ['warn', 12, 2],
        c: ['dim', 12, 2],
        k: ['dim', 12, 2],
    };
    return h(
        'svg',
        {class: 'marks', width: 119, height: 14, role: 'img', 'aria-label': label},
        h('title', {}, label),
        list.map((letter, i) => {
            const [tone, y, height] = shapes[letter] ?? shapes.u;
            return h('rect', {class: tone, x: (20 - list.length + i) * 6, width: 4, y, height});
        }),
    );
}

export const letterOf = name =>
    ({succeeded: 's', failed: 'f', unknown: 'u', lost: 'l', missed: 'm', cancelled: 'c', skipped: 'k'})[name] ?? 'u';

export function spark(values) {
    const top = Math.max(1, ...values),
        width = 100 / Math.max(1, values.length);
    return h(
        'svg',
        {class: 'spark', width: '100%', height: 20, 'aria-hidden': 'true'},
        values.map((n, i) => {
            const height = n === 0 ? 1 : Math.max(2, (20 * n) / top);
            return h('rect', {x: pc(i * width), width: pc(width * 0.7), y: 20 - height, height});
        }),
    );
}

/* One bar of a waterfall, from and to in parts of the whole. */
export function spanBar(from, to, className) {
    return h(
        'svg',
        {class: 'span', width: '100%', height: 14, 'aria-hidden': 'true'},
        h('rect', {class: 'track', x: 0, width: '100%', y: 6, height: 2}),
        h('rect', {class: className, x: pc(100 * from), width: pc(Math.max(0.4, 100 * (to - from))), y: 0, height: 14}),
    );
}
