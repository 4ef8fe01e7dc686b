/* attempt_secrets: what an attempt borrows from the vault for its call: the secrets in its headers and body,
 * and the keys that sign it. Decides whether a secret may go where the call goes, signs, and takes secrets out
 * of what came back.
 *
 * A call carries its headers and body to the origin of its own URL only (http_move.h), so that URL decides for
 * all of its requests.
 */
#ifndef DRONC_ATTEMPT_SECRETS_H
#define DRONC_ATTEMPT_SECRETS_H

#include "http/http_client.h"
#include "job/job.h"
#include "run/vault.h"
#include "text/template.h"

/* Zero-initialised has nothing. */
struct attempt_secrets {
    struct vault *vault;   /* borrowed; NULL: there is none */
    const struct url *url; /* of the call; borrowed */
    struct vault_secret *used[CALL_SECRETS_MAX];
    size_t count;
    struct vault_signer *signer;
    enum http_error refused; /* HTTP_OK: the call may be made */
    struct errinfo why;
};

/* Is everything there that job needs, or known not to be? since: when the attempt first asked. */
NODISCARD bool attempt_secrets_are_known(struct vault *vault, const struct job *job, struct mono_ms since);

/* template_secret_fn for a struct attempt_secrets: borrows the secret, if it may go to the call's URL. If not,
 * fills refused and why. */
bool attempt_secrets_find(void *secrets, struct slice name, struct slice *value);

/* Append the three headers of a signature by the keys of that name that hold at now, and to instead the line of
 * the signature for the same request without its body, if it has one. Fills refused and why if there is no
 * such key. of: id and body of the call. */
NODISCARD enum err attempt_secrets_sign(struct attempt_secrets *secrets, struct slice name,
                                        const struct signature_of *of, struct buffer *headers,
                                        struct buffer *instead);

/* Append text, to at least max bytes if it has them, with "[secret:NAME]" in the place of each secret that was
 * sent, also where it stands as in JSON, in base64 or in a URL. */
void attempt_secrets_blank(const struct attempt_secrets *secrets, struct slice text, size_t max,
                           struct buffer *out);
/* By how much a text of at most max bytes must be longer, so that none of its secrets is cut at its end. */
size_t attempt_secrets_longest(const struct attempt_secrets *secrets);

/* Give everything back. */
void attempt_secrets_fini(struct attempt_secrets *secrets);

#endif
