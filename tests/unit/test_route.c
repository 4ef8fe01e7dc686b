/* Routes: which path and method there is, and what Allow says. */
#include "serve/route.h"

#include "api/resources.h"

#include "test.h"

TEST(route_finds_every_resource)
{
    static const struct {
        const char *path;
        const char *method;
        route_handler *handle;
    } TABLE[] = {
        {"/", "GET", health_greet},
        {"/health", "GET", health_check},
        {"/health/deep", "GET", health_check_deep},
        {"/openapi.json", "GET", openapi_show},
        {"/v1/schedule/api-caller", "POST", schedule_create},
        {"/v1/schedule/preview", "GET", preview_schedule},
        {"/v1/track/executions", "GET", track_list_executions},
        {"/v1/jobs", "GET", jobs_list},
        {"/v1/jobs:batch", "POST", jobs_batch},
        {"/v1/jobs:export", "GET", jobs_export},
        {"/v1/jobs/x", "GET", job_show},
        {"/v1/jobs/x", "PATCH", job_patch},
        {"/v1/jobs/x", "DELETE", job_delete},
        {"/v1/jobs/x/why", "GET", job_why},
        {"/v1/jobs/x/pause", "POST", job_pause},
        {"/v1/jobs/x/resume", "POST", job_resume},
        {"/v1/jobs/x/run", "POST", job_run},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        char allow[RESPONSE_ALLOW_SIZE] = "x";
        struct api_error error;
        const struct route *route = route_find(slice_of(TABLE[i].path), TABLE[i].method, allow, &error);
        assert_non_null(route);
        assert_ptr_equal(route->handle, TABLE[i].handle);
        assert_string_equal(allow, "");
    }
}

TEST(route_unknown_path_is_404)
{
    static const char *const TABLE[] = {"",          "health",         "/health/",    "//health",
                                        "/HEALTH",   "/health/deep/x", "/v1",         "/v1/track",
                                        "/v1/jobs/", "/v1/jobs//run",  "/v1/jobs/x/", "/v1/jobs/x/y/run"};
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        char allow[RESPONSE_ALLOW_SIZE];
        struct api_error error;
        assert_null(route_find(slice_of(TABLE[i]), "GET", allow, &error));
        assert_int_equal(error.code, API_NOT_FOUND);
        assert_string_equal(allow, "");
    }
}

TEST(route_path_with_a_nul_is_another_path)
{
    char allow[RESPONSE_ALLOW_SIZE];
    struct api_error error;
    assert_null(route_find((struct slice){"/health\0", 8}, "GET", allow, &error));
    assert_int_equal(error.code, API_NOT_FOUND);
}

TEST(route_wrong_method_is_405_with_allow)
{
    static const char *const TABLE[][3] = {
        {"/health", "POST", "GET, HEAD"},
        {"/health", "get", "GET, HEAD"},
        {"/", "", "GET, HEAD"},
        {"/v1/schedule/api-caller", "GET", "POST"},
        {"/v1/schedule/api-caller", "OPTIONS", "POST"},
        {"/v1/track/executions", "DELETE", "GET, HEAD"},
        {"/v1/jobs/x", "POST", "GET, HEAD, PATCH, DELETE"},
        {"/v1/jobs/x/run", "GET", "POST"},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        char allow[RESPONSE_ALLOW_SIZE];
        struct api_error error;
        assert_null(route_find(slice_of(TABLE[i][0]), TABLE[i][1], allow, &error));
        assert_int_equal(error.code, API_METHOD_NOT_ALLOWED);
        assert_string_equal(allow, TABLE[i][2]);
    }
}

TEST(route_takes_the_id_out_of_the_path)
{
    struct slice id;
    assert_true(route_match("/v1/jobs/{id}/run", slice_of("/v1/jobs/capi:0/run"), &id));
    assert_true(slice_eq(id, "capi:0"));
    assert_true(route_match("/v1/jobs/{id}", slice_of("/v1/jobs/x"), &id));
    assert_true(slice_eq(id, "x"));
    assert_true(route_match("/v1/jobs", slice_of("/v1/jobs"), &id));
    assert_null(id.data);
    assert_false(route_match("/v1/jobs/{id}", slice_of("/v1/jobs/x/y"), &id));
    assert_null(id.data);
}
