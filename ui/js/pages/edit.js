/* A new job, or a change of one. The schedule is explained while it is written; a call can be tried before anything is stored for good. */
import * as actions from '../actions.js';
import * as api from '../api.js';
import {fromCurl} from '../curl.js';
import {debounce, fill, h, keep, setText} from '../dom.js';
import * as f from '../format.js';
import * as forms from '../form.js';
import {countdown, field, pageHead, section, table} from '../parts.js';
import {go, jobLink} from '../router.js';
import {tryOnce} from './try.js';

const TEMPLATES = ['{{job_id}}', '{{execution_id}}', '{{scheduled_time}}', '{{scheduled_time_unix}}', '{{attempt}}', '{{secret.NAME}}'];

export async function show(main, route) {
    const view = {id: route.page === 'job' ? route.id : '', job: null};
    if (view.id !== '') view.job = await api.job(view.id);
    const title = view.job ? 'Edit ' + actions.titleOf(view.job) : 'New job';
    build(view);
    fill(
        main,
        view.job && h('p', {class: 'crumb'}, h('a', {href: jobLink(view.id)}, actions.titleOf(view.job))),
        pageHead(title),
        h('div', {class: 'pair form'}, view.form, view.side),
    );
    forms.write(view.form, view.job ?? {type: 'ATLEAST_ONCE', timezone: f.localZone()});
    for (const node of view.form.querySelectorAll('details[data-fold]'))
        node.open = view.job !== null && forms.isFolded(forms.MORE[Number(node.dataset.fold)][1], view.job);
    if (view.job) {
        view.form.elements.name.disabled = true;
        setText(view.form.querySelector('#f-name-hint'), 'A job keeps its name.');
    }
    if (route.query.get('schedule')) view.form.elements.schedule.value = route.query.get('schedule');
    preview(view);
    fillLists();
    return {title, every_ms: 0, refresh: async () => {}};
}

/* --- the form ------------------------------------------------------------------------------------------------------------ */

function build(view) {
    view.error = h('p', {class: 'bad', role: 'alert'});
    view.tried = h('div', {class: 'tried', role: 'status'});
    view.meaning = h('div', {role: 'status', class: 'meaning'});
    const basic = names => names.map(forms.fieldOf);
    view.form = h(
        'form',
        {
            class: 'job',
            novalidate: true,
            onsubmit: event => {
                event.preventDefault();
                submit(view);
            },
            oninput: event => {
                if (['schedule', 'timezone'].includes(event.target.name)) view.later();
            },
        },
        !view.job && pasteBox(view),
        h('fieldset', {class: 'part'}, h('legend', {}, 'When'), basic(['schedule', 'timezone']), view.meaning),
        h(
            'fieldset',
            {class: 'part'},
            h('legend', {}, 'What'),
            h('div', {class: 'row top'}, basic(['method', 'api'])),
            basic(['headers', 'body']),
            templates(view),
        ),
        h('fieldset', {class: 'part'}, h('legend', {}, 'How'), basic(['type'])),
        h('fieldset', {class: 'part'}, h('legend', {}, 'For people'), basic(['name', 'description', 'tags'])),
        forms.MORE.map(([title, fields], i) =>
            h('details', {'data-fold': i}, h('summary', {}, title), h('div', {class: 'fields'}, Object.keys(fields).map(forms.fieldOf))),
        ),
        h('datalist', {id: 'zones'}),
        h('datalist', {id: 'signing-names'}),
        view.error,
        h(
            'div',
            {class: 'row'},
            h('button', {class: 'primary'}, view.job ? 'Review the change' : 'Create'),
            api.may('jobs:write') && h('button', {type: 'button', onclick: () => attempt(view)}, 'Try once'),
            h('a', {class: 'button', href: view.job ? jobLink(view.id) : '#/jobs'}, 'Cancel'),
        ),
    );
    view.later = debounce(() => preview(view), 150);
    view.next = table(
        'Next instants',
        [
            ['When', 'time'],
            ['', 'fit'],
            ['In its zone', 'mono wide fit'],
            ['', ''],
        ],
        {empty: 'None yet.'},
    );
    view.side = h('aside', {class: 'side', 'aria-label': 'What it means'}, section('Next ten instants', null, view.next.node), view.tried);
    for (const name of ['api', 'headers', 'body'])
        view.form.elements[name].addEventListener('focus', event => {
            view.last = event.target;
        });
    view.form.elements.api.addEventListener('paste', event => {
        const text = event.clipboardData.getData('text');
        if (fromCurl(text) === null) return;
        event.preventDefault();
        take(view, text);
    });
}

