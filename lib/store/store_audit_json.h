/* store_audit_json: an entry of the trail as the API and dronc-admin show it. Pure; any thread. */
#ifndef DRONC_STORE_AUDIT_JSON_H
#define DRONC_STORE_AUDIT_JSON_H

#include "store/store_audit.h"
#include "text/json.h"

/* Write the object of one entry. */
void store_audit_json_write(struct json_writer *w, const struct store_audit_entry *entry);

/* "done" or "refused". */
const char *store_audit_outcome(const struct store_audit_entry *entry);

/* The text of an object, such as a job's id. Returns {NULL, 0} if the entry is about none. Borrowed from the entry or
 * from `out`. */
struct slice store_audit_object(const struct store_audit_entry *entry, char out[JOB_ID_TEXT_SIZE]);

#endif
