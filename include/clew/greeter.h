/* SPDX-License-Identifier: MIT */
/*
 * Interface of the demonstration service `greeter`, which keeps no state.
 */
#ifndef CLEW_GREETER_H
#define CLEW_GREETER_H

#include <stddef.h>
#include <stdint.h>

uint32_t greeter_version(void);

/* Writes a greeting for name into ret (size bytes, zero terminated); returns greeter_version(). */
uint32_t greeter_greet(const char *name, char *ret, size_t size);

#endif
