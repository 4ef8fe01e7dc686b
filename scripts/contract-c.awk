# Writes for each script of contract.def (read by contract.awk) what its `struct store_script` has besides the source, to <name>.c: how many
# keys and arguments there are, and which. -v out=DIRECTORY: where these go.

function array(kind, prefix, names,    list, n, i, text) {
    n = split(names, list, " ")
    for (i = 1; i <= n; i++) {
        if (kind == "args" ? !(list[i] in type) : !(list[i] in is_key))
            fail("contract.def: there is no " prefix " " list[i])
        text = text (text == "" ? "" : ", ") prefix "_" list[i]
    }
    return n == 0 ? "NULL" : "(const unsigned char[]){" text "}"
}

function count(names,    list) {
    return split(names, list, " ")
}

END {
    for (s = 1; s <= script_count; s++) {
        name = scripts[s]
        rest = each[name] optional[name]
        file = out "/" name ".c"
        printf "        .key_count = %d,\n        .arg_count = %d,\n        .group = %d,\n    },\n", count(keys[name]), count(args[name]),
            count(rest) >file
        printf "    .keys = %s,\n    .args = %s,\n", array("keys", "KEY", keys[name]), array("args", "ARG", args[name] " " rest) >file
        close(file)
    }
    exit failed
}
