/* SPDX-License-Identifier: MIT */
/*
 * Driver of a virtio console's receive queue: the bulk line.
 *
 * Legacy interface of a PCI device (Virtual I/O Device specification 0.9.5,
 * section 2 and appendix D; 1.0 calls it transitional), without features: one
 * port, no interrupts.  It knows nothing of blocks; the cell control does.
 *
 * The device writes to the buffers and to the used ring at any time, and is
 * not trusted: an entry that does not fit ends its use.  Allocates at the
 * start only.  All else is done with interrupts off, at most a buffer at a time.
 */
#include <clew/bulk.h>

#include <stdbool.h>

#include <clew/cell.h>
#include <clew/irq.h>
#include <clew/log.h>
#include <clew/machine.h>
#include <clew/memory.h>

#include "base/string.h"

#include "pci.h"

#define VIRTIO_VENDOR 0x1af4
#define VIRTIO_CONSOLE 0x1003

/* Registers: 2.2.2, without MSI-X. */
enum {
	GUEST_FEATURES = 4, /* 32 bits */
	QUEUE_PFN = 8,	    /* 32 bits */
	QUEUE_SIZE = 12,    /* 16 bits */
	QUEUE_SELECT = 14,  /* 16 bits */
	QUEUE_NOTIFY = 16,  /* 16 bits */
	DEVICE_STATUS = 18, /* 8 bits */
};

#define STATUS_RESET 0x00u
#define STATUS_ACKNOWLEDGE 0x01u
#define STATUS_DRIVER 0x02u
#define STATUS_DRIVER_OK 0x04u
#define STATUS_FAILED 0x80u

#define RECEIVE_QUEUE 0 /* of port 0: appendix D */
#define QUEUE_SIZE_MAX 32768u
#define BUFFERS_MAX 128u
#define BUFFER_SIZE PAGE_SIZE /* qemu hands over at most 4096 bytes at a time, in a buffer each */

/* The rings: 2.3. */
struct descriptor {
	uint64_t address; /* physical */
	uint32_t length;
	uint16_t flags;
	uint16_t next;
};
#define DESCRIPTOR_WRITE 2u /* by the device */

struct available {
	uint16_t flags;
	uint16_t index;
	uint16_t ring[];
};
#define AVAILABLE_NO_INTERRUPT 1u

struct used {
	uint16_t flags;
	uint16_t index;
	struct {
		uint32_t id;
		uint32_t length;
	} ring[];
};
#define USED_NO_NOTIFY 1u

struct virtio_console_state {
	uint16_t port; /* of the registers; 0: there is no device */
	bool failed;
	bool unnotified;     /* buffers were offered that the device was not told of */
	uint16_t queue_size; /* a power of two; entries of the rings */
	uint16_t n_buffers;  /* descriptor n is buffer n */
	uint16_t offered;    /* index of the available ring, as we have written it */
	uint16_t taken;	     /* index of the used ring up to which we have read it */
	uint16_t current;    /* the buffer that is being read: bytes at to length */
	uint32_t at, length;
	map_rw rings, buffers; /* the device's too, while it runs */
};

CELL_STATE(virtio_console, "the device knows the addresses of the rings and buffers");

/* ---- the rings ------------------------------------------------------------------- */

static size_t round_up(size_t size)
{
	return (size + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE;
}

/* The used ring begins on the page after the available ring, which has a word more (1.0: 2.6.2). */
static size_t used_offset(size_t queue_size)
{
	return round_up(sizeof(struct descriptor) * queue_size + 2 * (3 + queue_size));
}

static size_t rings_pages(size_t queue_size)
{
	return (used_offset(queue_size) + round_up(2 * 3 + 8 * queue_size)) / PAGE_SIZE;
}

static struct descriptor *descriptors(void)
{
	return map_rw_at(&virtio_console_state.rings);
}

static struct available *available(void)
{
	return (struct available *)(descriptors() + virtio_console_state.queue_size);
}

static const struct used *used(void)
{
	const char *rings = map_rw_at(&virtio_console_state.rings);

	return (const struct used *)(rings + used_offset(virtio_console_state.queue_size));
}

static uint8_t *buffer(uint16_t n)
{
	return (uint8_t *)map_rw_at(&virtio_console_state.buffers) + n * BUFFER_SIZE;
}

static uint64_t physical(const void *address)
{
	return (uintptr_t)address - machine_info()->window;
}

/* The entry before the index: 2.4.1.3. */
static void offer(uint16_t n)
{
	struct virtio_console_state *state = &virtio_console_state;
	struct available *ring = available();

	ring->ring[state->offered % state->queue_size] = n;
	__atomic_store_n(&ring->index, ++state->offered, __ATOMIC_RELEASE);
	state->unnotified = true;
}

/* The index before the flag: 2.4.1.4. */
static void notify(void)
{
	struct virtio_console_state *state = &virtio_console_state;

	if (!state->unnotified)
		return;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!(__atomic_load_n(&used()->flags, __ATOMIC_RELAXED) & USED_NO_NOTIFY))
		machine_out16(state->port + QUEUE_NOTIFY, RECEIVE_QUEUE);
	state->unnotified = false;
}

/* ---- the device ------------------------------------------------------------------ */

/* What a failed device was given stays its own: nothing says that it stopped writing. */
static int fail(const char *what, uint32_t found)
{
	machine_out8(virtio_console_state.port + DEVICE_STATUS, STATUS_RESET);
	virtio_console_state.failed = true;
	log_write("virtio_console: %s %u, the device is given up", what, found);
	return -EIO;
}

