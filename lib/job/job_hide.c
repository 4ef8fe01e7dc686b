/* job_hide: see job_hide.h. */
#include "job/job_hide.h"

#include "text/json.h"
#include "text/template.h"
#include "text/url.h"

#include <string.h>
#include <strings.h>

/* What of text is to be hidden: behind the ':' of "user:password@", or all before the '@'. data NULL: nothing. */
static struct slice password_of(struct slice text)
{
    struct url url;
    if (text.data == NULL || memchr(text.data, '@', text.len) == NULL ||
        url_parse(&url, text, NULL) != URL_OK || url.userinfo.len == 0) {
        return (struct slice){NULL, 0};
    }
    const char *colon = memchr(url.userinfo.data, ':', url.userinfo.len);
    const char *begin = colon != NULL ? colon + 1 : url.userinfo.data;
    size_t len = (size_t)(url.userinfo.data + url.userinfo.len - begin);
    return len > 0 ? (struct slice){begin, len} : (struct slice){NULL, 0};
}

bool job_hide_has_password(struct slice text)
{
    return password_of(text).data != NULL;
}

static struct slice text_of(const struct buffer *out)
{
    return buffer_error(out) == ERR_OK ? (struct slice){buffer_str(out), out->len} : slice_of(JOB_HIDDEN);
}

static void hide_password(struct slice *text, struct buffer *out)
{
    struct slice password = password_of(*text);
    if (password.data != NULL) {
        const char *behind = password.data + password.len;
        buffer_add(out, text->data, (size_t)(password.data - text->data));
        buffer_add_str(out, JOB_HIDDEN);
        buffer_add(out, behind, (size_t)(text->data + text->len - behind));
        *text = text_of(out);
    }
}

static bool put_header(struct slice name, const struct json_value *value, void *arg)
{
    static const char hidden[] = "Authorization";
    struct json_writer *w = arg;
    struct slice text = json_string(value);
    bool hides = name.len == sizeof hidden - 1 && strncasecmp(name.data, hidden, name.len) == 0 &&
                 text.len > 0 && template_count_secrets(text) == 0;
    json_key(w, name.data);
    json_put_bytes(w, hides ? slice_of(JOB_HIDDEN) : text);
    return true;
}

static void hide_headers(struct slice *text, struct buffer *out)
{
    struct json_doc *doc;
    struct json_writer w;
    if (text->data == NULL) {
        return;
    }
    if (json_parse(&doc, text->data, text->len, NULL) != ERR_OK) {
        *text = slice_of("{}");
        return;
    }
    json_begin(&w, out);
    json_object_begin(&w);
    (void)json_each(json_root(doc), put_header, &w);
    json_object_end(&w);
    json_free(doc);
    *text = buffer_error(out) == ERR_OK ? text_of(out) : slice_of("{}");
}

void job_hide(struct job_fields *fields, struct job_hidden *hidden)
{
    hide_password(&fields->api, &hidden->urls[0]);
    hide_password(&fields->on_failure_url, &hidden->urls[1]);
    hide_password(&fields->on_recovery_url, &hidden->urls[2]);
    hide_headers(&fields->headers, &hidden->headers);
}

void job_hidden_fini(struct job_hidden *hidden)
{
    for (size_t i = 0; i < sizeof hidden->urls / sizeof hidden->urls[0]; i++) {
        buffer_fini(&hidden->urls[i]);
    }
    buffer_fini(&hidden->headers);
}
