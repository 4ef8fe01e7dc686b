/* Reads a curl command, as people paste it, into the fields of a job. What a job cannot do comes back as a note. */

const WITH_VALUE = {
    '-X': 'method',
    '--request': 'method',
    '-H': 'header',
    '--header': 'header',
    '-d': 'data',
    '--data': 'data',
    '--data-ascii': 'data',
    '--data-raw': 'raw',
    '--data-binary': 'raw',
    '--data-urlencode': 'encode',
    '--json': 'json',
    '-u': 'user',
    '--user': 'user',
    '-A': 'agent',
    '--user-agent': 'agent',
    '-e': 'referer',
    '--referer': 'referer',
    '-b': 'cookie',
    '--cookie': 'cookie',
    '-m': 'time',
    '--max-time': 'time',
    '--connect-timeout': 'connect',
    '--max-redirs': 'redirects',
    '--url': 'url',
    '--retry': 'retry',
    '-o': 'drop',
    '--output': 'drop',
    '-w': 'drop',
    '--write-out': 'drop',
    '-x': 'refuse',
    '--proxy': 'refuse',
    '-F': 'refuse',
    '--form': 'refuse',
    '-T': 'refuse',
    '--upload-file': 'refuse',
    '-E': 'refuse',
    '--cert': 'refuse',
    '--key': 'refuse',
    '--cacert': 'refuse',
    '--resolve': 'refuse',
    '-c': 'drop',
    '--cookie-jar': 'drop',
    '--retry-delay': 'drop',
    '--retry-max-time': 'drop',
};
const ALONE = {
    '-L': 'follow',
    '--location': 'follow',
    '-I': 'head',
    '--head': 'head',
    '-G': 'get',
    '--get': 'get',
    '-k': 'refuse',
    '--insecure': 'refuse',
    '-N': 'drop',
    '--compressed': 'compressed',
};

/* Words of a shell command: quotes, escapes and line continuations. Stops at what only a shell can do. */
export function words(text) {
    const found = [];
    let word = null,
        at = 0;
    const add = more => {
        word = (word ?? '') + more;
    };
    while (at < text.length) {
        const c = text[at++];
        if (c === '\\') {
            if (text[at] === '\r') at++;
            if (text[at] === '\n') at++;
            else if (at < text.length) add(text[at++]);
        } else if (c === "'" || (c === '$' && text[at] === "'")) {
            if (c === '$') at++;
            const [inside, end] = quoted(text, at, c === '$');
            add(inside);
            at = end;
        } else if (c === '"') {
            add('');
            while (at < text.length && text[at] !== '"') {
                if (text[at] === '\\' && '"\\$`\n'.includes(text[at + 1])) at++;
                add(text[at++]);
            }
            at++;
        } else if (/\s/.test(c)) {
            if (word !== null) found.push(word);
            word = null;
        } else if (word === null && '|;&<>'.includes(c)) {
            break;
        } else {
            add(c);
        }
    }
    if (word !== null) found.push(word);
    return found;
}

const ESCAPES = {n: '\n', t: '\t', r: '\r', '\\': '\\', "'": "'", '"': '"'};

/* From behind the opening ' to behind the closing one. */
function quoted(text, at, hasEscapes) {
    let inside = '';
    while (at < text.length && text[at] !== "'") {
        if (!hasEscapes || text[at] !== '\\') {
            inside += text[at++];
            continue;
        }
        const code = /^\\(?:u([0-9a-fA-F]{1,4})|x([0-9a-fA-F]{1,2}))/.exec(text.slice(at));
        if (code) {
            inside += String.fromCharCode(parseInt(code[1] ?? code[2], 16));
            at += code[0].length;
        } else {
            inside += ESCAPES[text[at + 1]] ?? text[at + 1] ?? '';
            at += 2;
        }
    }
    return [inside, at + 1];
}

/* {fields, notes}, or null if it is not a curl command. */
export function fromCurl(text) {
    const list = words(text.trim());
    if (!/^(.*\/)?curl$/.test(list[0] ?? '')) return null;
    const state = {fields: {}, headers: {}, data: [], notes: [], redirects: 0, isGet: false};
    for (let i = 1; i < list.length; i++) i += take(state, list, i);
    return finish(state);
}

