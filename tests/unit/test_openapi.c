/* fcgi/api/openapi.json against the tables that it describes: routes, parameters, fields, error codes,
 * outcomes. Whatever is missing, superfluous or different is printed with the place where it belongs; then
 * the test fails. What the document promises of answers is tests/system/test_openapi.py's business. */
#include "api/openapi.h"
#include "base/version.h"

#include "http/api_error.h"
#include "job/execution.h"
#include "job/job_fields.h"
#include "serve/route.h"
#include "text/json.h"

#include "test.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static struct json_doc *doc;
static int problems;

/* Say what is wrong, and go on. */
static void problem(const char *fmt, ...) PRINTF_LIKE(1, 2);
static void problem(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fputs("fcgi/api/openapi.json: ", stderr);
    vfprintf(stderr, fmt, args);
    fputs("\n", stderr);
    va_end(args);
    problems++;
}

static void set_up(void)
{
    struct errinfo info = {0};
    if (json_parse(&doc, openapi_document.text, openapi_document.len, &info) != ERR_OK) {
        /* At most JSON_DEPTH_MAX deep, like everything that we read: what is deeper goes into components. */
        fail_msg("fcgi/api/openapi.json: %s", info.text);
    }
}

static void tear_down(void)
{
    json_free(doc);
}

static void set_up_test(void)
{
    problems = 0;
}

ALL_TESTS(set_up, tear_down);
EACH_TEST(set_up_test, NULL);

static void check_problems(void)
{
    if (problems > 0) {
        fail_msg("fcgi/api/openapi.json and the program differ in %d places: see above", problems);
    }
}

/* ---- finding one's way ---- */

static const struct json_value *member(const struct json_value *value, const char *name)
{
    return value ? json_member(value, name) : NULL;
}

/* The value at "components/schemas/Job"; NULL if there is none. (No name of ours holds a slash there.) */
static const struct json_value *at(const char *place)
{
    const struct json_value *value = json_root(doc);
    char name[100];
    while (value && *place) {
        size_t len = strcspn(place, "/");
        snprintf(name, sizeof name, "%.*s", (int)len, place);
        value = member(value, name);
        place += place[len] == '/' ? len + 1 : len;
    }
    return value;
}

/* value, or what its $ref stands for. */
static const struct json_value *resolve(const struct json_value *value)
{
    const struct json_value *ref = member(value, "$ref");
    return ref ? at(json_string(ref).data + strlen("#/")) : value;
}

static bool is_str(const struct json_value *value, const char *text)
{
    return value && json_kind_of(value) == JSON_STRING && slice_eq(json_string(value), text);
}

static bool is_int(const struct json_value *value, int64_t number)
{
    return value && json_kind_of(value) == JSON_INT && json_int(value) == number;
}

/* ---- routes ---- */

/* "GET" → "get". */
static const char *lower(const char *method)
{
    static char out[16];
    size_t i = 0;
    for (; method[i] && i + 1 < sizeof out; i++) {
        out[i] = (char)tolower((unsigned char)method[i]);
    }
    out[i] = '\0';
    return out;
}

static const struct json_value *operation_of(const struct route *route)
{
    return member(member(at("paths"), route->path), lower(route->method));
}

TEST(openapi_has_every_route)
{
    for (size_t i = 0; route_at(i); i++) {
        const struct route *route = route_at(i);
        if (!operation_of(route)) {
            problem("%s %s is not there: add \"%s\" to paths.\"%s\"", route->method, route->path,
                    lower(route->method), route->path);
        }
    }
    check_problems();
}

static bool is_route(const char *path, struct slice method)
{
    for (size_t i = 0; route_at(i); i++) {
        if (strcmp(route_at(i)->path, path) == 0 && slice_eq(method, lower(route_at(i)->method))) {
            return true;
        }
    }
    return false;
}

static bool visit_method(struct slice key, const struct json_value *value, void *arg)
{
    (void)value;
    const char *path = arg;
    if (!is_route(path, key)) {
        problem("%s %s is no route of fcgi/serve/route.c: take paths.\"%s\".\"%s\" out", key.data, path, path,
                key.data);
    }
    return true;
}

static bool visit_path(struct slice key, const struct json_value *value, void *arg)
{
    (void)arg;
    char path[100];
    snprintf(path, sizeof path, "%.*s", (int)key.len, key.data);
    return json_each(value, visit_method, path);
}

TEST(openapi_has_no_other_routes)
{
    json_each(at("paths"), visit_path, NULL);
    check_problems();
}

TEST(openapi_operations_say_what_they_do)
{
    static const char *const parts[] = {"operationId", "summary", "tags", "responses"};
    for (size_t i = 0; route_at(i); i++) {
        for (size_t part = 0; part < sizeof parts / sizeof parts[0]; part++) {
            const struct json_value *operation = operation_of(route_at(i));
            if (operation && !member(operation, parts[part])) {
                problem("%s %s has no \"%s\"", route_at(i)->method, route_at(i)->path, parts[part]);
            }
        }
    }
    check_problems();
}

