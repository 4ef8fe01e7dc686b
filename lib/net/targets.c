/* targets: see targets.h. Judges; others connect. */
#include "net/targets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- lists ---- */

#define NAME_MAX_LEN 253

struct targets_item {
    uint16_t port;         /* 0: any */
    struct ip_range range; /* if there is no name */
    size_t name_len;       /* 0: it is a range */
    char name[NAME_MAX_LEN + 1];
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The next item of a list, without the blanks around it. *at: its place, and what is behind it on return. Returns false
 * at the end. */
static bool next_item(const char *text, size_t *at, size_t *begin, size_t *len)
{
    if (text[*at] == '\0') {
        return false;
    }
    size_t end = *at + strcspn(text + *at, ",");
    *begin = *at;
    *at = text[end] == ',' ? end + 1 : end;
    while (*begin < end && is_blank(text[*begin])) {
        (*begin)++;
    }
    while (end > *begin && is_blank(text[end - 1])) {
        end--;
    }
    *len = end - *begin;
    return true;
}

/* Returns false if text is not a port. */
static bool read_port(uint16_t *out, const char *text, size_t len)
{
    unsigned port = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9' || len > 5) {
            return false;
        }
        port = port * 10 + (unsigned)(text[i] - '0');
    }
    *out = (uint16_t)port;
    return port > 0 && port <= UINT16_MAX;
}

static bool is_name_char(char c)
{
    char lower = (char)(c | 0x20);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

/* A dot at the end, the root of the DNS, makes no other name. */
static size_t without_root(const char *name, size_t len)
{
    return len > 0 && name[len - 1] == '.' ? len - 1 : len;
}

/* Digits and dots alone are an address, or a mistake in one. */
static bool read_name(struct targets_item *out, const char *text, size_t len)
{
    bool is_number = true;
    len = without_root(text, len);
    for (size_t i = 0; i < len; i++) {
        bool is_empty = text[i] == '.' && (i == 0 || i + 1 == len || text[i - 1] == '.');
        if (!is_name_char(text[i]) || is_empty) {
            return false;
        }
        is_number = is_number && (text[i] == '.' || (text[i] >= '0' && text[i] <= '9'));
    }
    if (len == 0 || len > NAME_MAX_LEN || is_number) {
        return false;
    }
    memcpy(out->name, text, len);
    out->name[len] = '\0';
    out->name_len = len;
    return true;
}

/* The length of item's text in front of its port: it ends at the last ':' unless there are more of them, as in an IPv6
 * address without brackets. */
static size_t host_length(const char *text, size_t len)
{
    const char *colon = memchr(text, ':', len);
    const char *close = len > 0 && text[0] == '[' ? memchr(text, ']', len) : NULL;
    if (close != NULL) {
        return (size_t)(close - text) + 1;
    }
    bool is_last = colon != NULL && memchr(colon + 1, ':', len - (size_t)(colon - text) - 1) == NULL;
    return is_last ? (size_t)(colon - text) : len;
}

static bool read_item(struct targets_item *out, const char *text, size_t len)
{
    size_t host = host_length(text, len);
    *out = (struct targets_item){0};
    if (host < len && (text[host] != ':' || !read_port(&out->port, text + host + 1, len - host - 1))) {
        return false;
    }
    if (host > 2 && text[0] == '[') {
        return text[host - 1] == ']' && ip_range_parse(&out->range, text + 1, host - 2) &&
               out->range.first.is_v6;
    }
    return ip_range_parse(&out->range, text, host) || read_name(out, text, host);
}

bool targets_list_check(const char *text, size_t *at, size_t *len)
{
    struct targets_item item;
    size_t next = 0;
    while (next_item(text, &next, at, len)) {
        if (!read_item(&item, text + *at, *len)) {
            return false;
        }
    }
    return true;
}

static size_t count_items(const char *text)
{
    size_t count = 1;
    for (const char *p = text; *p != '\0'; p++) {
        count += *p == ',' ? 1 : 0;
    }
    return count;
}

/* Returns false if memory runs out. */
static bool read_list(struct targets_list *out, const char *text)
{
    size_t next = 0;
    size_t begin;
    size_t len;
    *out = (struct targets_list){0};
    if (text[0] == '\0') {
        return true;
    }
    out->items = calloc(count_items(text), sizeof *out->items);
    while (out->items != NULL && next_item(text, &next, &begin, &len)) {
        out->count += read_item(&out->items[out->count], text + begin, len) ? 1 : 0;
    }
    return out->items != NULL;
}

static bool item_has_name(const struct targets_item *item, const char *host, size_t len)
{
    len = without_root(host, len);
    return item->name_len == len && len > 0 && strncasecmp(item->name, host, len) == 0;
}

static bool list_has_name(const struct targets_list *list, const char *host, size_t len, uint16_t port)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct targets_item *item = &list->items[i];
        if ((item->port == 0 || item->port == port) && item_has_name(item, host, len)) {
            return true;
        }
    }
    return false;
}

