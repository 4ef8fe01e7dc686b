/* What was called, newest first, by outcome and from a time on. */
import * as actions from '../actions.js';
import * as answers from '../answers.js';
import * as api from '../api.js';
import {fill, h, setText} from '../dom.js';
import * as f from '../format.js';
import {EXECUTION_COLUMNS, executionRow, jobName, pageHead, section, table} from '../parts.js';
import {executionLink, jobLink, setQuery} from '../router.js';

const PAGE = 100;
const SPANS = [
    ['', 'any time'],
    ['5m', 'the last 5 minutes'],
    ['1h', 'the last hour'],
    ['24h', 'the last day'],
];
const SPAN_MS = {'5m': 300_000, '1h': 3_600_000, '24h': 86_400_000};

export async function show(main, route) {
    const view = {outcome: route.query.get('outcome') ?? '', since: route.query.get('since') ?? '', older: [], cursor: null};
    view.list = table('Executions', EXECUTION_COLUMNS, {empty: 'Nothing was called that matches.', rows: {href: e => executionLink(e.id)}});
    view.running = table(
        'Under way',
        [
            ['Since', 'time'],
            ['Job', 'grow'],
            ['Runner', 'mono wide'],
            ['', 'acts'],
        ],
        {empty: 'Nothing is under way.', rows: {href: e => jobLink(e.job_id)}},
    );
    view.underWay = h('div', {hidden: true}, section('Under way', null, view.running.node));
    view.note = h('p', {class: 'hint', role: 'status'}, '\u00a0');
    view.more = h('button', {type: 'button', hidden: true, onclick: () => more(view).catch(actions.sayError)}, 'Show older');
    fill(
        main,
        pageHead('Activity'),
        view.underWay,
        h(
            'search',
            {class: 'filters'},
            select(view, 'outcome', 'Outcome', [['', 'any outcome'], ...Object.keys(f.OUTCOMES).map(name => [name, name])]),
            select(view, 'since', 'Time', SPANS),
        ),
        view.list.node,
        h('div', {class: 'row'}, view.more, view.note),
    );
    const of = id => [...(view.latest ?? []), ...view.older].find(e => e.id === id);
    return {
        title: 'Activity',
        every_ms: 5000,
        refresh: () => refresh(view),
        keys: {y: id => id && actions.showWhy(of(id), of(id).scheduled_time_ms), r: id => id && of(id) && actions.runJob(of(id))},
    };
}

function select(view, name, label, options) {
    const node = h(
        'select',
        {
            id: 'filter-' + name,
            'data-filter': name === 'outcome',
            onchange: () => {
                Object.assign(view, {[name]: node.value, older: [], cursor: null, isFar: false});
                setQuery({[name]: node.value});
                refresh(view).catch(actions.sayError);
            },
        },
        options.map(([value, text]) => h('option', {value, selected: view[name] === value}, text)),
    );
    return [h('label', {for: node.id, class: 'hidden'}, label), node];
}

const query = view => ({
    limit: PAGE,
    outcome: view.outcome,
    since: SPAN_MS[view.since] ? f.isoUtc(Math.floor((Date.now() - SPAN_MS[view.since]) / 60_000) * 60_000) : '',
});

async function refresh(view) {
    const asked = query(view);
    const [page, running] = await Promise.all([api.executions(asked), answers.running()]);
    await answers.nameJobs(page.executions);
    view.latest = named(page.executions);
    if (!view.isFar) Object.assign(view, {cursor: page.next_cursor ?? null, asked});
    draw(view);
    view.underWay.hidden = running === null;
    if (running !== null)
        view.running.set(
            running,
            e => e.execution_id,
            e => [
                f.time(e.since_ms ?? Date.parse(e.since)),
                jobName({...e, job_id: e.job_id ?? e.job}),
                e.runner,
                actions.button('Cancel', 'jobs:run', () => actions.doing(() => api.cancel(e.execution_id))),
            ],
        );
}

/* Pages further back stay as they are: new executions come before them. */
async function more(view) {
    const page = await api.executions({...view.asked, cursor: view.cursor});
    await answers.nameJobs(page.executions);
    Object.assign(view, {older: [...view.older, ...named(page.executions)], cursor: page.next_cursor ?? null, isFar: true});
    draw(view);
}

const named = executions => executions.map(e => ({...e, job_name: answers.nameOf(e) ?? undefined}));

function draw(view) {
    const had = new Set(view.latest.map(e => e.id)),
        all = [...view.latest, ...view.older.filter(e => !had.has(e.id))];
    view.list.set(all, e => e.id, executionRow);
    view.more.hidden = view.cursor === null || (view.isFar && all.length >= 1000);
    setText(view.note, all.length > 0 ? f.plural(all.length, 'execution') + (view.cursor === null ? ', all that match.' : '.') : '\u00a0');
}