/* The scope that an operation asks of a token, or of a certificate; data NULL: none. */
static bool visit_need(const struct json_value *need, void *arg)
{
    const char *scope = arg;
    const struct json_value *scopes =
        member(need, "token") ? member(need, "token") : member(need, "certificate");
    char text[40];
    struct buffer list = {0};
    struct json_writer w;
    (void)snprintf(text, sizeof text, "[\"%s\"]", scope);
    json_begin(&w, &list);
    if (scopes) {
        json_put_value(&w, scopes);
    }
    bool same = strcmp(buffer_str(&list), text) == 0;
    buffer_fini(&list);
    return same;
}

TEST(openapi_has_the_scope_of_every_route)
{
    for (size_t i = 0; route_at(i); i++) {
        const struct route *route = route_at(i);
        const struct json_value *security = member(operation_of(route), "security");
        char scope[40];
        (void)snprintf(scope, sizeof scope, "%s", scope_name(route->scope));
        if (route->scope == SCOPE_NONE && security) {
            problem("%s %s is open to all in fcgi/serve/route.c: take its \"security\" out", route->method,
                    route->path);
        }
        if (route->scope != SCOPE_NONE &&
            (!security || json_count(security) != 2 || !json_each_item(security, visit_need, scope))) {
            problem("%s %s must have \"security\": [{\"token\": [\"%s\"]}, {\"certificate\": [\"%s\"]}]",
                    route->method, route->path, scope, scope);
        }
    }
    check_problems();
}

/* Only what tells about the program itself is open. */
TEST(route_without_a_scope_tells_nothing_of_jobs)
{
    for (size_t i = 0; route_at(i); i++) {
        bool open = strcmp(route_at(i)->path, "/") == 0 || strncmp(route_at(i)->path, "/health", 7) == 0 ||
                    strcmp(route_at(i)->path, "/openapi.json") == 0;
        assert_int_equal(route_at(i)->scope == SCOPE_NONE, open);
    }
}

/* ---- parameters ---- */

/* What is looked for among an operation's parameters, and what was found. */
struct search {
    const struct route *route;
    const char *name; /* NULL: all of those in a query have to be the route's */
    const char *in;
    bool found;
};

static bool is_param(const struct route *route, struct slice name)
{
    for (size_t i = 0; route->params && route->params[i]; i++) {
        if (slice_eq(name, route->params[i])) {
            return true;
        }
    }
    return false;
}

static bool visit_param(const struct json_value *value, void *arg)
{
    struct search *search = arg;
    const struct json_value *param = resolve(value);
    struct slice name = param ? json_string(member(param, "name")) : (struct slice){NULL, 0};
    if (!param) {
        problem("%s %s: a parameter's $ref leads nowhere", search->route->method, search->route->path);
    } else if (search->name) {
        search->found =
            search->found || (slice_eq(name, search->name) && is_str(member(param, "in"), search->in));
    } else if (is_str(member(param, "in"), "query") && !is_param(search->route, name)) {
        problem("%s %s has no parameter \"%s\" in fcgi/serve/route.c: take it out", search->route->method,
                search->route->path, name.data);
    }
    return true;
}

static bool has_param(const struct route *route, const char *name, const char *in)
{
    struct search search = {.route = route, .name = name, .in = in};
    const struct json_value *params = member(operation_of(route), "parameters");
    if (params) {
        json_each_item(params, visit_param, &search);
    }
    return search.found;
}

TEST(openapi_has_every_parameter_and_no_other)
{
    for (size_t i = 0; route_at(i); i++) {
        const struct route *route = route_at(i);
        bool id = strstr(route->path, "{id}") != NULL;
        struct search others = {.route = route};
        const struct json_value *params = member(operation_of(route), "parameters");
        for (size_t k = 0; route->params && route->params[k]; k++) {
            if (operation_of(route) && !has_param(route, route->params[k], "query")) {
                problem("%s %s: the query parameter \"%s\" is missing in its \"parameters\"", route->method,
                        route->path, route->params[k]);
            }
        }
        if (operation_of(route) && has_param(route, "id", "path") != id) {
            problem("%s %s: \"id\" in its path and in its \"parameters\" are not the same", route->method,
                    route->path);
        }
        if (params) {
            json_each_item(params, visit_param, &others);
        }
    }
    check_problems();
}

/* ---- fields ---- */

static const char *const type_names[] = {
    [JOB_FIELD_TEXT] = "string",   [JOB_FIELD_NUMBER] = "integer", [JOB_FIELD_BOOL] = "boolean",
    [JOB_FIELD_OBJECT] = "object", [JOB_FIELD_ARRAY] = "array",
};

static const struct json_value *schema_of(const char *schema, const char *field)
{
    return member(member(member(at("components/schemas"), schema), "properties"), field);
}

