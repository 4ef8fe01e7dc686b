/* keys: what the handlers of /v1/keys share. Private to keys.c and key_create.c. */
#ifndef DRONC_KEYS_H
#define DRONC_KEYS_H

#include "access/key_new.h"
#include "api/context.h"
#include "store/store_key.h"
#include "text/json.h"

#define KEYS_OVERLAP_S \
    86400 /* for how long the old token of a rotated key is taken, unless something else is said */

/* Write a key as JSON; with its token, unless that is NULL. */
void keys_write(struct json_writer *w, const struct key_fields *key, const char *token);

/* Send a command to a key, after which no handler's memory of keys is worth anything. Returns false on failure;
 * error is filled. */
NODISCARD bool keys_command(struct context *ctx, struct cmd *cmd, enum store_keyed *answer,
                            struct api_error *error);

/* Look a key up; its texts last as long as the request, and as id. Returns false if there is none (404), or on
 * failure; error is filled. */
NODISCARD bool keys_find(struct context *ctx, const char *id, struct key_fields *out,
                         struct api_error *error);

/* Does the caller's key have all that a key with these fields would have? Returns false if not; error is filled
 * (403). */
NODISCARD bool keys_may_give(const struct context *ctx, const struct key_fields *fields,
                             struct api_error *error);

/* Read the body as a JSON object, which lasts as long as the request. Returns false if it is anything else; error
 * is filled. */
NODISCARD bool keys_read_object(struct context *ctx, const struct json_value **out, struct api_error *error);

#endif
