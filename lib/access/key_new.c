/* key_new: see key_new.h. */
#include "access/key_new.h"

#include "access/scope.h"

#include <string.h>

static bool is_plain(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.data[i] < ' ' || text.data[i] == 0x7F) {
            return false;
        }
    }
    return true;
}

/* Returns the field that is wrong, and writes why; NULL: none is. */
static const char *find_mistake(const struct key_wish *wish, struct errinfo *info)
{
    struct ip_range ranges[KEY_RANGES_MAX];
    if (wish->dn.data != NULL && (wish->dn.len == 0 || wish->dn.len > KEY_DN_MAX || !is_plain(wish->dn))) {
        (void)err_set(info, ERR_INVALID, "the name in a certificate must have 1 to %d bytes", KEY_DN_MAX);
        return "cert_dn";
    }
    if (wish->from.data != NULL && key_ranges_read(ranges, wish->from) == 0) {
        (void)err_set(info, ERR_INVALID, "from must be 1 to %d addresses, or ranges such as 10.0.0.0/8",
                      KEY_RANGES_MAX);
        return "from";
    }
    if (wish->expires.ms != 0 && wish->expires.ms <= wish->not_before.ms) {
        (void)err_set(info, ERR_INVALID, "the key would expire before it is valid");
        return "expires_at";
    }
    if (!key_name_is_valid(wish->name)) {
        (void)err_set(info, ERR_INVALID, "the name must have 1 to %d visible ASCII characters and spaces",
                      KEY_NAME_MAX);
        return "name";
    }
    if (wish->scopes == 0) {
        (void)err_set(info, ERR_INVALID, "there must be one scope at least");
        return "scopes";
    }
    return NULL;
}

static struct slice put_instant(char out[I64_DIGITS], struct wall_ms at)
{
    return at.ms == 0 ? (struct slice){NULL, 0} : (struct slice){out, i64_format(out, at.ms)};
}

static enum err put_scopes(struct key_new *out, unsigned set)
{
    struct buffer text;
    buffer_init(&text, KEY_SCOPES_SIZE - 1);
    scope_format(&text, set);
    memcpy(out->scopes, buffer_str(&text), text.len + 1);
    enum err err = buffer_error(&text);
    buffer_fini(&text);
    return err;
}

enum err key_new_token(struct key_new *out, const char *id, struct errinfo *info)
{
    *out = (struct key_new){0};
    memcpy(out->id, id, TOKEN_ID_SIZE);
    enum err err = token_make(out->token, id);
    if (err == ERR_OK) {
        err = digest_sha256(out->hash, out->token, TOKEN_LEN);
    }
    return err == ERR_OK ? err : err_set(info, err, "a token cannot be made: %s", err_name(err));
}

static enum err make_identity(struct key_new *out, const struct key_wish *wish, struct errinfo *info)
{
    char id[TOKEN_ID_SIZE];
    bool has_token = wish->dn.data == NULL;
    enum err err = has_token ? token_make_id(id) : token_id_of(id, wish->dn);
    if (err != ERR_OK) {
        return err_set(info, err, "a key cannot be made: %s", err_name(err));
    }
    if (has_token) {
        return key_new_token(out, id, info);
    }
    *out = (struct key_new){0};
    memcpy(out->id, id, TOKEN_ID_SIZE);
    return ERR_OK;
}

enum err key_new_make(struct key_new *out, const struct key_wish *wish, struct errinfo *info)
{
    *out = (struct key_new){0};
    const char *wrong = find_mistake(wish, info);
    if (wrong != NULL) {
        out->wrong = wrong;
        return ERR_INVALID;
    }
    enum err err = make_identity(out, wish, info);
    if (err == ERR_OK && put_scopes(out, wish->scopes) != ERR_OK) {
        err = err_set(info, ERR_NOMEM, "out of memory");
    }
    out->fields = (struct key_fields){.id = slice_of(out->id),
                                      .name = wish->name,
                                      .scopes = slice_of(out->scopes),
                                      .hash = out->token[0] != '\0'
                                                  ? (struct slice){(const char *)out->hash, sizeof out->hash}
                                                  : (struct slice){NULL, 0},
                                      .dn = wish->dn,
                                      .from = wish->from,
                                      .not_before = put_instant(out->not_before, wish->not_before),
                                      .expires = put_instant(out->expires, wish->expires),
                                      .by = wish->by};
    return err;
}

void key_new_wipe(struct key_new *key)
{
    explicit_bzero(key->token, sizeof key->token);
}
