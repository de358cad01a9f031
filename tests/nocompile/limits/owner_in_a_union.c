/* SPDX-License-Identifier: MIT */
/* A union's fields lie in one place, and a number in it makes an owner. */
#include <clew/heap.h>

union word {
	uint64_t number;
	heap_block block;
};

void guess(uint64_t number);
void guess(uint64_t number)
{
	union word word = { .number = number };

	heap_block_drop(word.block);
}
