/* openapi: sends the document, or 304 if the client has it. See openapi.h. */
#include "api/openapi.h"

#include "api/resources.h"

#include <stdio.h>

bool openapi_show(struct context *ctx, struct api_error *error)
{
    (void)error;
    if (etag_is_known(request_header(&ctx->request, "HTTP_IF_NONE_MATCH"), openapi_document.tag)) {
        response_empty(&ctx->response, 304);
    } else {
        struct json_writer w;
        response_json(&ctx->response, 200, &w);
        json_put_raw(&w, (struct slice){openapi_document.text, openapi_document.len});
    }
    (void)snprintf(ctx->response.etag, sizeof ctx->response.etag, "%s", openapi_document.tag);
    ctx->response.may_keep = true;
    return true;
}
