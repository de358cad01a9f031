/* SPDX-License-Identifier: MIT */
/* Whole files in memory, for the tests of the ELF reader.  Host only. */
#ifndef TESTS_ELF_FILE_H
#define TESTS_ELF_FILE_H

#include <stddef.h>

/* Contents in memory of exactly that size, for free(); NULL: cannot be read. */
unsigned char *file_read(const char *path, size_t *ret_size);

#endif
