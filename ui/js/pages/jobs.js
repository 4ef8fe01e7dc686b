/* All jobs: filter, sort, select, and act on what is selected. The filters stand in the address. */
import * as actions from '../actions.js';
import * as answers from '../answers.js';
import * as api from '../api.js';
import * as charts from '../charts.js';
import {debounce, fill, h, setText} from '../dom.js';
import * as f from '../format.js';
import {STATES, countdown, pageHead, state, table} from '../parts.js';
import {go, jobLink, setQuery} from '../router.js';
import {findJobs} from './find.js';

const PAGE = 100;
const FILTERS = ['q', 'tag', 'state', 'health', 'host', 'signing'];

export async function show(main, route) {
    const view = {
        query: Object.fromEntries(FILTERS.map(name => [name, route.query.get(name) ?? ''])),
        pages: 1,
        jobs: [],
        selected: new Set(),
        isOver: false,
        failing: new Map(),
        recent: new Map(),
    };
    const q = h('input', {
        type: 'search',
        id: 'q',
        'data-filter': true,
        value: view.query.q,
        autocomplete: 'off',
        spellcheck: 'false',
        placeholder: 'name, or an id',
        oninput: debounce(() => set(view, {q: q.value}), 200),
    });
    view.chips = h('div', {class: 'chips'});
    view.list = table(
        'Jobs',
        [
            ['', 'tick'],
            ['Job', 'grow'],
            ['Schedule', 'grow wide'],
            ['Next', 'time'],
            ['Latest 20', 'wide'],
            ['State', 'wide'],
        ],
        {empty: 'No job matches.', rows: {href: job => jobLink(job.job_id)}},
    );
    view.list.node.addEventListener('pointerenter', () => {
        view.isOver = true;
    });
    view.list.node.addEventListener('pointerleave', () => {
        view.isOver = false;
    });
    view.note = h('p', {class: 'hint', role: 'status'}, '\u00a0');
    view.more = h(
        'button',
        {
            type: 'button',
            hidden: true,
            onclick: () => {
                view.pages++;
                refresh(view);
            },
        },
        'Show more',
    );
    view.bar = h('div', {class: 'selection', role: 'region', 'aria-label': 'Selected jobs', hidden: true});
    fill(
        main,
        pageHead('Jobs'),
        h('search', {class: 'filters'}, h('label', {for: 'q', class: 'hidden'}, 'Name'), q, view.chips),
        view.bar,
        view.list.node,
        h('div', {class: 'row'}, view.more, view.note),
    );
    drawChips(view);
    if (route.query.get('focus') === 'q') setTimeout(() => q.focus(), 0);
    const jobOf = id => view.jobs.find(job => job.job_id === id);
    return {
        title: 'Jobs',
        every_ms: 5000,
        refresh: () => refresh(view),
        isBusy: () => view.selected.size > 0,
        keys: {
            r: id => id && actions.runJob(jobOf(id)),
            p: id => id && actions.togglePause(jobOf(id)),
            e: id => id && go(jobLink(id) + '/edit'),
            y: id => id && go(jobLink(id) + '?why=now'),
            ' ': id => id && select(view, id, !view.selected.has(id)),
        },
    };
}

function set(view, changes) {
    Object.assign(view.query, changes);
    Object.assign(view, {pages: 1, jobs: []});
    setQuery({...changes, focus: ''});
    drawChips(view);
    refresh(view).catch(actions.sayError);
}

/* --- filters --------------------------------------------------------------------------------------------------------- */

function drawChips(view) {
    const pick = (name, label, options) => {
        const node = h(
            'select',
            {id: 'filter-' + name, onchange: () => set(view, {[name]: node.value})},
            h('option', {value: ''}, label + ': any'),
            options.map(([value, text]) => h('option', {value, selected: view.query[name] === value}, `${label}: ${text}`)),
        );
        return [h('label', {for: node.id, class: 'hidden'}, label), node];
    };
    const write = (name, label) => {
        const node = h('input', {
            id: 'filter-' + name,
            value: view.query[name],
            placeholder: label,
            size: 12,
            autocomplete: 'off',
            spellcheck: 'false',
            onchange: () => set(view, {[name]: node.value.trim()}),
        });
        return [h('label', {for: node.id, class: 'hidden'}, label), node];
    };
    const clear =
        FILTERS.some(name => name !== 'q' && view.query[name] !== '') &&
        h(
            'button',
            {
                type: 'button',
                class: 'quiet',
                onclick: () => set(view, Object.fromEntries(FILTERS.filter(n => n !== 'q').map(name => [name, '']))),
            },
            'Clear',
        );
    fill(
        view.chips,
        pick(
            'state',
            'State',
            STATES.map(each => [each, each.toLowerCase()]),
        ),
        pick('health', 'Health', [['failing', 'failing']]),
        write('tag', 'tag'),
        write('host', 'host'),
        write('signing', 'signing key'),
        clear,
    );
}