static bool list_has_ip(const struct targets_list *list, const struct ip *ip, uint16_t port)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct targets_item *item = &list->items[i];
        if ((item->port == 0 || item->port == port) && item->name_len == 0 &&
            ip_range_has(&item->range, ip)) {
            return true;
        }
    }
    return false;
}

/* ---- life ---- */

bool targets_init(struct targets *out, const struct targets_settings *settings)
{
    *out = (struct targets){.mode = settings->mode, .redirects = settings->redirects};
    bool good = read_list(&out->allow, settings->allow) && read_list(&out->deny, settings->deny);
    if (!good) {
        targets_fini(out);
    }
    return good;
}

void targets_fini(struct targets *targets)
{
    free(targets->allow.items);
    free(targets->deny.items);
    *targets = (struct targets){0};
}

void targets_note_keys(struct targets *targets, bool exist)
{
    targets->keys_exist = exist;
}

const char *targets_mode_name(enum targets_mode mode)
{
    static const char *const names[TARGETS_MODE__COUNT] = {[TARGETS_AUTO] = "auto",
                                                           [TARGETS_LOCAL] = "local",
                                                           [TARGETS_PRIVATE] = "private",
                                                           [TARGETS_PUBLIC] = "public"};
    return names[mode];
}

/* ---- hosts ---- */

/* Returns true if host is localhost or below it. */
static bool is_localhost(const char *host, size_t len)
{
    static const char local[] = "localhost";
    const size_t size = sizeof local - 1;
    len = without_root(host, len);
    return len >= size && strncasecmp(host + len - size, local, size) == 0 &&
           (len == size || host[len - size - 1] == '.');
}

static bool is_number(const char *host, size_t len)
{
    size_t digits = 0;
    len = without_root(host, len);
    while (digits < len && ((host[digits] >= '0' && host[digits] <= '9') || host[digits] == '.')) {
        digits++;
    }
    return digits == len;
}

bool targets_host_is_name(const char *host, size_t len)
{
    return len > 0 && host[0] != '[' && !is_number(host, len) && !is_localhost(host, len);
}

/* ---- the judgement ---- */

/* One of the addresses that a place is judged by. */
struct part {
    const struct ip *ip;
    enum ip_class class; /* of itself, without what it embeds */
};

static enum targets_mode mode_in_force(const struct targets *targets)
{
    return targets->mode != TARGETS_AUTO ? targets->mode
           : targets->keys_exist         ? TARGETS_PRIVATE
                                         : TARGETS_LOCAL;
}

/* Where a redirect may lead, from the least strict class that the call has been at. */
static bool leads_inward(enum ip_class from, enum ip_class to)
{
    static const bool is_open[IP_CLASS__COUNT][IP_CLASS__COUNT] = {
        [IP_PUBLIC] = {[IP_PUBLIC] = true},
        [IP_PRIVATE] = {[IP_PUBLIC] = true, [IP_PRIVATE] = true},
        [IP_LOOPBACK] = {[IP_PUBLIC] = true, [IP_PRIVATE] = true, [IP_LOOPBACK] = true},
        [IP_SPECIAL] = {[IP_PUBLIC] = true, [IP_SPECIAL] = true},
    };
    return !is_open[from][to];
}

static bool is_bound(const struct targets *targets, const struct targets_place *place)
{
    return place->is_redirect && targets->redirects == TARGETS_OUTWARD;
}

/* What TARGETS says of one address. */
static enum targets_verdict judge_class(const struct targets *targets, const struct targets_place *place,
                                        enum ip_class class)
{
    enum targets_mode mode = mode_in_force(targets);
    bool is_open = class == IP_PUBLIC || (class == IP_PRIVATE && mode != TARGETS_PUBLIC) ||
                   (class == IP_LOOPBACK && mode == TARGETS_LOCAL);
    bool by_name = class == IP_LOOPBACK && !is_bound(targets, place) &&
                   targets_host_is_name(place->host, place->host_len);
    return !is_open ? TARGETS_IS_CLOSED : by_name ? TARGETS_IS_NAMED : TARGETS_OPEN;
}

static enum targets_verdict judge_part(const struct targets *targets, const struct targets_place *place,
                                       const struct part *part)
{
    if (list_has_ip(&targets->deny, part->ip, place->port)) {
        return TARGETS_IS_DENIED;
    }
    bool is_allowed = list_has_ip(&targets->allow, part->ip, place->port) ||
                      list_has_name(&targets->allow, place->host, place->host_len, place->port);
    return is_allowed ? TARGETS_OPEN : judge_class(targets, place, part->class);
}

