/* labels: see labels.h. */
#include "job/labels.h"

#include "base/utf8.h"
#include "job/group.h"

#include <stdlib.h>
#include <string.h>

/* True for text that a person can read on one line, or, with breaks, on several. */
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

static bool check_name(struct slice text, struct job_fault *fault)
{
    if (text.data == NULL) {
        return true;
    }
    if (text.len < 1 || text.len > LABELS_NAME_MAX) {
        return job_fault_invalid(fault, "name", "name must have 1 to %d bytes", LABELS_NAME_MAX);
    }
    if (text.data[0] == ' ' || text.data[text.len - 1] == ' ') {
        return job_fault_invalid(fault, "name", "name begins or ends with a blank");
    }
    return is_text(text, false) ||
           job_fault_invalid(fault, "name", "name holds a control character, or is not UTF-8");
}

static bool check_description(struct slice text, struct job_fault *fault)
{
    if (text.len > LABELS_DESCRIPTION_MAX) {
        return job_fault_invalid(fault, "description", "description: longer than %d bytes",
                                 LABELS_DESCRIPTION_MAX);
    }
    return is_text(text, true) ||
           job_fault_invalid(fault, "description", "description holds a control character, or is not UTF-8");
}

/* ---- tags ---- */

/* The tags that were read so far. */
struct tags {
    struct slice list[LABELS_TAGS_MAX];
    size_t count;
    struct job_fault *fault;
};

static bool visit_tag(const struct json_value *value, void *arg)
{
    struct tags *tags = arg;
    struct slice tag = json_string(value);
    if (tag.len < 1 || tag.len > LABELS_TAG_MAX || !is_text(tag, false)) {
        return job_fault_invalid(tags->fault, "tags",
                                 "each of tags must be a string of 1 to %d bytes without control characters",
                                 LABELS_TAG_MAX);
    }
    for (size_t i = 0; i < tags->count; i++) {
        if (slice_same(tag, tags->list[i])) {
            return job_fault_invalid(tags->fault, "tags", "tags: \"%.*s\" stands there twice", (int)tag.len,
                                     tag.data);
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
static bool sort_tags(const struct json_value *root, struct buffer *out, struct job_fault *fault)
{
    struct tags tags = {.fault = fault};
    if (json_kind_of(root) != JSON_ARRAY || json_count(root) > LABELS_TAGS_MAX) {
        return job_fault_invalid(fault, "tags", "tags must be an array of at most %d strings",
                                 LABELS_TAGS_MAX);
    }
    if (!json_each_item(root, visit_tag, &tags)) {
        return false;
    }
    if (tags.count > 0) {
        write_tags(&tags, out);
    }
    return buffer_error(out) == ERR_OK || job_fault_nomem(fault, "tags");
}

/* out: the tags as JSON, in order; empty if there are none. */
static bool read_tags(struct slice text, struct buffer *out, struct job_fault *fault)
{
    if (text.data == NULL) {
        return true;
    }
    struct json_doc *doc = group_parse("tags", text, fault);
    bool good = doc != NULL && sort_tags(json_root(doc), out, fault);
    json_free(doc);
    return good;
}

/* ---- all three ---- */

/* An empty text counts as an absent one. */
static struct slice text_or_none(struct slice text)
{
    return text.len > 0 ? text : (struct slice){NULL, 0};
}

static bool keep_texts(struct labels *out, const struct job_fields *fields, struct slice tags,
                       struct job_fault *fault)
{
    out->name = fields->name;
    out->description = text_or_none(fields->description);
    out->tags = text_or_none(tags);
    return group_keep(&out->memory, (struct slice *[]){&out->name, &out->description, &out->tags}, 3) ||
           job_fault_nomem(fault, "tags");
}

bool labels_read(struct labels *out, const struct job_fields *fields, struct job_fault *fault)
{
    struct buffer tags;
    buffer_init(&tags, 0);
    *out = (struct labels){0};
    bool good = check_name(fields->name, fault) && check_description(fields->description, fault) &&
                read_tags(fields->tags, &tags, fault) &&
                keep_texts(out, fields, (struct slice){tags.data, tags.len}, fault);
    buffer_fini(&tags);
    return good;
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

/* Returns false, which stops the walk, for the tag that is looked for. */
static bool is_other_tag(const struct json_value *value, void *arg)
{
    const struct slice *tag = arg;
    return !slice_same(json_string(value), *tag);
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
