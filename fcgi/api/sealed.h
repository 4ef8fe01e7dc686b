/* sealed: what the handlers of secrets and of signing keys share: the name in the path, the key that seals, and
 * a change that is made to what was read.
 *
 * This program seals and cannot open. What it was sent in clear it forgets with the request: a handler that is
 * sent a secret, or shows one, sets is_secret of the context.
 */
#ifndef DRONC_SEALED_H
#define DRONC_SEALED_H

#include "api/context.h"
#include "secret/seal_file.h"
#include "store/store_sealed.h"
#include "text/json.h"

/* The name in the path. Returns false if it is none; error is filled, as by all of these. */
NODISCARD bool sealed_name(const struct context *ctx, struct slice *name, struct api_error *error);

/* The key that seals. 409 if there is none. */
NODISCARD bool sealed_key(const struct context *ctx, struct seal_public *out, struct api_error *error);

/* Read the body, an object; an empty one is {} if may_be_empty. Returns NULL on failure; lasts as long as the
 * request. */
const struct json_value *sealed_body(struct context *ctx, bool may_be_empty, struct api_error *error);
/* Refuse a member that is none of names (ended by NULL). */
NODISCARD bool sealed_check_members(struct context *ctx, const struct json_value *body,
                                    const char *const *names, struct api_error *error);

/* Makes the new content of what is stored: old (data NULL: nothing), whose version is *known then (0: none).
 * Returns false if it cannot. */
typedef bool sealed_make_fn(void *arg, struct slice old, struct buffer *content, int64_t *known,
                            struct api_error *error);

/* What is to be changed, and how. */
struct sealed_change {
    enum store_sealed_kind kind;
    struct slice name;
    sealed_make_fn *make;
    void *arg;
};

/* Store what change makes of what is there, and again if another request was faster. */
NODISCARD bool sealed_apply(struct context *ctx, const struct sealed_change *change, struct api_error *error);

/* Forget what is stored under the name in the path: 204, or 404. */
NODISCARD bool sealed_delete(struct context *ctx, enum store_sealed_kind kind, const char *what,
                             struct api_error *error);

/* Read all of a kind, in the order of names. *count: how many items `out` returns, which last as long as the
 * request. */
NODISCARD bool sealed_all(struct context *ctx, enum store_sealed_kind kind, struct store_sealed **out,
                          size_t *count, struct api_error *error);

#endif
