/* SPDX-License-Identifier: MIT */
#include <clew/cell.h>
#include <clew/heap.h>

#include <clew/own.h>

struct driver_state {
	void *context;
};

CELL_STATE(driver, "who is told") = { NULL };

CELL_EXPORT void driver_attach(OWN_KEPT("a driver's state, until it detaches") void *context);
CELL_EXPORT void driver_attach(void *context)
{
	driver_state.context = context;
}
