/* SPDX-License-Identifier: MIT */
/*
 * SHA-256 (FIPS 180-4): which bytes an object was loaded from, told apart from
 * any others.  Freestanding, no allocation.
 */
#ifndef BASE_SHA256_H
#define BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32
#define SHA256_TEXT_SIZE (2 * SHA256_SIZE + 1)

void sha256(const void *bytes, size_t size, uint8_t ret[SHA256_SIZE]);

/* As 64 hexadecimal digits, the way sha256sum writes it. */
void sha256_text(const void *bytes, size_t size, char ret[SHA256_TEXT_SIZE]);

#endif
