/* SPDX-License-Identifier: MIT */
/*
 * What the source says about its owners: the attributes that own.h and cell.h
 * expand to when CLEW_CHECKED is defined, and what parameters mean.
 */
#ifndef CLEW_PLUGIN_MARKS_H
#define CLEW_PLUGIN_MARKS_H

#include "gcc.h"

/* What a call does with the owner that an argument is, or points to. */
enum parameter_use {
	PARAMETER_OTHER,   /* nothing: no owner */
	PARAMETER_MOVED,   /* T: the callee owns it */
	PARAMETER_LENT,	   /* T *, const T *: still the caller's, and alive */
	PARAMETER_WRITTEN, /* T *ret: empty before, alive after a success */
	PARAMETER_TAKEN,   /* OWN_TAKEN T *: empty after a success */
	PARAMETER_EMPTIED, /* the place of a cleanup: empty after it */
	PARAMETER_BYTES,   /* an owner's place as void *: nobody knows */
};

void marks_register(const char *plugin);

bool mark_is_owner(const_tree type);
const char *mark_owner_name(const_tree type);
bool mark_holds_owner(const_tree type); /* is one, or has a field that does */

/* Whether code that is spelled at this place implements the owner type. */
bool mark_implements(const_tree type, location_t where);

/* Spelled in a header whose macros implement owners. */
bool mark_implements_any(location_t where);

/* Spelled in own.h: part of MOVE, PUT and the like. */
bool mark_in_own(location_t where);

bool mark_is_cleanup(const_tree function);
bool mark_is_state(const_tree variable);
bool mark_is_kept(const_tree function, const_tree parameter);
bool mark_is_task_start(const_tree function);
tree mark_parameter(const_tree function, unsigned int i); /* its declaration, or NULL */
tree mark_parameter_type(const gcall *call, unsigned int i);
enum parameter_use mark_parameter_use(const gcall *call, unsigned int i);

#endif
