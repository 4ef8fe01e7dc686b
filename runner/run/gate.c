/* gate: see gate.h. Moves attempts between lines and places. gate_host knows the hosts; attempts (attempts.h)
 * decides what becomes of an attempt that waits too long. */
#include "run/gate.h"

#include "base/log.h"
#include "run/attempt.h"
#include "run/gate_host.h"

/* ---- lines ---- */

/* Returns the item that attempt goes after; NULL: attempt goes first. What is due now takes turns with a
 * backlog that came before it, so that neither waits for all of the other. */
static struct list_item *item_before(const struct gate_line *line, const struct attempt *attempt)
{
    struct list_item *fresh = line->fresh != NULL ? &line->fresh->in_line : NULL;
    if (attempt->backlog || line->attempts.last == fresh) {
        return line->attempts.last;
    }
    return fresh != NULL ? fresh->next : NULL;
}

static void line_add(struct gate_line *line, struct attempt *attempt)
{
    list_insert(&line->attempts, item_before(line, attempt), &attempt->in_line);
    line->fresh = attempt->backlog ? line->fresh : attempt;
}

static void line_remove(struct gate_line *line, struct attempt *attempt)
{
    while (line->fresh == attempt || (line->fresh != NULL && line->fresh->backlog)) {
        line->fresh = LIST_OWNER(line->fresh->in_line.prev, struct attempt, in_line);
    }
    list_remove(&line->attempts, &attempt->in_line);
}

/* ---- the ring of hosts with attempts in line ---- */

static void ring_add(struct gate *gate, struct gate_host *host)
{
    if (host->next != NULL) {
        return;
    }
    if (gate->next == NULL) {
        host->prev = host->next = gate->next = host;
        return;
    }
    /* Before the next one in turn, which makes it the last. */
    host->next = gate->next;
    host->prev = gate->next->prev;
    host->prev->next = host;
    host->next->prev = host;
}

static void ring_remove(struct gate *gate, struct gate_host *host)
{
    if (host->next == NULL) {
        return;
    }
    if (host->next == host) {
        gate->next = NULL;
    } else {
        host->prev->next = host->next;
        host->next->prev = host->prev;
        gate->next = gate->next == host ? host->next : gate->next;
    }
    host->prev = host->next = NULL;
}

/* ---- how fast a host is ---- */

static void turn_window(struct gate_host *host, struct mono_ms now)
{
    int64_t age_ms = now.ms - host->window.ms;
    if (age_ms < GATE_WINDOW_MS) {
        return;
    }
    host->ended_before = age_ms < INT64_C(2) * GATE_WINDOW_MS ? host->ended_now : 0;
    host->ended_now = 0;
    host->window = now;
}

static void note_end(struct gate *gate, const struct attempt *attempt)
{
    struct gate_host *host = attempt->host;
    struct mono_ms now = clock_mono(&gate->clock);
    turn_window(host, now);
    host->ended_now++;
    host->complained = false;
    host->moved = now;
    gate_host_earn(gate, host, attempt->answered ? now.ms - attempt->called.ms : INT64_MAX, now);
}

static size_t left_of(size_t size, size_t used)
{
    return used < size ? size - used : 0;
}

/* Returns true if host may have one of the places that are kept for hosts that answered. */
static bool has_spare(const struct gate *gate, const struct gate_host *host)
{
    return host->quick && gate_host_inside(host) == 0 && gate->spare < gate_spares(gate);
}

static bool has_usual(const struct gate *gate, const struct gate_host *host)
{
    size_t inside = gate_host_inside(host);
    size_t left = left_of(gate->limits.max - gate_spares(gate), gate->inside - gate->spare);
    return inside < GATE_SHARE * left &&
           (inside < gate_host_earned(host) || gate_host_may_be_doubtful(gate, host));
}

static bool has_place(struct gate *gate, struct gate_host *host)
{
    struct mono_ms now = clock_mono(&gate->clock);
    turn_window(host, now);
    gate_hosts_expire(gate, now);
    return gate_host_inside(host) < gate->limits.per_host + host->ended_now + host->ended_before &&
           (has_usual(gate, host) || has_spare(gate, host));
}

bool gate_knows_as_quick(const struct attempt *attempt)
{
    return attempt->place != GATE_OUT && attempt->host->quick;
}

