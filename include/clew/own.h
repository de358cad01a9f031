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

/* What the ownership plugin (src/toolchain/plugin) is told; nothing without it. */
#ifdef CLEW_CHECKED
#define OWN_MARK(mark) __attribute__((mark))
#else
#define OWN_MARK(mark)
#endif

/* The struct of an owner type.  `word` is written by its implementation only. */
#define OWNER(T) \
	typedef struct OWN_MARK(clew_owner) T { \
		uint64_t word; \
	} T

/*
 * At file scope: this file, and the .c or .h of its name beside it, reads and
 * writes the words of T.  Every such mark is code that the plugin takes on
 * trust; `make suppressions` lists them.
 */
#define OWN_IMPLEMENTS(T, reason) typedef T T OWN_MARK(clew_implements(reason))
#define OWN_IMPLEMENTS_ANY(reason) typedef void own_any OWN_MARK(clew_implements_any(reason))

/*
 * Of a parameter `T *x`: what it points to is the callee's when it returns 0
 * (then it is empty), still the caller's when it fails.  Parameters `T *ret`
 * and `T *ret_x` are the outputs: empty before, alive after a success.  Any
 * other `T *` borrows.
 */
#define OWN_TAKEN OWN_MARK(clew_taken)

/* Of a pointer parameter that a cell keeps in its state: who sees to it that it stays valid. */
#define OWN_KEPT(reason) OWN_MARK(clew_kept(reason))

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

/* Gives x up without a release: on purpose, for the reason. */
static inline void own_forget(uint64_t *word)
{
	*word = 0;
}
#define FORGET(x, reason) own_forget(&(x).word)

#define IS_EMPTY(x) ((x).word == 0)

/* Panics; see panic.h.  Provided by the recovery cell. */
_Noreturn void own_overwritten(const char *file, int line);

#endif
