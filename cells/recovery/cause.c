/* SPDX-License-Identifier: MIT */
/* What a fault was, see cause.h.  Freestanding; no state. */
#include "cause.h"

#include "base/format.h"

enum fault_start fault_start(const struct trap_frame *frame, const struct fault_site *site)
{
	if (site->in_text)
		return FAULT_HERE;
	/* Below a called function's stack pointer lies anything, its own address too. */
	if (site->after_call)
		return FAULT_BAD_CALL;
	if (site->has_below && site->below == frame->rip)
		return FAULT_SMASHED;
	return FAULT_LOST;
}

static const char *vector_name(uint64_t vector)
{
	switch (vector) {
	case TRAP_DE:
		return "divide error";
	case TRAP_DB:
		return "debug trap";
	case TRAP_BP:
		return "breakpoint";
	case TRAP_OF:
		return "overflow trap";
	case TRAP_UD:
		return "invalid opcode";
	case TRAP_DF:
		return "double fault";
	case TRAP_SS:
		return "stack fault: address is not canonical";
	case TRAP_GP:
		return "general protection: bad address or privileged instruction";
	case TRAP_MF:
		return "x87 floating-point exception";
	case TRAP_AC:
		return "alignment check";
	case TRAP_XM:
		return "SIMD floating-point exception";
	case TRAP_SYSCALL:
		return "system call";
	default:
		return NULL;
	}
}

static const char *departure(enum fault_start start)
{
	switch (start) {
	case FAULT_BAD_CALL:
		return "call of";
	case FAULT_SMASHED:
		return "return to";
	default:
		return "jump to";
	}
}

void fault_cause(const struct trap_frame *frame, const struct fault_site *site, char *to,
		 size_t size)
{
	enum fault_start start = fault_start(frame, site);
	const char *name = vector_name(frame->vector);

	if (site->stack_overflow)
		format_text(to, size, "stack overflow");
	else if (start != FAULT_HERE)
		format_text(to, size, "%s 0x%lx", departure(start), frame->rip);
	else if (frame->vector == TRAP_GP && site->at_return)
		format_text(to, size, "return to 0x%lx", site->top);
	else if (frame->vector == TRAP_PF)
		format_text(to, size, "page fault: %s 0x%lx",
			    frame->error & TRAP_PF_FETCH   ? "execution of"
			    : frame->error & TRAP_PF_WRITE ? "write of"
							   : "read of",
			    frame->address);
	else if (name)
		format_text(to, size, "%s", name);
	else
		format_text(to, size, "trap %lu", frame->vector);
}

const char *file_name(const char *path)
{
	const char *name = path;

	for (; *path; path++) {
		if (*path == '/')
			name = path + 1;
	}
	return name;
}

/*
 * Bytes of ModRM, SIB and displacement, 0: there are not that many.
 * Intel SDM vol. 2, tables 2-2 and 2-3.
 */
static int modrm_length(const uint8_t *modrm, int left)
{
	int mod = *modrm >> 6, rm = *modrm & 7, length = 1;

	if (mod == 3)
		return 1;
	if (rm == 4) {
		length++;
		if (left < length)
			return 0;
		if (mod == 0 && (modrm[1] & 7) == 5)
			length += 4;
	}
	if (mod == 0 && rm == 5)
		length += 4;
	return length + (mod == 1 ? 1 : mod == 2 ? 4 : 0);
}

bool ends_in_call(const uint8_t *start, const uint8_t *end)
{
	if (end - start >= 5 && end[-5] == 0xe8)
		return true;
	for (int size = 2; size <= end - start && size < CALL_BYTES_MAX; size++) {
		const uint8_t *at = end - size;

		if (at[0] == 0xff && (at[1] >> 3 & 7) == 2 &&
		    modrm_length(at + 1, size - 1) == size - 1)
			return true;
	}
	return false;
}