static void set_status(uint16_t port, uint8_t status)
{
	machine_out8(port + DEVICE_STATUS, status);
}

/* Size of the receive queue, 0 when it is none that can be used. */
static uint16_t reset(uint16_t port)
{
	uint16_t size;

	set_status(port, STATUS_RESET);
	set_status(port, STATUS_ACKNOWLEDGE);
	set_status(port, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
	machine_out32(port + GUEST_FEATURES, 0);
	machine_out16(port + QUEUE_SELECT, RECEIVE_QUEUE);
	size = machine_in16(port + QUEUE_SIZE);
	return size > QUEUE_SIZE_MAX || (size & (size - 1)) ? 0 : size;
}

static void fill_rings(void)
{
	available()->flags = AVAILABLE_NO_INTERRUPT;
	for (uint16_t n = 0; n < virtio_console_state.n_buffers; n++) {
		descriptors()[n] = (struct descriptor){
			.address = physical(buffer(n)),
			.length = BUFFER_SIZE,
			.flags = DESCRIPTOR_WRITE,
		};
		offer(n);
	}
}

static int start(uint16_t port, uint16_t queue_size)
{
	struct virtio_console_state *state = &virtio_console_state;
	uint16_t n_buffers = queue_size < BUFFERS_MAX ? queue_size : BUFFERS_MAX;
	OWN(map_rw, rings) = OWNER_EMPTY;
	OWN(map_rw, buffers) = OWNER_EMPTY;
	int r = map_rw_new(rings_pages(queue_size), FRAME_BUFFER, &rings);

	if (r == 0)
		r = map_rw_new(n_buffers * BUFFER_SIZE / PAGE_SIZE, FRAME_BUFFER, &buffers);
	if (r < 0)
		return r;
	PUT(state->rings, MOVE(rings));
	PUT(state->buffers, MOVE(buffers));
	state->queue_size = queue_size;
	state->n_buffers = n_buffers;
	state->port = port;
	fill_rings();
	machine_out32(port + QUEUE_PFN, (uint32_t)(physical(descriptors()) >> PAGE_SHIFT));
	set_status(port, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_DRIVER_OK);
	notify();
	return 0;
}

CELL_EXPORT int bulk_init(void)
{
	OWN(irq_guard, guard) = irq_off();
	uint32_t function;
	uint16_t port, queue_size;
	int r;

	if (virtio_console_state.port != 0)
		return -EALREADY;
	if (!pci_find(VIRTIO_VENDOR, VIRTIO_CONSOLE, &function))
		return -ENODEV;
	r = pci_enable_io(function, &port);
	if (r < 0)
		return r;
	queue_size = reset(port);
	r = queue_size == 0 ? -EIO : start(port, queue_size);
	if (r < 0)
		set_status(port, STATUS_FAILED);
	return r;
}

/* ---- taking ---------------------------------------------------------------------- */

/*
 * Makes the next used buffer the current one; the length stays 0 when there is none.  The last
 * one was offered again, so the device has them all.
 */
static int next_buffer(void)
{
	struct virtio_console_state *state = &virtio_console_state;
	uint16_t index = __atomic_load_n(&used()->index, __ATOMIC_ACQUIRE);
	uint16_t waiting = (uint16_t)(index - state->taken);
	uint32_t id, length;

	if (waiting == 0)
		return 0;
	if (waiting > state->n_buffers)
		return fail("buffers used at once:", waiting);
	id = __atomic_load_n(&used()->ring[state->taken % state->queue_size].id, __ATOMIC_RELAXED);
	length = __atomic_load_n(&used()->ring[state->taken % state->queue_size].length,
				 __ATOMIC_RELAXED);
	if (id >= state->n_buffers)
		return fail("a buffer was used that does not exist:", id);
	if (length > BUFFER_SIZE)
		return fail("length used of a buffer:", length);
	state->taken++;
	state->current = (uint16_t)id;
	state->at = 0;
	state->length = length;
	if (length == 0)
		offer(state->current);
	return 0;
}

/* From one buffer at most, so that interrupts are not off for long. */
static int take_part(uint8_t *to, size_t size, size_t *ret_size)
{
	struct virtio_console_state *state = &virtio_console_state;
	OWN(irq_guard, guard) = irq_off();
	size_t n;
	int r = 0;

	if (state->failed)
		return -EIO;
	if (state->at == state->length)
		r = next_buffer();
	if (r < 0)
		return r;
	n = state->length - state->at;
	if (n > size)
		n = size;
	memcpy(to, buffer(state->current) + state->at, n);
	state->at += (uint32_t)n;
	if (n > 0 && state->at == state->length)
		offer(state->current);
	*ret_size = n;
	return 0;
}

CELL_EXPORT int bulk_take(void *ret, size_t size, size_t *ret_size)
{
	size_t done = 0, n = 1;

	if (virtio_console_state.port == 0)
		return -ENODEV;
	while (done < size && n > 0) {
		int r = take_part((uint8_t *)ret + done, size - done, &n);

		if (r < 0)
			return r;
		done += n;
	}
	OWN(irq_guard, guard) = irq_off();
	notify();
	*ret_size = done;
	return 0;
}

CELL("virtio_console", 1, CELL_SERVICE, "driver of a virtio console: payloads from outside");
