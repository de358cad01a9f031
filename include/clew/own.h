/* SPDX-License-Identifier: MIT */
/*
 * Owners: by-value one-word handles whose cleanup runs on return and on
 * unwinding alike.
 *
 * An owner type T is a struct with the single member `word`; the word 0 is
 * the empty owner.  Whoever declares T also declares
 *
 *	void T_cleanup(T *place);	releases *place; accepts an empty one
 *
 * Passing T by value moves it: the callee owns it, the caller writes MOVE(x).
 * Passing `const T *` or `T *` borrows it.  A function that consumes a T does
 * so whether it succeeds or fails, unless its header says otherwise.
 */
#ifndef CLEW_OWN_H
#define CLEW_OWN_H

#include <stdbool.h>
#include <stdint.h>

/* The struct of an owner type.  `word` is written by its implementation only. */
#define OWNER(T) \
	typedef struct T { \
		uint64_t word; \
	} T

/*
 * Declares x, an owner that is released when its scope is left, however it is
 * left.  Always initialised: OWN(map_rw, pages) = OWNER_EMPTY;
 */
#define OWN(T, x) __attribute__((cleanup(T##_cleanup))) T x
#define OWNER_EMPTY \
	{ \
		0 \
	}

/* Takes the value out of an owner and leaves it empty. */
#define MOVE(x) \
	({ \
		__auto_type move_place_ = &(x); \
		__auto_type move_value_ = *move_place_; \
		move_place_->word = 0; \
		move_value_; \
	})

/*
 * Moves x into place, a field or variable that must be empty: overwriting a
 * live owner would leak it, so that is a panic.
 */
#define PUT(place, x) \
	do { \
		__auto_type put_place_ = &(place); \
		if (put_place_->word != 0) \
			own_overwritten(__FILE__, __LINE__); \
		*put_place_ = (x); \
	} while (0)

#define IS_EMPTY(x) ((x).word == 0)

/* Panics; see panic.h.  Provided by the recovery cell. */
_Noreturn void own_overwritten(const char *file, int line);

#endif
