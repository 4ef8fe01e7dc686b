/* fuzz_cron: any text as a schedule, any instant, in some zones with odd histories (libFuzzer).
 *
 * Input: one byte that chooses the zone, eight bytes of an instant, then the text. What is checked, beyond
 * not crashing: errors point into the text and are printable; print, parse and print again agree; a described
 * schedule fits its buffer; instants increase, and each matches its local time or is the end of a gap. Zones
 * are read from $DRONC_VECTORS/zoneinfo (default tests/vectors/zoneinfo); without them only UTC is used.
 *
 * Every second mutation is made of the language: an item, a field or a separator is put in or exchanged.
 */
#include "cron/cron.h"
#include "cron/cron_internal.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size); /* libFuzzer's own */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/* Put one of the language's words into the text, at a border between words or anywhere, over what is there or
 * not. */
static size_t mutate_text(char *text, size_t len, size_t room, unsigned seed)
{
    static const char *const words[] = {"*",           "?",      "*/5",       "1-5",
                                        "22-2",        "0",      "59",        "L",
                                        "LW",          "L-3",    "15W",       "L-30W",
                                        "5#2",         "5L",     "FRI#L",     "+",
                                        "MON",         "sunday", "JAN",       "DEC-FEB",
                                        "2024/4",      "2199",   ",",         " ",
                                        "/",           "-",      "7",         "31",
                                        "29",          "30",     "@every ",   "@daily",
                                        "1.5h",        "90s",    "1500ms",    "TZ=UTC ",
                                        "+5L",         "1-7/2",  "*,1",       "0 0 ",
                                        " * * *",      "30 2 ",  "0 0 29 2 ", "CRON_TZ=Europe/Berlin ",
                                        "1970-2199/50"};
    const char *const word = words[seed % (sizeof(words) / sizeof(words[0]))];
    const size_t word_len = strlen(word);
    size_t at = len ? seed / 64 % (len + 1) : 0;
    size_t over = 0;

    while (seed & 1 << 20 && at > 0 && !strchr(" \t,", text[at - 1]))
        at--;
    while (seed & 1 << 21 && at + over < len && text[at + over] && !strchr(" \t,", text[at + over]))
        over++;
    if (len - over + word_len > room)
        return len;
    memmove(text + at + word_len, text + at + over, len - at - over);
    memcpy(text + at, word, word_len);
    return len - over + word_len;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    if (seed & 1 << 22 || size < 9 || max_size < 9)
        return LLVMFuzzerMutate(data, size, max_size);
    return 9 + mutate_text((char *)data + 9, size - 9, max_size - 9, seed);
}

static const struct zone *pick_zone(unsigned choice)
{
    static const char *const names[] = {"America/New_York",  "Australia/Lord_Howe", "Pacific/Apia",
                                        "Africa/Casablanca", "Antarctica/Troll",    "Europe/Dublin",
                                        "Asia/Kathmandu"};
    static struct zones *zones;
    const char *const dir = getenv("DRONC_VECTORS");
    const struct zone *zone = NULL;
    char path[512];

    if (!zones) {
        snprintf(path, sizeof(path), "%s/zoneinfo", dir ? dir : "tests/vectors");
        zones = zones_new(path);
    }
    if (choice % 8 < 7)
        (void)zones_get(zones, names[choice % 8], strlen(names[choice % 8]), &zone);
    return zone;
}

static void check_error(const struct cron_error *error, enum cron_code code, size_t len)
{
    REQUIRE(error->code == code);
    REQUIRE(error->offset <= len && error->length <= len - error->offset);
    REQUIRE(error->message[0] != '\0' && error->field != NULL);
    for (const char *at = error->message; *at; at++)
        REQUIRE(*at == '\t' || (*at >= ' ' && *at <= '~'));
}

static void check_print(const struct cron *c)
{
    char first[CRON_PRINT_MAX];
    char second[CRON_PRINT_MAX];
    char words[CRON_DESCRIBE_MAX];
    char zone_name[CRON_ZONE_MAX + 1];
    struct cron again;
    const size_t len = cron_print(c, first, sizeof(first));

    REQUIRE(len == strlen(first));
    REQUIRE(cron_describe(c, words, sizeof(words)) == strlen(words));
    if (len > CRON_TEXT_MAX)
        return;
    REQUIRE(cron_parse(&again, zone_name, first, len, NULL) == CRON_OK);
    REQUIRE(cron_equal(c, &again));
    REQUIRE(cron_print(&again, second, sizeof(second)) == len && strcmp(first, second) == 0);
}

static void check_next(const struct cron *c, const struct zone *zone, int64_t from_s)
{
    int64_t at_s = from_s;
    int64_t next_s = 0;
    enum cron_how how = CRON_HOW_PLAIN;

    for (int i = 0; i < 3 && cron_next_info(c, zone, at_s, &next_s, &how); i++) {
        const int64_t local_s = next_s + zone_offset_at(zone ? zone : zone_utc(), next_s);
        int64_t same_s = 0;

        REQUIRE(next_s > at_s);
        REQUIRE(!cron_never(c));
        REQUIRE(cron_is_every(c) || how != CRON_HOW_PLAIN || cron_next_local(c, local_s) == local_s);
        REQUIRE(cron_is_every(c) || (cron_next(c, zone, next_s - 1, &same_s) && same_s == next_s));
        at_s = next_s;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char zone_name[CRON_ZONE_MAX + 1];
    struct cron_error error;
    struct cron c;
    int64_t from_s = 0;
    enum cron_code code = CRON_OK;

    if (size < 9)
        return 0;
    memcpy(&from_s, data + 1, 8);
    if (data[0] & 8)
        from_s = (int64_t)((uint64_t)from_s % 7258118400U); /* most of the time within the years that count */
    code = cron_parse(&c, zone_name, (const char *)data + 9, size - 9, &error);
    if (code != CRON_OK) {
        check_error(&error, code, size - 9);
        REQUIRE(cron_never(&c) && !*zone_name);
        return 0;
    }
    check_print(&c);
    check_next(&c, pick_zone(data[0]), from_s);
    return 0;
}
