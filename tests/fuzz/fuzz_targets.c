/* fuzz_targets: any text as the lists of allowed and denied targets, any host, any address (libFuzzer).
 *
 * Input: a byte whose bits choose the mode, the redirects and where a redirect comes from; 16 bytes of an address, of which
 * four are used if its bit says so; then three texts, each ended by a NUL or the end: allowed, denied, host. What is
 * checked, beyond not crashing: an address reads back as it is written, and is as strict as all that it embeds; a wrong item
 * lies within its list; nothing opens what is never called; what is denied is never open; a mode opens all that a stricter
 * one does; redirects lead nowhere that is stricter; each refusal has a reason that can be printed.
 */
#include "net/targets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition)                                                  \
    do {                                                                    \
        if (!(condition)) {                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                        \
        }                                                                   \
    } while (0)

#define HEAD 17 /* bytes in front of the texts */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_ip(const struct ip *ip)
{
    char text[IP_TEXT_SIZE];
    struct ip again;
    struct ip inside[IP_EMBEDDED_MAX];
    size_t count = ip_embedded(ip, inside);
    ip_format(text, ip);
    REQUIRE(ip_parse(&again, text, strlen(text)));
    REQUIRE(memcmp(&again, ip, sizeof again) == 0);
    REQUIRE(count <= IP_EMBEDDED_MAX);
    REQUIRE(ip_class_of(ip) >= ip_class_outside(ip));
    for (size_t i = 0; i < count; i++) {
        REQUIRE(ip_class_of(ip) >= ip_class_of(&inside[i]));
    }
}

/* Copies the next text to out, cut to what that holds. Returns where the text behind it begins. */
static size_t next_text(char *out, size_t room, const uint8_t *data, size_t size, size_t at)
{
    size_t len = strnlen((const char *)data + at, size - at);
    size_t kept = len < room ? len : room - 1;
    memcpy(out, data + at, kept);
    out[kept] = '\0';
    return at + len < size ? at + len + 1 : size;
}

/* Returns false if the list is wrong. */
static bool check_list(const char *text)
{
    size_t at = 0;
    size_t len = 0;
    bool good = targets_list_check(text, &at, &len);
    REQUIRE(good || (at <= strlen(text) && len <= strlen(text) - at));
    return good;
}

static enum targets_verdict judge(const struct targets_settings *settings, const struct targets_place *place)
{
    struct targets targets;
    char why[TARGETS_WHY_SIZE] = "";
    REQUIRE(targets_init(&targets, settings));
    enum targets_verdict verdict = targets_judge(&targets, place, why);
    REQUIRE((verdict == TARGETS_OPEN) == (why[0] == '\0'));
    REQUIRE(strlen(why) < TARGETS_WHY_SIZE - 1);
    for (const char *c = why; *c != '\0'; c++) {
        REQUIRE(*c >= ' ' && *c <= '~');
    }
    (void)targets_judge_host(&targets, place->host, place->host_len, place->port, why);
    targets_fini(&targets);
    return verdict;
}

static bool leads_inward(const struct targets_place *place)
{
    bool stays = place->from == IP_SPECIAL && place->class == IP_SPECIAL;
    bool goes_out = place->class == IP_PUBLIC || (place->from != IP_SPECIAL && place->class <= place->from);
    return !stays && !goes_out;
}

static void check_place(const struct targets_settings *settings, const struct targets_place *place)
{
    struct targets_settings other = *settings;
    bool is_open = judge(settings, place) == TARGETS_OPEN;
    bool is_bound = place->is_redirect && settings->redirects == TARGETS_OUTWARD;
    REQUIRE(!is_open || place->class != IP_NEVER);
    REQUIRE(!is_open || !is_bound || !leads_inward(place));
    other.mode = settings->mode == TARGETS_PUBLIC ? TARGETS_PRIVATE : TARGETS_LOCAL;
    REQUIRE(!is_open || judge(&other, place) == TARGETS_OPEN);
    /* What is allowed and denied is open only if it needs neither list. */
    other = *settings;
    memcpy(other.deny, settings->allow, sizeof other.deny);
    bool is_open_denied = judge(&other, place) == TARGETS_OPEN;
    other.allow[0] = '\0';
    REQUIRE(!is_open_denied || judge(&other, place) == TARGETS_OPEN);
}

static void read_place(struct targets_place *out, const uint8_t *data)
{
    out->ip.is_v6 = (data[0] & 1) == 0;
    memcpy(out->ip.bytes, data + 1, out->ip.is_v6 ? 16 : 4);
    out->class = ip_class_of(&out->ip);
    out->port = (data[0] & 2) != 0 ? 80 : 443;
    out->is_redirect = (data[0] & 4) != 0;
    out->from = (enum ip_class)((data[0] >> 3) % IP_NEVER);
    out->began_there = (data[0] & 64) != 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct targets_settings settings;
    struct targets_place place = {0};
    char host[300];
    if (size < HEAD) {
        return 0;
    }
    read_place(&place, data);
    check_ip(&place.ip);
    settings.mode = (enum targets_mode)(1 + (data[0] >> 5) % 3);
    settings.redirects = (data[0] & 128) != 0 ? TARGETS_ANY : TARGETS_OUTWARD;
    size_t at = next_text(settings.allow, sizeof settings.allow, data, size, HEAD);
    at = next_text(settings.deny, sizeof settings.deny, data, size, at);
    (void)next_text(host, sizeof host, data, size, at);
    place.host = host;
    place.host_len = strlen(host);
    if (check_list(settings.allow) && check_list(settings.deny)) {
        check_place(&settings, &place);
    }
    return 0;
}
