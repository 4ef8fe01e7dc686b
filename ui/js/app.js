/* Starts the page: shows the screen that the address names, and reads it again every few seconds while somebody looks at it. */
import * as actions from './actions.js';
import * as api from './api.js';
import {$, h, setText} from './dom.js';
import * as f from './format.js';
import * as overview from './pages/overview.js';
import {here} from './router.js';

const PAGES = {
    jobs: () => import('./pages/jobs.js'),
    job: () => import('./pages/job.js'),
    execution: () => import('./pages/execution.js'),
    dead: () => import('./pages/dead.js'),
    new: () => import('./pages/edit.js'),
    activity: () => import('./pages/activity.js'),
    runners: () => import('./pages/runners.js'),
    signing: () => import('./pages/signing.js'),
    wall: () => import('./pages/wall.js'),
};
const PATIENCE_MS = 4000;
const FAILURES = 3; // in a row, and the page says that what it shows is old

/* A screen: {title, every_ms, refresh(), keys, isBusy()}. */
let screen = null,
    generation = 0;
let keys = null; // the module of that name: it comes when the first screen is there
let isStopped = false,
    failures = 0,
    lastGood = 0,
    lastTried = 0,
    isReading = false;

async function load(route) {
    if (route.page === 'job' && route.sub === 'edit') return import('./pages/edit.js');
    return PAGES[route.page]?.() ?? overview;
}

async function show({focus = true} = {}) {
    const mine = ++generation,
        route = here(),
        main = h('main', {id: 'main', tabindex: -1});
    markNav(route.page);
    let made;
    try {
        made = await (await load(route)).show(main, route);
    } catch (error) {
        if (error.status === undefined) console.error(error);
        if (error.status === 401) askToSignIn();
        made = {title: 'Trouble', every_ms: 0, refresh: async () => {}};
        main.replaceChildren(
            h('h1', {}, {401: 'Sign in', 404: 'Not there'}[error.status] ?? 'No answer'),
            h('p', {class: 'notice'}, error.message),
        );
    }
    if (mine !== generation) return;
    const first = await firstAnswer(made);
    if (mine !== generation) return;
    $('main').replaceWith(main);
    document.body.classList.toggle('on-wall', route.page === 'wall'); // not before: what is still there would move
    screen = made;
    document.title = made.title + ' · Dronc';
    keys?.bind(made.keys);
    if (focus) main.focus({preventScroll: true});
    scrollTo(0, 0);
    if (first === null) await read();
    else if (first === true) succeed();
    else fail(first);
}

/* A screen is shown once it has something to show, so that nothing moves; but after a while in any case. True, an error, or null if it is not
 * there yet. */
function firstAnswer(made) {
    $('main').setAttribute('aria-busy', 'true');
    lastTried = Date.now();
    const late = new Promise(resolve => {
        setTimeout(() => resolve(null), PATIENCE_MS);
    });
    return Promise.race([
        made.refresh().then(
            () => true,
            error => error,
        ),
        late,
    ]);
}

function markNav(page) {
    const section = {job: 'jobs', execution: 'activity', '': ''}[page] ?? page;
    for (const link of document.querySelectorAll('header a[href^="#/"]:not(.brand)')) {
        const isHere = link.hash.slice(2) === section;
        if (isHere) link.setAttribute('aria-current', 'page');
        else link.removeAttribute('aria-current');
    }
    const nav = document.querySelector('nav'),
        link = nav.querySelector('[aria-current]');
    if (link !== null) nav.scrollLeft = link.offsetLeft - nav.offsetLeft - (nav.clientWidth - link.offsetWidth) / 2; // on a phone not all fit
}

/* --- reading again ------------------------------------------------------------------------------------------------- */

async function read() {
    if (isReading || screen === null) return;
    isReading = true;
    lastTried = Date.now();
    const mine = generation;
    try {
        await screen.refresh();
        if (mine === generation) succeed();
    } catch (error) {
        if (mine === generation) fail(error);
    } finally {
        isReading = false;
        if (mine !== generation) read();
    }
}

function succeed() {
    failures = 0;
    lastGood = Date.now();
    $('trouble').hidden = true;
    $('main').classList.remove('stale');
    showAsOf();
}

