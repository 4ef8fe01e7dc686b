/* The table of runners, on the overview and on its own screen. */
import {h} from '../dom.js';
import * as f from '../format.js';
import {table} from '../parts.js';

const LEASE_MS = 10_000;

export function runnersTable() {
    return table('Runners', [['Runner', 'grow'], ['Lease', ''], ['Under way', 'num'], ['Held', 'num wide'], ['Since', 'time wide']], {empty: 'No runner is alive, or none has called anything yet.'});
}

export function showRunners(list, {runners, seen}) {
    if (runners !== null) return list.set(runners, r => r.id ?? r.runner, runnerRow);
    return list.set(seen, r => r.id, r => [h('span', {class: 'mono'}, r.id), h('span', {class: 'dim'}, 'not told'), '–', '–', h('span', {}, 'last call ', f.time(r.last_ms))]);
}

function runnerRow(r) {
    const left = r.lease_ms ?? (r.lease_seconds ?? 0) * 1000;
    return [h('span', {class: 'mono'}, r.id ?? r.runner, r.version && h('span', {class: 'dim'}, ' ' + r.version)), h('span', {class: 'lease'}, h('meter', {min: 0, max: LEASE_MS, low: LEASE_MS / 4, value: Math.max(0, left), 'aria-label': `${f.span(left)} left of the lease`}), h('span', {class: 'dim'}, f.span(left))),
        r.in_flight === undefined ? '–' : f.count(r.in_flight), r.held === undefined ? '–' : f.count(r.held), r.since ? f.time(typeof r.since === 'string' ? Date.parse(r.since) : r.since) : '–'];
}
