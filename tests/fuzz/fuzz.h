/* SPDX-License-Identifier: MIT */
/*
 * What fuzz targets share.
 *
 * A target is a file that defines LLVMFuzzerTestOneInput (libFuzzer's
 * interface) and aborts when a property does not hold.  It is built twice:
 * with clang and libFuzzer for `make fuzz`, and with replay.c for the tests.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* How many inputs were taken as good: a target in which none is has lost its subject. */
extern unsigned long fuzz_accepted;

#define FUZZ_REQUIRE(holds) ((holds) ? (void)0 : fuzz_fail(#holds, __FILE__, __LINE__))
_Noreturn void fuzz_fail(const char *property, const char *file, int line);

/* On the heap, of exactly this size: a sanitizer sees the first byte outside.  The caller frees. */
void *fuzz_copy(const void *data, size_t size);

/* Reads all bytes, so that a sanitizer sees whether they may be. */
void fuzz_touch(const void *bytes, size_t size);

/* The input as a stream of choices; at its end come zeros. */
struct fuzz_input {
	const uint8_t *at;
	size_t left;
};

uint8_t fuzz_byte(struct fuzz_input *input);
uint32_t fuzz_u32(struct fuzz_input *input); /* little endian */
/* At most `size` bytes, borrowed from the input. */
const uint8_t *fuzz_bytes(struct fuzz_input *input, size_t size, size_t *ret_size);

#endif
