/* SPDX-License-Identifier: MIT */
#include <clew/cell.h>
#include <clew/heap.h>
#include <clew/irq.h>

struct counter_state {
	uint64_t count;
	heap_block table;
};

CELL_STATE(counter, "the count is what it is for") = { 0 };

CELL_EXPORT int counter_init(void);
CELL_EXPORT int counter_init(void)
{
	OWN(heap_block, table) = OWNER_EMPTY;
	int r = heap_block_new(64, &table);

	if (r < 0)
		return r;
	PUT(counter_state.table, MOVE(table));
	counter_state.count = 1;
	return 0;
}
