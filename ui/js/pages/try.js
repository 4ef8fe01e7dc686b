/* Try a definition once: a job of one instant, a second from now, whose answer is kept; its record is shown, and the job is deleted. */
import * as api from '../api.js';
import * as charts from '../charts.js';
import {fill, h, setText} from '../dom.js';
import * as f from '../format.js';
import {cause, phaseLegend, section} from '../parts.js';
import {pretty} from './execution.js';

const ASK_MS = 300;
const GIVE_UP_MS = 60_000;
// What makes no sense for one call, or would tell others of it.
const LEFT_OUT = [
    'name',
    'timezone',
    'starts_at',
    'ends_at',
    'jitter_ms',
    'max_runs',
    'catch_up',
    'catch_up_window_s',
    'catch_up_max',
    'overlap',
    'retry',
    'retry_client_errors',
    'retry_unsent',
    'pause_after_failures',
    'on_failure_url',
    'on_recovery_url',
];

export async function tryOnce(place, definition) {
    const tried = {
        ...definition,
        schedule: '@in 1s',
        type: 'ATMOST_ONCE',
        keep_response: true,
        tags: ['dronc-try'],
        description: `tried at ${f.isoUtc(Date.now())} (${Math.random().toString(36).slice(2, 8)})`,
    };
    for (const name of LEFT_OUT) delete tried[name];
    const {job_id: id} = await api.create(tried);
    const phase = h('p', {}, 'Waiting for a runner …');
    fill(place, section('Try', null, phase));
    place.scrollIntoView({block: 'nearest'});
    try {
        const execution = await outcomeOf(id, phase, place);
        if (execution !== null) show(place, execution);
    } finally {
        await api.remove(id).catch(() => null);
    }
}

async function outcomeOf(id, phase, place) {
    const begin = performance.now();
    while (performance.now() - begin < GIVE_UP_MS && place.isConnected) {
        const {executions} = await api.executionsOf(id, {limit: 1});
        if (executions.length > 0) return executions[0];
        const s = (performance.now() - begin) / 1000;
        setText(phase, s < 1.5 ? 'It is called in a moment …' : `Under way, or waiting for a runner: ${s.toFixed(0)} s …`);
        await new Promise(resolve => {
            setTimeout(resolve, ASK_MS);
        });
    }
    setText(phase, 'Nothing came of it within a minute. Is a runner alive?');
    return null;
}

function show(place, e) {
    const phases = charts.phasesOf(e),
        total = phases ? charts.PHASES.reduce((n, name) => n + phases[name], 0) || 1 : 1;
    let at = 0;
    fill(
        place,
        section(
            'Try',
            null,
            h(
                'p',
                {class: 'under'},
                f.outcome(e.outcome),
                e.status_code > 0 && h('span', {}, 'status ' + e.status_code),
                h('span', {class: 'dim'}, f.duration(e.time_taken_ms)),
                cause(e),
            ),
            phases &&
                h(
                    'ul',
                    {class: 'plain tries'},
                    charts.PHASES.filter(name => phases[name] > 0).map(name =>
                        h(
                            'li',
                            {},
                            h('span', {}, name),
                            charts.spanBar(at / total, (at += phases[name]) / total, 'phase-' + name),
                            h('span', {class: 'num'}, phases[name].toFixed(1) + ' ms'),
                        ),
                    ),
                ),
            phases && phaseLegend(),
            e.response !== undefined
                ? h('pre', {class: 'body', tabindex: 0, role: 'region', 'aria-label': 'Answer'}, pretty(e.response))
                : h('p', {class: 'dim'}, 'No body in the answer, or none that is text.'),
            h('p', {class: 'hint'}, 'The job that was made for this is deleted.'),
        ),
    );
}
