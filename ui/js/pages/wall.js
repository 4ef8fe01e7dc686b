/* For a screen on the wall: figures large, nothing to press, and "no signal" rather than what is old. */
import * as answers from '../answers.js';
import * as api from '../api.js';
import {fill, h, keep, setText} from '../dom.js';
import * as f from '../format.js';

const OLD_MS = 15_000;

export async function show(main) {
    const view = {
        verdict: h('p', {class: 'verdict', role: 'status'}, 'Waiting for the first answer'),
        figures: h('div', {class: 'wall'}),
        failing: h('ul', {class: 'plain wall-list'}),
        clock: h('p', {class: 'dim'}),
        good_ms: 0,
    };
    fill(main, h('h1', {class: 'hidden'}, 'Wall'), view.verdict, view.figures, view.failing, view.clock);
    const timer = setInterval(() => (main.isConnected ? tick(view) : clearInterval(timer)), 1000);
    return {title: 'Wall', every_ms: 2000, refresh: () => refresh(view)};
}

function tick(view) {
    setText(view.clock, f.clock(Date.now()) + (f.showsUtc() ? ' UTC' : ''));
    if (view.good_ms > 0 && Date.now() - view.good_ms > OLD_MS) say(view, 'bad', `NO SIGNAL since ${f.clock(view.good_ms)}`);
}

function say(view, tone, text) {
    view.verdict.className = 'verdict ' + tone;
    setText(view.verdict, text);
}

async function refresh(view) {
    const [s, failing, health] = await Promise.all([answers.figures(), answers.failing(), api.health()]);
    view.good_ms = Date.now();
    const n = s.failing ?? failing.jobs.length,
        isRedisWell = health.status === 'healthy';
    const text = !isRedisWell ? `Redis is ${health.checks?.redis}` : n > 0 ? `${f.plural(n, 'job')} failing` : 'All is well';
    say(view, isRedisWell && n === 0 ? 'good' : 'bad', text);
    keep(
        view.figures,
        [
            {label: 'calls a second', value: f.rate(s.calls_per_second)},
            {label: 'success, 5 min', value: s.success_ratio === null ? '–' : f.percent(s.success_ratio)},
            {label: 'lateness, p99', value: s.p99_ms === Infinity ? '> 1 h' : f.duration(s.p99_ms)},
            {label: 'failing', value: f.count(n), tone: n > 0 ? 'bad' : ''},
            {label: 'dead letters', value: f.count(s.dead) + (s.deadIsMore ? '+' : ''), tone: s.dead > 0 ? 'warn' : ''},
        ],
        item => item.label,
        ({label, value, tone}) => {
            const [number, unit] = value.split(/ (?=[%a-z])/);
            return h(
                'div',
                {class: 'figure'},
                h('span', {}, label),
                h('b', {class: tone ?? ''}, number, unit && h('small', {}, '\u2009' + unit)),
            );
        },
    );
    keep(
        view.failing,
        failing.jobs.slice(0, 8).map(job => ({
            id: job.job_id,
            text: job.name ?? f.shortId(job.job_id),
            why: `${job.error_class} ${job.host}`,
            since: job.since_ms,
            isExact: job.isSinceExact,
        })),
        job => job.id,
        job =>
            h(
                'li',
                {},
                h('span', {class: 'mark bad', 'aria-hidden': 'true'}, '✗'),
                h(
                    'div',
                    {},
                    h('strong', {}, job.text),
                    h('span', {class: 'dim'}, job.why),
                    h('span', {class: 'dim'}, job.isExact ? 'since ' : 'since before ', f.time(job.since)),
                ),
            ),
    );
}
