/* store_keys: how every key and member in Redis is spelled. Private to lib/store*.c. */
#ifndef DRONC_STORE_KEYS_H
#define DRONC_STORE_KEYS_H

#include "resp/cmd.h"
#include "store/store_run.h"

/* Append the key dronc:{<shard>}:<name>, or dronc:{<shard>}:<name>:<suffix>, as an argument. */
void store_key_arg(struct cmd *cmd, unsigned shard, const char *name);
void store_key_arg_of(struct cmd *cmd, unsigned shard, const char *name, const char *suffix);
/* Append the key of something that a job has: dronc:{<shard>}:<name>:<32 bytes> */
void store_job_key_arg(struct cmd *cmd, const char *name, const struct job_id *id);
/* Append the prefix that scripts put in front of an id: dronc:{<shard>}:<name>: */
void store_prefix_arg(struct cmd *cmd, unsigned shard, const char *name);

/* Append an occurrence: <id><scheduled>. */
void store_member_arg(struct cmd *cmd, const struct job_id *job, struct wall_ms scheduled);
/* A claim's ticket: "<attempt>.<token>". */
void store_ticket_arg(struct cmd *cmd, const struct store_attempt *attempt);
/* And the way back. False: it is none. */
NODISCARD bool store_member_parse(struct slice member, struct job_id *job, struct wall_ms *scheduled);
/* An instant, or '' for INT64_MAX, which means "none". */
void store_instant_arg(struct cmd *cmd, struct wall_ms at);

/* Append the fields that are there, each as name and value. */
void store_field_args(struct cmd *cmd, struct job_fields *fields);

/* Check a reply that has to be an array of `width` items an entry after `head` items. */
NODISCARD enum err store_check_array(const struct reply *reply, size_t head, size_t width,
                                     struct errinfo *info);
/* The item at index as a number. */
NODISCARD enum err store_item_i64(const struct reply *reply, size_t index, int64_t *out,
                                  struct errinfo *info);
/* The item at index as a job's id. */
NODISCARD enum err store_item_id(const struct reply *reply, size_t index, struct job_id *out,
                                 struct errinfo *info);
/* The fields of a definition, JOB_FIELD_COUNT items from index on, all of which must be there; borrowed from
 * reply. A number that is none makes the schedule empty, which no job's is: as garbage as any other. */
void store_item_fields(const struct reply *reply, size_t index, struct job_fields *out);
/* The same from a definition that is packed (lib/store/lua/part/packed.lua); borrowed from packed. */
void store_packed_fields(struct slice packed, struct job_fields *out);
/* Take a text off rest, which begins with "<length> <text>" and a line end. False: it does not. */
NODISCARD bool store_take_text(struct slice *rest, struct slice *out);

#endif
