/* SPDX-License-Identifier: MIT */
/*
 * libgcc as a witness, see witness.h.
 *
 * The walk is libgcc_s's.  The personality routine is libgcc_eh.a's, linked
 * alone: what it asks an unwinder for are the functions at the end, which
 * answer for one address.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unwind.h>

#include "witness.h"

struct walk {
	struct witness_frame *frames;
	int count, max;
	int seen; /* calls, the stub's own frame and the given one among them */
	struct witness_function *function;
};

static struct {
	__typeof__(_Unwind_Backtrace) *backtrace;
	__typeof__(_Unwind_GetIP) *get_ip;
	__typeof__(_Unwind_GetCFA) *get_cfa;
	__typeof__(_Unwind_GetGR) *get_gr;
	__typeof__(_Unwind_GetRegionStart) *get_region;
	__typeof__(_Unwind_GetLanguageSpecificData) *get_lsda;
	void (*add)(const void *eh_frame);
	void *(*remove)(const void *eh_frame);
} libgcc;

const int witness_compared[WITNESS_COMPARED] = { UNWIND_RIP, UNWIND_RBX, UNWIND_RBP, UNWIND_R12,
						 UNWIND_R13, UNWIND_R14, UNWIND_R15 };

void witness_call_inside(const uint64_t *registers, void *function, void *first, void *second);

static void *find(const char *name)
{
	void *handle = dlopen("libgcc_s.so.1", RTLD_NOW);
	void *function = handle ? dlsym(handle, name) : NULL;
	Dl_info info;

	/* libunwind has functions of the same names. */
	if (!function || !dladdr(function, &info) || !strstr(info.dli_fname, "libgcc_s")) {
		printf("Bail out! %s is not in libgcc_s\n", name);
		exit(99);
	}
	return function;
}

void witness_libgcc_open(void)
{
	*(void **)&libgcc.backtrace = find("_Unwind_Backtrace");
	*(void **)&libgcc.get_ip = find("_Unwind_GetIP");
	*(void **)&libgcc.get_cfa = find("_Unwind_GetCFA");
	*(void **)&libgcc.get_gr = find("_Unwind_GetGR");
	*(void **)&libgcc.get_region = find("_Unwind_GetRegionStart");
	*(void **)&libgcc.get_lsda = find("_Unwind_GetLanguageSpecificData");
	*(void **)&libgcc.add = find("__register_frame");
	*(void **)&libgcc.remove = find("__deregister_frame");
}

void witness_libgcc_add(const uint8_t *eh_frame)
{
	libgcc.add(eh_frame);
}

void witness_libgcc_remove(const uint8_t *eh_frame)
{
	libgcc.remove(eh_frame);
}

static struct witness_function function_of(struct _Unwind_Context *context)
{
	return (struct witness_function){
		.start = libgcc.get_region(context),
		.lsda = (uintptr_t)libgcc.get_lsda(context),
		.known = libgcc.get_region(context) != 0,
	};
}

/* Called for the stub's frame, then for the given one, then for its callers. */
static _Unwind_Reason_Code visit(struct _Unwind_Context *context, void *argument)
{
	struct walk *walk = argument;
	struct witness_frame *frame;

	walk->seen++;
	if (walk->seen == 2)
		*walk->function = function_of(context);
	if (walk->seen <= 2)
		return _URC_NO_REASON;
	if (libgcc.get_ip(context) == 0) /* libgcc's way to show an undefined return address */
		return _URC_NORMAL_STOP;
	frame = &walk->frames[walk->count++];
	frame->registers[UNWIND_RIP] = libgcc.get_ip(context);
	frame->cfa = libgcc.get_cfa(context);
	frame->function = function_of(context);
	for (int i = 1; i < WITNESS_COMPARED; i++)
		frame->registers[witness_compared[i]] = libgcc.get_gr(context, witness_compared[i]);
	return walk->count < walk->max ? _URC_NO_REASON : _URC_NORMAL_STOP;
}

int witness_libgcc_trace(const uint64_t *registers, struct witness_frame *frames, int max,
			 struct witness_function *ret)
{
	struct witness_function none = { .known = false };
	struct walk walk = { .frames = frames, .max = max, .function = ret };

	*ret = none;
	witness_call_inside(registers, *(void **)&libgcc.backtrace, *(void **)&(void *){ visit },
			    &walk);
	return walk.count;
}

/* ---- what the personality routine asks for ------------------------------------- */

/* libgcc's own is opaque, and never seen by these functions. */
struct _Unwind_Context {
	uint64_t ip;
	int before; /* ip is an instruction that has not been executed */
	uint64_t region, lsda;
	uint64_t pad;
};

_Unwind_Reason_Code __gcc_personality_v0(int version, _Unwind_Action actions,
					 _Unwind_Exception_Class class,
					 struct _Unwind_Exception *exception,
					 struct _Unwind_Context *context);

_Unwind_Ptr _Unwind_GetIPInfo(struct _Unwind_Context *context, int *ret_before)
{
	*ret_before = context->before;
	return context->ip;
}

_Unwind_Ptr _Unwind_GetIP(struct _Unwind_Context *context)
{
	return context->ip;
}

_Unwind_Ptr _Unwind_GetRegionStart(struct _Unwind_Context *context)
{
	return context->region;
}

void *_Unwind_GetLanguageSpecificData(struct _Unwind_Context *context)
{
	return (void *)context->lsda;
}

_Unwind_Ptr _Unwind_GetTextRelBase(struct _Unwind_Context *context)
{
	(void)context;
	abort();
}

_Unwind_Ptr _Unwind_GetDataRelBase(struct _Unwind_Context *context)
{
	(void)context;
	abort();
}

/* Itanium C++ ABI 1.6.3: register 0 is the exception, 1 the selector, which C has none of. */
void _Unwind_SetGR(struct _Unwind_Context *context, int index, _Unwind_Word value)
{
	(void)context;
	if (index != 0 && (index != 1 || value != 0))
		abort();
}

void _Unwind_SetIP(struct _Unwind_Context *context, _Unwind_Ptr value)
{
	context->pad = value;
}

uint64_t witness_libgcc_pad(const struct witness_function *function, uint64_t ip, bool exact)
{
	struct _Unwind_Exception exception = { 0 };
	struct _Unwind_Context context = {
		.ip = ip, .before = exact, .region = function->start, .lsda = function->lsda
	};

	if (__gcc_personality_v0(1, _UA_CLEANUP_PHASE | _UA_FORCE_UNWIND, 0, &exception,
				 &context) == _URC_INSTALL_CONTEXT)
		return context.pad;
	return 0;
}