/* Returns how many words more than this one it took. */
function take(state, list, i) {
    let word = list[i],
        value = null;
    if (!word.startsWith('-') || word === '-') {
        act(state, 'url', word);
        return 0;
    }
    const equals = /^(--[a-z-]+)=(.*)$/s.exec(word);
    if (equals) [, word, value] = equals;
    if (!word.startsWith('--') && word.length > 2) return takeShort(state, list, i);
    if (WITH_VALUE[word]) {
        act(state, WITH_VALUE[word], value ?? list[i + 1] ?? '', word);
        return value === null ? 1 : 0;
    }
    act(state, ALONE[word] ?? 'drop', '', word);
    return 0;
}

/* "-sSXPOST": flags, of which the last may have a value right behind it. */
function takeShort(state, list, i) {
    const letters = list[i].slice(1);
    for (let n = 0; n < letters.length; n++) {
        const option = '-' + letters[n];
        if (WITH_VALUE[option]) {
            const rest = letters.slice(n + 1);
            act(state, WITH_VALUE[option], rest === '' ? (list[i + 1] ?? '') : rest, option);
            return rest === '' ? 1 : 0;
        }
        act(state, ALONE[option] ?? 'drop', '', option);
    }
    return 0;
}

const ACTS = {
    url: (s, v) => {
        s.fields.api ??= /^[a-z]+:\/\//i.test(v) ? v : 'http://' + v;
    },
    method: (s, v) => {
        s.fields.method = v.toUpperCase();
    },
    header: (s, v) => header(s, v),
    data: (s, v) => data(s, v.replace(/\r?\n/g, '')),
    raw: (s, v) => data(s, v),
    encode: (s, v) => {
        const [, name, , text] = /^([^=@]*)(=)?(.*)$/s.exec(v);
        s.data.push(v.includes('=') ? (name ? name + '=' : '') + encodeURIComponent(text) : encodeURIComponent(v));
    },
    json: (s, v) => {
        data(s, v);
        s.isJson = true;
    },
    user: (s, v) => {
        s.headers.Authorization = 'Basic ' + btoa(String.fromCharCode(...new TextEncoder().encode(v)));
    },
    agent: (s, v) => {
        s.headers['User-Agent'] = v;
    },
    referer: (s, v) => {
        s.headers.Referer = v;
    },
    cookie: (s, v) => {
        if (v.includes('=')) s.headers.Cookie = v;
        else s.notes.push('-b names a file of cookies: it is left out.');
    },
    time: (s, v) => {
        s.fields.timeout_ms = Math.round(Number(v) * 1000);
    },
    connect: (s, v) => {
        s.fields.connect_timeout_ms = Math.round(Number(v) * 1000);
    },
    redirects: (s, v) => {
        s.most = Number(v);
    },
    retry: (s, v) => {
        Object.assign(s.fields, {type: 'ATLEAST_ONCE', retry: {max_attempts: Number(v) + 1}});
    },
    follow: s => {
        s.redirects = 5;
    },
    head: s => {
        s.fields.method = 'HEAD';
    },
    get: s => {
        s.isGet = true;
    },
    compressed: () => {},
    drop: () => {},
    refuse: (s, v, option) => {
        s.notes.push(`${option} has no counterpart here: it is left out.`);
    },
};

function act(state, what, value, option) {
    ACTS[what](state, value, option);
}

function header(state, text) {
    const [, name, value] = /^([^:;]+)[:;]\s*(.*)$/s.exec(text) ?? [];
    if (name === undefined || /^(host|content-length|connection|expect|transfer-encoding)$/i.test(name.trim())) return;
    state.headers[name.trim()] = value.trim();
}

function data(state, text) {
    if (text.startsWith('@')) state.notes.push(`${text} is a file: put its content into the body.`);
    else state.data.push(text);
}

function finish({fields, headers, data: pieces, notes, redirects, most, isGet, isJson}) {
    const has = name => Object.keys(headers).some(each => each.toLowerCase() === name);
    if (pieces.length > 0 && isGet && fields.api) {
        fields.api += (fields.api.includes('?') ? '&' : '?') + pieces.join('&');
    } else if (pieces.length > 0) {
        fields.body = pieces.join(isJson ? '' : '&');
        fields.method ??= 'POST';
        if (!has('content-type')) headers['Content-Type'] = isJson ? 'application/json' : 'application/x-www-form-urlencoded';
        if (isJson && !has('accept')) headers.Accept = 'application/json';
    }
    fields.follow_redirects = redirects > 0 ? Math.min(10, most ?? redirects) : 0;
    if (Object.keys(headers).length > 0) fields.headers = headers;
    if (!fields.api) notes.push('It names no URL.');
    return {fields, notes};
}
