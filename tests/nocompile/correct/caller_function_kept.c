/* SPDX-License-Identifier: MIT */
#include <clew/cell.h>
#include <clew/heap.h>

struct driver_state {
	void (*told)(int what);
};

CELL_STATE(driver, "who is told") = { NULL };

CELL_EXPORT void driver_attach(void (*told)(int what));
CELL_EXPORT void driver_attach(void (*told)(int what))
{
	driver_state.told = told;
}
