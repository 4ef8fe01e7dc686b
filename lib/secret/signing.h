/* signing: the keys of one name by which jobs sign their calls (signature.h), and how they are stored.
 *
 * A job says `"signing": "NAME"`. A name has up to SIGNING_ALIVE_MAX keys that are alive, the newest first, of
 * either scheme. A call is signed with all of them, so that its target may verify by any: with a new key the
 * older ones of its scheme get an end, and until then both hold. Keys that are over stay out of what is written
 * next. A key is stored sealed (seal.h), with its own id in its context; the public half of a v1a key stands
 * beside it.
 *
 * Pure. One thread.
 */
#ifndef DRONC_SIGNING_H
#define DRONC_SIGNING_H

#include "base/clock.h"
#include "secret/secret.h"
#include "secret/signature.h"

#define SIGNING_ALIVE_MAX 3
#define SIGNING_OVERLAP_S 86400 /* default: how long an older key holds beside a new one */

/* Texts are borrowed. */
struct signing_key {
    int64_t id; /* 1, 2, …: never given again under the name */
    enum signature_scheme scheme;
    struct wall_ms made;
    struct wall_ms ends; /* INT64_MAX: it has no end */
    struct slice shown;  /* v1a: "whpk_…"; data NULL: nothing of it may be shown */
    struct slice box;    /* in base64 */
};

struct signing {
    struct json_doc *doc; /* owned: what texts of the keys are borrowed from; NULL: they are the caller's */
    int64_t version;      /* of what is stored */
    int64_t last_id;      /* the highest that was given */
    struct signing_key keys[SIGNING_ALIVE_MAX];
    size_t count;
};

/* As secret_write and secret_read. */
void signing_write(struct buffer *out, const struct signing *signing);
NODISCARD enum err signing_read(struct signing *out, struct slice text);
void signing_fini(struct signing *signing);

/* Take out the keys that are over at now. */
void signing_drop_ended(struct signing *signing, struct wall_ms now);
/* Put key, whose id and made are set by this, before the others; those of its scheme end overlap_ms after
 * now, if not before. Returns false if there is no room. */
NODISCARD bool signing_add(struct signing *signing, struct signing_key *key, struct wall_ms now,
                           int64_t overlap_ms);

/* Append box, in base64, with the bytes of the key of that id sealed. */
NODISCARD enum err signing_seal(struct buffer *box, const struct seal_public *to, struct slice name,
                                int64_t id, const uint8_t bytes[SIGNATURE_KEY_SIZE]);
/* Append the bytes. Fails as seal_open does, and if they are no key. */
NODISCARD enum err signing_open(struct buffer *bytes, const struct seal_key *keys, size_t count,
                                struct slice name, const struct signing_key *key);

#endif
