/* Who calls, and the Redis between them. */
import * as answers from '../answers.js';
import * as api from '../api.js';
import {fill, h, setText} from '../dom.js';
import * as f from '../format.js';
import {facts, pageHead, runnersTable, section, showRunners} from '../parts.js';

export async function show(main) {
    const view = {list: runnersTable(), note: h('p', {class: 'hint'}, '\u00a0'), redis: h('div')};
    fill(main, pageHead('Runners'), view.list.node, view.note, section('Redis', null, view.redis));
    return {title: 'Runners', every_ms: 5000, refresh: () => refresh(view)};
}

async function refresh(view) {
    const [runners, health, stats] = await Promise.all([answers.runners(), api.health(), api.stats()]);
    showRunners(view.list, runners);
    setText(
        view.note,
        runners.runners === null
            ? 'The runners that the latest 200 executions name: this server does not list those that are alive.'
            : 'A runner whose lease runs out counts as dead: another takes over what it held.',
    );
    const redis = stats?.redis ?? {},
        said = health.checks?.redis ?? '–';
    fill(
        view.redis,
        facts([
            ['State', h('span', {class: said === 'healthy' ? '' : 'bad'}, said)],
            ['Reason', health.reason],
            [
                'Memory',
                redis.memory_used_bytes &&
                    `${f.bytes(redis.memory_used_bytes)}${redis.memory_max_bytes ? ` of ${f.bytes(redis.memory_max_bytes)}` : ', no limit'}`,
            ],
            ['Append-only file', redis.appendonly === undefined ? null : redis.appendonly ? 'yes' : 'no'],
            ['Clock offset', redis.clock_offset_seconds === undefined ? null : f.duration(redis.clock_offset_seconds * 1000)],
            ['Version', redis.version],
        ]),
        (health.warnings ?? []).map(text => h('p', {class: 'notice'}, text.charAt(0).toUpperCase() + text.slice(1))),
    );
}
