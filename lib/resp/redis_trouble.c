/* redis_trouble: see redis_trouble.h. Redis' errors begin with a word in capitals. In those from within a
 * script, the word comes later, or there is only a sentence, depending on Redis' version. */
#include "resp/redis_trouble.h"

#include <string.h>

static const struct {
    const char *word;
    enum redis_trouble trouble;
} words[] = {
    {"LOADING", REDIS_LOADING},     {"READONLY", REDIS_READ_ONLY},   {"MASTERDOWN", REDIS_READ_ONLY},
    {"UNBLOCKED", REDIS_READ_ONLY}, {"NOREPLICAS", REDIS_READ_ONLY}, {"OOM", REDIS_FULL},
    {"MISCONF", REDIS_FULL},        {"NOAUTH", REDIS_NO_LOGIN},      {"WRONGPASS", REDIS_NO_LOGIN},
    {"DENIED", REDIS_NO_LOGIN},     {"NOPERM", REDIS_NO_RIGHT},      {"MOVED", REDIS_CLUSTER},
    {"ASK", REDIS_CLUSTER},         {"CROSSSLOT", REDIS_CLUSTER},    {"CLUSTERDOWN", REDIS_CLUSTER},
    {"TRYAGAIN", REDIS_CLUSTER},
};

/* Errors whose first word is not specific. */
static const struct {
    const char *text;
    enum redis_trouble trouble;
} phrases[] = {
    {"ERR AUTH ", REDIS_NO_LOGIN},
    {"ERR Client sent AUTH", REDIS_NO_LOGIN},
    {"ERR invalid password", REDIS_NO_LOGIN},
    {"ERR The user executing the script can't", REDIS_NO_RIGHT},
    {"ERR ACL failure in script", REDIS_NO_RIGHT},
    {"ERR SELECT is not allowed in cluster mode", REDIS_CLUSTER},
};

static bool begins(struct slice text, const char *with)
{
    size_t len = strlen(with);
    return text.len >= len && memcmp(text.data, with, len) == 0;
}

static enum redis_trouble find_word(struct slice text)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t len = strlen(words[i].word);
        if (begins(text, words[i].word) && (text.len == len || text.data[len] == ' ')) {
            return words[i].trouble;
        }
    }
    return REDIS_OTHER;
}

static enum redis_trouble find_phrase(struct slice text)
{
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++) {
        if (begins(text, phrases[i].text)) {
            return phrases[i].trouble;
        }
    }
    return REDIS_OTHER;
}

/* "ERR user_script:7: READONLY You can't …", and with a '-' before the word. */
static enum redis_trouble find_wrapped(struct slice text)
{
    enum redis_trouble found = REDIS_OTHER;
    const char *end = text.data + text.len;
    const char *at = memmem(text.data, text.len, "user_script", strlen("user_script"));
    while (at != NULL && found == REDIS_OTHER) {
        at = memmem(at, (size_t)(end - at), ": ", 2);
        if (at != NULL) {
            at += 2;
            at += at < end && *at == '-';
            found = find_word((struct slice){at, (size_t)(end - at)});
        }
    }
    return found;
}

enum redis_trouble redis_trouble_of(const struct reply *reply)
{
    static enum redis_trouble (*const ways[])(struct slice) = {find_word, find_phrase, find_wrapped};
    enum redis_trouble found = REDIS_OTHER;
    if (reply->kind != REPLY_ERROR) {
        return REDIS_FINE;
    }
    for (size_t i = 0; i < sizeof ways / sizeof ways[0] && found == REDIS_OTHER; i++) {
        found = ways[i](reply->text);
    }
    return found;
}

static const struct {
    const char *word;
    const char *reason;
    bool spoils;
} troubles[REDIS_TROUBLE__COUNT] = {
    [REDIS_FINE] = {"healthy", "all is well", false},
    [REDIS_UNREACHABLE] = {"unreachable", "Redis does not answer", false},
    [REDIS_LOADING] = {"loading", "Redis reads its data", true},
    [REDIS_READ_ONLY] = {"read-only", "Redis takes no writes: it is a replica, or lacks its own", true},
    [REDIS_FULL] = {"full", "Redis takes no writes: its memory is full, or its disk cannot be written",
                    false},
    [REDIS_NO_LOGIN] = {"refused", "Redis refuses the login", true},
    [REDIS_NO_RIGHT] = {"refused", "the user that Redis knows us as may not do what is needed", true},
    [REDIS_CLUSTER] = {"refused",
                       "this Redis is a node of a cluster (cluster-enabled yes), which has a part of the "
                       "keys only; Dronc needs one that is none",
                       true},
    [REDIS_FOREIGN] = {"refused", "the database was made for another version", false},
    [REDIS_OTHER] = {"refused", "Redis refuses what is needed", false},
};

bool redis_trouble_spoils(enum redis_trouble trouble, int64_t age_ms)
{
    return troubles[trouble].spoils && (trouble != REDIS_NO_RIGHT || age_ms >= REDIS_RIGHT_AGE_MS);
}

const char *redis_trouble_word(enum redis_trouble trouble)
{
    return troubles[trouble].word;
}

const char *redis_trouble_reason(enum redis_trouble trouble)
{
    return troubles[trouble].reason;
}