/* --- reading --------------------------------------------------------------------------------------------------------- */

async function refresh(view) {
    const query = JSON.stringify(view.query);
    const [page, failing] = await Promise.all([load(view), answers.failing()]);
    const latest = await recent();
    if (query !== JSON.stringify(view.query)) return;
    view.failing = new Map(failing.jobs.map(job => [job.job_id, job]));
    view.recent = latest;
    view.jobs = order(view, page.jobs);
    draw(view);
    view.more.hidden = !page.more;
    setText(view.note, noteOf(page));
}

function noteOf({jobs, more, looked}) {
    if (more && jobs.length === 0) return `None among the first ${f.count(looked)} jobs: show more to go on.`;
    return more ? `The first ${f.plural(jobs.length, 'job')} that match.` : f.plural(jobs.length, 'job') + '.';
}

/* As many pages as were asked for. Filters that the server does not know are applied here. */
async function load(view) {
    const {q, health, ...rest} = view.query;
    if (/^capi:/.test(q)) return {jobs: await findJobs(q, 1).catch(() => []), more: false};
    if (health === 'failing' && !api.knows('?health')) return loadFailing(view);
    const jobs = [],
        knewQ = api.knows('?q');
    let cursor,
        turns = 0;
    do {
        const page = await api.jobs({...rest, health, ...(api.knows('?q') ? {q} : {name_prefix: q}), recent: 20, limit: PAGE, cursor});
        if (knewQ && !api.knows('?q')) return load(view); // it has just said so, and has left the name out
        if (health === 'failing' && !api.knows('?health')) return loadFailing(view);
        jobs.push(...page.jobs);
        cursor = page.next_cursor;
    } while (cursor && (++turns < view.pages || (jobs.length < PAGE && turns < 5 * view.pages)));
    return {jobs, more: Boolean(cursor), looked: turns * 1000};
}

async function loadFailing(view) {
    const {jobs, partial} = await answers.failing();
    const full = await Promise.all(jobs.map(job => api.job(job.job_id).catch(() => null)));
    const {q, tag, state: wanted, signing} = view.query;
    return {
        jobs: full.filter(
            job =>
                job !== null &&
                (job.name ?? '').startsWith(q) &&
                (tag === '' || job.tags?.includes(tag)) &&
                (wanted === '' || job.state === wanted) &&
                (signing === '' || job.signing === signing),
        ),
        more: false,
        partial,
    };
}

/* Outcome letters by job: of the jobs themselves, or of the latest executions. */
async function recent() {
    if (api.knows('?recent') || !api.may('executions:read')) return new Map();
    const {executions} = await answers.latest();
    const found = new Map();
    for (const e of executions) found.set(e.job_id, (found.get(e.job_id) ?? '') + charts.letterOf(e.outcome));
    return found;
}

/* Failing first, then by name. While somebody is in the table, rows stay where they are, and new ones come last. */
function order(view, jobs) {
    if (view.jobs.length > 0 && (view.isOver || view.list.node.contains(document.activeElement))) {
        const fresh = new Map(jobs.map(job => [job.job_id, job]));
        const stay = view.jobs.filter(job => fresh.has(job.job_id)).map(job => fresh.get(job.job_id)),
            had = new Set(stay.map(job => job.job_id));
        return [...stay, ...jobs.filter(job => !had.has(job.job_id))];
    }
    const rank = job => (view.failing.has(job.job_id) ? 0 : 1);
    return [...jobs].sort(
        (a, b) => rank(a) - rank(b) || (a.name ?? '\uffff').localeCompare(b.name ?? '\uffff') || a.job_id.localeCompare(b.job_id),
    );
}

/* --- showing --------------------------------------------------------------------------------------------------------- */

function draw(view) {
    const rows = view.jobs.map(job => ({
        ...job,
        isFailing: view.failing.has(job.job_id),
        sentence: answers.describe(job, () => draw(view)),
        letters: job.recent ?? view.recent.get(job.job_id) ?? '',
    }));
    view.list.set(
        rows,
        job => job.job_id,
        job => cells(view, job),
    );
    drawSelection(view);
}

