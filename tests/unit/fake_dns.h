/* fake_dns: a name server that answers when a test says so. It takes the place of the runner's dns when a test is
 * linked, so include it in one file of a program.
 */
#ifndef DRONC_FAKE_DNS_H
#define DRONC_FAKE_DNS_H

#include "http/dns.h"
#include "http/lookups.h"

#include "test.h"

#include <stdio.h>

#define FAKE_QUESTIONS_MAX (LOOKUPS_MAX + 100)

struct fake_question {
    char name[LOOKUPS_NAME_SIZE];
    dns_answer_cb *cb;
    void *arg;
};

static struct fake_question fake_questions[FAKE_QUESTIONS_MAX]; /* all that were asked, in order */
static size_t fake_question_count;

/* ---- what the runner calls ---- */

enum err dns_new(struct dns **out, struct loop *loop, struct clock clock)
{
    (void)loop;
    (void)clock;
    *out = (struct dns *)(void *)fake_questions;
    return ERR_OK;
}

void dns_free(struct dns *dns)
{
    (void)dns;
}

enum err dns_ask(struct dns *dns, const char *name, dns_answer_cb *cb, void *arg)
{
    (void)dns;
    assert_true(fake_question_count < FAKE_QUESTIONS_MAX);
    struct fake_question *question = &fake_questions[fake_question_count++];
    *question = (struct fake_question){.cb = cb, .arg = arg};
    (void)snprintf(question->name, sizeof question->name, "%s", name);
    return ERR_OK;
}

/* ---- what tests call ---- */

/* Answer the question at index, from 0. addresses: with DNS_FOUND. */
static inline void fake_dns_answer(size_t index, enum dns_verdict verdict, const char *addresses,
                                   int64_t ttl_ms)
{
    struct dns_answer answer = {
        .verdict = verdict, .why = verdict == DNS_FOUND ? "" : "because", .ttl_ms = ttl_ms};
    (void)snprintf(answer.addresses, sizeof answer.addresses, "%s", addresses);
    assert_true(index < fake_question_count);
    fake_questions[index].cb(fake_questions[index].arg, &answer);
}

#endif
