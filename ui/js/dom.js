/* Nodes from data. Text never becomes markup: h() makes nodes, and nothing else does. */
const SVG = 'http://www.w3.org/2000/svg';
const SVG_NAMES = new Set(['svg', 'rect', 'g', 'text', 'title', 'line', 'path', 'circle', 'polyline']);
const FOCUSABLE = 'a[href], button, input, select, textarea, summary, [tabindex]';

/* An element. An attribute that is false or null is left out; one that begins with "on" listens. */
export function h(name, attributes = {}, ...children) {
    const isSvg = SVG_NAMES.has(name);
    const node = isSvg ? document.createElementNS(SVG, name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
        if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
        else if (value === true) node.setAttribute(key, '');
        else if (value !== false && value !== null && value !== undefined) node.setAttribute(key, value);
    }
    node.append(...content(children));
    return node;
}

function content(children) {
    return children.flat(9).filter(child => child !== null && child !== undefined && child !== false);
}

export function fill(node, ...children) {
    node.replaceChildren(...content(children));
    return node;
}

export const $ = id => document.getElementById(id);

export function setText(node, text) {
    if (node.textContent !== String(text)) node.textContent = text;
}

/* Replace the children of a node, and leave the focus on what stands in the place of what had it. */
export function refill(node, fresh) {
    const at = [...node.querySelectorAll(FOCUSABLE)].indexOf(document.activeElement);
    node.replaceChildren(...fresh);
    if (at >= 0) [...node.querySelectorAll(FOCUSABLE)][at]?.focus({preventScroll: true});
}

/* Show one child for each item. Those that are there already stay the same nodes, so that focus, selection and scrolling
 * survive a refresh. */
export function keep(parent, items, key, make) {
    const old = new Map([...parent.children].map(node => [node.dataset.key, node]));
    const rows = items.map(item => {
        const id = String(key(item)),
            text = JSON.stringify(item);
        let row = old.get(id);
        if (row === undefined || row.dataset.text !== text) {
            const fresh = make(item);
            if (row?.contains(document.activeElement)) refill(row, fresh.childNodes);
            else row = fresh;
            row.dataset.key = id;
            row.dataset.text = text;
        }
        return row;
    });
    if (rows.length !== parent.children.length || rows.some((row, i) => parent.children[i] !== row)) {
        const active = parent.contains(document.activeElement) ? document.activeElement : null;
        parent.replaceChildren(...rows);
        if (active?.isConnected) active.focus({preventScroll: true});
    }
}

/* Call fn when so many ms have passed without another call. */
export function debounce(fn, ms) {
    let timer;
    return (...args) => {
        clearTimeout(timer);
        timer = setTimeout(() => fn(...args), ms);
    };
}

/* Do something for each item, a few at a time. */
export async function eachOf(items, atOnce, work) {
    const waiting = [...items];
    const one = async () => {
        while (waiting.length > 0) await work(waiting.shift());
    };
    await Promise.all(Array.from({length: Math.min(atOnce, waiting.length)}, one));
}
