/* SPDX-License-Identifier: MIT */
/*
 * A machine for tests: a window of anonymous memory, an interrupt flag that
 * is checked for balance, and mappings that fail when told to.
 *
 * A panic unwinds with libgcc's forced unwinding, an unwinder that is not the
 * project's, so a test sees the cleanups that a crash would run.
 */
#ifndef TESTS_FAKE_MACHINE_H
#define TESTS_FAKE_MACHINE_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <clew/machine.h>

#define FAKE_WINDOW 0x200000000000ull
#define FAKE_WINDOW_PAGES 16384ul

/* The address of a page of the window. */
#define FAKE_PAGE(n) (FAKE_WINDOW + (n)*PAGE_SIZE)

/* Reserves the window, once a process, without regions. */
void fake_start(void);

/* Appends a region to machine_info(); pages from the start of the window. */
void fake_region(uint64_t page, uint64_t pages, enum machine_region_kind kind);
void fake_forget_regions(void);
struct machine_info *fake_info(void);

/* Makes the k-th machine_map from now on fail (1: the next); 0: none. */
void fake_fail_map(unsigned long k);
bool fake_has_failed(void); /* since fake_fail_map */

/* The permissions of a page, "rw-" or the like, as the host's kernel lists them. */
const char *fake_permissions(uintptr_t address);

/* Interrupts are on and every save had its restore. */
bool fake_is_balanced(void);
bool fake_interrupts_on(void);
void fake_set_interrupts(bool on);

/* The last event given to machine_trace, terminated; "" when there was none. */
const char *fake_trace(void);
void fake_set_clock(uint64_t now_ns, uint64_t task_id);

/* Calls fn; the panic's text, or NULL when it returned. */
const char *fake_panic_of(void (*fn)(void *), void *argument);

/* xorshift64*; the seed is CLEW_TEST_SEED or a constant, and is printed. */
uint64_t fake_random(uint64_t below);

int fake_run(Suite *suite);

#endif