function pasteBox(view) {
    view.pasted = h('p', {class: 'hint', role: 'status'});
    const area = h('textarea', {
        id: 'curl',
        rows: 3,
        class: 'mono',
        spellcheck: 'false',
        placeholder: "curl -X POST https://example.com/import -H 'Authorization: Bearer …' -d '{\"full\": true}'",
        oninput: () => take(view, area.value),
    });
    return h(
        'details',
        {class: 'paste'},
        h('summary', {}, 'Paste a curl command'),
        field('The command fills in the form', area),
        view.pasted,
    );
}

function take(view, text) {
    const read = fromCurl(text);
    if (read === null) return void fill(view.pasted ?? view.error, text.trim() === '' ? '' : 'It does not begin with curl.');
    const {form} = view,
        kept = forms.read(form);
    forms.write(form, {
        ...kept,
        method: undefined,
        headers: undefined,
        body: undefined,
        ...read.fields,
        schedule: kept.schedule,
        timezone: kept.timezone,
    });
    fill(view.pasted ?? view.error, ['The form is filled in.', ...read.notes].join(' '));
    return undefined;
}

function templates(view) {
    const node = h(
        'select',
        {
            id: 'template',
            'aria-label': 'Insert a template',
            onchange: () => {
                const input = view.last ?? view.form.elements.body;
                input.setRangeText(node.value, input.selectionStart, input.selectionEnd, 'end');
                node.value = '';
                input.focus();
            },
        },
        h('option', {value: ''}, 'Insert a template …'),
        TEMPLATES.map(each => h('option', {value: each}, each)),
    );
    return h('div', {class: 'field'}, node);
}

async function fillLists() {
    const zones = Intl.supportedValuesOf?.('timeZone') ?? [];
    document.getElementById('zones')?.replaceChildren(...['UTC', ...zones].map(value => h('option', {value})));
    const {signing} = await api.signing().catch(() => ({signing: []}));
    document.getElementById('signing-names')?.replaceChildren(...signing.map(({name}) => h('option', {value: name})));
}

/* --- the preview ----------------------------------------------------------------------------------------------------------- */

async function preview(view) {
    const {schedule, timezone} = view.form.elements,
        asked = schedule.value.trim();
    if (asked === '') {
        fill(view.meaning, h('p', {class: 'dim'}, 'Write a schedule, and its sentence and next ten instants appear here.'));
        return view.next.set(
            [],
            n => n.unix,
            () => [],
        );
    }
    try {
        const answer = await api.preview(asked, timezone.value.trim(), 10);
        if (schedule.value.trim() !== asked) return undefined;
        clearFault(view, 'schedule');
        clearFault(view, 'timezone');
        keep(
            view.meaning,
            [{sentence: answer.description, warnings: answer.warnings}],
            () => 'meaning',
            () =>
                h(
                    'div',
                    {},
                    h('p', {class: 'sentence'}, answer.description),
                    answer.warnings.map(text => h('p', {class: 'notice'}, text)),
                ),
        );
        view.next.set(
            answer.next,
            n => n.unix,
            n => [f.time(n.unix * 1000), countdown(n.unix * 1000), n.local, n.dst && h('span', {class: 'label'}, 'clock change: ' + n.dst)],
        );
    } catch (error) {
        if (schedule.value.trim() !== asked) return undefined;
        if (!forms.showError(view.form, error, {focus: false})) fill(view.meaning, h('p', {class: 'bad'}, error.message));
        view.next.set(
            [],
            n => n.unix,
            () => [],
        );
        fill(view.meaning, h('p', {class: 'dim'}, 'It cannot be read yet.'));
    }
    return undefined;
}

