/* What signs calls, and which jobs are signed by it; and the secrets that jobs name, without their values. */
import * as actions from '../actions.js';
import * as api from '../api.js';
import {fill, h, setText} from '../dom.js';
import * as f from '../format.js';
import {copyButton, pageHead, section, table} from '../parts.js';
import {jobLink, link} from '../router.js';

const SHOWN = 20; // jobs of a name

export async function show(main) {
    const view = {};
    view.keys = table(
        'Signing keys',
        [
            ['Name', ''],
            ['Keys', 'grow'],
            ['Jobs that sign with it', 'grow'],
        ],
        {empty: 'No signing key: POST /v1/signing/NAME makes one.'},
    );
    view.secrets = table(
        'Secrets',
        [
            ['Name', 'grow'],
            ['Version', 'num'],
            ['Set', 'time'],
            ['May go to', 'grow wide'],
            ['', ''],
        ],
        {empty: 'No secret: PUT /v1/secrets/NAME stores one.'},
    );
    view.note = h('p', {class: 'hint'}, '\u00a0');
    fill(
        main,
        pageHead('Signing and secrets'),
        section('What signs calls', null, view.keys.node, view.note),
        api.may('secrets:write') &&
            section(
                'Secrets',
                null,
                view.secrets.node,
                h('p', {class: 'hint'}, 'No client can read a value. Only runners open it, for the hosts that it may go to.'),
            ),
    );
    return {title: 'Signing', every_ms: 15_000, refresh: () => refresh(view)};
}

async function refresh(view) {
    const {signing} = await api.signing();
    const rows = await Promise.all(signing.map(async name => ({...name, ...(await jobsOf(name.name))})));
    view.keys.set(
        rows,
        row => row.name,
        row => [h('strong', {}, row.name), row.keys.map(keyLine), jobsCell(row)],
    );
    setText(
        view.note,
        rows.some(row => row.partial) ? 'Jobs are looked for among the first 1,000 of each search; the link goes on from there.' : '\u00a0',
    );
    if (!api.may('secrets:write')) return;
    try {
        const {secrets} = await api.secrets();
        view.secrets.set(
            secrets,
            s => s.name,
            s => [
                h('code', {}, s.name),
                s.version,
                f.time(Date.parse(s.set_at)),
                h('span', {class: 'mono'}, s.hosts.join(', ')),
                s.http ? h('span', {class: 'label warn'}, 'also without TLS') : '',
            ],
        );
    } catch (error) {
        if (error.status !== 403) throw error;
    }
}

async function jobsOf(name) {
    const jobs = [];
    let cursor,
        turns = 0;
    do {
        const page = await api.jobs({signing: name, limit: 200, cursor});
        jobs.push(...page.jobs.map(job => ({job_id: job.job_id, name: job.name})));
        cursor = page.next_cursor;
    } while (cursor && ++turns < 5 && jobs.length <= SHOWN);
    return {jobs, partial: Boolean(cursor)};
}

function keyLine(key) {
    return h(
        'div',
        {class: 'two'},
        h(
            'span',
            {},
            h('span', {class: 'label'}, key.scheme),
            `key ${key.id}, since `,
            f.time(Date.parse(key.created_at)),
            key.expires_at && [', until ', f.time(Date.parse(key.expires_at))],
        ),
        key.public_key && h('span', {class: 'mono cut'}, key.public_key, ' ', copyButton(key.public_key, 'the public key')),
    );
}

function jobsCell({name, jobs, partial}) {
    if (jobs.length === 0) return h('span', {class: 'dim'}, partial ? 'none so far' : 'none');
    return h(
        'span',
        {class: 'listed'},
        jobs.slice(0, SHOWN).map(job => h('a', {href: jobLink(job.job_id)}, actions.titleOf(job))),
        (jobs.length > SHOWN || partial) && h('a', {href: link('jobs', {signing: name})}, 'all of them'),
    );
}
