/* reach: can the API be reached from other machines? Pure. */
#ifndef DRONC_REACH_H
#define DRONC_REACH_H

#include "base/buffer.h"
#include "base/config.h"

#include <stdbool.h>

/* Returns true if address is one of loopback: only this machine reaches it. */
bool reach_is_loopback(struct slice address);

/* Returns true if the settings let other machines in without a key, as long as there is none. */
bool reach_is_exposed(const struct config *config);

/* Writes why a program refuses to start then, and what to do. */
enum err reach_refuse(const struct config *config, struct errinfo *info);

#endif
