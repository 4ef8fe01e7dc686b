/* Scopes: their names, and sets of them as text. */
#include "access/scope.h"

#include "test.h"

#include <string.h>

TEST(scope_each_has_a_name_that_reads_as_itself)
{
    size_t count = 0;
    for (; scope_at(count) != SCOPE_NONE; count++) {
        unsigned set = 0;
        assert_true(scope_find(slice_of(scope_name(scope_at(count))), &set));
        assert_int_equal(set, scope_at(count));
    }
    assert_int_equal(count, 11);
}

TEST(scope_sets_are_read_and_written)
{
    static const struct {
        const char *text;
        const char *written;
        unsigned set;
    } TABLE[] = {
        {"jobs:read", "jobs:read", SCOPE_JOBS_READ},
        {"self,jobs:run,self", "jobs:run,self", SCOPE_JOBS_RUN | SCOPE_SELF},
        {"*", "*", SCOPE_ALL},
        {"export,*", "*", SCOPE_ALL},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        struct buffer out = {0};
        unsigned set;
        assert_true(scope_parse(slice_of(TABLE[i].text), &set));
        assert_int_equal(set, TABLE[i].set);
        scope_format(&out, set);
        assert_string_equal(buffer_str(&out), TABLE[i].written);
        buffer_fini(&out);
    }
}

TEST(scope_unknown_names_are_refused)
{
    static const char *const TABLE[] = {
        "", ",", "jobs", "jobs:read,", ",jobs:read", "jobs:read,,self", "jobs:read, self", "JOBS:READ", "**"};
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        unsigned set;
        assert_false(scope_parse(slice_of(TABLE[i]), &set));
    }
}

TEST(scope_a_client_without_a_key_makes_no_keys)
{
    assert_int_equal(SCOPE_KEYLESS & SCOPE_KEYS_ADMIN, 0);
    assert_int_equal(SCOPE_KEYLESS & SCOPE_SELF, 0);
    assert_int_equal(SCOPE_KEYLESS | SCOPE_KEYS_ADMIN | SCOPE_SELF, SCOPE_ALL);
}
