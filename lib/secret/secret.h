/* secret: a value that jobs send and that no client can read: its name, what it may hold, where it may go, and how it
 * is stored.
 *
 * A job has `{{secret.NAME}}` (template.h) where the value is to stand. The value is stored sealed (seal.h); its
 * context is its kind, the tenant, its name, its version and where it may go, so that it opens only as what it
 * was stored as: who can write to Redis can neither put it in the place of another, nor send it elsewhere.
 * It is printable ASCII, so that it cannot break out of a header's value.
 *
 * It goes only to its hosts: a name or an address as in a URL, in any case, with a port ("api.example.com:8443")
 * or with any ("api.example.com"); and only by https, unless its owner allows http. That is decided for each
 * hop of a call, by the URL of the hop.
 *
 * Pure. One thread.
 */
#ifndef DRONC_SECRET_H
#define DRONC_SECRET_H

#include "base/buffer.h"
#include "base/err.h"
#include "secret/seal.h"
#include "text/json.h"
#include "text/url.h"

#include <stdbool.h>
#include <stdint.h>

#define SECRET_NAME_MAX  64   /* bytes of the name of a secret, and of a signing key */
#define SECRET_VALUE_MAX 4096 /* bytes */
#define SECRET_HOSTS_MAX 16
#define SECRET_HOST_MAX  262 /* bytes: of a name, and of a port */

/* 1 to SECRET_NAME_MAX letters, digits, '_', '-' and '.'? */
bool secret_name_is_valid(struct slice name);
/* 1 to SECRET_VALUE_MAX printable ASCII characters, with no blank at either end? */
bool secret_value_is_valid(struct slice value);

struct secret_host {
    struct slice text; /* as given */
    struct slice host;
    uint16_t port; /* 0: any */
};

/* Where a secret may go. */
struct secret_rule {
    bool http; /* also without TLS */
    struct secret_host hosts[SECRET_HOSTS_MAX];
    size_t count;
};

/* Add a host, borrowed, to rule. Returns false if text is none or is there already, or
 * there are too many. */
NODISCARD bool secret_rule_add(struct secret_rule *rule, struct slice text);
/* May a secret go to url? Returns NULL if it may, else why not, for a person: static. */
const char *secret_rule_refuses(const struct secret_rule *rule, const struct url *url);

/* A secret as it is stored. */
struct secret {
    struct json_doc *doc; /* owned: what the rest is borrowed from */
    int64_t version;      /* 1, and one more with each value */
    struct wall_ms set;   /* when it got its value */
    struct secret_rule rule;
    struct slice box; /* in base64 */
};

/* Append what is stored for secret (its doc is not looked at). */
void secret_write(struct buffer *out, const struct secret *secret);
/* The inverse; end it with secret_fini. ERR_PROTOCOL: text is none; ERR_NOMEM. */
NODISCARD enum err secret_read(struct secret *out, struct slice text);
void secret_fini(struct secret *secret);

/* Append box, in base64, with value sealed as the version of a secret that secret is, for its rule. */
NODISCARD enum err secret_seal(struct buffer *box, const struct seal_public *to, struct slice name,
                               const struct secret *secret, struct slice value);
/* Append the value. Fails as seal_open does. */
NODISCARD enum err secret_open(struct buffer *value, const struct seal_key *keys, size_t count,
                               struct slice name, const struct secret *secret);

/* What both kinds of what is sealed share: the beginning of the context of a box, appended,
 * "<kind>\0<tenant>\0<name>\0<number>"; a box in base64, and back. */
void secret_context(struct buffer *out, const char *kind, struct slice name, int64_t number);
NODISCARD enum err secret_close_box(struct buffer *box, const struct seal_public *to,
                                    const struct buffer *context, struct slice text);
NODISCARD enum err secret_open_box(struct buffer *out, const struct seal_key *keys, size_t count,
                                   const struct buffer *context, struct slice box);

#endif
