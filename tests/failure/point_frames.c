/* SPDX-License-Identifier: MIT */
/* In front of frame_alloc() where a cell calls it (ld --wrap): it may fail. */
#include <clew/frame.h>

#include "failure.h"

extern __typeof__(frame_alloc) __real_frame_alloc, __wrap_frame_alloc;

int __wrap_frame_alloc(size_t count, enum frame_kind kind, frames *ret)
{
	if (failure_due(FAILURE_FRAMES))
		return -ENOMEM;
	return __real_frame_alloc(count, kind, ret);
}
