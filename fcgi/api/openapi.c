/* openapi: hands the document out, or says that the client has it. What is in it: openapi.h. */
#include "api/openapi.h"

#include "api/context.h"
#include "api/resources.h"
#include "http/etag.h"

bool openapi_show(struct context *ctx, struct api_error *error)
{
    struct json_writer w;

    (void)error;
    if (etag_is_known(request_header(&ctx->request, "HTTP_IF_NONE_MATCH"), openapi_document.tag)) {
        response_empty(&ctx->response, 304);
    } else {
        response_json(&ctx->response, 200, &w);
        json_put_raw(&w, (struct slice){openapi_document.text, openapi_document.len});
    }
    ctx->response.tag = openapi_document.tag;
    return true;
}