/* The address itself and all that it embeds: the first that is refused decides. */
static enum targets_verdict judge_parts(const struct targets *targets, const struct targets_place *place)
{
    struct ip inside[IP_EMBEDDED_MAX];
    size_t count = ip_embedded(&place->ip, inside);
    const struct part own = {&place->ip, ip_class_outside(&place->ip)};
    enum targets_verdict verdict = judge_part(targets, place, &own);
    for (size_t i = 0; i < count && verdict == TARGETS_OPEN; i++) {
        const struct part part = {&inside[i], ip_class_outside(&inside[i])};
        verdict = judge_part(targets, place, &part);
    }
    return verdict;
}

static enum targets_verdict judge(const struct targets *targets, const struct targets_place *place)
{
    if (place->class == IP_NEVER) {
        return TARGETS_IS_NEVER;
    }
    if (list_has_name(&targets->deny, place->host, place->host_len, place->port)) {
        return TARGETS_IS_DENIED;
    }
    if (is_bound(targets, place) && leads_inward(place->from, place->class)) {
        return TARGETS_IS_INWARD;
    }
    return judge_parts(targets, place);
}

/* ---- reasons ---- */

/* "public", of "a public address". */
static const char *kind_of(enum ip_class class)
{
    static const char *const kinds[IP_CLASS__COUNT] = {[IP_PUBLIC] = "public",
                                                       [IP_PRIVATE] = "private",
                                                       [IP_LOOPBACK] = "loopback",
                                                       [IP_SPECIAL] = "special-purpose",
                                                       [IP_NEVER] = "link-local or metadata"};
    return kinds[class];
}

static const char *mode_shown(const struct targets *targets)
{
    return targets->mode != TARGETS_AUTO ? targets_mode_name(targets->mode)
           : targets->keys_exist         ? "auto, with API keys,"
                                         : "auto";
}

static void explain(const struct targets *targets, const struct targets_place *place,
                    enum targets_verdict verdict, char why[TARGETS_WHY_SIZE])
{
    char ip[IP_TEXT_SIZE];
    char what[TARGETS_WHY_SIZE / 2];
    ip_format(ip, &place->ip);
    (void)snprintf(what, sizeof what, "%s is %s", ip, ip_class_phrase(place->class));
    switch (verdict) {
    case TARGETS_IS_NEVER:
        (void)snprintf(why, TARGETS_WHY_SIZE, "%s, which is never called", what);
        break;
    case TARGETS_IS_DENIED:
        (void)snprintf(why, TARGETS_WHY_SIZE, "%s, which TARGETS_DENY forbids", what);
        break;
    case TARGETS_IS_NAMED:
        (void)snprintf(why, TARGETS_WHY_SIZE, "%s, which only TARGETS_ALLOW opens to a name", what);
        break;
    case TARGETS_IS_INWARD:
        (void)snprintf(why, TARGETS_WHY_SIZE, "%s, and the call %s at a %s one", what,
                       place->began_there ? "began" : "has been", kind_of(place->from));
        break;
    case TARGETS_IS_CLOSED:
        (void)snprintf(why, TARGETS_WHY_SIZE,
                       place->class == IP_SPECIAL ? "%s, which only TARGETS_ALLOW opens"
                                                  : "%s, which TARGETS=%s does not open",
                       what, mode_shown(targets));
        break;
    default:
        why[0] = '\0';
        break;
    }
}

enum targets_verdict targets_judge(const struct targets *targets, const struct targets_place *place,
                                   char why[TARGETS_WHY_SIZE])
{
    enum targets_verdict verdict = judge(targets, place);
    if (verdict != TARGETS_OPEN) {
        explain(targets, place, verdict, why);
    }
    return verdict;
}

/* The address that host is, or that libcurl takes it for. Returns false if it has to be looked up. */
static bool address_of(struct ip *out, const char *host, size_t len)
{
    static const char local[] = "127.0.0.1";
    if (is_localhost(host, len)) {
        return ip_parse(out, local, sizeof local - 1);
    }
    bool is_v6 = len > 2 && host[0] == '[' && host[len - 1] == ']';
    return is_v6 ? ip_parse(out, host + 1, len - 2) : ip_parse(out, host, without_root(host, len));
}

bool targets_judge_host(const struct targets *targets, const char *host, size_t len, uint16_t port,
                        char why[TARGETS_WHY_SIZE])
{
    struct targets_place place = {.host = host, .host_len = len, .port = port};
    if (address_of(&place.ip, host, len)) {
        place.class = ip_class_of(&place.ip);
        return targets_judge(targets, &place, why) == TARGETS_OPEN;
    }
    bool is_denied = list_has_name(&targets->deny, host, len, port);
    if (is_denied) {
        (void)snprintf(why, TARGETS_WHY_SIZE, "TARGETS_DENY forbids this host");
    }
    return !is_denied;
}
