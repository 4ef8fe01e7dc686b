/* An answer of /why, for people. */
import * as f from '../format.js';
import {h} from '../dom.js';
import {executionLink} from '../router.js';

const TONES = {succeeded: 'good', failed: 'bad', lost: 'bad', unknown: 'warn', missed: 'warn', paused: 'warn', waiting: 'warn'};

export function whyView(answer) {
    const at = Date.parse(answer.at);
    return h(
        'div',
        {class: 'why'},
        h('p', {class: 'hint'}, 'At ', f.time(at), ' · ', f.isoUtc(at)),
        h(
            'p',
            {class: 'answer ' + (TONES[answer.why] ?? '')},
            h('strong', {}, answer.why.replaceAll('_', ' ')),
            h('span', {}, sentence(answer.explanation)),
        ),
        answer.state_note && h('p', {}, 'Note: ', answer.state_note),
        answer.called_at && h('p', {}, 'It is called at ', f.time(Date.parse(answer.called_at)), '.'),
        answer.executions.length > 0 &&
            h(
                'ul',
                {class: 'plain'},
                answer.executions.map(e =>
                    h(
                        'li',
                        {},
                        h('a', {href: executionLink(e.id)}, `Attempt ${e.attempt}`),
                        ' ',
                        f.outcome(e.outcome),
                        ' ',
                        h('span', {class: 'dim'}, f.reason(e)),
                    ),
                ),
            ),
        answer.next?.length > 0 &&
            h(
                'p',
                {class: 'hint'},
                'After that: ',
                answer.next.slice(0, 3).map((n, i) => [i > 0 ? ', ' : '', f.time(n.unix * 1000)]),
            ),
    );
}

function sentence(text) {
    const whole = text.charAt(0).toUpperCase() + text.slice(1);
    return /[.!?]$/.test(whole) ? whole : whole + '.';
}
