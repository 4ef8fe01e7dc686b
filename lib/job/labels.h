/* labels: what people write on a job for themselves: `name`, `description` and `tags`. Nothing is called by
 * them.
 *
 * Owns the fields and their limits. name: 1 to 128 bytes of UTF-8 without control characters, and without
 * blanks at its ends. description: UTF-8, at most 1 KiB, no control characters but tabs and
 * line breaks. tags: an array of 1 to 16 strings of 1 to 64 bytes, without control characters, no two the
 * same. Absent, "" and [] are the same.
 *
 * They are part of the definition, so they are part of what a job is; a name is all of it (job.h). Kept as
 * given; only `tags` in the order of their bytes. Life cycle: labels_read, labels_fini. Pure; any thread.
 */
#ifndef DRONC_LABELS_H
#define DRONC_LABELS_H

#include "base/buffer.h"
#include "base/err.h"
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

/* What the fields say. ERR_INVALID: *field (static) is the one at fault, info says why. ERR_NOMEM. On failure
 * there is nothing to free. */
NODISCARD enum err labels_read(struct labels *out, const struct job_fields *fields, const char **field,
                               struct errinfo *info);
/* It must not be used after that; a zero-initialised one may be ended, too. */
void labels_fini(struct labels *labels);

/* The other way: fill the fields. Texts are borrowed from labels. */
void labels_describe(const struct labels *labels, struct job_fields *fields);

/* Is tag among them, byte for byte? Out of memory counts as no. */
bool labels_have_tag(const struct labels *labels, struct slice tag);

/* Append description and tags in one canonical form; nothing where there are none. */
void labels_print(const struct labels *labels, struct buffer *out);

#endif
