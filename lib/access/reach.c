/* reach: see reach.h. */
#include "access/reach.h"

#include "net/ip.h"

bool reach_is_loopback(struct slice address)
{
    struct ip ip;
    return ip_parse(&ip, address.data, address.len) && ip_class_of(&ip) == IP_LOOPBACK;
}

bool reach_is_exposed(const struct config *config)
{
    return config->api_auth != API_AUTH_NONE && !reach_is_loopback(slice_of(config->http_addr));
}

enum err reach_refuse(const struct config *config, struct errinfo *info)
{
    return err_set(info, ERR_CONFIG, "HTTP_ADDR: %s would let anyone in: dronc-admin key create first",
                   config->http_addr);
}
