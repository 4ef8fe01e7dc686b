/* version: Dronc's version, stated here alone. tests/system/test_release.py compares openapi.json and
 * CHANGELOG.md with it. */
#ifndef DRONC_VERSION_H
#define DRONC_VERSION_H

#define DRONC_VERSION "0.5.0"

#endif
