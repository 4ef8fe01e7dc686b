/* labels: see labels.h. */
#include "job/labels.h"

#include "base/utf8.h"
#include "text/json.h"

#include <stdlib.h>
#include <string.h>

/* Is it text that a person can read on one line? breaks: or on several. */
static bool is_text(struct slice text, bool breaks)
{
    for (size_t pos = 0; pos < text.len;) {
        uint32_t c = 0;
        size_t len = utf8_decode(text.data + pos, text.len - pos, &c);
        bool control = c < 0x20 || (c >= 0x7F && c <= 0x9F);
        if (len == 0 || (control && !(breaks && (c == '\t' || c == '\n' || c == '\r')))) {
            return false;
        }
        pos += len;
    }
    return true;
}

static enum err check_name(struct slice text, struct errinfo *info)
{
    if (text.data == NULL) {
        return ERR_OK;
    }
    if (text.len < 1 || text.len > LABELS_NAME_MAX) {
        return err_set(info, ERR_INVALID, "name must have 1 to %d bytes", LABELS_NAME_MAX);
    }
    if (text.data[0] == ' ' || text.data[text.len - 1] == ' ') {
        return err_set(info, ERR_INVALID, "name begins or ends with a blank");
    }
    return is_text(text, false)
               ? ERR_OK
               : err_set(info, ERR_INVALID, "name holds a control character, or is not UTF-8");
}

static enum err check_description(struct slice text, struct errinfo *info)
{
    if (text.len > LABELS_DESCRIPTION_MAX) {
        return err_set(info, ERR_INVALID, "description: longer than %d bytes", LABELS_DESCRIPTION_MAX);
    }
    return is_text(text, true)
               ? ERR_OK
               : err_set(info, ERR_INVALID, "description holds a control character, or is not UTF-8");
}

/* ---- tags ---- */

/* Those that were seen so far, and why the next one is none. */
struct tags {
    struct slice list[LABELS_TAGS_MAX];
    size_t count;
    struct errinfo *info;
};

static bool take_tag(const struct json_value *value, void *arg)
{
    struct tags *tags = arg;
    struct slice tag = json_string(value);
    if (tag.len < 1 || tag.len > LABELS_TAG_MAX || !is_text(tag, false)) {
        (void)err_set(tags->info, ERR_INVALID,
                      "each of tags must be a string of 1 to %d bytes without control characters",
                      LABELS_TAG_MAX);
        return false;
    }
    for (size_t i = 0; i < tags->count; i++) {
        if (slice_eq(tag, tags->list[i].data)) {
            (void)err_set(tags->info, ERR_INVALID, "tags: \"%.*s\" stands there twice", (int)tag.len,
                          tag.data);
            return false;
        }
    }
    tags->list[tags->count++] = tag;
    return true;
}

static int compare_tags(const void *a, const void *b)
{
    return strcmp(((const struct slice *)a)->data, ((const struct slice *)b)->data);
}

static void write_tags(struct tags *tags, struct buffer *out)
{
    struct json_writer w;
    json_begin(&w, out);
    json_array_begin(&w);
    qsort(tags->list, tags->count, sizeof tags->list[0], compare_tags);
    for (size_t i = 0; i < tags->count; i++) {
        json_put_bytes(&w, tags->list[i]);
    }
    json_array_end(&w);
}

/* Read the tags of root, and write them in order. */
static enum err order_tags(const struct json_value *root, struct buffer *out, struct errinfo *info)
{
    struct tags tags = {.info = info};
    if (json_kind_of(root) != JSON_ARRAY || json_count(root) > LABELS_TAGS_MAX) {
        return err_set(info, ERR_INVALID, "tags must be an array of at most %d strings", LABELS_TAGS_MAX);
    }
    if (!json_each_item(root, take_tag, &tags)) {
        return ERR_INVALID;
    }
    if (tags.count > 0) {
        write_tags(&tags, out);
    }
    return buffer_error(out);
}

/* out: the tags as JSON, in order; empty where there are none. */
static enum err read_tags(struct slice text, struct buffer *out, struct errinfo *info)
{
    struct errinfo bad = {0};
    struct json_doc *doc = NULL;
    if (text.data == NULL) {
        return ERR_OK;
    }
    enum err err = json_parse(&doc, text.data, text.len, &bad);
    if (err == ERR_OK) {
        err = order_tags(json_root(doc), out, info);
    } else if (err != ERR_NOMEM) {
        err = err_set(info, ERR_INVALID, "tags: %s", bad.text);
    }
    json_free(doc);
    return err;
}

/* ---- both ---- */

/* Copy text to *at, and go on behind it. */
static struct slice copy(char **at, struct slice text)
{
    if (text.len == 0) {
        return (struct slice){NULL, 0};
    }
    struct slice out = {*at, text.len};
    memcpy(*at, text.data, text.len);
    *at += text.len;
    return out;
}

static enum err keep(struct labels *out, const struct job_fields *fields, struct slice tags,
                     struct errinfo *info)
{
    size_t len = fields->name.len + fields->description.len + tags.len;
    if (len == 0) {
        return ERR_OK;
    }
    char *at = malloc(len);
    if (at == NULL) {
        return err_set(info, ERR_NOMEM, "out of memory");
    }
    out->memory = at;
    out->name = copy(&at, fields->name);
    out->description = copy(&at, fields->description);
    out->tags = copy(&at, tags);
    return ERR_OK;
}

enum err labels_read(struct labels *out, const struct job_fields *fields, const char **field,
                     struct errinfo *info)
{
    struct buffer tags;
    buffer_init(&tags, 0);
    *out = (struct labels){0};
    *field = "name";
    enum err err = check_name(fields->name, info);
    if (err == ERR_OK) {
        *field = "description";
        err = check_description(fields->description, info);
    }
    if (err == ERR_OK) {
        *field = "tags";
        err = read_tags(fields->tags, &tags, info);
    }
    if (err == ERR_OK) {
        err = keep(out, fields, (struct slice){buffer_str(&tags), tags.len}, info);
    }
    buffer_fini(&tags);
    return err;
}

void labels_fini(struct labels *labels)
{
    free(labels->memory);
    *labels = (struct labels){0};
}

void labels_describe(const struct labels *labels, struct job_fields *fields)
{
    fields->name = labels->name;
    fields->description = labels->description;
    fields->tags = labels->tags;
}

/* False: this is the one. */
static bool is_other_tag(const struct json_value *value, void *arg)
{
    const struct slice *tag = arg;
    struct slice text = json_string(value);
    return text.len != tag->len || memcmp(text.data, tag->data, tag->len) != 0;
}

bool labels_have_tag(const struct labels *labels, struct slice tag)
{
    struct json_doc *doc = NULL;
    bool found = labels->tags.data != NULL && tag.len > 0 &&
                 json_parse(&doc, labels->tags.data, labels->tags.len, NULL) == ERR_OK &&
                 !json_each_item(json_root(doc), is_other_tag, &tag);
    json_free(doc);
    return found;
}

void labels_print(const struct labels *labels, struct buffer *out)
{
    if (labels->description.data != NULL) {
        buffer_printf(out, "description %zu ", labels->description.len);
        buffer_add(out, labels->description.data, labels->description.len);
        buffer_add_char(out, '\n');
    }
    if (labels->tags.data != NULL) {
        buffer_add_str(out, "tags ");
        buffer_add(out, labels->tags.data, labels->tags.len);
        buffer_add_char(out, '\n');
    }
}
