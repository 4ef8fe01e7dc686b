/* http_guard: see http_guard.h. */
#include "http/http_guard.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- origins ---- */

static bool read_part(CURLU *url, CURLUPart part, unsigned flags, char *out, size_t size)
{
    char *text = NULL;
    bool good = curl_url_get(url, part, &text, flags) == CURLUE_OK && strlen(text) < size;
    if (good) {
        memcpy(out, text, strlen(text) + 1);
    }
    curl_free(text);
    return good;
}

bool http_origin_read(struct http_origin *out, CURL *easy)
{
    char scheme[8] = "";
    char port[8] = "";
    char *text = NULL;
    CURLU *url = curl_url();
    *out = (struct http_origin){0};
    (void)curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &text);
    bool good = url != NULL && text != NULL && curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK &&
                read_part(url, CURLUPART_SCHEME, 0, scheme, sizeof scheme) &&
                read_part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT, port, sizeof port) &&
                read_part(url, CURLUPART_HOST, 0, out->host, sizeof out->host);
    if (!good) {
        out->host[0] = '\0';
    }
    out->https = strcasecmp(scheme, "https") == 0;
    out->port = (uint16_t)strtol(port, NULL, 10);
    curl_url_cleanup(url);
    return good;
}

bool http_origin_is_same(const struct http_origin *a, const struct http_origin *b)
{
    return a->host[0] != '\0' && a->https == b->https && a->port == b->port &&
           strcasecmp(a->host, b->host) == 0;
}

/* ---- addresses ---- */

/* Returns false if it is of another family. *port: its port. */
static bool read_address(struct ip *out, uint16_t *port, const struct sockaddr *address)
{
    *out = (struct ip){.is_v6 = address->sa_family == AF_INET6};
    if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;
        memcpy(out->bytes, &v6->sin6_addr, sizeof v6->sin6_addr);
        *port = ntohs(v6->sin6_port);
    } else if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
        memcpy(out->bytes, &v4->sin_addr, sizeof v4->sin_addr);
        *port = ntohs(v4->sin_port);
    }
    return address->sa_family == AF_INET6 || address->sa_family == AF_INET;
}

static bool judge(struct http_guard *guard, const struct ip *ip, uint16_t port, bool redirected)
{
    const struct targets_place place = {.host = guard->origin.host,
                                        .host_len = strlen(guard->origin.host),
                                        .port = port,
                                        .ip = *ip,
                                        .class = ip_class_of(ip),
                                        .is_redirect = redirected && guard->began,
                                        .from = guard->least,
                                        .began_there = guard->least == guard->first};
    guard->class = place.class;
    return targets_judge(guard->targets, &place, guard->why) == TARGETS_OPEN;
}

/* Find out whom the request is for. Returns false if a redirect has led to another origin. */
static bool find_origin(struct http_guard *guard, CURL *easy)
{
    struct http_origin now;
    long redirects = 0;
    (void)curl_easy_getinfo(easy, CURLINFO_REDIRECT_COUNT, &redirects);
    if (redirects > 0) {
        guard->moves =
            guard->moves || !http_origin_read(&now, easy) || !http_origin_is_same(&guard->origin, &now);
    } else if (guard->origin.host[0] == '\0') {
        (void)http_origin_read(&guard->origin, easy);
    }
    return !guard->moves;
}

bool http_guard_may_open(struct http_guard *guard, CURL *easy, const struct sockaddr *address,
                         bool redirected)
{
    struct ip ip;
    uint16_t port;
    if (!find_origin(guard, easy)) {
        return false;
    }
    if (guard->targets == NULL) {
        return true;
    }
    bool is_open = read_address(&ip, &port, address) && judge(guard, &ip, port, redirected);
    guard->opened = guard->opened || is_open;
    guard->refused = guard->refused || !is_open;
    return is_open;
}

bool http_guard_may_send(struct http_guard *guard, CURL *easy, const char *ip, int port, bool redirected)
{
    struct ip address;
    if (!find_origin(guard, easy)) {
        return false;
    }
    if (guard->targets == NULL) {
        return true;
    }
    bool is_open = ip_parse(&address, ip, strlen(ip)) && judge(guard, &address, (uint16_t)port, redirected);
    guard->refused = !is_open;
    guard->opened = is_open;
    return is_open;
}

void http_guard_note_sent(struct http_guard *guard)
{
    guard->least = !guard->began || guard->class < guard->least ? guard->class : guard->least;
    guard->first = guard->began ? guard->first : guard->class;
    guard->began = true;
    guard->refused = false;
    guard->opened = false;
}

bool http_guard_has_refused(const struct http_guard *guard)
{
    return guard->refused && !guard->opened;
}
