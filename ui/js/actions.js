/* What a reader can do: each asks first where something is destroyed, and says what came of it. */
import * as api from './api.js';
import {$, eachOf, fill, h} from './dom.js';
import {nameOf} from './answers.js';
import {plural, shortId} from './format.js';
import {executionLink, go, jobLink} from './router.js';

let timer;

/* One line at the bottom, and to a screen reader. */
export function say(text, tone = '', ...more) {
    fill($('said'), h('p', {class: tone}, text, more));
    clearTimeout(timer);
    timer = setTimeout(() => fill($('said')), tone === 'bad' ? 12_000 : 6000);
}

export function sayError(error) {
    say(error.status === 0 ? 'No answer: it may or may not have been done.' : error.message, 'bad');
}

/* Do something by a button, which rests meanwhile. refresh is app.js' business: it listens to this event. */
export async function doing(work) {
    const button = document.activeElement instanceof HTMLButtonElement ? document.activeElement : null;
    button?.setAttribute('aria-busy', 'true');
    try {
        await work();
        dispatchEvent(new CustomEvent('dronc-changed'));
        return true;
    } catch (error) {
        sayError(error);
        return false;
    } finally {
        button?.removeAttribute('aria-busy');
    }
}

/* A button, for a reader who may. label: for a screen reader, where many buttons say the same. */
export function button(text, scope, onclick, className = '', label = null) {
    return api.may(scope) ? h('button', {type: 'button', class: className, onclick, 'aria-label': label}, text) : null;
}

/* --- dialogs --------------------------------------------------------------------------------------------------------- */

/* Open a dialog. When it ends the focus goes back to where it was, and onclose is called. */
function openBox(onclose, ...content) {
    const opener = document.activeElement;
    const box = h(
        'dialog',
        {
            'aria-labelledby': 'dialog-title',
            onclose: () => {
                box.remove();
                if (opener?.isConnected) opener.focus();
                onclose();
            },
        },
        content,
    );
    document.body.append(box);
    box.showModal();
    return box;
}

/* Shows a dialog with a form. submit(form) returns false to keep it open. Resolves to true if it was submitted. */
export function dialog(title, content, {confirm = 'OK', tone = 'primary', submit = () => true} = {}) {
    return new Promise(resolve => {
        const error = h('p', {class: 'bad', role: 'alert'});
        const ok = h('button', {class: tone}, confirm);
        const form = h(
            'form',
            {
                onsubmit: async event => {
                    event.preventDefault();
                    error.textContent = '';
                    ok.setAttribute('aria-busy', 'true');
                    try {
                        if ((await submit(form)) !== false) box.close('done');
                    } catch (failure) {
                        error.textContent = failure.message;
                    }
                    ok.removeAttribute('aria-busy');
                },
            },
            h('h2', {id: 'dialog-title'}, title),
            content,
            error,
            h('div', {class: 'row end'}, h('button', {type: 'button', onclick: () => box.close()}, 'Cancel'), ok),
        );
        const box = openBox(() => resolve(box.returnValue === 'done'), form);
        (form.querySelector('[autofocus], input, textarea, select') ?? ok).focus();
    });
}

/* Like dialog, with nothing to submit. */
export function showDialog(title, ...content) {
    const box = openBox(
        () => {},
        h(
            'div',
            {class: 'head'},
            h('h2', {id: 'dialog-title'}, title),
            h('button', {type: 'button', class: 'quiet', onclick: () => box.close()}, 'Close'),
        ),
        content,
    );
    return box;
}

/* Destroys something: the reader types what it is, where that is asked for. */
export function confirmDestroy(title, text, confirm, typed) {
    const input = typed === undefined ? null : h('input', {id: 'typed', autocomplete: 'off', required: true, autofocus: true});
    return dialog(
        title,
        [
            h('p', {}, text),
            input && h('div', {class: 'field'}, h('label', {for: 'typed'}, 'Type ', h('strong', {}, typed), ' to confirm'), input),
        ],
        {
            confirm,
            tone: 'danger',
            submit: () => {
                if (input !== null && input.value.trim() !== typed) throw new Error(`That is not ${typed}.`);
                return true;
            },
        },
    );
}

