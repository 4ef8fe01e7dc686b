/* scope: see scope.h. */
#include "access/scope.h"

static const struct {
    enum scope scope;
    const char *name;
} names[] = {
    {SCOPE_JOBS_READ, "jobs:read"},
    {SCOPE_JOBS_WRITE, "jobs:write"},
    {SCOPE_JOBS_RUN, "jobs:run"},
    {SCOPE_EXECUTIONS_READ, "executions:read"},
    {SCOPE_DEAD_WRITE, "dead:write"},
    {SCOPE_EXPORT, "export"},
    {SCOPE_SECRETS_READ, "secrets:read"},
    {SCOPE_SECRETS_WRITE, "secrets:write"},
    {SCOPE_KEYS_ADMIN, "keys:admin"},
    {SCOPE_AUDIT_READ, "audit:read"},
    {SCOPE_SELF, "self"},
};

#define COUNT (sizeof names / sizeof names[0])
_Static_assert(SCOPE_ALL == (1 << COUNT) - 1, "each scope has a name");

const char *scope_name(enum scope scope)
{
    for (size_t i = 0; i < COUNT; i++) {
        if (names[i].scope == scope) {
            return names[i].name;
        }
    }
    return "*";
}

enum scope scope_at(size_t index)
{
    return index < COUNT ? names[index].scope : SCOPE_NONE;
}

bool scope_find(struct slice name, unsigned *set)
{
    if (slice_eq(name, "*")) {
        *set |= SCOPE_ALL;
        return true;
    }
    for (size_t i = 0; i < COUNT; i++) {
        if (slice_eq(name, names[i].name)) {
            *set |= (unsigned)names[i].scope;
            return true;
        }
    }
    return false;
}

bool scope_parse(struct slice list, unsigned *set)
{
    *set = 0;
    if (list.len > 0 && list.data[list.len - 1] == ',') {
        return false;
    }
    do {
        if (!scope_find(slice_take_until(&list, ','), set)) {
            return false;
        }
    } while (list.len > 0);
    return true;
}

void scope_format(struct buffer *out, unsigned set)
{
    const char *before = "";
    if (set == SCOPE_ALL) {
        buffer_add_char(out, '*');
        return;
    }
    for (size_t i = 0; i < COUNT; i++) {
        if ((set & (unsigned)names[i].scope) != 0) {
            buffer_printf(out, "%s%s", before, names[i].name);
            before = ",";
        }
    }
}
