/* The vectors: every answer that other engines and two independent evaluators agreed on. */
#include "test.h"
#include "vectors.h"

static bool matches(struct zones *zones, const struct vector *v)
{
    struct cron_error error;
    struct cron c;
    const struct zone *zone = NULL;
    int64_t at = vectors_instant(v->from);

    if (vectors_compile(zones, v->expression, v->expression_len, v->timezone, &c, &zone, &error) != CRON_OK) {
        print_error("%s: %s\n", v->expression, error.message);
        return false;
    }
    for (size_t i = 0; i < 5; i++) {
        int64_t next = -1;
        const bool some = cron_next(&c, zone, at, &next);

        if (some != (i < v->next_count) || (some && next != v->next[i])) {
            print_error("%s in %s after %lld: got %lld, expected %lld\n", v->expression, v->timezone,
                        (long long)at, (long long)next, i < v->next_count ? (long long)v->next[i] : -1);
            return false;
        }
        at = next;
        if (!some)
            break;
    }
    return true;
}

static void check_file(const char *name, const char *next_key, size_t least)
{
    struct zones *const zones = vectors_zones();
    FILE *const file = vectors_open(name);
    static struct vector v;
    size_t count = 0;
    size_t wrong = 0;

    assert_non_null(file);
    assert_non_null(zones);
    while (vectors_read(file, &v, next_key)) {
        wrong += !matches(zones, &v);
        count++;
    }
    fclose(file);
    zones_free(zones);
    print_message("%s: %zu of %zu\n", name, count - wrong, count);
    assert_true(count >= least);
    assert_int_equal(wrong, 0);
}

TEST(vectors_dev)
{
    check_file("dev.jsonl", "next", 3000);
}

TEST(vectors_ext)
{
    check_file("ext-dev.jsonl", "next", 990);
}

TEST(vectors_disagreements_are_decided_our_way)
{
    check_file("disagreements.jsonl", "ours", 145);
}

TEST(vectors_invalid_are_refused_with_their_code)
{
    struct zones *const zones = vectors_zones();
    FILE *const file = vectors_open("invalid-dev.jsonl");
    static struct vector v;
    size_t count = 0;
    size_t wrong = 0;

    assert_non_null(file);
    for (; vectors_read(file, &v, "next"); count++) {
        struct cron_error error = {0};
        struct cron c;
        const struct zone *zone = NULL;
        const enum cron_code code =
            vectors_compile(zones, v.expression, v.expression_len, "UTC", &c, &zone, &error);

        if (code == CRON_OK || strcmp(cron_code_name(code), v.code) != 0) {
            print_error("'%s': got %s (%s), expected %s\n", v.expression, cron_code_name(code), error.message,
                        v.code);
            wrong++;
        }
        if (code != CRON_OK && error.code != CRON_OK && error.offset + error.length > v.expression_len)
            fail_msg("'%s': the error lies outside the text", v.expression);
    }
    fclose(file);
    zones_free(zones);
    print_message("invalid-dev.jsonl: %zu of %zu\n", count - wrong, count);
    assert_true(count >= 311);
    assert_int_equal(wrong, 0);
}
