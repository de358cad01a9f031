/* SPDX-License-Identifier: MIT */
/*
 * A machine on which tasks really run, for tests of the cells about them: a
 * window of anonymous memory, a clock that only the test and safe points
 * advance, a LAPIC timer on that clock, traps on their own stack.
 *
 * Under start_storm() a host signal interrupts the program at any
 * instruction of the cells and the test, and 6 ms pass each time.
 */
#ifndef TESTS_TASK_MACHINE_H
#define TESTS_TASK_MACHINE_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <clew/frame.h>
#include <clew/machine.h>
#include <clew/task.h>

#define SAFE_POINT_NS 1000ull /* what a safe point advances the clock by */

/* Memory, heap, interrupts, and the caller as the first task. */
void start_system(void);

void start_storm(long interval_us);
void stop_storm(void);
uint64_t interrupts_taken(void);

void set_clock(uint64_t now_ns);
void set_safe_point_step(uint64_t step_ns); /* SAFE_POINT_NS at the start */
uint64_t last_count(void);		    /* written to the timer's initial count */
uint64_t alarms_set(void);		    /* writes to it */
void set_timer_hz(uint32_t hz);		    /* before start_system */
void set_flags(uint32_t flags);		    /* before start_system */
void fail_map(unsigned long k); /* the k-th machine_map from now and later ones fail; 0: none */
bool interrupts_on(void);

/* ---- services.c: what stands in for the cells that are not under test ------- */

uint64_t namespace_references(void);
const char *trace_text(void); /* all events since the start, a line each */

/* Ends the calling task as a fault would: unwound, with a fault record's id. */
_Noreturn void crash(void);

/* Frames that are used, of all kinds, with the heap's spare pages given back. */
uint64_t frames_used(void);

uint64_t random_below(uint64_t n); /* xorshift64*, seeded by CLEW_TEST_SEED or a constant */

int run_suite(Suite *suite);

#endif