function fail(error) {
    if (error.status === undefined) console.error(error);
    if (error.status === 401) return askToSignIn();
    failures++;
    if (failures < FAILURES && lastGood > 0 && error.status !== 403) return undefined;
    const since = lastGood > 0 ? ` since ${f.clock(lastGood)}` : '';
    setText(
        $('trouble'),
        error.status === 0 || error.status >= 500
            ? `No answer${since}${error.status > 0 ? `: ${error.message}` : ''}. What you see is from then; the page goes on asking.`
            : error.message,
    );
    $('trouble').hidden = false;
    $('main').classList.add('stale');
    return showAsOf();
}

function showAsOf() {
    const text = isStopped
        ? 'stopped at ' + f.clock(lastGood)
        : failures >= FAILURES
          ? 'no answer'
          : 'as of ' + f.clock(lastGood || Date.now());
    setText($('asof'), text);
}

/* Not while the page is hidden, a dialog is open, text is selected, or the screen is being used. */
function isLookedAt() {
    const selection = getSelection();
    return (
        document.visibilityState === 'visible' &&
        !document.querySelector('dialog[open]') &&
        (selection === null || selection.isCollapsed) &&
        !screen?.isBusy?.()
    );
}

function tick() {
    for (const node of document.querySelectorAll('[data-until]')) setText(node, f.relative(Number(node.dataset.until)));
    const every = screen?.every_ms ?? 0;
    if (!isStopped && every > 0 && Date.now() - lastTried >= every - 50 && isLookedAt()) read();
}

/* --- the header ------------------------------------------------------------------------------------------------------ */

let isAsking = false;
let isDeclined = false; // the reader has closed the dialog: it does not come back by itself

async function askToSignIn() {
    $('sign').hidden = false;
    if (isAsking || document.querySelector('dialog[open]')) return;
    isAsking = true;
    const isDone = !isDeclined && (await actions.signIn());
    isAsking = false;
    isDeclined = !isDone;
    if (!isDone) {
        setText($('trouble'), 'This server asks for an API key: sign in to see anything.');
        $('trouble').hidden = false;
    }
}

function showSession() {
    $('sign').hidden = !api.isSignedIn();
    setText($('sign'), api.isSignedIn() ? 'Sign out' : 'Sign in');
    document.querySelector('header a[href="#/new"]').hidden = !api.may('jobs:write');
}

function showZone() {
    setText($('zone'), f.showsUtc() ? 'UTC' : 'local');
    $('zone').title = `Times are in ${f.showsUtc() ? 'UTC' : f.localZone()} (u)`;
    $('zone').setAttribute('aria-label', `Times in ${f.showsUtc() ? 'UTC' : 'local time'}: switch`);
}

function switchZone() {
    f.switchZone();
    showZone();
    show({focus: false});
}

function stopOrGoOn() {
    isStopped = !isStopped;
    actions.say(isStopped ? 'Refreshing is stopped. Press . to go on.' : 'Refreshing goes on.');
    showAsOf();
    if (!isStopped) read();
}

function start() {
    showZone();
    showSession();
    $('zone').addEventListener('click', switchZone);
    $('help').addEventListener('click', () => keys?.openHelp());
    $('sign').addEventListener('click', () => (api.isSignedIn() ? api.signOut() : actions.signIn()));
    document.querySelector('.skip').addEventListener('click', event => {
        event.preventDefault();
        $('main').focus();
    });
    api.onSession(() => {
        isDeclined = false;
        showSession();
        show({focus: false});
    });
    addEventListener('hashchange', () => {
        isDeclined = false;
        show();
    });
    addEventListener('dronc-changed', read);
    document.addEventListener('visibilitychange', () => isLookedAt() && !isStopped && read());
    setInterval(tick, 1000);
    show({focus: false}).then(fetchTheRest);
}

/* The keys and the other screens come behind the first one: so they are there when the network is not. */
async function fetchTheRest() {
    keys = await import('./keys.js');
    keys.start({u: switchZone, '.': stopOrGoOn});
    keys.bind(screen?.keys);
    await Promise.allSettled(Object.values(PAGES).map(page => page()));
}

start();
