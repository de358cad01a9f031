/* SPDX-License-Identifier: MIT */
/* The machine for tests of cells; see fake_machine.h.  On the host's libc. */
#define _GNU_SOURCE
#include "fake_machine.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unwind.h>

#include <clew/own.h>
#include <clew/panic.h>
#include <clew/task.h>

#include "tap.h"

static struct machine_info info = { .name = "fake", .window = FAKE_WINDOW };
static bool interrupts_on = true;
static unsigned long saves, restores;
static unsigned long fail_at, maps;
static uint8_t permission[FAKE_WINDOW_PAGES]; /* enum machine_prot */
static char trace[4096];
static uint64_t clock_ns, task;
static uint64_t random_state = 0x9e3779b97f4a7c15;

void fake_start(void)
{
	void *at = mmap((void *)FAKE_WINDOW, FAKE_WINDOW_PAGES * PAGE_SIZE, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);

	ck_assert_uint_eq((uintptr_t)at, FAKE_WINDOW);
}

void fake_region(uint64_t page, uint64_t pages, enum machine_region_kind kind)
{
	info.regions[info.n_regions++] = (struct machine_region){
		.start = FAKE_PAGE(page),
		.size = pages * PAGE_SIZE,
		.kind = kind,
	};
	if (kind != MACHINE_REGION_MACHINE)
		info.memory_size += pages * PAGE_SIZE;
}

void fake_forget_regions(void)
{
	info.n_regions = 0;
	info.memory_size = 0;
}

struct machine_info *fake_info(void)
{
	return &info;
}

const struct machine_info *machine_info(void)
{
	return &info;
}

/* ---- memory --------------------------------------------------------------- */

void fake_fail_map(unsigned long k)
{
	fail_at = k;
	maps = 0;
}

bool fake_has_failed(void)
{
	return fail_at != 0 && maps >= fail_at;
}

static bool in_window(uintptr_t va, size_t pages)
{
	return va % PAGE_SIZE == 0 && va >= FAKE_WINDOW && pages > 0 &&
	       pages <= FAKE_WINDOW_PAGES &&
	       va - FAKE_WINDOW <= (FAKE_WINDOW_PAGES - pages) * PAGE_SIZE;
}

int machine_map(uintptr_t va, size_t pages, enum machine_prot prot)
{
	static const int host[] = {
		[MACHINE_NONE] = PROT_NONE,
		[MACHINE_R] = PROT_READ,
		[MACHINE_RW] = PROT_READ | PROT_WRITE,
		[MACHINE_RX] = PROT_READ | PROT_EXEC,
	};

	if (!in_window(va, pages))
		return -EINVAL;
	if (++maps == fail_at)
		return -ENOMEM;
	ck_assert_int_eq(mprotect((void *)va, pages * PAGE_SIZE, host[prot]), 0);
	memset(permission + (va - FAKE_WINDOW) / PAGE_SIZE, (int)prot, pages);
	return 0;
}

void machine_unmap(uintptr_t va, size_t pages)
{
	ck_assert(in_window(va, pages));
	ck_assert_int_eq(mprotect((void *)va, pages * PAGE_SIZE, PROT_NONE), 0);
	memset(permission + (va - FAKE_WINDOW) / PAGE_SIZE, MACHINE_NONE, pages);
}

enum machine_prot machine_prot_at(uintptr_t va)
{
	uintptr_t page = va / PAGE_SIZE * PAGE_SIZE;

	return in_window(page, 1) ? permission[(page - FAKE_WINDOW) / PAGE_SIZE] : MACHINE_NONE;
}

const char *fake_permissions(uintptr_t address)
{
	static char permissions[4];
	FILE *maps_file = fopen("/proc/self/maps", "r");
	char line[512], found[8];
	unsigned long low, high;

	ck_assert_ptr_nonnull(maps_file);
	strcpy(permissions, "???");
	while (fgets(line, sizeof(line), maps_file)) {
		if (sscanf(line, "%lx-%lx %4s", &low, &high, found) == 3 && low <= address &&
		    address < high)
			memcpy(permissions, found, 3);
	}
	fclose(maps_file);
	return permissions;
}

/* ---- interrupts, time ------------------------------------------------------ */

bool machine_irq_save(void)
{
	bool were_on = interrupts_on;

	interrupts_on = false;
	saves++;
	return were_on;
}

void machine_irq_restore(bool were_on)
{
	ck_assert(!interrupts_on);
	interrupts_on = were_on;
	restores++;
}

bool fake_is_balanced(void)
{
	return interrupts_on && saves == restores;
}

bool fake_interrupts_on(void)
{
	return interrupts_on;
}

void fake_set_interrupts(bool on)
{
	interrupts_on = on;
}

uint64_t machine_clock_ns(void)
{
	return clock_ns;
}

uint64_t task_id(void)
{
	return task;
}

void fake_set_clock(uint64_t now_ns, uint64_t id)
{
	clock_ns = now_ns;
	task = id;
}

void machine_trace(const char *text, size_t size)
{
	ck_assert_uint_lt(size, sizeof(trace));
	memcpy(trace, text, size);
	trace[size] = 0;
}

const char *fake_trace(void)
{
	return trace;
}

/* ---- panics ---------------------------------------------------------------- */

struct catcher {
	jmp_buf back;
	uintptr_t frame;
	char what[160];
};

static struct catcher *catcher;

static _Unwind_Reason_Code stop(int version, _Unwind_Action actions, _Unwind_Exception_Class class,
				struct _Unwind_Exception *exception,
				struct _Unwind_Context *context, void *argument)
{
	struct catcher *target = argument;

	if ((actions & _UA_END_OF_STACK) || _Unwind_GetCFA(context) >= target->frame)
		longjmp(target->back, 1);
	return _URC_NO_REASON;
}

static _Noreturn void unwind(void)
{
	static struct _Unwind_Exception exception;
	struct catcher *target = catcher;

	if (!target)
		abort();
	catcher = NULL;
	_Unwind_ForcedUnwind(&exception, stop, target);
	abort();
}

_Noreturn void panic(const char *what)
{
	if (catcher)
		snprintf(catcher->what, sizeof(catcher->what), "%s", what);
	unwind();
}

_Noreturn void panic_assert(const char *expression, const char *file, int line)
{
	if (catcher)
		snprintf(catcher->what, sizeof(catcher->what), "assert: %s", expression);
	unwind();
}

_Noreturn void own_overwritten(const char *file, int line)
{
	if (catcher)
		snprintf(catcher->what, sizeof(catcher->what), "overwritten: %s:%d", file, line);
	unwind();
}

const char *fake_panic_of(void (*fn)(void *), void *argument)
{
	static struct catcher target;

	target = (struct catcher){ .frame = (uintptr_t)__builtin_frame_address(0) };
	catcher = &target;
	if (setjmp(target.back) != 0)
		return target.what;
	fn(argument);
	catcher = NULL;
	return NULL;
}

/* ---- running ---------------------------------------------------------------- */

uint64_t fake_random(uint64_t below)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (random_state * 0x2545f4914f6cdd1d >> 32) % below;
}

int fake_run(Suite *suite)
{
	const char *seed = getenv("CLEW_TEST_SEED");

	if (seed && strtoull(seed, NULL, 0) != 0)
		random_state = strtoull(seed, NULL, 0);
	printf("# seed %#lx\n", random_state);
	fflush(stdout);
	return tap_run(suite);
}
