/* The table of runners, on the overview and on its own screen: those that are alive, or those that the latest executions name. */
import {fill, h} from '../dom.js';
import * as f from '../format.js';
import {table} from '../parts.js';

const LEASE_MS = 10_000;

export function runnersTable() {
    return {node: h('div'), list: null, isSeen: null};
}

export function showRunners(view, {runners, seen}) {
    if (view.isSeen !== (runners === null)) {
        view.isSeen = runners === null;
        view.list = view.isSeen ? table('Runners that the latest executions name', [['Runner', 'grow'], ['Last call', 'time'], ['Calls', 'num'], ['Went wrong', 'num']], {empty: 'None has called anything yet.'})
            : table('Runners', [['Runner', 'grow'], ['Lease', ''], ['Under way', 'num'], ['Held', 'num wide'], ['Since', 'time wide']], {empty: 'No runner is alive.'});
        fill(view.node, view.list.node);
    }
    if (view.isSeen) view.list.set(seen, r => r.id, r => [h('span', {class: 'mono'}, r.id), f.time(r.last_ms), f.count(r.calls), f.count(r.bad)]);
    else view.list.set(runners, r => r.id ?? r.runner, runnerRow);
}

function runnerRow(r) {
    const left = r.lease_ms ?? (r.lease_seconds ?? 0) * 1000;
    const lease = h('meter', {min: 0, max: LEASE_MS, low: LEASE_MS / 4, value: Math.max(0, left), 'aria-label': `${f.span(left)} left of the lease`});
    return [h('span', {class: 'mono'}, r.id ?? r.runner, r.version && h('span', {class: 'dim'}, ' ' + r.version)), h('span', {class: 'lease'}, lease, h('span', {class: 'dim'}, f.span(left))),
        r.in_flight === undefined ? '–' : f.count(r.in_flight), r.held === undefined ? '–' : f.count(r.held), r.since ? f.time(typeof r.since === 'string' ? Date.parse(r.since) : r.since) : '–'];
}
