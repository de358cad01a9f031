/* SPDX-License-Identifier: MIT */
/*
 * Bytes from one thread to another: one writer, one reader, no lock.
 *
 * head and tail count bytes since the start; head - tail <= RING_SIZE.
 */
#ifndef SIM_RING_H
#define SIM_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RING_SIZE 4096u /* a power of two */

struct ring {
	uint32_t head; /* the writer's */
	uint32_t tail; /* the reader's */
	uint8_t bytes[RING_SIZE];
};

static inline uint32_t ring_used(const struct ring *ring)
{
	return __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE) -
	       __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE);
}

/* Returns how many bytes fitted. */
static inline size_t ring_write(struct ring *ring, const uint8_t *bytes, size_t size)
{
	uint32_t room = RING_SIZE - ring_used(ring);
	uint32_t n = size < room ? (uint32_t)size : room;

	for (uint32_t i = 0; i < n; i++)
		ring->bytes[(ring->head + i) % RING_SIZE] = bytes[i];
	__atomic_store_n(&ring->head, ring->head + n, __ATOMIC_RELEASE);
	return n;
}

static inline bool ring_read(struct ring *ring, uint8_t *ret)
{
	if (ring_used(ring) == 0)
		return false;
	*ret = ring->bytes[ring->tail % RING_SIZE];
	__atomic_store_n(&ring->tail, ring->tail + 1, __ATOMIC_RELEASE);
	return true;
}

/* The reader forgets what is there. */
static inline void ring_clear(struct ring *ring)
{
	__atomic_store_n(&ring->tail, __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE),
			 __ATOMIC_RELEASE);
}

#endif