function cells(view, job) {
    const tick = h('input', {
        type: 'checkbox',
        'aria-label': 'Select ' + actions.titleOf(job),
        onchange: () => select(view, job.job_id, tick.checked),
    });
    tick.checked = view.selected.has(job.job_id);
    const next = job.next?.[0]?.unix * 1000;
    return [
        tick,
        h(
            'div',
            {class: 'two'},
            h(
                'span',
                {},
                h('a', {href: jobLink(job.job_id), class: job.name ? '' : 'mono'}, actions.titleOf(job)),
                job.signing &&
                    h('a', {class: 'label', href: '#/signing', title: 'Its calls are signed with this key'}, 'signed: ' + job.signing),
                (job.tags ?? []).map(tag => h('span', {class: 'tag'}, tag)),
                job.isFailing && h('span', {class: 'state bad narrow'}, 'failing'),
                job.state !== 'ACTIVE' && h('span', {class: 'narrow'}, state(job)),
            ),
            h('span', {class: 'dim cut'}, job.description ?? job.error ?? `${job.method ?? 'GET'} ${job.api ?? ''}`),
        ),
        h(
            'div',
            {class: 'two'},
            h(
                'span',
                {class: 'cut'},
                job.sentence.replace(/, counted from.*$/, '') || (job.schedule?.startsWith('@at') ? 'Once' : job.schedule) || '–',
            ),
            h('span', {class: 'dim cut'}, h('code', {}, job.schedule ?? ''), ' ', job.timezone ?? ''),
        ),
        next ? h('div', {class: 'two'}, f.time(next), h('span', {class: 'dim'}, countdown(next))) : h('span', {class: 'dim'}, '–'),
        job.letters === '' ? h('span', {class: 'dim'}, '–') : charts.marks(job.letters),
        h('span', {}, state(job), job.isFailing && h('span', {class: 'state bad'}, 'failing')),
    ];
}

/* --- the selection --------------------------------------------------------------------------------------------------- */

function select(view, id, isOn) {
    if (isOn) view.selected.add(id);
    else view.selected.delete(id);
    const tick = view.list.body.querySelector(`tr[data-key="${CSS.escape(id)}"] input`);
    if (tick) tick.checked = isOn;
    drawSelection(view);
}

function drawSelection(view) {
    const jobs = view.jobs.filter(job => view.selected.has(job.job_id));
    view.bar.hidden = jobs.length === 0;
    if (jobs.length === 0) return;
    const then = act => async () => {
        if ((await act(jobs)) === false) return;
        clear(view);
    };
    fill(
        view.bar,
        h('strong', {}, `${jobs.length} selected`),
        actions.button('Pause', 'jobs:write', then(actions.pauseJobs)),
        actions.button('Resume', 'jobs:write', then(actions.resumeJobs)),
        actions.button('Run now', 'jobs:run', then(actions.runJobs)),
        h('button', {type: 'button', onclick: () => exportJobs(jobs)}, 'Export as YAML'),
        actions.button('Delete', 'jobs:write', then(actions.deleteJobs), 'danger'),
        h('button', {type: 'button', class: 'quiet', onclick: () => everything(view)}, `Select all ${view.jobs.length}`),
        h('button', {type: 'button', class: 'quiet', onclick: () => clear(view)}, 'Clear'),
    );
}

function everything(view) {
    for (const job of view.jobs) select(view, job.job_id, true);
}

function clear(view) {
    for (const id of [...view.selected]) select(view, id, false);
    view.bar.hidden = true;
    refresh(view).catch(actions.sayError);
}

const SHOWN_ONLY = new Set([
    'job_id',
    'state',
    'state_reason',
    'state_note',
    'state_by',
    'state_since',
    'created_at',
    'version',
    'next',
    'last_execution',
    'last_notice',
    'counts',
    'recent',
    'warnings',
    'description_of_schedule',
    'isFailing',
    'sentence',
    'letters',
    'failing_since',
    'failing_since_ms',
    'error',
    'links',
]);

/* YAML whose values are JSON, which YAML is a superset of. Jobs without a name go by their id. */
export function asYaml(jobs) {
    const lines = ['dronc: 1', 'jobs:'];
    for (const job of jobs) {
        lines.push(`  ${JSON.stringify(job.name ?? job.job_id)}:`);
        for (const [name, value] of Object.entries(job))
            if (!SHOWN_ONLY.has(name) && name !== 'name') lines.push(`    ${name}: ${JSON.stringify(value)}`);
    }
    return lines.join('\n') + '\n';
}

function exportJobs(jobs) {
    const url = URL.createObjectURL(new Blob([asYaml(jobs)], {type: 'application/yaml'}));
    const anchor = h('a', {href: url, download: 'dronc-jobs.yaml'});
    anchor.click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
