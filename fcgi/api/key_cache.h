/* key_cache: API keys, as Redis had them a moment ago.
 *
 * Asking Redis for the key with each request would cost a round trip each. So a key that was found is believed
 * for KEY_CACHE_MS, and so is whether there is any key; what is revoked is refused by every handler soon
 * after. A key that was not found is not remembered: a client that tries keys pushes out none that is in use.
 *
 * Life cycle: key_cache_new once, key_cache_free. One thread.
 */
#ifndef DRONC_KEY_CACHE_H
#define DRONC_KEY_CACHE_H

#include "access/key.h"
#include "api/context.h"

#define KEY_CACHE_MS   1000 /* how long a key is believed */
#define KEY_CACHE_SIZE 256  /* keys */

/* Returns NULL if memory is short. */
struct key_cache *key_cache_new(void);
/* Takes NULL. */
void key_cache_free(struct key_cache *cache);

/* Find the key of that id. *out: NULL if there is none, or if what is kept of it is malformed; borrowed until
 * the next look-up. *now: Redis' clock. Fails as context_ask does. */
NODISCARD enum err key_cache_find(struct context *ctx, const char *id, const struct key **out,
                                  struct wall_ms *now, struct errinfo *info);

/* Is there any key? Fails as context_ask does. */
NODISCARD enum err key_cache_any(struct context *ctx, bool *out, struct errinfo *info);

/* The key of that id was used: note the day, once a day. */
void key_cache_note_use(struct context *ctx, const char *id, struct wall_ms now);

/* Believe no key any more that was found before. */
void key_cache_forget(struct key_cache *cache);

#endif
