/* inlet: what libfcgi reads a request from, which is memory.
 *
 * libfcgi reads with its own OS_Read from a descriptor. A definition in the program takes the place of a
 * library's, so libfcgi calls the one here, which costs no system call. libfcgi has one OS_Read for the process,
 * so there is one inlet. A child that is forked in the middle of a request goes on in its own copy.
 *
 * Life cycle per request: inlet_open; libfcgi reads; inlet_close.
 */
#ifndef DRONC_INLET_H
#define DRONC_INLET_H

#include "base/buffer.h"

/* Let libfcgi read these bytes, and then the end of its input. Borrowed until inlet_close. */
void inlet_open(struct slice bytes);
void inlet_close(void);

#endif
