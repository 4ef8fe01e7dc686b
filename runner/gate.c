/* gate: see gate.h. Hosts, their places and their lines. What becomes of a run that waits too long is runs'
 * business. */
#include "gate.h"

#include "log.h"
#include "run.h"
#include "url.h"

#include <ctype.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#define HOST_NAME_SIZE 280 /* of the longest host that url lets through, ':' and a number */

struct gate_host {
    char name[HOST_NAME_SIZE]; /* "example.com:443", in lower case. First, so that a name serves as a key */
    struct gate_host *prev;    /* in the ring of hosts where runs are in line; NULL: it is not in it */
    struct gate_host *next;
    size_t runs;  /* that are not OUT; with the last one the host is forgotten */
    size_t ahead; /* AHEAD and HELD */
    size_t calling;
    struct gate_line outside;
    struct gate_line held;
    struct mono_ms moved;  /* when a call began or ended last */
    struct mono_ms window; /* when the present window began */
    size_t ended_now;      /* calls that ended in it */
    size_t ended_before;   /* and in the one before */
    bool complained;       /* that it lets no more through, since it moved last */
};

/* ---- lines ---- */

static void line_add(struct gate_line *line, struct run *run)
{
    run->line_prev = line->last;
    run->line_next = NULL;
    if (line->last != NULL) {
        line->last->line_next = run;
    } else {
        line->first = run;
    }
    line->last = run;
    line->count++;
}

static void line_remove(struct gate_line *line, struct run *run)
{
    if (run->line_prev != NULL) {
        run->line_prev->line_next = run->line_next;
    } else {
        line->first = run->line_next;
    }
    if (run->line_next != NULL) {
        run->line_next->line_prev = run->line_prev;
    } else {
        line->last = run->line_prev;
    }
    line->count--;
}

/* ---- the ring of hosts where runs are in line ---- */