function clearFault(view, name) {
    view.form.elements[name].removeAttribute('aria-invalid');
    view.form.querySelector(`#f-${name}-error`)?.replaceChildren();
}

/* --- storing it -------------------------------------------------------------------------------------------------------------- */

async function submit(view) {
    forms.clearErrors(view.form);
    fill(view.error);
    const definition = forms.read(view.form);
    try {
        if (view.job) await review(view, definition);
        else {
            const made = await api.create(definition);
            actions.say(`${actions.titleOf(api.learn(made))} is stored.`);
            go(jobLink(made.job_id));
        }
    } catch (error) {
        if (!forms.showError(view.form, error)) fill(view.error, error.message);
    }
}

/* A dry run first: what changes, and when it is due before and after. */
async function review(view, definition) {
    const patch = forms.difference(view.job, definition);
    if (Object.keys(patch).length === 0) return fill(view.error, 'Nothing is changed yet.');
    const tried = await api.change(view.id, patch, {dryRun: true});
    const isSaved = await actions.dialog(
        'Change ' + actions.titleOf(view.job),
        [
            changes(view.job, tried.job),
            h('div', {class: 'pair small'}, instants('Now', tried.next_before), instants('After', tried.next_after)),
        ],
        {confirm: 'Save', submit: () => save(view, patch)},
    );
    if (isSaved) go(jobLink(view.id));
    return undefined;
}

async function save(view, patch) {
    try {
        await api.change(view.id, patch, {version: view.job.version});
        actions.say('Saved.');
    } catch (error) {
        if (error.status !== 412) throw error;
        await showConflict(view, patch);
        throw new Error('It was changed meanwhile: what differs stands above. Save again to put yours on top.');
    }
}

/* Somebody else saved first: both versions, side by side. */
async function showConflict(view, patch) {
    const theirs = await api.job(view.id),
        place = document.querySelector('dialog[open] .changes');
    const rows = Object.keys(patch).map(name =>
        h('tr', {}, h('th', {scope: 'row'}, name), h('td', {}, shown(theirs[name])), h('td', {}, shown(patch[name]))),
    );
    place?.replaceWith(
        h(
            'table',
            {class: 'changes'},
            h(
                'thead',
                {},
                h(
                    'tr',
                    {},
                    h('th', {scope: 'col'}, 'Field'),
                    h('th', {scope: 'col'}, `Version ${theirs.version}, stored`),
                    h('th', {scope: 'col'}, 'Yours'),
                ),
            ),
            h('tbody', {}, rows),
        ),
    );
    view.job = {...theirs};
}

const shown = value =>
    h('code', {}, value === undefined || value === null ? '–' : typeof value === 'string' ? value : JSON.stringify(value));

function changes(before, after) {
    const names = forms.FIELDS.filter(name => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
    const rows = names.map(name =>
        h('tr', {}, h('th', {scope: 'row'}, name), h('td', {}, shown(before[name])), h('td', {}, shown(after[name]))),
    );
    return h(
        'table',
        {class: 'changes'},
        h('thead', {}, h('tr', {}, h('th', {scope: 'col'}, 'Field'), h('th', {scope: 'col'}, 'Now'), h('th', {scope: 'col'}, 'After'))),
        h('tbody', {}, rows),
    );
}

function instants(title, list) {
    return section(
        title,
        null,
        h(
            'ol',
            {class: 'plain mono'},
            (list ?? []).length === 0
                ? h('li', {class: 'dim'}, 'none')
                : list.map(n => h('li', {}, f.time(n.unix * 1000), ' ', h('span', {class: 'dim'}, n.dst ?? ''))),
        ),
    );
}

/* --- trying it ----------------------------------------------------------------------------------------------------------------- */

async function attempt(view) {
    forms.clearErrors(view.form);
    fill(view.error);
    try {
        await tryOnce(view.tried, forms.read(view.form));
    } catch (error) {
        if (!forms.showError(view.form, error)) fill(view.error, error.message);
    }
}
