/* job_json: a job as clients write it and as they read it. JSON only: what the fields may hold is job's.
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

#define JOB_JSON_NAME_MAX 128 /* bytes of an unknown field's name that are repeated in an error */

/* What a backup says of a job besides its definition, unjudged. Absent: data NULL. Borrowed from doc. */
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
    bool patch;                           /* null takes a field away, and objects are merged */
    bool backup;                          /* the members of a backup may be there */
    struct job_backup kept;               /* and what they hold */
    char name[JOB_JSON_NAME_MAX + 1];     /* where fault->field points, when it names an unknown field */
};

/* Read {"schedule": …, "api": …, …} from text. The fields are those of job_fields' table, each of its kind
 * where it is present, and nothing else may be there; what is absent or empty is for job_build to find.
 * False: fault (must not be NULL) says what is wrong; its field borrows from out. In either case end it with
 * job_json_fini. */
NODISCARD bool job_json_parse(struct job_json *out, struct slice text, struct job_fault *fault);
void job_json_fini(struct job_json *json);

/* Read a line of a backup: a definition, and the members of struct job_backup, all of them strings that may
 * be absent. Otherwise as job_json_parse. */
NODISCARD bool job_json_parse_backup(struct job_json *out, struct slice text, struct job_fault *fault);

/* Read a change to a definition, {"api": …} (RFC 7396): what is there replaces what `base` has, null takes it
 * away. out->fields is the whole new definition, borrowed from both. Otherwise as job_json_parse. */
NODISCARD bool job_json_parse_patch(struct job_json *out, struct slice text, const struct job_fields *base,
                                    struct job_fault *fault);

/* Put {"job_id", "schedule", "api", "type", "timezone"} into w, then the other fields that are not at their
 * default, and "warnings" where the schedule has any. */
void job_json_write(struct json_writer *w, const struct job *job);
/* The same into an object that is open. */
void job_json_write_members(struct json_writer *w, const struct job *job);
/* The same without the warnings: what job_json_parse_backup reads. */
void job_json_write_definition(struct json_writer *w, const struct job *job);
/* Put what a backup says of a job besides its id and definition, as far as it is there, behind that. */
void job_json_write_kept(struct json_writer *w, const struct job_backup *kept);

/* Put the array of a schedule's warnings into w: a sentence each, [] where there are none. */
void job_json_write_warnings(struct json_writer *w, const struct cron *cron);

#endif