/* ---- places ---- */

static void take_out(struct gate *gate, struct attempt *attempt)
{
    struct gate_host *host = attempt->host;
    switch (attempt->place) {
    case GATE_OUT:
        return;
    case GATE_OUTSIDE:
        line_remove(&host->outside, attempt);
        gate->outside--;
        return;
    case GATE_QUEUED:
        line_remove(&host->queued, attempt);
        host->ahead--;
        break;
    case GATE_AHEAD:
        host->ahead--;
        break;
    case GATE_CALLING:
        host->calling--;
        break;
    default:
        break;
    }
    gate->inside--;
    gate->spare -= attempt->spare ? 1 : 0;
}

static void put_in(struct gate *gate, struct attempt *attempt, enum gate_place place)
{
    struct gate_host *host = attempt->host;
    switch (place) {
    case GATE_OUT:
        gate->stirred = true;
        return;
    case GATE_OUTSIDE:
        line_add(&host->outside, attempt);
        gate->outside++;
        return;
    case GATE_QUEUED:
        line_add(&host->queued, attempt);
        host->ahead++;
        break;
    case GATE_AHEAD:
        host->ahead++;
        break;
    case GATE_CALLING:
        host->calling++;
        host->moved = attempt->called = clock_mono(&gate->clock);
        break;
    default:
        break;
    }
    gate->inside++;
    gate->spare += attempt->spare ? 1 : 0;
}

static const char *const place_names[GATE_PLACE__COUNT] = {[GATE_OUT] = "out",
                                                           [GATE_OUTSIDE] = "outside",
                                                           [GATE_AHEAD] = "ahead",
                                                           [GATE_QUEUED] = "queued",
                                                           [GATE_CALLING] = "calling"};

#define MOVE(place) (1U << (place))
static const unsigned allowed_moves[GATE_PLACE__COUNT] = {
    [GATE_OUT] = MOVE(GATE_OUTSIDE) | MOVE(GATE_AHEAD),
    [GATE_OUTSIDE] = MOVE(GATE_AHEAD) | MOVE(GATE_OUT),
    [GATE_AHEAD] = MOVE(GATE_QUEUED) | MOVE(GATE_CALLING) | MOVE(GATE_OUT),
    [GATE_QUEUED] = MOVE(GATE_CALLING) | MOVE(GATE_OUT),
    [GATE_CALLING] = MOVE(GATE_OUT),
};

/* The only way to change an attempt's place. Keeps the counts, the lines and the ring in step. */
static void set_place(struct gate *gate, struct attempt *attempt, enum gate_place place)
{
    struct gate_host *host = attempt->host;
    if ((allowed_moves[attempt->place] & MOVE(place)) == 0) {
        log_error("bug: impossible move at the gate", log_str("from", place_names[attempt->place]),
                  log_str("to", place_names[place]));
    }
    take_out(gate, attempt);
    put_in(gate, attempt, place);
    attempt->place = place;
    gate_host_count(gate, host);
    if (host->outside.attempts.count + host->queued.attempts.count > 0) {
        ring_add(gate, host);
    } else {
        ring_remove(gate, host);
    }
}

enum err gate_enter(struct gate *gate, struct attempt *attempt, const char *address)
{
    struct gate_host *host = gate_host_get(gate, attempt, address);
    if (host == NULL) {
        return ERR_NOMEM;
    }
    gate_host_join(gate, host);
    attempt->host = host;
    /* Those that already wait come first. */
    bool free = host->outside.attempts.count == 0 && has_place(gate, host);
    attempt->spare = free && !has_usual(gate, host);
    set_place(gate, attempt, free ? GATE_AHEAD : GATE_OUTSIDE);
    return ERR_OK;
}

bool gate_call(struct gate *gate, struct attempt *attempt)
{
    bool free = attempt->host->queued.attempts.count == 0 && attempt->host->calling < gate->limits.per_host;
    set_place(gate, attempt, free ? GATE_CALLING : GATE_QUEUED);
    return free;
}

