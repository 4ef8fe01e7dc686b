/* The counts of refused requests: each kind noted at once, then once a minute, and never more than there is
 * room for. */
#include "api/refusals.h"

#include "actor.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

static struct refusals refusals;
static struct refusal *taken[REFUSALS_NOTED_MAX];

static void set_up(void)
{
    memset(&refusals, 0, sizeof refusals);
}

EACH_TEST(set_up, NULL);

static void add_from(const char *address, enum api_code code, int64_t now_ms)
{
    struct store_actor actor = *SOMEONE;
    actor.address = slice_of(address);
    refusals_add(&refusals, &actor, code, (struct mono_ms){now_ms});
}

/* Note what is to be noted. Returns how many kinds that were. */
static size_t note(int64_t now_ms, bool all)
{
    size_t count = refusals_take(&refusals, (struct mono_ms){now_ms}, all, taken);
    for (size_t i = 0; i < count; i++) {
        refusals_noted(&refusals, taken[i]);
    }
    return count;
}

TEST(refusals_wait_for_nothing_without_any)
{
    assert_int_equal(refusals_wait_ms(&refusals, (struct mono_ms){5}), -1);
    assert_int_equal(note(5, true), 0);
}

TEST(refusals_note_a_kind_at_once_and_then_once_a_minute)
{
    add_from("192.0.2.1", API_CONFLICT, 1000);
    assert_int_equal(refusals_wait_ms(&refusals, (struct mono_ms){1000}), 0);
    assert_int_equal(refusals_take(&refusals, (struct mono_ms){1000}, false, taken), 1);
    assert_int_equal(taken[0]->count, 1);
    assert_string_equal(taken[0]->who, "someone");
    assert_string_equal(taken[0]->address, "192.0.2.1");
    assert_string_equal(taken[0]->method, "POST");
    assert_string_equal(taken[0]->route, "/v1/x");
    refusals_noted(&refusals, taken[0]);
    for (int i = 0; i < 500; i++) {
        add_from("192.0.2.1", API_CONFLICT, 2000);
    }
    assert_int_equal(refusals_wait_ms(&refusals, (struct mono_ms){2000}), REFUSALS_EACH_MS - 1000);
    assert_int_equal(note(60999, false), 0);
    assert_int_equal(refusals_take(&refusals, (struct mono_ms){61000}, false, taken), 1);
    assert_int_equal(taken[0]->count, 500);
}

TEST(refusals_of_another_address_code_or_actor_are_others)
{
    struct store_actor other = *SOMEONE;
    add_from("192.0.2.1", API_CONFLICT, 0);
    add_from("192.0.2.2", API_CONFLICT, 0);
    add_from("192.0.2.1", API_NOT_FOUND, 0);
    other.who = slice_of("another");
    refusals_add(&refusals, &other, API_CONFLICT, (struct mono_ms){0});
    add_from("192.0.2.1", API_CONFLICT, 0);
    assert_int_equal(note(0, false), 4);
}

TEST(refusals_that_were_not_noted_are_counted_on)
{
    add_from("192.0.2.1", API_CONFLICT, 0);
    assert_int_equal(refusals_take(&refusals, (struct mono_ms){0}, false, taken), 1); /* and Redis is down */
    add_from("192.0.2.1", API_CONFLICT, 10);
    assert_int_equal(refusals_take(&refusals, (struct mono_ms){REFUSALS_EACH_MS}, false, taken), 1);
    assert_int_equal(taken[0]->count, 2);
}

TEST(refusals_are_all_taken_at_the_end)
{
    add_from("192.0.2.1", API_CONFLICT, 0);
    assert_int_equal(note(0, false), 1);
    add_from("192.0.2.1", API_CONFLICT, 1);
    assert_int_equal(note(2, false), 0);
    assert_int_equal(note(2, true), 1);
    assert_int_equal(refusals_wait_ms(&refusals, (struct mono_ms){2}), -1);
}

TEST(refusals_beyond_the_room_are_counted_together)
{
    char address[32];
    int64_t sum = 0;
    for (int i = 0; i < 100000; i++) {
        (void)snprintf(address, sizeof address, "2001:db8::%x", i);
        add_from(address, API_CONFLICT, 0);
    }
    size_t count = refusals_take(&refusals, (struct mono_ms){0}, false, taken);
    assert_int_equal(count, REFUSALS_MAX + 1);
    for (size_t i = 0; i < count; i++) {
        sum += taken[i]->count;
    }
    assert_int_equal(sum, 100000);
    assert_string_equal(taken[count - 1]->address, REFUSALS_OTHERS);
    assert_string_equal(taken[count - 1]->who, REFUSALS_OTHERS);
}

TEST(refusals_make_room_when_a_minute_has_passed)
{
    char address[32];
    for (int i = 0; i < REFUSALS_MAX; i++) {
        (void)snprintf(address, sizeof address, "192.0.2.%d", i);
        add_from(address, API_CONFLICT, 0);
    }
    assert_int_equal(note(0, false), REFUSALS_MAX);
    add_from("198.51.100.1", API_CONFLICT, REFUSALS_EACH_MS);
    assert_int_equal(refusals_take(&refusals, (struct mono_ms){REFUSALS_EACH_MS}, false, taken), 1);
    assert_string_equal(taken[0]->address, "198.51.100.1");
}
