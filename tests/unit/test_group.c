/* What the groups of a job's fields share: reading objects of known members, and keeping texts. */
#include "job/group.h"

#include "test.h"

#include <stdlib.h>
#include <string.h>

/* What the members of the object come to. */
struct pair {
    int64_t number;
    struct slice text;
    struct job_fault *fault;
};

static struct job_fault fault;

static void set_up(void)
{
    fault = (struct job_fault){0};
}

EACH_TEST(set_up, NULL);

static bool read_number(struct slice name, const struct json_value *value, void *arg)
{
    struct pair *pair = arg;
    pair->number = json_int(value);
    return json_kind_of(value) == JSON_INT ||
           job_fault_invalid(pair->fault, "pair", "pair.%.*s must be a number", (int)name.len, name.data);
}

static bool read_text(struct slice name, const struct json_value *value, void *arg)
{
    (void)name;
    struct pair *pair = arg;
    pair->text = json_string(value);
    return true;
}

static const struct group_member members[] = {{"number", read_number}, {"text", read_text}};
static const struct group_object object = {"pair", members, 2};

TEST(group_reads_the_members_of_an_object)
{
    struct pair pair = {.fault = &fault};
    struct json_doc *doc =
        group_read_object(&object, slice_of("{\"text\":\"a\",\"number\":7}"), &pair, &fault);
    assert_non_null(doc);
    assert_int_equal(pair.number, 7);
    assert_true(slice_eq(pair.text, "a")); /* borrowed from doc */
    json_free(doc);
    assert_int_equal(fault.code, JOB_FAULT_NONE);
}

TEST(group_accepts_an_object_without_members)
{
    struct pair pair = {.fault = &fault};
    struct json_doc *doc = group_read_object(&object, slice_of("{}"), &pair, &fault);
    assert_non_null(doc);
    json_free(doc);
}

TEST(group_names_every_mistake)
{
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"[]", "pair must be an object"},
        {"null", "pair must be an object"},
        {"{\"number\":\"7\"}", "pair.number must be a number"},
        {"{\"number\":7,\"other\":1}", "pair: unknown member \"other\"; there are number, text"},
        {"{\"abcdefghijklmnopqrstuvwxyz0123456789\":1}",
         "pair: unknown member \"abcdefghijklmnopqrstuvwxyz012345\"; there are number, text"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pair pair = {.fault = &fault};
        assert_null(group_read_object(&object, slice_of(rows[i].text), &pair, &fault));
        assert_int_equal(fault.code, JOB_FAULT_VALIDATION_ERROR);
        assert_string_equal(fault.field, "pair");
        assert_int_equal(fault.offset, -1);
        assert_string_equal(fault.text, rows[i].message);
    }
    assert_null(group_parse("pair", slice_of("{"), &fault));
    assert_int_equal(strncmp(fault.text, "pair: ", 6), 0);
}

TEST(group_keeps_texts_in_one_piece_of_memory)
{
    char bytes[] = "one two";
    struct slice one = {bytes, 3};
    struct slice absent = {NULL, 0};
    struct slice two = {bytes + 4, 3};
    char *memory;
    assert_true(group_keep(&memory, (struct slice *[]){&one, &absent, &two}, 3));
    memset(bytes, 'x', sizeof bytes);
    assert_ptr_equal(one.data, memory);
    assert_string_equal(one.data, "one");
    assert_null(absent.data);
    assert_string_equal(two.data, "two");
    assert_int_equal(two.len, 3);
    free(memory);
}

TEST(group_keeps_nothing_where_there_is_no_text)
{
    struct slice absent = {NULL, 0};
    char *memory = (char *)1;
    assert_true(group_keep(&memory, (struct slice *[]){&absent}, 1));
    assert_null(memory);
}
