/* token: what a client shows to prove which key it has: "dr_<id>_<secret><check>".
 *
 * The id names the key; it is no secret. The secret is 32 random characters (190 bits), so one SHA-256 of the
 * whole token is all that has to be kept. The check is the CRC-32 of what stands before it: scanners can tell
 * a token that leaked from other text, and the handler refuses a mistyped one without asking Redis.
 *
 * All parts are base62. Pure, but for token_make, which asks the kernel for random bytes. Any thread.
 */
#ifndef DRONC_TOKEN_H
#define DRONC_TOKEN_H

#include "base/buffer.h"
#include "base/err.h"

#include <stdbool.h>

#define TOKEN_ID_LEN     12
#define TOKEN_SECRET_LEN 32
#define TOKEN_CHECK_LEN  6
#define TOKEN_LEN        (3 + TOKEN_ID_LEN + 1 + TOKEN_SECRET_LEN + TOKEN_CHECK_LEN)
#define TOKEN_ID_SIZE    (TOKEN_ID_LEN + 1) /* bytes, with the NUL */
#define TOKEN_SIZE       (TOKEN_LEN + 1)

/* Is text the id of a key? */
bool token_id_is_valid(struct slice text);

/* Make an id that no other key has, as far as chance goes. ERR_SYSTEM if the kernel gives no random bytes. */
NODISCARD enum err token_make_id(char out[TOKEN_ID_SIZE]);
/* Make the id that a text always has, such as that of a certificate's name. ERR_NOMEM, ERR_BUG. */
NODISCARD enum err token_id_of(char out[TOKEN_ID_SIZE], struct slice text);

/* Make a token of the key of that id. ERR_SYSTEM likewise. */
NODISCARD enum err token_make(char out[TOKEN_SIZE], const char *id);

/* Read a token's id. Returns false unless text has the form of a token and its check is right; whether a key
 * has it is another question. */
NODISCARD bool token_parse(char id[TOKEN_ID_SIZE], struct slice text);

#endif
