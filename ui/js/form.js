/* The fields of a job's form: between a definition, as the API has it, and what stands in the inputs. */
import {h} from './dom.js';
import {field} from './parts.js';

const number = (min, max, unit) => ({kind: 'number', min, max, unit});
const pick = (...options) => ({kind: 'select', options});
const text = (more = {}) => ({kind: 'text', ...more});
const check = {kind: 'check'};

/* [name, label, what, hint]; a dot leads into an object. */
export const BASIC = {
    name: ['Name', text({maxlength: 128}), 'Posting the same name again replaces the job.'],
    description: ['Description', text({maxlength: 1024})],
    tags: ['Tags', {kind: 'list'}, 'With commas between them.'],
    schedule: [
        'Schedule',
        text({mono: true, required: true, maxlength: 1024}),
        'A cron expression, @every 10m, @at 2027-01-31T09:00:00Z or @in 15m.',
    ],
    timezone: ['Time zone', text({list: 'zones', maxlength: 64})],
    api: ['URL', text({mono: true, required: true, inputmode: 'url', maxlength: 2048})],
    method: ['Method', pick(['', 'GET'], ['POST'], ['PUT'], ['PATCH'], ['DELETE'], ['HEAD'], ['OPTIONS'])],
    headers: ['Headers', {kind: 'headers', rows: 3}, 'One on each line: Name: value'],
    body: ['Body', {kind: 'area', rows: 4}],
    type: [
        'Guarantee',
        {
            kind: 'radio',
            options: [
                [
                    'ATLEAST_ONCE',
                    'At least once',
                    'Each occurrence is attempted until it succeeds or its retries are exhausted. The target may see one twice, with the same Idempotency-Key.',
                ],
                ['ATMOST_ONCE', 'At most once', 'No occurrence is ever sent twice, whatever dies in between. One that fails is lost.'],
            ],
        },
    ],
};

export const MORE = [
    [
        'Time-outs and answers',
        {
            timeout_ms: ['Time-out', number(100, 1_800_000, 'ms'), 'Default: 90,000'],
            connect_timeout_ms: ['Time to connect', number(100, 60_000, 'ms'), 'Default: 10,000'],
            follow_redirects: ['Redirects', number(0, 10), 'Default: 5'],
            'success.status': ['Statuses of success', {kind: 'list'}, 'Default: 2xx'],
            'success.body_contains': ['Success: the answer contains', text({maxlength: 256})],
            keep_response: ['Keep the first 1,024 bytes of answers', check],
        },
    ],
    [
        'Retries',
        {
            'retry.max_attempts': ['Attempts', number(1, 100), 'Default: 6'],
            'retry.min_backoff_ms': ['First backoff', number(1, 86_400_000, 'ms'), 'Default: 1,000'],
            'retry.max_backoff_ms': ['Longest backoff', number(1, 86_400_000, 'ms'), 'Default: 30,000'],
            'retry.multiplier': ['Multiplier', {kind: 'number', min: 1, max: 10, step: 0.001}, 'Default: 2'],
            'retry.jitter': ['Jitter of the wait', pick(['', 'full'], ['none'])],
            'retry.max_duration_ms': ['No attempt later than', number(1, 2_592_000_000, 'ms')],
            retry_client_errors: ['At least once: retry after any 4xx, too', check],
            retry_unsent: ['At most once: retry if nothing was sent', check],
        },
    ],
    [
        'After an outage, and overlap',
        {
            catch_up: ['Call late occurrences', pick(['', 'as the guarantee has it'], ['all'], ['latest'], ['none'])],
            catch_up_window_s: ['How late they may be', number(1, 2_592_000, 's'), 'Default: 86,400'],
            catch_up_max: ['How many of them', number(1, 1000), 'Only with all. Default: 100'],
            overlap: [
                'While an earlier one is under way',
                pick(['', 'call it as well'], ['skip', 'skip it'], ['queue', 'wait'], ['cancel', 'cancel the earlier one']),
            ],
        },
    ],
    [
        'Window, jitter and runs',
        {
            starts_at: ['Not before', text({mono: true, placeholder: '2027-01-31T09:00:00Z'})],
            ends_at: ['Not after', text({mono: true, placeholder: '2027-12-31T23:59:59Z'})],
            jitter_ms: ['Jitter', number(0, 3_600_000, 'ms')],
            max_runs: ['Runs at most', number(1, 1_000_000_000)],
        },
    ],
    [
        'Health and signatures',
        {
            pause_after_failures: ['Pause after so many failures in a row', number(1, 1_000_000)],
            on_failure_url: ['Call when it begins to fail', text({mono: true, maxlength: 2048})],
            on_recovery_url: ['Call when it recovers', text({mono: true, maxlength: 2048})],
            signing: ['Sign calls with the key', text({list: 'signing-names', maxlength: 64})],
        },
    ],
];

