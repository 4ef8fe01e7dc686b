/* Dead letters by cause: redrive one, those of a cause, or all, at a pace that the target can take; or discard them.
 *
 * The page redrives one by one, so that it can show how far it is, and stop. It goes on while the page is open. */
import * as actions from '../actions.js';
import * as answers from '../answers.js';
import * as api from '../api.js';
import {fill, h, setText} from '../dom.js';
import * as f from '../format.js';
import {cause, jobName, pageHead, section, table} from '../parts.js';
import {executionLink, link, setQuery} from '../router.js';

const PAGE = 200;
const PAGES = 5; // that are read to group them
const LISTED = 50;

export async function show(main, route) {
    const view = {job: route.query.get('job') ?? '', group: route.query.get('group') ?? '', letters: [], isMore: false, pace: null};
    view.rate = h('input', {type: 'number', id: 'rate', min: 1, max: 100, value: 10, required: true, inputmode: 'numeric'});
    view.groups = table(
        'Dead letters by cause',
        [
            ['Cause', 'grow'],
            ['Host', 'wide grow'],
            ['How many', 'num'],
            ['Oldest', 'time wide'],
            ['', 'acts'],
        ],
        {empty: 'No dead letter: every occurrence succeeded, or is still retried.'},
    );
    view.entries = table(
        'Dead letters',
        [
            ['Died', 'time'],
            ['Job', 'grow'],
            ['Was due', 'time wide'],
            ['Cause', 'grow wide'],
            ['', 'acts'],
        ],
        {empty: 'None.', rows: {href: d => (d.last_execution ? executionLink(d.last_execution.id) : link('dead'))}},
    );
    view.progress = h('div', {class: 'progress', role: 'status', hidden: true});
    view.note = h('p', {class: 'hint'}, '\u00a0');
    view.title = h('h2', {}, 'Latest');
    view.all = h('button', {type: 'button', hidden: true, onclick: () => redriveAll(view, view.letters)}, 'Redrive all');
    view.back = h('a', {href: link('dead'), hidden: true, class: 'button'}, 'Show all causes');
    const mayWrite = api.may('dead:write');
    fill(
        main,
        pageHead(
            'Dead letters',
            mayWrite &&
                h('div', {class: 'row tight'}, h('label', {for: 'rate'}, 'Redrive'), view.rate, h('span', {class: 'dim'}, 'a second')),
        ),
        h(
            'p',
            {class: 'dim lead'},
            'Occurrences whose retries are exhausted. A redrive gives one a new round of attempts, with the same Idempotency-Key.',
        ),
        view.progress,
        section('By cause', view.all, view.groups.node, view.note),
        h('section', {}, h('div', {class: 'head'}, view.title, view.back), view.entries.node),
    );
    const at = key => view.letters.find(letter => letter.id === key);
    return {
        title: 'Dead letters',
        every_ms: 5000,
        refresh: () => refresh(view),
        isBusy: () => view.pace !== null,
        keys: {
            x: id => id && mayWrite && redriveOne(at(id)),
            y: id => id && actions.showWhy(at(id), at(id).scheduled_time_ms),
            r: undefined,
        },
    };
}

/* --- reading ---------------------------------------------------------------------------------------------------------- */

async function refresh(view) {
    const letters = [];
    let cursor,
        pages = 0;
    do {
        const page = await api.dead({limit: PAGE, job_id: view.job, cursor});
        letters.push(...page.dead);
        cursor = page.next_cursor;
    } while (cursor && ++pages < PAGES);
    await answers.nameJobs(letters);
    Object.assign(view, {
        letters: letters.map(letter => ({...letter, job_name: answers.nameOf(letter) ?? undefined, host: answers.targetOf(letter)})),
        isMore: Boolean(cursor),
    });
    draw(view);
}

/* What went wrong without what differs from one to the next. */
function causeOf(letter) {
    const e = letter.last_execution;
    if (!e) return 'unknown';
    return e.error_class === 'http' || !e.error_class ? f.reason(e) || 'unknown' : e.error_class;
}

const keyOf = letter => `${letter.host} · ${causeOf(letter)}`;

function grouped(letters) {
    const groups = new Map();
    for (const letter of letters) {
        const key = keyOf(letter),
            had = groups.get(key) ?? {
                key,
                host: letter.host,
                cause: causeOf(letter),
                n: 0,
                oldest_ms: Infinity,
                jobs: 0,
                ids: new Set(),
                sample: letter.last_execution?.error ?? '',
            };
        had.n++;
        had.oldest_ms = Math.min(had.oldest_ms, letter.died_time_ms);
        had.ids.add(letter.job_id);
        groups.set(key, had);
    }
    return [...groups.values()].map(({ids, ...group}) => ({...group, jobs: ids.size})).sort((a, b) => b.n - a.n);
}

/* --- showing ---------------------------------------------------------------------------------------------------------- */

