/* SPDX-License-Identifier: MIT */
/*
 * What a crash is compared with: a raw signal and siglongjmp, libgcc's and
 * libunwind's unwinding through as many frames with cleanups, and starting a
 * process again.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <unwind.h>

#include "measure.h"

#define FRAME __attribute__((noinline, noclone, noipa))

static struct samples samples;
static sigjmp_buf start;
static jmp_buf landing;
static uint64_t at;
static volatile uint32_t cleanups;
static uint32_t by_unwinder; /* else the handler jumps */
static struct _Unwind_Exception exception;

/* The unwinder of the process: libgcc's, or libunwind's under LD_PRELOAD. */
static _Unwind_Reason_Code stop(int version, _Unwind_Action actions, _Unwind_Exception_Class class,
				struct _Unwind_Exception *what, struct _Unwind_Context *context,
				void *argument)
{
	(void)version;
	(void)class;
	(void)what;
	(void)context;
	(void)argument;
	if (actions & _UA_END_OF_STACK)
		abort();
	return _URC_NO_REASON;
}

static void count_cleanup(const uint32_t *unused)
{
	(void)unused;
	cleanups = cleanups + 1;
}

/* The outermost frame ends the unwinding by leaving it. */
static void arrive(const uint32_t *unused)
{
	(void)unused;
	longjmp(landing, 1);
}

static void on_fault(int number)
{
	(void)number;
	if (!by_unwinder)
		siglongjmp(start, 1);
	_Unwind_ForcedUnwind(&exception, stop, NULL);
	abort();
}

static FRAME int fall(uint32_t depth)
{
	uint32_t count __attribute__((cleanup(count_cleanup))) = depth;

	if (depth > 1)
		return fall(depth - 1) + (int)count;
	at = now_ns();
	*(volatile uint32_t *)0 = 1;
	return 0;
}

static FRAME int catch (uint32_t depth)
{
	uint32_t outermost __attribute__((cleanup(arrive))) = 0;

	return fall(depth) + (int)outermost;
}

static void by_siglongjmp(uint32_t depth, const char *name)
{
	by_unwinder = 0;
	for (volatile uint32_t round = 0; round < samples.rounds; round++) {
		if (sigsetjmp(start, 1) == 0)
			(void)fall(depth);
		samples.ns[round] = now_ns() - at;
	}
	report(&samples, 1, name, "siglongjmp");
}

/* libunwind passes over the cleanup of the frame that faults: `missed` of depth. */
static void by_unwinding(uint32_t depth, const char *name, const char *peer, uint32_t missed)
{
	by_unwinder = 1;
	for (volatile uint32_t round = 0; round < samples.rounds; round++) {
		cleanups = 0;
		if (setjmp(landing) == 0)
			(void)catch (depth);
		samples.ns[round] = now_ns() - at;
		assert(cleanups == depth - missed);
	}
	report(&samples, 1, name, peer);
}

static void by_restart(char *self)
{
	extern char **environ;
	char *const arguments[] = { self, (char *)"--nothing", NULL };

	for (uint32_t round = 0; round < samples.rounds; round++) {
		uint64_t from = now_ns();
		int status = 1;
		pid_t child;
		int r = posix_spawn(&child, self, NULL, NULL, arguments, environ);

		assert(r == 0);
		waitpid(child, &status, 0);
		samples.ns[round] = now_ns() - from;
		assert(status == 0);
	}
	report(&samples, 1, "fault_d5", "restart");
	report(&samples, 1, "fault_d50", "restart");
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_fault, .sa_flags = SA_NODEFER };
	const char *unwinder = argc > 2 ? argv[2] : "libgcc";
	uint32_t missed;

	if (argc > 1 && strcmp(argv[1], "--nothing") == 0)
		return 0;
	samples.rounds = rounds_of(argc, argv);
	sigaction(SIGSEGV, &action, NULL);
	if (strcmp(unwinder, "libgcc") == 0) {
		by_siglongjmp(5, "fault_d5");
		by_siglongjmp(50, "fault_d50");
		by_restart(argv[0]);
	}
	missed = strcmp(unwinder, "libunwind") == 0;
	by_unwinding(5, "fault_d5", unwinder, missed);
	by_unwinding(50, "fault_d50", unwinder, missed);
	return 0;
}
