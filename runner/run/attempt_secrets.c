/* attempt_secrets: see attempt_secrets.h. */
#include "run/attempt_secrets.h"

#include "text/base64.h"
#include "text/json.h"

#include <stdlib.h>
#include <string.h>

enum form {
    FORM_PLAIN,
    FORM_JSON,
    FORM_BASE64,
    FORM_URL,
    FORM__COUNT
};

/* ---- what is needed ---- */

/* Whether a name is there matters only if there is one; how many secrets a job names is bounded. */
struct need {
    const struct vault *vault;
    bool is_there;
};

static bool note_need(void *arg, struct slice name, struct slice *value)
{
    struct need *need = arg;
    (void)value;
    need->is_there = need->is_there && vault_has_secret(need->vault, name);
    return false;
}

/* Are all secrets there that job names? */
static bool has_all(const struct vault *vault, const struct job *job)
{
    struct need need = {vault, true};
    struct template_values values = {.secret = note_need, .arg = &need};
    struct buffer ignored = {0};
    for (size_t i = 0; i < TEMPLATE__COUNT; i++) {
        values.of[i] = "";
    }
    call_options_add_headers(&job->call, &values, &ignored);
    if (!job->call.body_is_base64 && job->call.body.data != NULL) {
        call_options_add_body(&job->call, &values, &ignored);
    }
    buffer_fini(&ignored);
    return need.is_there;
}

bool attempt_secrets_are_known(struct vault *vault, const struct job *job, struct mono_ms since)
{
    bool signs = job->call.signing.data != NULL;
    if (vault == NULL || (!signs && !job->call.has_secrets)) {
        return true;
    }
    bool is_there = vault_is_settled(vault) && (!signs || vault_has_signer(vault, job->call.signing)) &&
                    (!job->call.has_secrets || has_all(vault, job));
    return is_there || vault_is_fresh(vault, since);
}

/* ---- secrets ---- */

static bool refuse(struct attempt_secrets *secrets)
{
    secrets->refused = HTTP_ERROR_SECRET;
    return false;
}

/* The one of that name, borrowed for this call. NULL: refused and why say why not. */
static struct vault_secret *take(struct attempt_secrets *secrets, struct slice name)
{
    for (size_t i = 0; i < secrets->count; i++) {
        if (slice_eq(name, secrets->used[i]->name)) {
            return secrets->used[i];
        }
    }
    bool has_room = secrets->vault != NULL && secrets->count < CALL_SECRETS_MAX;
    if (!has_room) {
        (void)err_set(&secrets->why, ERR_CONFIG, "this runner has no SECRETS_KEY");
        return NULL;
    }
    struct vault_secret *secret = vault_take_secret(secrets->vault, name, &secrets->why);
    if (secret != NULL) {
        secrets->used[secrets->count++] = secret;
    }
    return secret;
}

bool attempt_secrets_find(void *arg, struct slice name, struct slice *value)
{
    struct attempt_secrets *secrets = arg;
    const struct vault_secret *secret = take(secrets, name);
    if (secret == NULL) {
        return refuse(secrets);
    }
    const char *why = secret_rule_refuses(&secret->stored.rule, secrets->url);
    if (why != NULL) {
        (void)err_set(&secrets->why, ERR_REFUSED, "the secret \"%s\" %s", secret->name, why);
        return refuse(secrets);
    }
    *value = (struct slice){secret->value.data, secret->value.len};
    return true;
}

/* ---- signatures ---- */

static enum err add_signatures(struct buffer *out, const struct vault_signer *signer,
                               const struct signature_of *of, bool *signed_by_any)
{
    enum err err = ERR_OK;
    *signed_by_any = false;
    buffer_add_str(out, "Webhook-Signature: ");
    for (size_t i = 0; i < signer->count && err == ERR_OK; i++) {
        if (signer->ends[i].ms > of->timestamp * 1000) {
            buffer_add_str(out, *signed_by_any ? " " : "");
            err = signature_add(out, signer->keys[i], of);
            *signed_by_any = true;
        }
    }
    buffer_add_char(out, '\0');
    return err;
}

