# Reads lib/store/contract.def, for lua-link.awk and contract-c.awk. Fills
#   constant[NAME]       what stands for it in Lua
#   fields, state_fields the lists, quoted and separated by commas
#   is_key[name], type[name]  keys, and the types of arguments
#   scripts[n]           the scripts' names, in order
#   keys[script], args[script], each[script], optional[script]  names, separated by spaces

function fail(text) {
    print text >"/dev/stderr"
    failed = 1
}

# What stands between `word` and the next ")"; "" where word is not there.
function inside(text, word,    at) {
    at = index(text, word)
    if (at == 0)
        return ""
    text = substr(text, at + length(word))
    return substr(text, 1, index(text, ")") - 1)
}

function read_script(text,    name) {
    name = substr(text, 8, index(text, ",") - 8)
    scripts[++script_count] = name
    keys[name] = inside(text, "KEYS(")
    args[name] = inside(text, "ARGS(")
    each[name] = inside(text, "EACH(")
    optional[name] = inside(text, "OPTIONAL(")
}

function quoted(list, name) {
    return list (list == "" ? "" : ",") "'" name "'"
}

FILENAME !~ /contract\.def$/ { reading_contract = 0 }
FILENAME ~ /contract\.def$/ { reading_contract = 1 }

# Up to the "))" or "NOTHING)" that ends it, a script's entry may take several lines.
reading_contract && (/^SCRIPT\(/ || script_entry != "") {
    script_entry = script_entry (script_entry == "" ? "" : " ") $0
    gsub(/  +/, " ", script_entry)
    if (script_entry ~ /\)\)$|NOTHING\)$/) {
        read_script(script_entry)
        script_entry = ""
    }
    next
}

reading_contract && /^[A-Z_]+\(/ {
    split($0, quote, "\"")
    head = quote[1]
    gsub(/[(),]/, " ", head)
    split(head, word, " ")
    if (word[1] == "NUMBER")
        constant[word[2]] = word[3]
    else if (word[1] ~ /^(VERDICT|ANSWER|CREATION|REDRIVE|KEYED)$/)
        constant[word[1] "_" word[2]] = word[3]
    else if (word[1] == "AFTER")
        constant["AFTER_" word[2]] = "'" quote[2] "'"
    else if (word[1] == "TEXT")
        constant[word[2]] = "'" quote[2] "'"
    else if (word[1] == "CODE")
        constant[word[2] "_" word[3]] = "'" quote[2] "'"
    else if (word[1] == "FIELD")
        fields = quoted(fields, word[2])
    else if (word[1] == "STATE_FIELD")
        state_fields = quoted(state_fields, word[2])
    else if (word[1] == "KEY")
        is_key[word[2]] = 1
    else if (word[1] == "ARG")
        type[word[2]] = word[3]
    next
}

reading_contract { next }