function draw(view) {
    const groups = grouped(view.letters),
        mayWrite = api.may('dead:write');
    view.groups.set(
        groups,
        g => g.key,
        g => [
            h(
                'div',
                {class: 'two'},
                h('a', {href: link('dead', {job: view.job, group: g.key}), onclick: event => pick(view, event, g.key)}, g.cause),
                h('span', {class: 'dim cut'}, `${f.plural(g.jobs, 'job')}${g.sample && g.sample !== g.cause ? ', ' + g.sample : ''}`),
            ),
            h('span', {class: 'mono'}, g.host || '–'),
            f.count(g.n),
            f.time(g.oldest_ms),
            mayWrite &&
                h(
                    'div',
                    {class: 'acts'},
                    h(
                        'button',
                        {type: 'button', 'aria-label': `Redrive ${g.n} of ${g.key}`, onclick: () => redriveAll(view, of(view, g.key))},
                        'Redrive',
                    ),
                    h(
                        'button',
                        {
                            type: 'button',
                            class: 'danger',
                            'aria-label': `Discard ${g.n} of ${g.key}`,
                            onclick: () => discardAll(of(view, g.key)),
                        },
                        'Discard',
                    ),
                ),
        ],
    );
    const shown = view.group === '' ? view.letters : of(view, view.group);
    setText(view.title, view.group === '' ? 'Latest' : view.group);
    view.back.hidden = view.group === '' && view.job === '';
    view.entries.set(
        shown.slice(0, LISTED),
        d => d.id,
        d => [
            f.time(d.died_time_ms),
            jobName(d),
            f.time(d.scheduled_time_ms),
            d.last_execution ? cause(d.last_execution) : '–',
            mayWrite &&
                h(
                    'div',
                    {class: 'acts'},
                    h(
                        'button',
                        {
                            type: 'button',
                            'aria-label': `Redrive that of ${actions.titleOf(d)}, ${f.moment(d.scheduled_time_ms)}`,
                            onclick: () => redriveOne(d),
                        },
                        'Redrive',
                    ),
                    h(
                        'button',
                        {
                            type: 'button',
                            class: 'danger',
                            'aria-label': `Discard that of ${actions.titleOf(d)}, ${f.moment(d.scheduled_time_ms)}`,
                            onclick: () => discardAll([d]),
                        },
                        'Discard',
                    ),
                ),
        ],
    );
    view.all.hidden = !mayWrite || view.letters.length < 2;
    setText(view.all, `Redrive all ${f.count(view.letters.length)}`);
    setText(
        view.note,
        view.letters.length === 0
            ? '\u00a0'
            : `${view.isMore ? 'The newest ' : ''}${f.plural(view.letters.length, 'dead letter')}${view.isMore ? '; there are more.' : '.'}`,
    );
}

const of = (view, key) => view.letters.filter(letter => keyOf(letter) === key);

function pick(view, event, key) {
    event.preventDefault();
    view.group = key;
    setQuery({group: key});
    draw(view);
}

/* --- acting ----------------------------------------------------------------------------------------------------------- */

const redriveOne = letter =>
    actions.doing(async () => {
        const {execution_id: id} = await api.redrive(letter.id);
        actions.say('A new round of attempts begins. ', '', h('a', {href: executionLink(id)}, 'Show the first'));
    });

/* So many a second, in the order in which they died, until all are done or the reader stops it. */
async function redriveAll(view, letters) {
    if (view.pace !== null || !view.rate.reportValidity()) return;
    const pace = {isStopped: false},
        each_ms = 1000 / Number(view.rate.value),
        list = [...letters].sort((a, b) => a.died_time_ms - b.died_time_ms);
    const bar = h('progress', {max: list.length, value: 0, 'aria-label': 'Redriven'}),
        text = h('span', {}),
        stop = h(
            'button',
            {
                type: 'button',
                onclick: () => {
                    pace.isStopped = true;
                },
            },
            'Stop',
        );
    let done = 0,
        skipped = 0;
    view.pace = pace;
    view.progress.hidden = false;
    fill(view.progress, bar, text, stop);
    stop.focus();
    const begin = performance.now();
    for (const [i, letter] of list.entries()) {
        const wait = begin + i * each_ms - performance.now();
        if (wait > 0)
            await new Promise(resolve => {
                setTimeout(resolve, wait);
            });
        if (pace.isStopped || !view.progress.isConnected) break;
        try {
            await api.redrive(letter.id);
            done++;
        } catch {
            skipped++;
        }
        bar.value = i + 1;
        setText(text, `${f.count(done)} of ${f.count(list.length)}`);
    }
    view.pace = null;
    view.progress.hidden = true;
    actions.say(
        `${f.plural(done, 'dead letter')} redriven${skipped > 0 ? `, ${f.count(skipped)} not: deleted or paused jobs, or redriven already` : ''}${pace.isStopped ? ', then stopped' : ''}.`,
    );
    dispatchEvent(new CustomEvent('dronc-changed'));
}

async function discardAll(letters) {
    const one = letters.length === 1;
    const isSure = await actions.confirmDestroy(
        one ? 'Discard this dead letter' : `Discard ${f.plural(letters.length, 'dead letter')}`,
        'What is discarded is never attempted again. Its executions stay.',
        'Discard',
        one ? undefined : String(letters.length),
    );
    if (!isSure) return;
    await actions.doing(async () => {
        for (const letter of letters)
            await api.discard(letter.id).catch(error => {
                if (error.status !== 404) throw error;
            });
        actions.say(`${f.plural(letters.length, 'dead letter')} discarded.`);
    });
}