const ALL = Object.assign({}, BASIC, ...MORE.map(([, fields]) => fields));
const idOf = name => 'f-' + name.replace('.', '-');

/* The fields of a definition, as it has them. */
export const FIELDS = [...new Set([...Object.keys(ALL).map(name => name.split('.')[0]), 'body_base64'])];

/* --- inputs ----------------------------------------------------------------------------------------------------------- */

/* The input of a field with its label, and a place for what is wrong with it. */
export function fieldOf(name) {
    const [label, what, hint] = ALL[name],
        id = idOf(name);
    const error = h('p', {class: 'bad', id: id + '-error', role: 'alert'});
    if (what.kind === 'check')
        return h('div', {class: 'field check'}, h('input', {type: 'checkbox', id, name}), h('label', {for: id}, label), error);
    if (what.kind === 'radio') return radios(name, label, what, error);
    return field(what.unit ? `${label} (${what.unit})` : label, control(name, id, what, hint), {hint, error});
}

function control(name, id, what, hint) {
    const common = {id, name, 'aria-describedby': `${hint ? id + '-hint ' : ''}${id}-error`, autocomplete: 'off', spellcheck: 'false'};
    if (what.kind === 'select')
        return h(
            'select',
            {id, name},
            what.options.map(([value, shown]) => h('option', {value}, shown ?? value)),
        );
    if (what.kind === 'area' || what.kind === 'headers') return h('textarea', {...common, rows: what.rows, class: 'mono'});
    if (what.kind === 'number')
        return h('input', {...common, type: 'number', min: what.min, max: what.max, step: what.step ?? 1, inputmode: 'numeric'});
    return h('input', {
        ...common,
        type: 'text',
        class: what.mono ? 'mono' : '',
        required: what.required,
        maxlength: what.maxlength,
        list: what.list,
        inputmode: what.inputmode,
        placeholder: what.placeholder,
    });
}

function radios(name, label, {options}, error) {
    return h(
        'fieldset',
        {class: 'field'},
        h('legend', {}, label),
        options.map(([value, shown, text_], i) =>
            h(
                'label',
                {class: 'radio'},
                h('input', {type: 'radio', name, value, checked: i === 0}),
                h('span', {}, h('strong', {}, shown), h('span', {class: 'hint'}, text_)),
            ),
        ),
        error,
    );
}

/* --- from inputs to a definition --------------------------------------------------------------------------------------- */

export function read(form) {
    const definition = {};
    for (const [name, [, what]] of Object.entries(ALL)) {
        const value = valueOf(form.elements[name], what);
        if (value === undefined) continue;
        const [outer, inner] = name.split('.');
        if (inner === undefined) definition[outer] = value;
        else (definition[outer] ??= {})[inner] = value;
    }
    return definition;
}

function valueOf(input, {kind}) {
    if (kind === 'check') return input.checked || undefined;
    const written = kind === 'area' ? input.value : input.value.trim();
    if (written === '') return undefined;
    if (kind === 'number') return Number(written);
    if (kind === 'list')
        return written
            .split(',')
            .map(part => part.trim())
            .filter(part => part !== '')
            .map(part => (input.name === 'success.status' && /^\d{3}$/.test(part) ? Number(part) : part));
    return kind === 'headers' ? headersOf(written) : written;
}

