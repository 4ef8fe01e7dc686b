/* All requests. The key of a signed-in reader stays in this module's memory: it is never stored, and goes only to this server.
 *
 * A server that is older than this page does not know every route. optional() asks for one once, and after a 404 the page does
 * without it: see answers.js. */
const LIMIT_MS = 15_000;

export class ApiError extends Error {
    constructor(status, error) {
        super(error?.message ?? (status === 0 ? 'no answer' : 'status ' + status));
        Object.assign(this, {status, code: error?.code, field: error?.field, offset: error?.offset});
    }
}

/* --- the session ------------------------------------------------------------------------------------------------- */

let token = '';
let scopes = null; // null: not known, so everything is offered until the server refuses it
const refused = new Set();
const listeners = new Set();

export const isSignedIn = () => token !== '';
export const onSession = fn => listeners.add(fn);

/* May this reader do what takes that scope? */
export function may(scope) {
    return scopes === null ? !refused.has(scope) : scopes.includes('*') || scopes.includes(scope);
}

export async function signIn(key) {
    const before = token;
    token = key.trim();
    try {
        scopes = await askScopes();
    } catch (error) {
        token = before;
        throw error;
    }
    begin();
}

export function signOut() {
    token = '';
    scopes = null;
    begin();
}

function begin() {
    refused.clear();
    names.clear();
    tell();
}

/* No route says what a key may do. So a job that cannot exist is asked for each of it: 404 if the key may, 403 if not. Nothing is changed;
 * the trail counts what was refused. */
const NO_JOB = 'capi:' + '0'.repeat(64);
const PROBES = [
    ['jobs:read', 'GET', '/v1/jobs/' + NO_JOB],
    ['jobs:write', 'POST', `/v1/jobs/${NO_JOB}/resume`],
    ['jobs:run', 'POST', `/v1/jobs/${NO_JOB}/run`],
    ['executions:read', 'GET', `/v1/jobs/${NO_JOB}/executions`],
    ['dead:write', 'POST', `/v1/dead/${NO_JOB.replace('capi', 'dead')}:0/redrive`],
    ['secrets:write', 'GET', '/v1/secrets'],
];

async function askScopes() {
    const found = [];
    for (const [scope, method, path] of PROBES) {
        try {
            await request(method, path);
            found.push(scope);
        } catch (error) {
            if (error.status === 404) found.push(scope);
            else if (error.status !== 403) throw error;
        }
    }
    return found;
}

function tell() {
    for (const fn of listeners) fn();
}

/* --- one request ------------------------------------------------------------------------------------------------- */

export async function request(method, path, {query, body, headers, text} = {}) {
    const wanted = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== null && value !== '');
    const url = wanted.length > 0 ? path + '?' + new URLSearchParams(wanted) : path;
    const all = {'Dronc-Page': '1', ...headers}; // nginx compresses for it
    if (body !== undefined) all['Content-Type'] ??= 'application/json';
    if (token !== '') all.Authorization = 'Bearer ' + token;
    let answer, said;
    try {
        answer = await fetch(url, {
            method,
            headers: all,
            body: body === undefined ? undefined : JSON.stringify(body),
            signal: AbortSignal.timeout(LIMIT_MS),
        });
        said = await answer.text();
    } catch {
        throw new ApiError(0);
    }
    if (answer.ok) return text || said === '' ? said : JSON.parse(said);
    throw failure(answer.status, said);
}

function failure(status, said) {
    let error;
    try {
        ({error} = JSON.parse(said));
    } catch {
        /* nothing that this page could show */
    }
    if (status === 403 && error?.code === 'FORBIDDEN') learnRefusal(error.message);
    return new ApiError(status, error);
}

/* "…lacks the scope jobs:write": what takes it is not offered any more. */
function learnRefusal(message) {
    const scope = /\b[a-z]+:[a-z]+\b/.exec(message)?.[0];
    if (scope === undefined || refused.has(scope)) return;
    refused.add(scope);
    setTimeout(tell, 0);
}

const get = (path, query) => request('GET', path, {query});

/* --- what a server may not know ---------------------------------------------------------------------------------- */

const unknown = new Set();

