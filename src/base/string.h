/* SPDX-License-Identifier: MIT */
/*
 * Zero-terminated text with explicit sizes, and the four functions of memory
 * that the compiler calls.  Freestanding, no allocation.
 */
#ifndef BASE_STRING_H
#define BASE_STRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In cells these are src/base/memory.c, on the host libc's. */
void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);

size_t string_length(const char *text);
/* At most `max` bytes are read; max when there is no zero among them. */
size_t string_length_max(const char *text, size_t max);
bool string_equal(const char *a, const char *b);
int string_compare(const char *a, const char *b); /* bytewise; negative, 0, positive */
bool string_starts(const char *text, const char *prefix);
bool string_ends(const char *text, const char *suffix);
/* Copies what fits and terminates; false: truncated. */
bool string_copy(char *to, size_t size, const char *from);
/* Decimal or 0x hexadecimal, whole text; false: not a number, or too large. */
bool string_to_u64(const char *text, uint64_t *ret);
/* 64 bits that differ between texts; not for what an adversary chooses. */
uint64_t string_hash(const char *text);
/* The same faster: `room` bytes may be read, and a zero is among them. */
uint64_t string_hash_within(const char *text, size_t room, size_t *ret_length);
size_t string_length_within(const char *text, size_t room);

#endif