static void ring_add(struct gate *gate, struct gate_host *host)
{
    if (host->next != NULL) {
        return;
    }
    if (gate->next == NULL) {
        host->prev = host->next = gate->next = host;
        return;
    }
    /* Before the one that is asked next: last. */
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

/* ---- hosts ---- */

static int compare(const void *a, const void *b)
{
    return strcmp(a, b); /* a name, or a host, which begins with its name */
}

static void name_of(const struct run *run, char name[HOST_NAME_SIZE])
{
    const struct url *url = &run->job.url;
    size_t len = 0;
    while (len < url->host.len) {
        name[len] = (char)tolower((unsigned char)url->host.data[len]);
        len++;
    }
    name[len++] = ':';
    len += i64_format(name + len, url->port);
    name[len] = '\0';
}

static struct gate_host *host_get(struct gate *gate, const struct run *run)
{
    char name[HOST_NAME_SIZE];
    name_of(run, name);
    void **found = tfind(name, &gate->hosts, compare);
    if (found != NULL) {
        return *found;
    }
    struct gate_host *host = calloc(1, sizeof *host);
    if (host == NULL) {
        return NULL;
    }
    memcpy(host->name, name, sizeof name);
    if (tsearch(host, &gate->hosts, compare) == NULL) {
        free(host);
        return NULL;
    }
    return host;
}

static void host_forget(struct gate *gate, struct gate_host *host)
{
    ring_remove(gate, host);
    (void)tdelete(host, &gate->hosts, compare);
    free(host);
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

static void note_end(struct gate_host *host, struct mono_ms now)
{
    turn_window(host, now);
    host->ended_now++;
    host->complained = false;
    host->moved = now;
}

static bool is_stuck(const struct gate *gate, const struct gate_host *host)
{
    return host->calling >= gate->per_host && clock_mono(&gate->clock).ms - host->moved.ms >= GATE_STUCK_MS;
}

static bool has_place(const struct gate *gate, struct gate_host *host)
{
    turn_window(host, clock_mono(&gate->clock));
    return gate->inside < gate->max &&
           host->ahead + host->calling < gate->per_host + host->ended_now + host->ended_before;
}

/* ---- places ---- */

static void take_out(struct gate *gate, struct run *run)
{
    struct gate_host *host = run->host;
    switch (run->place) {
    case GATE_OUT:
        return;
    case GATE_OUTSIDE:
        line_remove(&host->outside, run);
        gate->outside--;
        return;
    case GATE_HELD:
        line_remove(&host->held, run);
        host->ahead--;
        break;
    case GATE_AHEAD:
        host->ahead--;
        break;
    case GATE_CALLING:
        host->calling--;
        break;
    }
    gate->inside--;
}

static void put_in(struct gate *gate, struct run *run, enum gate_place place)
{
    struct gate_host *host = run->host;
    switch (place) {
    case GATE_OUT:
        return;
    case GATE_OUTSIDE:
        line_add(&host->outside, run);
        gate->outside++;
        return;
    case GATE_HELD:
        line_add(&host->held, run);
        host->ahead++;
        break;
    case GATE_AHEAD:
        host->ahead++;
        break;
    case GATE_CALLING:
        host->calling++;
        host->moved = clock_mono(&gate->clock);
        break;
    }
    gate->inside++;
}

/* The only way to change a run's place: counts, lines and the ring follow. */
static void set_place(struct gate *gate, struct run *run, enum gate_place place)
{
    struct gate_host *host = run->host;
    take_out(gate, run);
    put_in(gate, run, place);
    run->place = place;
    if (host->outside.count + host->held.count > 0) {
        ring_add(gate, host);
    } else {
        ring_remove(gate, host);
    }
}

enum err gate_enter(struct gate *gate, struct run *run)
{
    struct gate_host *host = host_get(gate, run);
    if (host == NULL) {
        return ERR_NOMEM;
    }
    run->host = host;
    host->runs++;
    /* Who has waited longer comes first. */
    bool free = host->outside.count == 0 && has_place(gate, host);
    set_place(gate, run, free ? GATE_AHEAD : GATE_OUTSIDE);
    return ERR_OK;
}

bool gate_call(struct gate *gate, struct run *run)
{
    bool free = run->host->held.count == 0 && run->host->calling < gate->per_host;
    set_place(gate, run, free ? GATE_CALLING : GATE_HELD);
    return free;
}

/* The run of this host whose turn it is, or NULL. */
static struct run *next_of(struct gate *gate, struct gate_host *host)
{
    struct run *run = NULL;
    if (host->held.count > 0 && host->calling < gate->per_host) {
        run = host->held.first;
        set_place(gate, run, GATE_CALLING);
    } else if (host->outside.count > 0 && has_place(gate, host)) {
        run = host->outside.first;
        set_place(gate, run, GATE_AHEAD);
    }
    return run;
}

struct run *gate_next(struct gate *gate)
{
    const struct gate_host *last = gate->next != NULL ? gate->next->prev : NULL;
    struct run *run = NULL;
    for (bool more = last != NULL; more && run == NULL;) {
        struct gate_host *host = gate->next;
        more = host != last;
        gate->next = host->next;
        run = next_of(gate, host);
    }
    return run;
}

void gate_leave(struct gate *gate, struct run *run)
{
    struct gate_host *host = run->host;
    if (run->place == GATE_OUT) {
        return;
    }
    if (run->place == GATE_CALLING) {
        note_end(host, clock_mono(&gate->clock));
    }
    set_place(gate, run, GATE_OUT);
    run->host = NULL;
    host->runs--;
    if (host->runs == 0) {
        host_forget(gate, host);
    }
}

bool gate_is_hopeless(const struct gate *gate, const struct run *run)
{
    const struct gate_host *host = run->host;
    return is_stuck(gate, host) && host->outside.count >= gate->per_host;
}

void gate_complain(const struct gate *gate, const struct run *run)
{
    struct gate_host *host = run->host;
    if (!host->complained) {
        host->complained = true;
        log_warn("calls put off: their host lets no more through", log_str("host", host->name),
                 log_i64("calls_under_way", (int64_t)host->calling),
                 log_i64("waiting", (int64_t)host->outside.count),
                 log_i64("no_answer_for_ms", clock_mono(&gate->clock).ms - host->moved.ms));
    }
}

void gate_init(struct gate *gate, size_t max, size_t per_host, struct clock clock)
{
    *gate = (struct gate){.clock = clock, .max = max, .per_host = per_host};
}

void gate_fini(struct gate *gate)
{
    /* The hosts of runs that never left, at the end of a process that is stopped at once. */
    while (gate->hosts != NULL) {
        struct gate_host *host = *(void **)gate->hosts;
        host_forget(gate, host);
    }
}