function headersOf(written) {
    const lines = written.split('\n').filter(line => line.trim() !== '');
    return Object.fromEntries(
        lines.map(line => {
            const at = line.indexOf(':');
            return at < 0 ? [line.trim(), ''] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
        }),
    );
}

/* --- from a definition to inputs ---------------------------------------------------------------------------------------- */

export function write(form, definition) {
    for (const [name, [, what]] of Object.entries(ALL)) {
        const [outer, inner] = name.split('.'),
            value = inner === undefined ? definition[outer] : definition[outer]?.[inner];
        const input = form.elements[name];
        if (what.kind === 'check') input.checked = value === true;
        else if (what.kind === 'headers')
            input.value = Object.entries(value ?? {})
                .map(pair => pair.join(': '))
                .join('\n');
        else if (what.kind === 'list') input.value = (value ?? []).join(', ');
        else if (what.kind === 'select') input.value = what.options.some(([each]) => each === value) ? value : '';
        else if (what.kind !== 'radio' || value !== undefined) input.value = value ?? '';
    }
}

/* Names of fields that are set in a definition and stand among the folded ones. */
export const isFolded = (fields, definition) =>
    Object.keys(fields).some(name => {
        const [outer, inner] = name.split('.');
        return (inner === undefined ? definition[outer] : definition[outer]?.[inner]) !== undefined;
    });

/* What a merge patch has to say so that `before` becomes `after`. */
export function difference(before, after) {
    const patch = {};
    for (const name of FIELDS) {
        if (name === 'name' || name === 'body_base64' || JSON.stringify(before[name]) === JSON.stringify(after[name])) continue;
        const isObject = ['headers', 'retry', 'success'].includes(name);
        if (after[name] === undefined) patch[name] = null;
        else if (!isObject || before[name] === undefined) patch[name] = after[name];
        else patch[name] = mergeOf(before[name], after[name]);
    }
    if (patch.body !== undefined && patch.body !== null && before.body_base64 !== undefined) patch.body_base64 = null;
    return patch;
}

function mergeOf(before, after) {
    const patch = {};
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)]))
        if (JSON.stringify(before[key]) !== JSON.stringify(after[key])) patch[key] = after[key] ?? null;
    return patch;
}

/* --- errors -------------------------------------------------------------------------------------------------------------- */

export function clearErrors(form) {
    for (const node of form.querySelectorAll('[id$="-error"]')) node.replaceChildren();
    for (const node of form.querySelectorAll('[aria-invalid]')) node.removeAttribute('aria-invalid');
}

/* Shows an error of the API at the field that it names. Returns false if it names none of the form. */
export function showError(form, error, {focus = true} = {}) {
    const named = (error.field ?? '').replace(/\[.*$/, ''),
        name = ALL[named] ? named : Object.keys(ALL).find(each => each.split('.')[0] === named);
    const input = name === undefined ? undefined : form.elements[name],
        place = name === undefined ? null : form.querySelector('#' + idOf(name) + '-error');
    if (!input || !place) return false;
    if (input.setAttribute) input.setAttribute('aria-invalid', 'true');
    place.replaceChildren(...faultOf(input.value ?? '', error), error.message);
    const folded = place.closest('details');
    if (folded) folded.open = true;
    if (focus) input.focus?.();
    return true;
}

/* The text as it was written, underlined from the byte where the fault lies. */
function faultOf(written, error) {
    if (error.offset === undefined || error.offset === null || written === '') return [];
    const bytes = new TextEncoder().encode(written),
        before = new TextDecoder().decode(bytes.slice(0, error.offset));
    return [h('code', {class: 'fault'}, before, h('u', {}, written.slice(before.length) || '\u00a0')), ' '];
}