export const knows = feature => !unknown.has(feature);

function isUnknown(error) {
    return (error.status === 404 && error.code === 'NOT_FOUND') || error.status === 405;
}

/* What the server answers, or null if it has no such route. */
async function optional(feature, ask) {
    if (unknown.has(feature)) return null;
    try {
        return await ask();
    } catch (error) {
        if (!isUnknown(error)) throw error;
        unknown.add(feature);
        return null;
    }
}

export const stats = () => optional('stats', () => get('/v1/stats'));
export const upcoming = limit => optional('upcoming', () => get('/v1/upcoming', {limit}));
export const running = () => optional('running', () => get('/v1/running'));
export const runners = () => optional('runners', () => get('/v1/runners'));
export const cancel = id => request('POST', `/v1/executions/${id}/cancel`);

export const failingJobs = limit => optionalParameter('health', health => get('/v1/jobs', {health, limit}), 'failing');

/* The same for a parameter: an older server refuses it by name. */
async function optionalParameter(name, ask, value) {
    if (unknown.has('?' + name)) return null;
    try {
        return await ask(value);
    } catch (error) {
        if (error.status !== 400 || (error.field !== name && !error.message.includes(name))) throw error;
        unknown.add('?' + name);
        return null;
    }
}

/* --- jobs -------------------------------------------------------------------------------------------------------- */

const names = new Map(); // id → {name, host}, of every job that was seen

export function learn(job) {
    names.set(job.job_id, {name: job.name ?? null, api: job.api ?? ''});
    return job;
}

export const known = id => names.get(id);
export const forget = id => names.set(id, {name: null, api: '', gone: true});

/* A page of jobs. `recent`, `q` and `health` are left out for a server that does not know them. */
export async function jobs(query) {
    const asked = {...query};
    for (const name of ['recent', 'q', 'health']) if (unknown.has('?' + name)) delete asked[name];
    try {
        const page = await get('/v1/jobs', asked);
        page.jobs.forEach(learn);
        return page;
    } catch (error) {
        const name =
            error.status === 400 &&
            ['recent', 'q', 'health'].find(each => each in asked && (error.field === each || error.message.includes(each)));
        if (!name) throw error;
        unknown.add('?' + name);
        return jobs(query);
    }
}

export const job = async id => learn(await get('/v1/jobs/' + id));
export const why = (id, at) => get(`/v1/jobs/${id}/why`, {at});
export const preview = (schedule, timezone, count, from) => get('/v1/schedule/preview', {schedule, timezone, count, from});
export const create = definition => request('POST', '/v1/schedule/api-caller', {body: definition});
export const run = id => request('POST', `/v1/jobs/${id}/run`);
export const pause = (id, note) => request('POST', `/v1/jobs/${id}/pause`, {body: note ? {note} : {}});
export const resume = id => request('POST', `/v1/jobs/${id}/resume`);
export const remove = id => request('DELETE', '/v1/jobs/' + id);

export function change(id, patch, {version, dryRun} = {}) {
    const headers = {'Content-Type': 'application/merge-patch+json'};
    if (version !== undefined) headers['If-Match'] = `"${version}"`;
    return request('PATCH', '/v1/jobs/' + id, {body: patch, headers, query: dryRun ? {dry_run: true} : {}});
}

/* --- executions and dead letters --------------------------------------------------------------------------------- */

export const executions = query => get('/v1/track/executions', query);
export const executionsOf = (id, query) => get(`/v1/jobs/${id}/executions`, query);
export const execution = id => get('/v1/executions/' + id);
export const dead = query => get('/v1/dead', query);
export const redrive = id => request('POST', `/v1/dead/${id}/redrive`);
export const discard = id => request('DELETE', '/v1/dead/' + id);
export const discardAll = query => request('DELETE', '/v1/dead', {query});

/* --- the rest ---------------------------------------------------------------------------------------------------- */

export const health = async () => {
    try {
        return await get('/health/deep');
    } catch (error) {
        if (error.status === 503) return {status: 'unhealthy', checks: {redis: error.message}};
        throw error;
    }
};
export const signing = () => get('/v1/signing');
export const secrets = () => get('/v1/secrets');
