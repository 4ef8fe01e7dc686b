/* key_new: a key that someone asks for, with its token, before it is stored.
 *
 * Owns the id, the token (the only place where it ever stands, besides the answer that shows it), and the
 * fields as they are kept. Pure, but for the random bytes. */
#ifndef DRONC_KEY_NEW_H
#define DRONC_KEY_NEW_H

#include "access/key.h"

#define KEY_SCOPES_SIZE 256 /* bytes of all scopes as text, with the NUL */

/* What is asked for. Texts are borrowed; data NULL: not given. Instants of 0: none. */
struct key_wish {
    struct slice name;
    unsigned scopes;
    struct slice from; /* ranges, separated by commas */
    struct slice dn;   /* of a client certificate: then there is no token */
    struct wall_ms not_before;
    struct wall_ms expires;
    struct slice by; /* who asks */
};

struct key_new {
    struct key_fields fields; /* borrowed from the wish and from what follows */
    const char *wrong;        /* ERR_INVALID: the field of the wish, as the API names it; else NULL */
    char id[TOKEN_ID_SIZE];
    char token[TOKEN_SIZE]; /* "": it has none */
    char scopes[KEY_SCOPES_SIZE];
    char not_before[I64_DIGITS];
    char expires[I64_DIGITS];
    uint8_t hash[DIGEST_SHA256_SIZE];
};

/* Make the key. ERR_INVALID: the wish cannot be met, info says why. ERR_SYSTEM: there are no random bytes. End
 * with key_new_wipe whatever it returns. */
NODISCARD enum err key_new_make(struct key_new *out, const struct key_wish *wish, struct errinfo *info);

/* Make another token of the key of that id; only id, token and hash are filled. */
NODISCARD enum err key_new_token(struct key_new *out, const char *id, struct errinfo *info);

/* Overwrite the token. */
void key_new_wipe(struct key_new *key);

#endif