/* Returns the attempt of host that may go on, or NULL. */
static struct attempt *next_of(struct gate *gate, struct gate_host *host)
{
    struct attempt *attempt = NULL;
    if (host->queued.attempts.count > 0 && host->calling < gate->limits.per_host) {
        attempt = LIST_OWNER(host->queued.attempts.first, struct attempt, in_line);
        set_place(gate, attempt, GATE_CALLING);
    } else if (host->outside.attempts.count > 0 && has_place(gate, host)) {
        attempt = LIST_OWNER(host->outside.attempts.first, struct attempt, in_line);
        attempt->spare = !has_usual(gate, host);
        set_place(gate, attempt, GATE_AHEAD);
    }
    return attempt;
}

struct attempt *gate_next(struct gate *gate)
{
    const struct gate_host *last = gate->stirred && gate->next != NULL ? gate->next->prev : NULL;
    struct attempt *attempt = NULL;
    for (bool more = last != NULL; more && attempt == NULL;) {
        struct gate_host *host = gate->next;
        more = host != last;
        gate->next = host->next;
        attempt = next_of(gate, host);
    }
    gate->stirred = attempt != NULL;
    return attempt;
}

void gate_leave(struct gate *gate, struct attempt *attempt)
{
    struct gate_host *host = attempt->host;
    if (attempt->place == GATE_OUT) {
        return;
    }
    if (attempt->place == GATE_CALLING) {
        note_end(gate, attempt);
    }
    set_place(gate, attempt, GATE_OUT);
    attempt->host = NULL;
    gate_host_leave(gate, host);
    gate->complained = gate->complained && gate->doubtful >= gate->limits.max_slow / 2;
}

/* ---- in vain ---- */

/* Returns true if no call to host ends, or none of its attempts gets in. */
static bool is_stuck(const struct gate_host *host, struct mono_ms now)
{
    return host->calling > 0 ? now.ms - host->moved.ms >= GATE_STUCK_MS : gate_host_inside(host) == 0;
}

/* Returns true if host answers too few calls for its whole line to come in within twice wait_ms. */
static bool is_too_slow(const struct gate_host *host, struct mono_ms now, int64_t wait_ms)
{
    int64_t spans_ms = host->trust.span_ms * (host->trust.before > 0 ? 2 : 1);
    int64_t elapsed_ms = now.ms - (host->trust.until.at - spans_ms);
    return (int64_t)host->outside.attempts.count * elapsed_ms > (int64_t)gate_host_earned(host) * 2 * wait_ms;
}

bool gate_is_hopeless(struct gate *gate, const struct attempt *attempt, int64_t wait_ms)
{
    struct gate_host *host = attempt->host;
    struct mono_ms now = clock_mono(&gate->clock);
    size_t line = host->outside.attempts.count;
    size_t room = left_of(GATE_OUTSIDE_MAX * gate->limits.max, gate->outside);
    if (has_place(gate, host)) {
        return false;
    }
    return (line >= gate->limits.per_host && is_stuck(host, now)) ||
           (line >= GATE_LINE_SHARE * room && is_too_slow(host, now, wait_ms));
}

void gate_complain(struct gate *gate, const struct attempt *attempt)
{
    struct gate_host *host = attempt->host;
    int64_t moved_ms = clock_mono(&gate->clock).ms - host->moved.ms;
    if (host->calling > 0 && !host->complained) {
        host->complained = true;
        log_warn("calls put off: their host lets no more through", log_str("host", host->name),
                 log_i64("calls_under_way", (int64_t)host->calling),
                 log_i64("waiting", (int64_t)host->outside.attempts.count),
                 log_i64("no_answer_for_ms", moved_ms));
    } else if (host->calling == 0 && !gate->complained) {
        gate->complained = true;
        log_warn("calls put off: too many others are slow", log_str("host", host->name),
                 log_i64("slow", (int64_t)gate->doubtful), log_i64("calls_under_way", (int64_t)gate->inside));
    }
}

/* ---- life ---- */

void gate_init(struct gate *gate, const struct gate_limits *limits, struct clock clock)
{
    size_t half = limits->max / 2 > 0 ? limits->max / 2 : 1;
    *gate = (struct gate){.clock = clock, .limits = *limits};
    gate->limits.max_slow = limits->max_slow > 0 ? limits->max_slow : half;
}

/* If the process is stopped at once, there are still hosts of attempts that never left, besides those
 * remembered. */
void gate_fini(struct gate *gate)
{
    gate_hosts_forget(gate);
}
