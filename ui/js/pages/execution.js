/* One execution: its phases as a waterfall, what was sent, what came back, and the other attempts at the same occurrence. */
import * as actions from '../actions.js';
import * as answers from '../answers.js';
import * as api from '../api.js';
import * as charts from '../charts.js';
import {fill, h} from '../dom.js';
import * as f from '../format.js';
import {cause, copyButton, facts, jobName, pageHead, section, table} from '../parts.js';
import {executionLink, jobLink} from '../router.js';

export async function show(main, route) {
    const e = await api.execution(route.id);
    const job = api.may('jobs:read') ? await api.job(e.job_id).catch(() => null) : null;
    const others = await api.executionsOf(e.job_id, {limit: 200}).then(
        list => list.executions.filter(each => each.scheduled_time_ms === e.scheduled_time_ms),
        () => [e],
    );
    const name = job ? actions.titleOf(job) : (answers.nameOf(e) ?? f.shortId(e.job_id));
    fill(
        main,
        h('p', {class: 'crumb'}, h('a', {href: jobLink(e.job_id)}, name)),
        pageHead(
            `Attempt ${e.attempt} of ${f.moment(e.scheduled_time_ms)}`,
            actions.button('Run the job again', 'jobs:run', () => actions.runJob({job_id: e.job_id})),
        ),
        h('p', {class: 'under'}, f.outcome(e.outcome), cause(e)),
        h('div', {class: 'pair'}, section('Where the time went', null, waterfall(e)), section('Record', null, record(e, job))),
        section(
            'Sent along',
            null,
            h('p', {class: 'hint'}, 'The headers that Dronc adds to those of the job.'),
            h('pre', {}, sent(e, job)),
        ),
        answer(e),
        attempts(e, others),
        section('In the log', null, h('div', {class: 'row tight'}, h('pre', {}, grep(e)), copyButton(grep(e), 'the command'))),
    );
    return {title: `${name}, attempt ${e.attempt}`, every_ms: 0, refresh: async () => {}};
}

function waterfall(e) {
    const phases = charts.phasesOf(e);
    if (phases === null) return h('p', {class: 'notice'}, 'No call was made, so there is nothing to time.');
    const total = charts.PHASES.reduce((n, name) => n + phases[name], 0) || 1;
    const list = table('Phases of the call', [
        ['Phase', ''],
        ['', 'grow'],
        ['ms', 'num'],
    ]);
    let at = 0;
    const rows = charts.PHASES.map(name => ({name, from: at, to: (at += phases[name]), ms: phases[name]}));
    list.set(
        rows,
        row => row.name,
        row => [
            row.name,
            row.ms > 0 ? charts.spanBar(row.from / total, row.to / total, 'phase-' + row.name) : h('span', {class: 'dim'}, 'not needed'),
            row.ms > 0 ? row.ms.toFixed(2) : '–',
        ],
    );
    list.body.append(h('tr', {class: 'total'}, h('th', {scope: 'row'}, 'total'), h('td'), h('td', {class: 'num'}, total.toFixed(2))));
    return h(
        'div',
        {class: 'waterfall'},
        list.node,
        e.status_code > 0 &&
            e.timings_us.dns === undefined &&
            e.timings_us.connect === undefined &&
            h('p', {class: 'hint'}, 'A kept connection was used.'),
    );
}

function record(e, job) {
    return facts([
        ['Scheduled', h('span', {}, f.time(e.scheduled_time_ms), h('span', {class: 'dim'}, ' · ' + f.isoUtc(e.scheduled_time_ms)))],
        ['Called', e.execution_time_ms > 0 ? f.time(e.execution_time_ms) : 'no call, or not known'],
        ['Late', e.execution_time_ms > 0 && f.duration(e.lateness_ms)],
        ['Took', e.execution_time_ms > 0 && f.took(e)],
        ['Status', e.status_code > 0 ? String(e.status_code) : 'no answer'],
        ['Bytes read', e.response_bytes === undefined ? null : f.bytes(e.response_bytes) + (e.truncated ? ', cut there' : '')],
        ['Request', job?.api && h('span', {class: 'mono'}, `${job.method ?? 'GET'} ${job.api}`)],
        ['Missed', e.missed_count && `${f.plural(e.missed_count, 'occurrence')}, the last at ${f.moment(e.missed_until * 1000)}`],
        ['Signed with', job?.signing],
        ['Runner', e.runner && h('span', {class: 'mono'}, e.runner)],
        ['Trace', e.trace_id && h('span', {class: 'mono'}, e.trace_id)],
        ['Job', jobName(e)],
        ['Id', h('span', {class: 'mono break'}, e.id, ' ', copyButton(e.id, 'the id of the execution'))],
    ]);
}

function sent(e, job) {
    const key = e.id
        .replace(/^exec:/, '')
        .replace(/:\d+$/, '')
        .replace(':', '-');
    const lines = [
        `Dronc-Job-Id: ${e.job_id}`,
        `Dronc-Scheduled-Time: ${f.isoUtc(e.scheduled_time_ms)}`,
        `Dronc-Attempt: ${e.attempt}`,
        `Idempotency-Key: ${key}`,
    ];
    if (e.trace_id) lines.push(`traceparent: 00-${e.trace_id}-…`);
    if (job?.signing) lines.push('Webhook-Id, Webhook-Timestamp, Webhook-Signature: by the key ' + job.signing);
    return lines.join('\n');
}

function answer(e) {
    if (e.response === undefined && e.response_base64 === undefined) return null;
    const isText = e.response !== undefined,
        text = isText ? pretty(e.response) : e.response_base64;
    return section(
        'Answer',
        h('span', {class: 'dim'}, isText ? 'its first 1,024 bytes' : 'its first 1,024 bytes, in base64'),
        h('pre', {class: 'body', tabindex: 0, role: 'region', 'aria-label': 'Answer'}, text),
    );
}

export function pretty(text) {
    try {
        return JSON.stringify(JSON.parse(text), null, 2);
    } catch {
        return text;
    }
}

function attempts(e, others) {
    if (others.length < 2) return null;
    const list = table(
        'Attempts at this occurrence',
        [
            ['Attempt', ''],
            ['When', 'time'],
            ['Outcome', ''],
            ['Took', 'num'],
            ['Cause', 'grow wide'],
        ],
        {rows: {href: each => executionLink(each.id)}},
    );
    list.set(
        [...others].sort((a, b) => a.attempt - b.attempt),
        each => each.id,
        each => [
            each.id === e.id ? h('strong', {}, `${each.attempt} (this)`) : h('a', {href: executionLink(each.id)}, each.attempt),
            f.time(each.execution_time_ms || each.scheduled_time_ms),
            f.outcome(each.outcome),
            f.took(each),
            cause(each),
        ],
    );
    return section('Attempts at this occurrence', null, list.node);
}

function grep(e) {
    return `journalctl -u 'dronc-runner*' | grep 'job=${e.job_id}' | grep 'scheduled=${f.isoUtc(e.scheduled_time_ms)}'`;
}
