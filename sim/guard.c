/* SPDX-License-Identifier: MIT */
/*
 * Syscall user dispatch, which exempts everything above the window; without
 * it, a seccomp filter that tells by the instruction pointer.
 *
 * The first covers the addresses below the window too, where nothing of this
 * process is mapped: it is position-independent.
 */
#include "guard.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define GUARD_ADDRESSES_END 0x7fffffffffff

static volatile char guard_selector = SYSCALL_DISPATCH_FILTER_BLOCK;

#define GUARD_HIGH (offsetof(struct seccomp_data, instruction_pointer) + 4)

/* The filter sees the upper word of the address: the window has its 4 GiB blocks alone. */
static int guard_filter(uintptr_t start, uintptr_t end)
{
	uint32_t first = (uint32_t)(start >> 32);
	uint32_t last = (uint32_t)((end - 1) >> 32);
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, GUARD_HIGH),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, first, 0, 2),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, last, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0 ? -errno : 0;
}

int guard_init(uintptr_t start, uintptr_t end)
{
	if (prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, end, GUARD_ADDRESSES_END - end,
		  &guard_selector) == 0)
		return 0;
	return guard_filter(start, end);
}
