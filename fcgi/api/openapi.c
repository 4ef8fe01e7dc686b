/* openapi: hands the document out, or says that the client has it. What is in it: openapi.h. */
#include "api/openapi.h"

#include "api/resources.h"
#include "http/etag.h"
#include "serve/app.h"

bool openapi_show(struct app *app, struct api_error *error)
{
    struct json_writer w;

    (void)error;
    if (etag_is_known(request_header(&app->request, "HTTP_IF_NONE_MATCH"), openapi_document.tag)) {
        response_empty(&app->response, 304);
    } else {
        response_json(&app->response, 200, &w);
        json_put_raw(&w, (struct slice){openapi_document.text, openapi_document.len});
    }
    app->response.tag = openapi_document.tag;
    return true;
}