enum err attempt_secrets_sign(struct attempt_secrets *secrets, struct slice name,
                              const struct signature_of *of, struct buffer *headers, struct buffer *instead)
{
    bool is_signed = false;
    struct signature_of empty = {of->id, of->timestamp, {NULL, 0}};
    if (secrets->vault != NULL) {
        secrets->signer = vault_take_signer(secrets->vault, name, &secrets->why);
    } else {
        (void)err_set(&secrets->why, ERR_CONFIG, "this runner has no SECRETS_KEY");
    }
    if (secrets->signer == NULL) {
        secrets->refused = HTTP_ERROR_SIGNING;
        return ERR_OK;
    }
    buffer_printf(headers, "Webhook-Id: %s%c", of->id, '\0');
    buffer_printf(headers, "Webhook-Timestamp: %lld%c", (long long)of->timestamp, '\0');
    enum err err = add_signatures(headers, secrets->signer, of, &is_signed);
    if (err == ERR_OK && of->body.len > 0) {
        err = add_signatures(instead, secrets->signer, &empty, &is_signed);
    }
    if (err == ERR_OK && !is_signed) {
        (void)err_set(&secrets->why, ERR_NOT_FOUND, "all keys of \"%.*s\" are over", (int)name.len,
                      name.data);
        secrets->refused = HTTP_ERROR_SIGNING;
    }
    return err;
}

/* ---- what came back ---- */

static void add_percent_encoded(struct buffer *out, struct slice value)
{
    static const char kept[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (size_t i = 0; i < value.len; i++) {
        if (memchr(kept, value.data[i], sizeof kept - 1) != NULL) {
            buffer_add_char(out, value.data[i]);
        } else {
            buffer_printf(out, "%%%02X", (unsigned char)value.data[i]);
        }
    }
}

static void add_form(struct buffer *out, struct slice value, enum form form)
{
    if (form == FORM_JSON) {
        json_escape(out, value);
    } else if (form == FORM_BASE64) {
        base64_encode(out, value);
    } else if (form == FORM_URL) {
        add_percent_encoded(out, value);
    } else {
        buffer_add(out, value.data, value.len);
    }
}

/* A form of a secret that is looked for. */
struct needle {
    struct buffer text; /* owned */
    const char *name;   /* of the secret */
};

#define CUT_MIN     4 /* bytes of a secret at the end of a text, from which on it counts as the secret */
#define NEEDLES_MAX (CALL_SECRETS_MAX * FORM__COUNT)

/* Returns how many there are. */
static size_t make_needles(const struct attempt_secrets *secrets, struct needle needles[NEEDLES_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < secrets->count; i++) {
        const struct vault_secret *secret = secrets->used[i];
        for (unsigned form = 0; form < FORM__COUNT; form++) {
            needles[count] = (struct needle){.name = secret->name};
            add_form(&needles[count].text, (struct slice){secret->value.data, secret->value.len},
                     (enum form)form);
            count++;
        }
    }
    return count;
}

/* Find the needle of which text begins with the most bytes: with all of it, or with its beginning if text ends
 * there, because it was cut. Returns how many bytes of text belong to it; 0: there is none. */
static size_t find_needle(const struct needle *needles, size_t count, struct slice text,
                          const struct needle **found)
{
    size_t most = 0;
    for (size_t i = 0; i < count; i++) {
        size_t len = needles[i].text.len;
        size_t there = len < text.len ? len : text.len;
        bool is_enough = there == len || there >= CUT_MIN;
        if (there > most && is_enough && memcmp(text.data, needles[i].text.data, there) == 0) {
            most = there;
            *found = &needles[i];
        }
    }
    return most;
}

static bool has_all_needles(const struct needle *needles, size_t count)
{
    bool has = true;
    for (size_t i = 0; i < count; i++) {
        has = has && buffer_error(&needles[i].text) == ERR_OK;
    }
    return has;
}

/* One walk: what stands in the place of a secret is not looked through again, however short a secret is. */
void attempt_secrets_blank(const struct attempt_secrets *secrets, struct slice text, size_t max,
                           struct buffer *out)
{
    struct needle needles[NEEDLES_MAX];
    size_t count = make_needles(secrets, needles);
    size_t at = has_all_needles(needles, count) ? 0 : text.len; /* rather nothing than a secret */
    while (at < text.len && out->len < max) {
        const struct needle *found = NULL;
        size_t len = find_needle(needles, count, (struct slice){text.data + at, text.len - at}, &found);
        if (len > 0) {
            buffer_printf(out, "[secret:%s]", found->name);
        } else {
            buffer_add_char(out, text.data[at]);
        }
        at += len > 0 ? len : 1;
    }
    for (size_t i = 0; i < count; i++) {
        buffer_wipe(&needles[i].text);
    }
}

size_t attempt_secrets_longest(const struct attempt_secrets *secrets)
{
    size_t longest = 0;
    for (size_t i = 0; i < secrets->count; i++) {
        size_t len = 3 * secrets->used[i]->value.len; /* no form is longer than %XX for each byte */
        longest = len > longest ? len : longest;
    }
    return longest;
}

void attempt_secrets_fini(struct attempt_secrets *secrets)
{
    for (size_t i = 0; i < secrets->count; i++) {
        vault_give_secret(secrets->used[i]);
    }
    vault_give_signer(secrets->signer);
    *secrets = (struct attempt_secrets){0};
}
