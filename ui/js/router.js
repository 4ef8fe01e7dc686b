/* Where the reader is: all of it stands in the address, so that it can be shared. #/job/ID/edit?q=… */

export function parse(hash) {
    const [path, search = ''] = hash.replace(/^#\/?/, '').split('?');
    const [page = '', ...rest] = path.split('/').map(part => {
        try {
            return decodeURIComponent(part);
        } catch {
            return part;
        }
    });
    return {page, id: rest[0] ?? '', sub: rest[1] ?? '', query: new URLSearchParams(search)};
}

export const here = () => parse(location.hash);

export const link = (page, query = {}) => {
    const search = new URLSearchParams(
        Object.entries(query).filter(([, value]) => value !== '' && value !== null && value !== undefined),
    ).toString();
    return '#/' + page + (search === '' ? '' : '?' + search);
};

export const jobLink = id => '#/job/' + id;
export const executionLink = id => '#/execution/' + id;

export function go(hash) {
    location.hash = hash;
}

/* Note filters in the address, without leaving the page and without a step of history for each letter. */
export function setQuery(changes) {
    const {page, id, sub, query} = here();
    for (const [name, value] of Object.entries(changes)) {
        if (value === '' || value === null || value === undefined) query.delete(name);
        else query.set(name, value);
    }
    const search = query.toString();
    history.replaceState(null, '', '#/' + [page, id, sub].filter(part => part !== '').join('/') + (search === '' ? '' : '?' + search));
}
