/* front: which requests come from where they may come from, whatever they ask for.
 *
 * A browser sends requests for any page that it shows, and Dronc's runners send those that a job describes. So
 * that neither opens what the network keeps closed, a request is refused if
 * - its Host is no name of this API: a page reaches loopback by a name of its own (DNS rebinding);
 * - Origin or Sec-Fetch-Site say that a page of another site sends it;
 * - it has an Origin and a body of no declared type: such a request needs no preflight;
 * - it is a call that Dronc itself makes (Dronc-Job-Id), which a target can redirect to this API.
 *
 * Knows no key and no route: the caller says what both allow. Pure.
 */
#ifndef DRONC_FRONT_H
#define DRONC_FRONT_H

#include "http/api_error.h"
#include "http/request.h"

#include <stdbool.h>

/* What a request may be in spite of where it comes from. All false: the rules above hold. */
struct front_pass {
    bool any_host;   /* a key proves that no page sends it */
    bool any_site;   /* any page may ask this (health) */
    bool dronc_self; /* a call of Dronc's own may ask this */
};

/* May the request go on? hosts: names that count as this API's, besides localhost, 127.x.y.z and [::1]: with
 * or without a port, separated by commas. Returns false if not; error is filled (421, 403 or 415). */
NODISCARD bool front_admits(const char *hosts, struct request *req, struct front_pass pass,
                            struct api_error *error);

/* Returns true if a program of this machine sent the request to this machine: to a loopback address, past no
 * proxy that says so (Forwarded and its like), and to localhost, 127.x.y.z or [::1]. The web server says to which
 * address (SERVER_ADDR: in a container, that of the machine); one that does not say so says from which. A request
 * that names neither came past no web server, so it is local too. */
bool front_is_local(struct request *req);

#endif
