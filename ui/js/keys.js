/* Keys. They do nothing in a field, nothing with Ctrl, Alt or Meta (Ctrl-K excepted), and can be switched off (WCAG 2.1.4). */
import * as actions from './actions.js';
import {learn, may} from './api.js';
import {h} from './dom.js';
import {recall, remember} from './format.js';
import {go} from './router.js';

const GO = {o: '#/', j: '#/jobs', a: '#/activity', d: '#/dead', r: '#/runners', n: '#/new', s: '#/signing', w: '#/wall'};

export const LIST = [
    ['?', 'this list'],
    ['/', 'filter'],
    ['g o', 'overview'],
    ['g j', 'jobs'],
    ['g a', 'activity'],
    ['g d', 'dead letters'],
    ['g r', 'runners'],
    ['g s', 'signing'],
    ['g w', 'wall'],
    ['g n', 'new job'],
    ['j k', 'next row, row before'],
    ['Enter', 'open'],
    ['r', 'run now'],
    ['p', 'pause or resume'],
    ['y', 'why'],
    ['e', 'edit'],
    ['x', 'redrive'],
    ['u', 'UTC or local time'],
    ['.', 'stop or go on refreshing'],
    ['Ctrl K', 'find a job or a screen'],
];

const SECOND_KEY_MS = 1500;

let hasPrefix = false;
let prefixTimer;
let bound = {}; // of the screen
let global = {}; // of app.js

const areOn = () => recall('keys') !== 'off';

/* What the screen does for a key: {r: fn, …}. rowKeys: the same, for the row that has the focus. */
export function bind(keys) {
    bound = keys ?? {};
}

export function start(keys) {
    global = keys;
    addEventListener('keydown', onKey);
}

function onKey(event) {
    if (event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey) && !event.altKey) {
        event.preventDefault();
        return openPalette();
    }
    if (!areOn() || event.ctrlKey || event.altKey || event.metaKey || isField(event.target) || document.querySelector('dialog[open]'))
        return undefined;
    const act = find(event.key, event.target);
    if (act === undefined) return undefined;
    event.preventDefault();
    return act();
}

const isField = node => node.matches('input:not([type=checkbox]), select, textarea');

function find(key, target) {
    if (hasPrefix) {
        hasPrefix = false;
        return GO[key] && (() => go(GO[key]));
    }
    if (key === 'g') return waitForSecond;
    if (key === 'j' || key === 'k') return () => moveRow(key === 'j' ? 1 : -1);
    if (key === '?') return openHelp;
    if (key === '/') return toFilter;
    const row = target.closest?.('tr[data-href]');
    if (key === 'Enter' && row === target) return () => go(row.dataset.href);
    return bound[key] ? () => bound[key](row?.dataset.key) : global[key];
}

/* Of two keys, the first was pressed: the second follows soon, or not at all. */
function waitForSecond() {
    hasPrefix = true;
    clearTimeout(prefixTimer);
    prefixTimer = setTimeout(() => {
        hasPrefix = false;
    }, SECOND_KEY_MS);
}

function toFilter() {
    const filter = document.querySelector('main [data-filter]');
    if (filter) filter.focus();
    else go('#/jobs?focus=q');
}

function moveRow(step) {
    const rows = [...document.querySelectorAll('main tr[data-href]')];
    if (rows.length === 0) return;
    const at = rows.indexOf(document.activeElement.closest('tr[data-href]'));
    const next = rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + step))];
    next.focus();
    next.scrollIntoView({block: 'nearest'});
}

export function openHelp() {
    const box = h('input', {type: 'checkbox', id: 'keys-on', onchange: () => remember('keys', box.checked ? 'on' : 'off')});
    box.checked = areOn();
    actions.showDialog(
        'Keys',
        h(
            'dl',
            {class: 'keys'},
            LIST.map(([key, what]) =>
                h(
                    'div',
                    {},
                    h(
                        'dt',
                        {},
                        key.split(' ').map(each => h('kbd', {}, each)),
                    ),
                    h('dd', {}, what),
                ),
            ),
        ),
        h('p', {class: 'check'}, box, h('label', {for: 'keys-on'}, 'Single keys are on (Ctrl K always is)')),
        h(
            'p',
            {class: 'dim'},
            'The API: ',
            h('a', {href: '/openapi.json'}, '/openapi.json'),
            '. A large display for a wall: ',
            h('a', {href: '#/wall', onclick: event => event.target.closest('dialog').close()}, 'Wall'),
            '.',
        ),
    );
}

/* --- the palette ------------------------------------------------------------------------------------------------------ */

const SCREENS = [
    ['Overview', '#/'],
    ['Jobs', '#/jobs'],
    ['Failing jobs', '#/jobs?health=failing'],
    ['Paused jobs', '#/jobs?state=PAUSED'],
    ['Activity', '#/activity'],
    ['What went wrong', '#/activity?outcome=failed'],
    ['Dead letters', '#/dead'],
    ['Runners', '#/runners'],
    ['Signing and secrets', '#/signing'],
    ['New job', '#/new'],
    ['Wall', '#/wall'],
];

async function openPalette() {
    if (document.querySelector('dialog[open]')) return;
    const list = h('ul', {id: 'palette-list', role: 'listbox', 'aria-label': 'Found'});
    let found = [],
        chosen = 0,
        asked = 0;
    const input = h('input', {
        id: 'palette',
        role: 'combobox',
        'aria-expanded': 'true',
        'aria-controls': 'palette-list',
        'aria-label': 'Find a job or a screen',
        autocomplete: 'off',
        spellcheck: 'false',
        placeholder: 'a screen, or how a job’s name begins',
    });
    const show = () => {
        list.replaceChildren(
            ...found.map(([text, href], i) =>
                h(
                    'li',
                    {id: 'palette-' + i, role: 'option', 'aria-selected': String(i === chosen), onclick: () => open(href)},
                    text,
                    h('span', {class: 'dim'}, href.startsWith('#/job/') ? 'job' : 'screen'),
                ),
            ),
        );
        input.setAttribute('aria-activedescendant', found.length > 0 ? 'palette-' + chosen : '');
    };
    const open = href => {
        box.close();
        go(href);
    };
    const search = async () => {
        const words = input.value.trim().toLowerCase(),
            mine = ++asked;
        chosen = 0;
        const screens = SCREENS.filter(([text]) => text.toLowerCase().includes(words));
        found = screens;
        show();
        if (words === '' || !may('jobs:read')) return;
        const {findJobs} = await import('./pages/find.js');
        const jobs = await findJobs(input.value.trim(), 8).catch(() => []);
        if (mine !== asked) return;
        found = [...jobs.map(job => [job.name ?? learn(job).job_id.slice(0, 24) + '…', '#/job/' + job.job_id]), ...screens];
        show();
    };
    input.addEventListener('input', search);
    input.addEventListener('keydown', event => {
        const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
        if (step !== undefined) {
            event.preventDefault();
            chosen = Math.min(found.length - 1, Math.max(0, chosen + step));
            show();
            list.children[chosen]?.scrollIntoView({block: 'nearest'});
        } else if (event.key === 'Enter' && found[chosen]) {
            event.preventDefault();
            open(found[chosen][1]);
        }
    });
    const box = actions.showDialog('Find', input, list);
    box.classList.add('palette');
    input.focus();
    search();
}
