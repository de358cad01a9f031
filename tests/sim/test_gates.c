/* SPDX-License-Identifier: MIT */
/*
 * The timer's signal at every instruction of a gate, one after the other.
 *
 * The machine is traced: its own timer signals are swallowed, and one is sent
 * while it is single-stepped from the guest's breakpoint through the gate.
 * Where a signal is lost between a test and a return, the guest waits in vain.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

#define WINDOW 0x200000000000u
#define WINDOW_SIZE (64u << 20)

struct traced {
	pid_t pid;
	int status; /* of waitpid */
	int rounds;
	int deepest; /* instruction of a gate at which the signal was sent */
};

static void start(struct traced *traced, const char *scenario)
{
	traced->rounds = 0;
	traced->deepest = 0;
	traced->pid = fork();
	ck_assert_int_ge(traced->pid, 0);
	if (traced->pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		dup2(STDERR_FILENO, STDOUT_FILENO);
		execl(getenv("CLEW"), "clew", "run", "--cells", getenv("CLEW_GUEST"), "-c",
		      scenario, NULL);
		_exit(127);
	}
	ck_assert_int_eq(waitpid(traced->pid, &traced->status, 0), traced->pid);
}

static void go(struct traced *traced, enum __ptrace_request how, int signal)
{
	ck_assert_int_eq(ptrace(how, traced->pid, NULL, (void *)(intptr_t)signal), 0);
	ck_assert_int_eq(waitpid(traced->pid, &traced->status, 0), traced->pid);
}

static int is_in_window(struct traced *traced)
{
	struct user_regs_struct registers;

	ck_assert_int_eq(ptrace(PTRACE_GETREGS, traced->pid, NULL, &registers), 0);
	return registers.rip - WINDOW < WINDOW_SIZE;
}

/* To the next breakpoint: other faults are the guest's to have, timer signals nobody's. */
static int run_to_breakpoint(struct traced *traced)
{
	int signal = 0;

	do {
		go(traced, PTRACE_CONT, signal);
		if (!WIFSTOPPED(traced->status))
			return 0;
		signal = WSTOPSIG(traced->status) == SIGALRM ? 0 : WSTOPSIG(traced->status);
	} while (signal != SIGTRAP || !is_in_window(traced));
	return 1;
}

/* Steps into the gate and `depth` instructions further, or until it is left. */
static void step_into_gate(struct traced *traced, int depth)
{
	int steps = 0;

	while (is_in_window(traced))
		go(traced, PTRACE_SINGLESTEP, 0);
	while (steps < depth && !is_in_window(traced)) {
		go(traced, PTRACE_SINGLESTEP, 0);
		steps++;
	}
	if (steps > traced->deepest)
		traced->deepest = steps;
}

static void send_everywhere(const char *scenario, int gate_size)
{
	struct traced traced;

	start(&traced, scenario);
	while (run_to_breakpoint(&traced)) {
		step_into_gate(&traced, traced.rounds++);
		go(&traced, PTRACE_SINGLESTEP, SIGALRM);
	}
	ck_assert_msg(WIFEXITED(traced.status) && WEXITSTATUS(traced.status) == 0,
		      "round %d: wait status 0x%x", traced.rounds, traced.status);
	/* The gate was crossed to its end, and it was a gate. */
	ck_assert_int_lt(traced.deepest, traced.rounds - 1);
	ck_assert_int_ge(traced.deepest, gate_size);
}

START_TEST(no_interrupt_is_lost_while_interrupts_are_turned_on)
{
	send_everywhere("stepped_restore", 5);
}
END_TEST

START_TEST(no_interrupt_is_lost_in_a_call_of_the_machine)
{
	send_everywhere("stepped_call", 10);
}
END_TEST

START_TEST(no_interrupt_is_lost_while_a_frame_is_resumed)
{
	send_everywhere("stepped_resume", 30);
}
END_TEST

/* Whether this host lets a process trace its child. */
static int may_trace(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0);
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}

int main(void)
{
	Suite *suite = suite_create("gates");
	TCase *gates = tcase_create("gates");

	if (!may_trace()) {
		puts("1..0 # SKIP this host does not allow ptrace");
		return 0;
	}
	tcase_set_timeout(gates, 120);
	suite_add_tcase(suite, gates);
	tcase_add_test(gates, no_interrupt_is_lost_while_interrupts_are_turned_on);
	tcase_add_test(gates, no_interrupt_is_lost_in_a_call_of_the_machine);
	tcase_add_test(gates, no_interrupt_is_lost_while_a_frame_is_resumed);
	return tap_run(suite);
}
