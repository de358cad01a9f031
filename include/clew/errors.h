/* SPDX-License-Identifier: MIT */
/*
 * Error numbers, with the values of the Linux ABI so that both sides of the
 * machine speak of the same failures.  Freestanding; nothing else lives here.
 *
 * A function that can fail returns int: 0, a negative number from this list
 * (fatal to the operation, forwarded unchanged), or a positive
 * <MODULE>_E_<COND> that its own header documents and its caller handles.
 */
#ifndef CLEW_ERRORS_H
#define CLEW_ERRORS_H

#define EPERM 1
#define ENOENT 2
#define EIO 5
#define E2BIG 7
#define ENOEXEC 8
#define EAGAIN 11
#define ENOMEM 12
#define EFAULT 14
#define EBUSY 16
#define EEXIST 17
#define ENODEV 19
#define ENOTDIR 20
#define EISDIR 21
#define EINVAL 22
#define EFBIG 27
#define ENOSPC 28
#define ERANGE 34
#define EDEADLK 35
#define ENAMETOOLONG 36
#define ENOSYS 38
#define ENOTEMPTY 39
#define ELOOP 40
#define EBADMSG 74
#define EOVERFLOW 75
#define EILSEQ 84
#ifndef ENOTSUP /* a host's <errno.h> calls the same number EOPNOTSUPP */
#define ENOTSUP 95
#endif
#define ETIMEDOUT 110
#define EALREADY 114
#define ESTALE 116
#define ECANCELED 125

#define MUST_USE __attribute__((warn_unused_result))

#endif
