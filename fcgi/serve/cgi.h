/* cgi: the same program under plain CGI (RFC 3875): one request from the environment and standard input, one
 * response to standard output. For servers without FastCGI, and for trying things out from a shell. */
#ifndef DRONC_CGI_H
#define DRONC_CGI_H

#include "base/err.h"
#include "serve/app.h"

/* Returns true if the environment is that of a CGI program. */
bool cgi_is_request(void);

/* Answer the request. ERR_SYSTEM, ERR_NOMEM: the response could not be written. */
NODISCARD enum err cgi_run(struct app *app, struct errinfo *info);

#endif
