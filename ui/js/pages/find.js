/* Jobs by what a reader types: a part of the name where the server can look for that, else its beginning. */
import * as api from '../api.js';

export async function findJobs(words, limit) {
    if (/^capi:[0-9a-f]{64}$/.test(words)) return [await api.job(words)];
    if (api.knows('?q')) {
        const {jobs} = await api.jobs({q: words, limit});
        if (api.knows('?q')) return jobs;
    }
    const found = [];
    let cursor,
        pages = 0;
    do {
        const page = await api.jobs({name_prefix: words, limit, cursor});
        found.push(...page.jobs);
        cursor = page.next_cursor;
    } while (found.length < limit && cursor && ++pages < 5);
    return found.slice(0, limit);
}
