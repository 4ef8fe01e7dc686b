/* job_hide: takes out of a definition what would let its reader in elsewhere: the password of a URL (or all that
 * stands in its place without one), and what an Authorization header holds in clear. Templates of secrets stay:
 * they say nothing.
 *
 * Pure.
 */
#ifndef DRONC_JOB_HIDE_H
#define DRONC_JOB_HIDE_H

#include "job/job_fields.h"

#define JOB_HIDDEN "***" /* what stands in the place of what is hidden */

/* The texts that take the place of others. Zero-initialised is empty. */
struct job_hidden {
    struct buffer urls[3];
    struct buffer headers;
};

/* Hide them in fields, which borrow from hidden afterwards. What cannot be read, or if memory runs out, is hidden
 * as a whole. */
void job_hide(struct job_fields *fields, struct job_hidden *hidden);
void job_hidden_fini(struct job_hidden *hidden);

/* Does text, a URL, hold a password, or something in its place? */
bool job_hide_has_password(struct slice text);

#endif