/* --- jobs ------------------------------------------------------------------------------------------------------------ */

export const titleOf = job => nameOf(job) ?? shortId(job.job_id);

export const runJob = job =>
    doing(async () => {
        const {execution_id: id} = await api.run(job.job_id);
        say(`${titleOf(job)} runs now. `, '', h('a', {href: executionLink(id)}, 'Show the call'));
    });

/* Asks for a note, then pauses one job or many. */
export async function pauseJobs(jobs) {
    const note = h('input', {id: 'note', maxlength: 400, autofocus: true, placeholder: 'why, for your colleagues'});
    const what = jobs.length === 1 ? titleOf(jobs[0]) : plural(jobs.length, 'job');
    let isPaused = false;
    await dialog(
        'Pause ' + what,
        [
            h('p', {class: 'dim'}, 'While a job is paused nothing is called, and nothing is caught up on later.'),
            h('div', {class: 'field'}, h('label', {for: 'note'}, 'Note'), note),
        ],
        {
            confirm: 'Pause',
            submit: async () => {
                isPaused = await doing(() => forAll(jobs, 'paused', job => api.pause(job.job_id, note.value)));
                return true;
            },
        },
    );
    return isPaused;
}

export const resumeJobs = jobs => doing(() => forAll(jobs, 'resumed', job => api.resume(job.job_id)));

export const runJobs = async jobs => {
    if (jobs.length === 1) return runJob(jobs[0]);
    const isSure = await dialog(`Run ${plural(jobs.length, 'job')} now`, h('p', {}, 'Each is called once, in addition to its schedule.'), {
        confirm: 'Run now',
    });
    return isSure && doing(() => forAll(jobs, 'started', job => api.run(job.job_id)));
};

export async function deleteJobs(jobs) {
    const one = jobs.length === 1,
        title = one ? `Delete ${titleOf(jobs[0])}` : `Delete ${plural(jobs.length, 'job')}`;
    const text = 'Its history and its dead letters go with it. A call under way continues.';
    const isSure = await confirmDestroy(
        title,
        one ? text : text.replace(/\bIts\b/, 'Their').replace(' its ', ' their '),
        'Delete',
        one ? undefined : String(jobs.length),
    );
    return isSure && doing(() => forAll(jobs, 'deleted', job => api.remove(job.job_id)));
}

export async function deleteJob(job) {
    if (await deleteJobs([job])) go('#/jobs');
}

async function forAll(jobs, word, act) {
    let failed = null,
        done = 0;
    await eachOf(jobs, 4, async job => {
        try {
            await act(job);
            done++;
        } catch (error) {
            failed = error;
        }
    });
    if (failed !== null && done === 0) throw failed;
    const what = jobs.length === 1 ? titleOf(jobs[0]) : plural(done, 'job');
    say(`${what} ${word}.` + (failed === null ? '' : ` ${jobs.length - done} not: ${failed.message}`), failed === null ? '' : 'bad');
}

export const togglePause = job => (job.state === 'PAUSED' ? resumeJobs([job]) : pauseJobs([job]));

/* --- why -------------------------------------------------------------------------------------------------------------- */

/* What happened at an instant, or why nothing did. */
export async function showWhy(job, ms) {
    if (!ms) return go(jobLink(job.job_id) + '?why=now');
    const at = new Date(ms).toISOString().replace(/\.000Z$/, 'Z');
    return doing(async () => {
        const {whyView} = await import('./pages/why.js');
        showDialog(`Why ${titleOf(job)}?`, whyView(await api.why(job.job_id, at)));
    });
}

export async function signIn() {
    const input = h('input', {
        id: 'key',
        type: 'password',
        autocomplete: 'off',
        spellcheck: 'false',
        required: true,
        autofocus: true,
        placeholder: 'dr_…',
    });
    return dialog(
        'Sign in with an API key',
        [
            h('p', {class: 'dim'}, 'The key stays in the memory of this tab: it is stored nowhere, and gone when you reload.'),
            h('div', {class: 'field'}, h('label', {for: 'key'}, 'API key'), input),
        ],
        {
            confirm: 'Sign in',
            submit: async () => {
                await api.signIn(input.value);
                say('Signed in.');
            },
        },
    );
}
