/* labels: what people write on a job for themselves: `name`, `description` and `tags`. They do not change
 * what is called.
 *
 * A group of fields (group.h). name: 1 to 128 bytes of UTF-8 without control characters, and without spaces
 * at its ends. description: UTF-8, at most 1 KiB, no control characters but tabs and line breaks. tags: an
 * array of up to 16 strings of 1 to 64 bytes, without control characters, each once. An empty description
 * and an empty array mean the same as absent ones.
 *
 * Description and tags are part of a job's identity; a name is all of it (job.h). Texts are kept as given,
 * but tags are sorted by their bytes.
 *
 * Life cycle: labels_read makes them, labels_fini frees their memory. Pure; any thread.
 */
#ifndef DRONC_LABELS_H
#define DRONC_LABELS_H

#include "base/buffer.h"
#include "job/job_fault.h"
#include "job/job_fields.h"

#include <stdbool.h>

#define LABELS_NAME_MAX        128  /* bytes */
#define LABELS_DESCRIPTION_MAX 1024 /* bytes */
#define LABELS_TAGS_MAX        16
#define LABELS_TAG_MAX         64 /* bytes */

struct labels {
    struct slice name;        /* data NULL: none */
    struct slice description; /* data NULL: none */
    struct slice tags;        /* a JSON array of strings; data NULL: none */
    char *memory;             /* owned: what they point into */
};

/* See group.h. labels_print leaves the name out. */
NODISCARD bool labels_read(struct labels *out, const struct job_fields *fields, struct job_fault *fault);
void labels_describe(const struct labels *labels, struct job_fields *fields);
void labels_print(const struct labels *labels, struct buffer *out);
void labels_fini(struct labels *labels);

/* True if tag is one of the tags, byte for byte. False, too, if memory runs out. */
bool labels_have_tag(const struct labels *labels, struct slice tag);

#endif