static void check_limits(const struct job_field *field, const struct json_value *schema)
{
    bool number = field->kind == JOB_FIELD_NUMBER;
    if (number &&
        (!is_int(member(schema, "minimum"), field->min) || !is_int(member(schema, "maximum"), field->max))) {
        problem("JobFields.%s: must have \"minimum\": %lld, \"maximum\": %lld", field->name,
                (long long)field->min, (long long)field->max);
    }
    if (field->kind == JOB_FIELD_TEXT && field->max > 0 && !is_int(member(schema, "maxLength"), field->max)) {
        problem("JobFields.%s: must have \"maxLength\": %lld", field->name, (long long)field->max);
    }
}

static void check_field(const struct job_field *field)
{
    const struct json_value *schema = schema_of("JobFields", field->name);
    struct slice doc_text = schema && member(schema, "description")
                                ? json_string(member(schema, "description"))
                                : (struct slice){"", 0};
    if (!schema) {
        problem("the field \"%s\" is not there: add to components.schemas.JobFields.properties "
                "\"%s\": {\"type\": \"%s\", \"description\": \"%s\"}",
                field->name, field->name, type_names[field->kind], field->doc);
        return;
    }
    if (!is_str(member(schema, "type"), type_names[field->kind])) {
        problem("JobFields.%s: must have \"type\": \"%s\"", field->name, type_names[field->kind]);
    }
    if (strncmp(doc_text.data, field->doc, strlen(field->doc)) != 0) {
        problem("JobFields.%s: its \"description\" must begin with \"%s\"", field->name, field->doc);
    }
    check_limits(field, schema);
}

TEST(openapi_has_every_field_with_its_limits)
{
    for (size_t i = 0; i < JOB_FIELD_COUNT; i++) {
        const struct job_field *field = job_field_at(i);
        check_field(field);
        if (!schema_of("DefinitionPatch", field->name)) {
            problem("the field \"%s\" is missing in components.schemas.DefinitionPatch.properties",
                    field->name);
        }
    }
    check_problems();
}

static bool visit_field(struct slice key, const struct json_value *value, void *arg)
{
    (void)value;
    if (!job_field_find(key)) {
        problem("%s.%s is no field of lib/job/job_fields.c: take it out", (const char *)arg, key.data);
    }
    return true;
}

TEST(openapi_has_no_other_fields)
{
    char fields[] = "JobFields";
    char patch[] = "DefinitionPatch";
    json_each(at("components/schemas/JobFields/properties"), visit_field, fields);
    json_each(at("components/schemas/DefinitionPatch/properties"), visit_field, patch);
    check_problems();
}

static bool visit_required(const struct json_value *value, void *arg)
{
    size_t *count = arg;
    const struct job_field *field = job_field_find(json_string(value));
    *count += field && strstr(field->doc, "Required.") ? 1 : 0;
    return true;
}

TEST(openapi_knows_which_fields_are_required)
{
    const struct json_value *required = at("components/schemas/Definition/required");
    size_t listed = 0;
    size_t wanted = 0;
    assert_non_null(required);
    for (size_t i = 0; i < JOB_FIELD_COUNT; i++) {
        wanted += strstr(job_field_at(i)->doc, "Required.") ? 1 : 0;
    }
    json_each_item(required, visit_required, &listed);
    assert_int_equal(listed, wanted);
    assert_int_equal(json_count(required), wanted);
}

/* ---- names ---- */

static bool is_other(const struct json_value *value, void *arg)
{
    return !is_str(value, arg);
}

static bool lists(const char *place, const char *name)
{
    char text[100];
    snprintf(text, sizeof text, "%s", name);
    const struct json_value *list = at(place);
    return list && !json_each_item(list, is_other, text);
}

TEST(openapi_has_every_error_code)
{
    for (int code = API_OK + 1; code < API_CODE__COUNT; code++) {
        if (!lists("components/schemas/ErrorCode/enum", api_code_name((enum api_code)code))) {
            problem("the error code \"%s\" is missing in components.schemas.ErrorCode.enum",
                    api_code_name((enum api_code)code));
        }
    }
    check_problems();
}

TEST(openapi_has_every_outcome)
{
    for (int i = 0; i < EXECUTION_OUTCOME__COUNT; i++) {
        const char *name = execution_outcome_name((enum execution_outcome)i);
        if (!lists("components/schemas/Outcome/enum", name) ||
            !lists("components/schemas/Why/properties/why/enum", name)) {
            problem("the outcome \"%s\" is missing in components.schemas.Outcome.enum, or in Why's \"why\"",
                    name);
        }
    }
    check_problems();
}

TEST(openapi_is_of_this_version)
{
    assert_true(is_str(at("openapi"), "3.1.0"));
    assert_true(is_str(at("info/version"), DRONC_VERSION));
    assert_int_equal(strlen(openapi_document.text), openapi_document.len);
}
