/* group: see group.h. */
#include "job/group.h"

#include <stdlib.h>
#include <string.h>

#define NAME_SHOWN_MAX 32 /* bytes of an unknown member's name that a message repeats */

struct json_doc *group_parse(const char *field, struct slice text, struct job_fault *fault)
{
    struct errinfo info = {0};
    struct json_doc *doc = NULL;
    enum err err = json_parse(&doc, text.data, text.len, &info);
    if (err == ERR_NOMEM) {
        (void)job_fault_nomem(fault, field);
    } else if (err != ERR_OK) {
        (void)job_fault_invalid(fault, field, "%s: %s", field, info.text);
    }
    return doc;
}

struct json_doc *group_parse_object(const char *field, struct slice text, struct job_fault *fault)
{
    struct json_doc *doc = group_parse(field, text, fault);
    if (doc != NULL && json_kind_of(json_root(doc)) != JSON_OBJECT) {
        (void)job_fault_invalid(fault, field, "%s must be an object", field);
        json_free(doc);
        return NULL;
    }
    return doc;
}

/* ---- objects with known members ---- */

struct walk {
    const struct group_object *object;
    void *arg;
    struct job_fault *fault;
};

static bool refuse_member(const struct walk *walk, struct slice name)
{
    const struct group_object *object = walk->object;
    int shown = name.len < NAME_SHOWN_MAX ? (int)name.len : NAME_SHOWN_MAX;
    struct buffer names = {0};
    for (size_t i = 0; i < object->count; i++) {
        buffer_add_str(&names, i > 0 ? ", " : "");
        buffer_add_str(&names, object->members[i].name);
    }
    (void)job_fault_invalid(walk->fault, object->field, "%s: unknown member \"%.*s\"; there are %s",
                            object->field, shown, name.data, buffer_str(&names));
    buffer_fini(&names);
    return false;
}

static bool visit_member(struct slice name, const struct json_value *value, void *arg)
{
    const struct walk *walk = arg;
    for (size_t i = 0; i < walk->object->count; i++) {
        if (slice_eq(name, walk->object->members[i].name)) {
            return walk->object->members[i].read(name, value, walk->arg);
        }
    }
    return refuse_member(walk, name);
}

struct json_doc *group_read_object(const struct group_object *object, struct slice text, void *arg,
                                   struct job_fault *fault)
{
    struct walk walk = {object, arg, fault};
    struct json_doc *doc = group_parse_object(object->field, text, fault);
    if (doc != NULL && !json_each(json_root(doc), visit_member, &walk)) {
        json_free(doc);
        return NULL;
    }
    return doc;
}

/* ---- memory ---- */

static size_t kept_size(struct slice text)
{
    return text.data != NULL ? text.len + 1 : 0;
}

bool group_keep(char **memory, struct slice *const texts[], size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        size += kept_size(*texts[i]);
    }
    *memory = size > 0 ? malloc(size) : NULL;
    char *at = *memory;
    if (at == NULL) {
        return size == 0;
    }
    for (size_t i = 0; i < count; i++) {
        if (texts[i]->data != NULL) {
            memcpy(at, texts[i]->data, texts[i]->len);
            at[texts[i]->len] = '\0';
            texts[i]->data = at;
            at += texts[i]->len + 1;
        }
    }
    return true;
}
