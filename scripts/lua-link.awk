# Composes scripts of lib/store/lua as Redis gets them. Reads contract.def (by contract.awk), the parts, and one or more scripts. To what
# a script says it adds
#   - locals for those of its KEYS and ARGV that it names,
#   - those functions and variables of the parts that it uses, and what these use, each once, before its first use, and in the innermost
#     branch that has all its uses: to make a function takes as long as to call it, and most branches are rarely taken;
# it puts the values of constants in their places, rewrites each(), each_count() and each_unpacked(), and leaves out comments and spaces:
# what is sent has a limit. A script's line stays a line, so that Redis' messages lead to it: scripts/lua-source has the way back.
#
# It fails where a script says KEYS or ARGV, and where a loop over each() names what contract.def does not.
#
# -v out=DIRECTORY: <name>.lua goes there, and <name>.map, which has for each of its lines where it comes from.
# -v check=1: it fails, too, where a script or part uses what its `needs:` does not name, or names what it does not use, and where a
# script is sent what it does not use. (make lint)
# -v first=1: all functions and variables of the parts stand before the script, so that none of its own names is in their sight. (make lint)

# ---- tokens ----

# Cut the next token off `rest`. Sets token, and kind: name, string, number, other, or "" at the end of the line.
function next_token() {
    sub(/^[ \t]+/, "", rest)
    if (rest ~ /^(--)?\[=*\[/)
        fail(file ":" FNR ": a text stands in single quotes, and a comment ends with its line")
    if (rest == "" || rest ~ /^--/)
        kind = ""
    else if (match(rest, /^[A-Za-z_][A-Za-z0-9_]*/))
        kind = "name"
    else if (match(rest, /^'([^'\\]|\\.)*'/))
        kind = "string"
    else if (match(rest, /^[0-9]+(\.[0-9]+)?/))
        kind = "number"
    else {
        kind = "other"
        if (!match(rest, /^(\.\.\.|\.\.|==|~=|<=|>=)/))
            match(rest, /^./)
    }
    token = kind == "" ? "" : substr(rest, 1, RLENGTH)
    if (token == "'" || token == "\"")
        fail(file ":" FNR ": a text stands in single quotes, on one line")
    rest = kind == "" ? "" : substr(rest, RLENGTH + 1)
}

function needs_space(before, after) {
    return (before ~ /[A-Za-z0-9_]$/ && after ~ /^[A-Za-z0-9_]/) || (before ~ /[0-9]$/ && after ~ /^\./) ||
        (before ~ /-$/ && after ~ /^-/)
}

# A name's value, if it is a constant.
function replace_constant() {
    if (token == "FIELDS")
        token = fields
    else if (token == "STATE_FIELDS")
        token = state_fields
    else if (token in constant)
        token = constant[token]
    else
        return
    kind = token ~ /^'[^']*'$/ ? "string" : "other"
}

# A list of words, each with a space on both sides, with one more.
function add_word(list, word) {
    return index(list, " " word " ") ? list : list " " word " "
}

# Can the text at the end of what is written go on in its own quotes? Not if # stands before it, nor if it ends with a number of a
# character, which would become another one.
function can_join(text) {
    return text !~ /#'([^'\\]|\\.)*'\.\.$/ && text !~ /\\[0-9][0-9]?'\.\.$/
}

# The line without comments and spaces, constants replaced, texts that are joined by .. made one. Adds the names that it uses to `used`.
function squeeze(line,    text, last, before_last) {
    rest = line
    text = last = before_last = words = ""
    for (next_token(); kind != ""; next_token()) {
        words = words (kind == "name" || token ~ /^[][(){}]$/ ? token " " : "")
        if (kind == "name" && last != "." && last != ":") {
            used = add_word(used, token)
            replace_constant()
        }
        if (kind == "string" && last == ".." && before_last ~ /^'/ && can_join(text)) {
            text = substr(text, 1, length(text) - 3) substr(token, 2)
            last = substr(before_last, 1, length(before_last) - 1) substr(token, 2)
            before_last = ""
            continue
        }
        text = text (needs_space(text, token) ? " " : "") token
        before_last = last
        last = token
    }
    return text
}

# ---- reading ----

# A script's loop over its repeated arguments, and what else it may ask about them.
function rewrite_each(line, name,    first, step, count, want, got, n, i, locals, values) {
    if (line !~ /each(_count|_unpacked)?\(\)/)
        return line
    first = split(args[name], want, " ") + 1
    step = split(each[name], want, " ")
    if (step == 0)
        fail(name ".lua: contract.def has no EACH for it")
    gsub(/each_count\(\)/, "((#ARGV - " (first - 1) ") / " step ")", line)
    gsub(/each_unpacked\(\)/, "unpack(ARGV, " first ")", line)
    if (!match(line, /for [a-z_, ]+ in each\(\) do/))
        return line
    count = split(substr(line, RSTART + 4, RLENGTH - 17), got, /, */)
    for (i = 1; i <= count; i++) {
        if (got[i] != want[i] && got[i] != "_")
            fail(name ".lua: number " i " of EACH is `" want[i] "` in contract.def, not `" got[i] "`")
        if (got[i] == "_")
            continue
        locals = locals (locals == "" ? "" : ", ") got[i]
        values = values (values == "" ? "" : ", ") "ARGV[each_at" (i > 1 ? " + " (i - 1) : "") "]"
    }
    return substr(line, 1, RSTART - 1) "for each_at = " first ", #ARGV, " step " do local " locals " = " values substr(line, RSTART + RLENGTH)
}

FNR == 1 {
    file = FILENAME
    sub(/^.*\//, "", file)
    file = FILENAME ~ /\/part\/[a-z_]+\.lua$/ ? "part/" file : file
    is_part = file ~ /^part\//
    name = file
    gsub(/^part\/|\.lua$/, "", name)
    unit = file
    if (is_part)
        chunk = ""
    else {
        linked[++linked_count] = name
        title[name] = $0
    }
}

/^-- needs: / {
    needs[file] = substr($0, 11) " "
}

/(^|[^A-Za-z_.])(KEYS|ARGV)\[/ {
    fail(file ":" FNR ": KEYS and ARGV have names in contract.def")
}

# In a part each statement at the beginning of a line is a chunk: a function, or variables.
is_part && /^local / {
    chunk = file ":" FNR
    rest = $0
    next_token()
    next_token()
    if (token == "function")
        next_token()
    for (; kind == "name"; next_token()) {
        if (token in chunk_of)
            fail(chunk ": `" token "` is in part " part_of[token] ", too")
        chunk_of[token] = chunk
        part_of[token] = name
        next_token()
        if (token != ",")
            break
    }
}

{
    used = ""
    if (is_part && chunk != "")
        unit = chunk
    text = squeeze(is_part ? $0 : rewrite_each($0, name))
    if (text != "") {
        line_count[unit]++
        lines[unit, line_count[unit]] = text
        line_words[unit, line_count[unit]] = words
        origin[unit, line_count[unit]] = file ":" FNR
        if (is_part && chunk == "")
            fail(file ":" FNR ": not part of any `local …`")
    }
    use_count = split(used, use, " ")
    for (i = 1; i <= use_count; i++) {
        uses[unit] = add_word(uses[unit], use[i])
        file_uses[file] = add_word(file_uses[file], use[i])
    }
}

# ---- composing ----

function check_needs(file,    list, n, i, wanted, asked, part) {
    n = split(file_uses[file], list, " ")
    for (i = 1; i <= n; i++) {
        part = list[i] in part_of ? part_of[list[i]] : ""
        if (part == "" || "part/" part ".lua" == file || part in wanted)
            continue
        wanted[part] = 1
        if (index(" " needs[file], " " part " ") == 0)
            fail(file ": uses `" list[i] "`, so it needs " part)
    }
    n = split(needs[file], asked, " ")
    for (i = 1; i <= n; i++)
        if (!(asked[i] in wanted))
            fail(file ": says that it needs " asked[i] ", and does not")
}

function put(text, from) {
    print text >target
    print from >map
}

# Write a unit's chunks, and note what it uses.
function add_used(unit,    list, n, i) {
    n = split(uses[unit], list, " ")
    for (i = 1; i <= n; i++) {
        all_used[list[i]] = 1
        if (list[i] in chunk_of && !(chunk_of[list[i]] in added)) {
            added[chunk_of[list[i]]] = 1
            add_used(chunk_of[list[i]])
            order[++order_count] = chunk_of[list[i]]
        }
    }
}

# Add a name to the locals, and what it stands for to the values.
function add_local(script, name, value) {
    if (!(name in all_used)) {
        if (check)
            fail(script ".lua: does not use `" name "`, which contract.def sends it")
        return
    }
    locals = locals (locals == "" ? "" : ",") name
    values = values (values == "" ? "" : ",") value
}

function write_preamble(script,    list, n, i, count) {
    locals = values = ""
    count = split(keys[script], list, " ")
    for (i = 1; i <= count; i++) {
        if (!(list[i] in is_key))
            fail(script ": there is no KEY " list[i] " in contract.def")
        add_local(script, list[i] "_key", "KEYS[" i "]")
    }
    count = split(args[script], list, " ")
    n = count + split(optional[script], extra, " ")
    for (i = count + 1; i <= n; i++)
        list[i] = extra[i - count]
    for (i = 1; i <= n; i++)
        add_local(script, list[i], type[list[i]] ~ /NUMBER/ ? "tonumber(ARGV[" i "])" : "ARGV[" i "]")
    if (locals != "")
        put("local " locals "=" values, "contract.def")
}

function write_unit(unit,    i) {
    for (i = 1; i <= line_count[unit]; i++)
        put(lines[unit, i], origin[unit, i])
}

# ---- places ----

# A branch is a block of `if`, and the script itself is branch 0. For each line of the script, home[line] is the branch that has it, and
# start[line] the first line of its statement in that branch, before which something can be put. A loop or a function is one statement:
# what is in it would be made anew each time.

# May what begins with this text go on with the statement of the line before, which ended with that?
function goes_on(text, before) {
    return text ~ /^(and|or)[^A-Za-z0-9_]|^(\.\.|[-+*\/%=~<>,)}\]])/ || before ~ /([^A-Za-z0-9_](and|or|not)|[-+*\/%=<>,({\[]|\.\.)$/
}

# Enter a branch, or a block that is none (a loop, a function), which does not count as one.
function open_block(is_branch, line) {
    block_is_branch[++open_count] = is_branch
    block_home[open_count] = branch
    block_line[open_count] = line
    if (is_branch && sealed == 0)
        enter_branch(line)
    else
        sealed++
}

function enter_branch(line) {
    above[++branch_count] = branch
    above_line[branch_count] = line
    depth[branch_count] = depth[branch] + 1
    branch = branch_count
}

function close_block() {
    if (sealed > 0)
        sealed--
    else
        branch = block_home[open_count]
    open_count--
}

# The next branch of the same `if`.
function next_branch() {
    if (sealed == 0) {
        branch = block_home[open_count]
        enter_branch(block_line[open_count])
    }
}

function find_places(unit,    i, n, k, word, brackets, began) {
    open_count = branch_count = branch = sealed = brackets = 0
    for (i = 1; i <= line_count[unit]; i++) {
        n = split(line_words[unit, i], word, " ")
        if (sealed == 0 && brackets == 0 && !(i > 1 && goes_on(lines[unit, i], lines[unit, i - 1])))
            began = i
        home[i] = branch
        start[i] = began
        if (sealed == 0 && word[1] ~ /^(else|elseif|end)$/) {
            home[i] = block_home[open_count]
            start[i] = block_line[open_count]
        }
        for (k = 1; k <= n; k++) {
            if (word[k] ~ /^[({\[]$/)
                brackets++
            else if (word[k] ~ /^[)}\]]$/)
                brackets--
            else if (word[k] == "if")
                open_block(1, start[i])
            else if (word[k] ~ /^(for|while|function|repeat)$/)
                open_block(0, start[i])
            else if (word[k] ~ /^(end|until)$/)
                close_block()
            else if (word[k] ~ /^(else|elseif)$/)
                next_branch()
        }
    }
}

# Narrow the place of a chunk (branch_of, line_of) to one that has this line of that branch, too.
function add_place(chunk, its_branch, line) {
    if (!(chunk in branch_of)) {
        branch_of[chunk] = its_branch
        line_of[chunk] = line
        return
    }
    while (its_branch != branch_of[chunk]) {
        if (depth[its_branch] >= depth[branch_of[chunk]]) {
            line = above_line[its_branch]
            its_branch = above[its_branch]
        } else {
            line_of[chunk] = above_line[branch_of[chunk]]
            branch_of[chunk] = above[branch_of[chunk]]
        }
    }
    line_of[chunk] = line < line_of[chunk] ? line : line_of[chunk]
}

# Place what the words name.
function place_words(words, its_branch, line,    n, i, word) {
    n = split(words, word, " ")
    for (i = 1; i <= n; i++)
        if (word[i] in chunk_of && chunk_of[word[i]] in added)
            add_place(chunk_of[word[i]], its_branch, line)
}

# Of all chunks, those last that others use: so when the place of a chunk is looked at, all its uses are known.
function place_chunks(unit,    i) {
    split("", branch_of)
    split("", line_of)
    find_places(unit)
    for (i = 1; i <= line_count[unit]; i++)
        place_words(line_words[unit, i], home[i], start[i])
    for (i = order_count; i >= 1; i--)
        if (order[i] in branch_of)
            place_words(uses[order[i]], branch_of[order[i]], line_of[order[i]])
}

function write_script(unit,    i, k) {
    place_chunks(unit)
    for (i = 1; i <= line_count[unit]; i++) {
        for (k = 1; k <= order_count; k++)
            if (first ? i == 1 : line_of[order[k]] == i)
                write_unit(order[k])
        put(lines[unit, i], origin[unit, i])
    }
}

function compose(script) {
    split("", added)
    split("", all_used)
    split("", order)
    order_count = 0
    target = out "/" script ".lua"
    map = out "/" script ".map"
    put(title[script], script ".lua:1")
    add_used(script ".lua")
    write_preamble(script)
    write_script(script ".lua")
    close(target)
    close(map)
}

END {
    if (check)
        for (f in file_uses)
            check_needs(f)
    for (l = 1; l <= linked_count; l++) {
        known = 0
        for (s = 1; s <= script_count; s++)
            known += scripts[s] == linked[l]
        if (!known)
            fail(linked[l] ".lua: contract.def does not know it")
        compose(linked[l])
    }
    exit failed
}
