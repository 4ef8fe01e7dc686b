/* job_url: see job_url.h. */
#include "job/job_url.h"

#include "text/template.h"

static bool may_be_called(const struct url *url, const struct targets *targets, struct errinfo *info)
{
    char why[TARGETS_WHY_SIZE];
    bool good = targets == NULL || targets_judge_host(targets, url->host.data, url->host.len, url->port, why);
    if (!good) {
        (void)err_set(info, ERR_INVALID, "%s", why);
    }
    return good;
}

enum url_fault job_url_parse(struct url *out, struct slice text, const struct targets *targets,
                             struct errinfo *info)
{
    enum url_fault fault = url_parse(out, text, info);
    if (fault != URL_OK) {
        return fault;
    }
    bool good = template_check(out->query, info) == ERR_OK && may_be_called(out, targets, info);
    return good ? URL_OK : URL_MALFORMED;
}
