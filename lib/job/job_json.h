/* job_json: a job as clients write it and read it. Knows JSON only; job.h judges what the fields hold.
 *
 * Pure, not thread-safe.
 */
#ifndef DRONC_JOB_JSON_H
#define DRONC_JOB_JSON_H

#include "base/buffer.h"
#include "base/err.h"
#include "job/job.h"
#include "text/json.h"

#include <stdbool.h>

#define JOB_JSON_NAME_MAX 128 /* bytes of an unknown field's name that an error repeats */

/* What a backup has of a job besides its definition, unchecked. Absent: data NULL. Borrowed from doc. */
struct job_backup {
    struct slice job_id;
    struct slice state; /* "PAUSED", … */
    struct slice reason;
    struct slice note;
    struct slice by;
};

/* A definition that was read. */
struct job_json {
    struct json_doc *doc;                 /* owned */
    struct job_fields fields;             /* borrowed from doc and texts; see job_fields.h */
    struct buffer texts[JOB_FIELD_COUNT]; /* of fields that are objects or arrays: their canonical text */
    bool patch;                           /* null removes a field, and objects are merged */
    bool backup;                          /* the members of a backup are allowed, */
    struct job_backup kept;               /* and this is what they hold */
    char name[JOB_JSON_NAME_MAX + 1];     /* what fault->field points to, if it is an unknown field */
};

/* Read {"schedule": …, "api": …, …} from text. Each member must be a field of job_fields' table, and of its
 * kind; job_build finds what is missing or empty. Returns false if text is wrong; then fault (must not be
 * NULL) has the mistake, and its field borrows from out. End out with job_json_fini in either case. */
NODISCARD bool job_json_parse(struct job_json *out, struct slice text, struct job_fault *fault);
void job_json_fini(struct job_json *json);

/* Read a line of a backup: a definition, and the members of struct job_backup, which are optional strings.
 * Otherwise as job_json_parse. */
NODISCARD bool job_json_parse_backup(struct job_json *out, struct slice text, struct job_fault *fault);

/* Read a change to a definition, {"api": …} (RFC 7396): a member replaces what `base` has, null removes it.
 * out->fields is the whole new definition, borrowed from both. Otherwise as job_json_parse. */
NODISCARD bool job_json_parse_patch(struct job_json *out, struct slice text, const struct job_fields *base,
                                    struct job_fault *fault);

/* Write {"job_id", "schedule", "api", "type", "timezone"}, then the other fields that are not at their
 * default, and "warnings" if there are any. hides: passwords and tokens that stand in the
 * definition in clear are hidden (job_hide.h). */
void job_json_write(struct json_writer *w, const struct job *job, bool hides);
/* The same into an object that is open. */
void job_json_write_members(struct json_writer *w, const struct job *job, bool hides);
/* The same without the warnings: what job_json_parse_backup reads. */
void job_json_write_definition(struct json_writer *w, const struct job *job, bool hides);
/* Write the members of a backup that come after the id and the definition; absent ones are left out. */
void job_json_write_kept(struct json_writer *w, const struct job_backup *kept);

/* Write the array of a schedule's warnings, a sentence each; [] if there are none. */
void job_json_write_warnings(struct json_writer *w, const struct cron *cron);

#endif
