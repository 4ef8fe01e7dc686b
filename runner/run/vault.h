/* vault: the secrets and the signing keys of this installation, as this runner may use them: sealed as Redis
 * has them, and opened with SECRETS_KEY when a call needs them.
 *
 * All names are read into memory, sealed, when the link to Redis comes up, and again after each change: a
 * message on the channel says that there was one, and for a message that was lost, the count of changes is
 * read every VAULT_LOOK_MS. What was opened is forgotten then, so that nothing stays open that is not used. The
 * file of keys is read again if it lacks a key: so a rotation needs no restart.
 *
 * What is borrowed for a call is counted, and stays as it is until it is given back, whatever changes
 * meanwhile. Loop thread only.
 */
#ifndef DRONC_VAULT_H
#define DRONC_VAULT_H

#include "redis/cluster_clock.h"
#include "redis/redis_link.h"
#include "secret/signing.h"

#define VAULT_LOOK_MS 30000
#define VAULT_WAIT_MS 3000 /* how long an attempt waits at most to learn whether there is a name */

struct vault;

/* A secret that is open. Do not change. */
struct vault_secret {
    unsigned users;
    char name[SECRET_NAME_MAX + 1];
    struct buffer value;
    struct secret stored; /* its rule */
};

/* The keys of a name that are open, the newest first. */
struct vault_signer {
    unsigned users;
    size_t count;
    struct signature_key *keys[SIGNING_ALIVE_MAX];
    struct wall_ms ends[SIGNING_ALIVE_MAX]; /* INT64_MAX: it has no end */
};

/* Returns owned. path: of the file of keys; "": there are none, and everything stays shut. ERR_CONFIG,
 * ERR_SYSTEM: the file is no good. */
NODISCARD enum err vault_new(struct vault **out, const char *path, struct redis_link *link,
                             struct clock clock, struct errinfo *info);
/* NULL is fine. Everything borrowed has been given back, and the link no longer runs callbacks. */
void vault_free(struct vault *vault);

/* Look for changes: the link came up, or a message says that there are some. */
void vault_look(struct vault *vault);
/* Once per turn. */
void vault_turn(struct vault *vault);

/* Does the vault know as much of Redis as was there at `since`? If not, it looks. */
NODISCARD bool vault_is_fresh(struct vault *vault, struct mono_ms since);
/* Are all changes known of which there was a message? */
bool vault_is_settled(const struct vault *vault);
bool vault_has_secret(const struct vault *vault, struct slice name);
bool vault_has_signer(const struct vault *vault, struct slice name);

/* Borrow what has that name, opened. NULL: it cannot be had, and why says so for a person ("there is no secret
 * \"x\""). */
struct vault_secret *vault_take_secret(struct vault *vault, struct slice name, struct errinfo *why);
struct vault_signer *vault_take_signer(struct vault *vault, struct slice name, struct errinfo *why);
/* Give it back. NULL is fine. */
void vault_give_secret(struct vault_secret *secret);
void vault_give_signer(struct vault_signer *signer);

#endif
