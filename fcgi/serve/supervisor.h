/* supervisor: informs the process that started the handlers, if it listens (systemd's Type=notify). Keeps no
 * state; the caller decides what to send. */
#ifndef DRONC_SUPERVISOR_H
#define DRONC_SUPERVISOR_H

/* Send state ("READY=1") to the socket in NOTIFY_SOCKET. Does nothing if that is not set; logs a failure. */
void supervisor_send(const char *state);

#endif
