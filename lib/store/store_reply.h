/* store_reply: reading what scripts return. Private to lib/store. */
#ifndef DRONC_STORE_REPLY_H
#define DRONC_STORE_REPLY_H

#include "resp/cmd.h"
#include "store/store_attempt.h"
#include "store/store_executions.h"

/* The parts of an occurrence, <id><scheduled>. Returns false if the member is malformed. */
NODISCARD bool store_member_parse(struct slice member, struct job_id *job, struct wall_ms *scheduled);
/* The parts of a claim's ticket, "<attempt>.<token>": sets out's number and token. Returns false if it is
 * malformed. */
NODISCARD bool store_ticket_parse(struct slice text, struct store_attempt *out);

/* Check a reply that must be an array of `head` items and entries of `width` items each. */
NODISCARD enum err store_check_array(const struct reply *reply, size_t head, size_t width,
                                     struct errinfo *info);
/* An entry of a stream as redis_reply has it: its position and two values. Returns ERR_PROTOCOL if there is
 * none at index, or its position is no text that fits. */
enum {
    STORE_ENTRY_WIDTH = 3
};
NODISCARD enum err store_entry_at(const struct reply *reply, size_t index,
                                  struct slice items[STORE_ENTRY_WIDTH], struct errinfo *info);
/* Copy the position of an entry, and return the milliseconds that it begins with; else 0. */
int64_t store_position_take(char out[STORE_FEED_ID_MAX], struct slice text);
/* The item at index as a number. */
NODISCARD enum err store_item_i64(const struct reply *reply, size_t index, int64_t *out,
                                  struct errinfo *info);
/* The item at index as a job's id. */
NODISCARD enum err store_item_id(const struct reply *reply, size_t index, struct job_id *out,
                                 struct errinfo *info);
/* The reply as a number, the answer of the script of that name. */
NODISCARD enum err store_reply_i64(const struct reply *reply, const char *script, int64_t *out,
                                   struct errinfo *info);
/* The fields of a definition, JOB_FIELD_COUNT items from index on, all of which must be there; borrowed from
 * reply. If a numeric field is malformed, `schedule` is set to "", which job_restore refuses. */
void store_item_fields(const struct reply *reply, size_t index, struct job_fields *out);
/* The same from a definition that is packed (lib/store/lua/part/packed.lua); borrowed from packed. */
void store_packed_fields(struct slice packed, struct job_fields *out);
/* Cut a text off rest, which begins with "<length> <text>" and a line end. Returns false if it does not. */
NODISCARD bool store_take_text(struct slice *rest, struct slice *out);

#endif
