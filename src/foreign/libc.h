/* SPDX-License-Identifier: MIT */
/*
 * The functions of a C library that foreign code is given beside musl's.
 *
 * musl serves what only computes (strings, numbers, text of numbers).  What
 * would ask a kernel, keep state or read thread-local memory is here.  Types
 * are those of the platform's ABI; musl's headers declare the same functions.
 */
#ifndef FOREIGN_LIBC_H
#define FOREIGN_LIBC_H

#include <stddef.h>

struct foreign_stream; /* FILE, which is opaque to who uses it, in musl too */

void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *memory, size_t size);
void free(void *memory);

int *__errno_location(void);
int *___errno_location(void); /* within musl */
const char *strerror(int number);
int strcoll(const char *a, const char *b);
int wctomb(char *to, wchar_t character);
_Noreturn void abort(void);

long time(long *ret); /* seconds since boot: there is no calendar */
long clock(void);     /* microseconds since boot: CLOCKS_PER_SEC is a million */

/* Files can be read; nothing else can be done with them. */
extern struct foreign_stream *const stdin; /* at its end */
struct foreign_stream *fopen(const char *path, const char *mode);
struct foreign_stream *freopen(const char *path, const char *mode, struct foreign_stream *stream);
int fclose(struct foreign_stream *stream);
size_t fread(void *to, size_t size, size_t count, struct foreign_stream *stream);
int getc(struct foreign_stream *stream);
char *fgets(char *to, int size, struct foreign_stream *stream);
int feof(struct foreign_stream *stream);
int ferror(struct foreign_stream *stream);

/* What musl's formatting refers to for streams other than memory. */
int __lockfile(void *stream);
void __unlockfile(void *stream);
int __uflow(void *stream);
void __stdio_exit_needed(void);

#endif
