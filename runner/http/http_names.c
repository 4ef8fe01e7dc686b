/* http_names: see http_names.h. */
#include "http/http_names.h"

#include "http/lookups.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- counting ---- */

/* FNV-1a, of the host in lower case. */
static uint64_t origin_of(struct slice host)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < host.len; i++) {
        hash = (hash ^ (uint64_t)tolower((unsigned char)host.data[i])) * UINT64_C(1099511628211);
    }
    return hash;
}

static bool is_taken(struct http_lookup *lookup, struct mono_ms now)
{
    lookup->taken = lookup->taken && !(lookup->left && lookup->until.ms <= now.ms);
    return lookup->taken;
}

/* NULL if this origin may not have one more. */
static struct http_lookup *take_lookup(struct http_names *names, uint64_t origin)
{
    struct mono_ms now = clock_mono(&names->clock);
    struct http_lookup *found = NULL;
    size_t own = 0;
    size_t left = 0;
    for (size_t i = 0; i < HTTP_NAMES_MAX; i++) {
        struct http_lookup *lookup = &names->lookups[i];
        if (!is_taken(lookup, now)) {
            found = lookup;
            left++;
        } else if (lookup->origin == origin) {
            own++;
        }
    }
    if (own >= left) {
        return NULL;
    }
    *found = (struct http_lookup){.origin = origin, .taken = true};
    return found;
}

void http_name_is_known(struct http_name *name)
{
    if (name->lookup != NULL) {
        name->lookup->taken = false;
        name->lookup = NULL;
    }
}

/* ---- libcurl's callbacks ---- */

/* libcurl's own parser reads the URL, so that both mean the same host. A URL that it cannot read may have a
 * name. */
static bool has_name(const char *text)
{
    CURLU *url = curl_url();
    char *host = NULL;
    bool is_read = url != NULL && text != NULL && curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK &&
                   curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK;
    bool is_named = text != NULL && (!is_read || lookups_are_for(slice_of(host)));
    curl_free(host);
    curl_url_cleanup(url);
    return is_named;
}

/* Called before each look-up, also for addresses, and for names that its cache has dropped. */
static int on_lookup(void *state, void *reserved, void *arg)
{
    struct http_name *name = arg;
    char *text = NULL;
    (void)state;
    (void)reserved;
    (void)curl_easy_getinfo(name->easy, CURLINFO_EFFECTIVE_URL, &text);
    if (name->error != HTTP_OK) {
        return 1;
    }
    if (!has_name(text)) {
        return 0;
    }
    http_name_is_known(name); /* the look-up of the redirect before */
    name->lookup = take_lookup(name->names, name->origin);
    if (name->lookup == NULL) {
        name->error = HTTP_ERROR_DNS;
        (void)snprintf(name->why, sizeof name->why, "too many hosts of redirects are being looked up");
    }
    return name->lookup != NULL ? 0 : 1;
}

/* ---- addresses for libcurl ---- */

/* "+": they leave libcurl's cache in time, like those that it looks up itself. NULL if memory runs out. */
static struct curl_slist *make_list(const struct http_request *request)
{
    size_t size = request->host.len + strlen(request->addresses) + sizeof "+:65535:";
    struct curl_slist *list = malloc(sizeof *list + size);
    if (list != NULL) {
        char *text = (char *)(list + 1);
        (void)snprintf(text, size, "+%.*s:%u:%s", (int)request->host.len, request->host.data,
                       (unsigned)request->port, request->addresses);
        *list = (struct curl_slist){.data = text};
    }
    return list;
}

static CURLcode set_up(struct http_name *name, CURL *easy)
{
    name->easy = easy;
    CURLcode rc = curl_easy_setopt(easy, CURLOPT_RESOLVE, name->list);
    rc = rc != CURLE_OK ? rc : curl_easy_setopt(easy, CURLOPT_RESOLVER_START_FUNCTION, on_lookup);
    return rc != CURLE_OK ? rc : curl_easy_setopt(easy, CURLOPT_RESOLVER_START_DATA, name);
}

CURLcode http_name_renew(struct http_name *name, CURL *easy)
{
    http_name_is_known(name);
    free(name->list);
    name->list = NULL;
    return set_up(name, easy);
}

CURLcode http_name_init(struct http_name *name, struct http_names *names, CURL *easy,
                        const struct http_request *request)
{
    *name = (struct http_name){.names = names, .origin = origin_of(request->host)};
    if (request->unreachable != HTTP_OK) {
        name->error = request->unreachable;
        (void)snprintf(name->why, sizeof name->why, "%s", request->why);
    } else if (request->addresses != NULL) {
        name->list = make_list(request);
        if (name->list == NULL) {
            return CURLE_OUT_OF_MEMORY;
        }
    }
    return set_up(name, easy);
}

void http_name_fini(struct http_name *name)
{
    if (name->lookup != NULL) {
        name->lookup->left = true;
        name->lookup->until.ms = clock_mono(&name->names->clock).ms + HTTP_NAMES_MS;
    }
    free(name->list);
}
