/* How instants, durations, numbers and outcomes are written. Times are in UTC or in the reader's zone: one switch for all. */
import {h} from './dom.js';

let isUtc = read('utc') === '1';

function read(name) {
    try {
        return localStorage.getItem('dronc.' + name);
    } catch {
        return null;
    }
}

export function remember(name, value) {
    try {
        localStorage.setItem('dronc.' + name, value);
    } catch {
        /* a browser may forbid it */
    }
}

export const recall = read;
export const showsUtc = () => isUtc;
export const localZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

export function switchZone() {
    isUtc = !isUtc;
    remember('utc', isUtc ? '1' : '0');
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const two = n => String(n).padStart(2, '0');

function parts(ms) {
    const d = new Date(ms);
    return isUtc
        ? [d.getUTCFullYear(), d.getUTCMonth(), d.getUTCDate(), d.getUTCHours(), d.getUTCMinutes(), d.getUTCSeconds()]
        : [d.getFullYear(), d.getMonth(), d.getDate(), d.getHours(), d.getMinutes(), d.getSeconds()];
}

export function clock(ms) {
    const p = parts(ms);
    return p.slice(3).map(two).join(':');
}

/* As short as it can be without doubt: the day only if it is not today, the year only if it is another one. */
export function moment(ms) {
    const p = parts(ms),
        now = parts(Date.now());
    if (p[0] === now[0] && p[1] === now[1] && p[2] === now[2]) return clock(ms);
    return p[0] === now[0] ? `${p[2]} ${MONTHS[p[1]]} ${clock(ms)}` : `${p[2]} ${MONTHS[p[1]]} ${p[0]} ${clock(ms).slice(0, 5)}`;
}

export function isoUtc(ms) {
    return new Date(ms).toISOString().replace(/\.000Z$/, 'Z');
}

export function time(ms, text) {
    if (!ms) return h('span', {class: 'dim'}, '–');
    return h('time', {datetime: new Date(ms).toISOString(), title: isoUtc(ms)}, text ?? moment(ms));
}

/* "340 ms", "2.4 s", "3 m 5 s": two units at most. */
export function duration(ms) {
    if (ms === null || ms === undefined || Number.isNaN(ms)) return '–';
    if (ms < 10) return Math.round(ms * 10) / 10 + ' ms';
    if (ms < 1000) return Math.round(ms) + ' ms';
    if (ms < 60_000) return Math.round(ms / 100) / 10 + ' s';
    return span(ms);
}

/* Whole seconds and more: "12 s", "3 m 5 s", "2 h 4 m", "3 d 2 h". */
export function span(ms) {
    const s = Math.max(0, Math.floor(ms / 1000));
    if (s < 60) return s + ' s';
    if (s < 3600) return `${Math.floor(s / 60)} m ${two(s % 60)} s`;
    if (s < 86_400) return `${Math.floor(s / 3600)} h ${two(Math.floor((s % 3600) / 60))} m`;
    return `${Math.floor(s / 86_400)} d ${two(Math.floor((s % 86_400) / 3600))} h`;
}

export function relative(ms) {
    const away = ms - Date.now();
    if (away <= 0 && away > -1500) return 'now';
    return away >= 0 ? 'in ' + span(away + 999) : span(-away) + ' ago';
}

const grouped = new Intl.NumberFormat('en', {maximumFractionDigits: 0});
export const count = n => grouped.format(n);

export function rate(n) {
    if (n === 0) return '0';
    if (n < 0.1) return n.toFixed(2);
    return n < 100 ? n.toFixed(1) : count(n);
}

export function percent(part) {
    if (part === 1) return '100 %';
    return (part >= 0.9995 ? '99.9' : (part * 100).toFixed(1)) + ' %';
}

export function bytes(n) {
    if (n < 1024) return n + ' B';
    if (n < 1024 ** 2) return (n / 1024).toFixed(1) + ' KiB';
    return n < 1024 ** 3 ? (n / 1024 ** 2).toFixed(1) + ' MiB' : (n / 1024 ** 3).toFixed(1) + ' GiB';
}

export const plural = (n, one, many = one + 's') => `${count(n)} ${n === 1 ? one : many}`;

/* --- outcomes: a mark, a word and a colour ----------------------------------------------------------------------- */

export const OUTCOMES = {
    succeeded: {mark: '✓', tone: 'good'},
    failed: {mark: '✗', tone: 'bad'},
    unknown: {mark: '?', tone: 'warn'},
    lost: {mark: '∅', tone: 'bad'},
    missed: {mark: '–', tone: 'warn'},
    cancelled: {mark: '⊘', tone: 'dim'},
    skipped: {mark: '»', tone: 'dim'},
};
const LETTERS = {s: 'succeeded', f: 'failed', u: 'unknown', l: 'lost', m: 'missed', c: 'cancelled', k: 'skipped'};

export const isBad = name => name === 'failed' || name === 'lost' || name === 'unknown';
export const outcomeOfLetter = letter => LETTERS[letter] ?? 'unknown';

export function outcome(name) {
    const {mark, tone} = OUTCOMES[name] ?? {mark: '?', tone: 'dim'};
    return h('span', {class: 'outcome ' + tone}, h('span', {class: 'mark', 'aria-hidden': 'true'}, mark), name);
}

/* How long a call took: its record has whole milliseconds, its timings have more. */
export function took(e) {
    return e.execution_time_ms > 0 ? duration(e.time_taken_ms > 0 || !e.timings_us ? e.time_taken_ms : e.timings_us.total / 1000) : '–';
}

/* --- names ------------------------------------------------------------------------------------------------------ */

export const shortId = id => id.replace(/^capi:/, '').slice(0, 12) + '…';

export function hostOf(url) {
    try {
        return new URL(url).host;
    } catch {
        return '';
    }
}

/* What went wrong, as short as the record has it. */
export function reason(execution) {
    if (execution.error) return execution.error;
    return execution.status_code > 0 ? 'status ' + execution.status_code : '';
}

export function missed(execution) {
    return execution.missed_count > 1 ? ` × ${count(execution.missed_count)}` : '';
}
