/* supervisor: a word to whoever started the handlers, where it listens for one (systemd's Type=notify).
 *
 * Owns nothing between two calls. What there is to tell is the caller's business.
 */
#ifndef DRONC_SUPERVISOR_H
#define DRONC_SUPERVISOR_H

/* Send state ("READY=1") to the socket that NOTIFY_SOCKET names. Without one, nothing; what cannot be sent is
 * logged. */
void supervisor_tell(const char *state);

#endif
