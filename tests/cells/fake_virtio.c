/* SPDX-License-Identifier: MIT */
/* The device; see fake_virtio.h.  On the host's libc. */
#include "fake_virtio.h"

#include <stdlib.h>
#include <string.h>

#include "fake_machine.h"

#define NOTHING 0xffffffffu

static struct {
	bool plugged, many;
	uint32_t function, id, base, command, address;
	uint32_t features, pfn, select, queue_size;
	uint8_t statuses[64];
	size_t n_statuses;
	unsigned long notifications;
	uint16_t available, looked_at, used; /* index seen at the last notification; ours; ours */
	uint8_t *unsent;
	size_t n_unsent;
} device;

/* ---- guest memory ------------------------------------------------------------ */

static void *guest(uint64_t physical, size_t size)
{
	if (physical + size > FAKE_WINDOW_PAGES * PAGE_SIZE)
		ck_abort_msg("%#lx is no memory", physical);
	return (void *)(FAKE_WINDOW + physical);
}

static uint64_t queue(void)
{
	return (uint64_t)device.pfn * 4096;
}

/* 2.3.1: descriptors of 16 bytes, the available ring, and on the next page the used ring. */
static uint8_t *available_ring(void)
{
	return guest(queue() + 16 * device.queue_size, 4 + 2 * device.queue_size);
}

static uint8_t *used_ring(void)
{
	uint64_t end = queue() + 16 * device.queue_size + 2 * (3 + device.queue_size);

	return guest((end + 4095) / 4096 * 4096, 6 + 8 * device.queue_size);
}

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] | at[1] << 8);
}

static uint32_t get32(const uint8_t *at)
{
	return get16(at) | (uint32_t)get16(at + 2) << 16;
}

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)value;
	at[1] = (uint8_t)(value >> 8);
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value);
	put16(at + 2, value >> 16);
}

/* ---- the queue ----------------------------------------------------------------- */

static uint8_t status(void)
{
	return device.n_statuses > 0 ? device.statuses[device.n_statuses - 1] : 0;
}

static void put_used(uint32_t id, uint32_t length)
{
	uint8_t *entry = used_ring() + 4 + 8 * (device.used % device.queue_size);

	put32(entry, id);
	put32(entry + 4, length);
	put16(used_ring() + 2, ++device.used);
}

/* Whether there was a buffer: the next one gets at most `size` bytes. */
static bool fill_one(const uint8_t *bytes, size_t size, size_t *ret_size)
{
	uint32_t id;
	uint8_t *descriptor;
	size_t length;

	if (device.looked_at == device.available)
		return false;
	id = get16(available_ring() + 4 + 2 * (device.looked_at++ % device.queue_size));
	ck_assert_uint_lt(id, device.queue_size);
	descriptor = guest(queue() + 16 * id, 16);
	ck_assert_uint_eq(get16(descriptor + 12), 2); /* for the device to write, not chained */
	length = get32(descriptor + 8);
	*ret_size = size < length ? size : length;
	memcpy(guest(get32(descriptor) | (uint64_t)get32(descriptor + 4) << 32, length), bytes,
	       *ret_size);
	put_used(id, (uint32_t)*ret_size);
	return true;
}

static void deliver(void)
{
	size_t done = 0, n;

	if (status() != 7 || !(device.command & 4))
		return;
	while (done < device.n_unsent && fill_one(device.unsent + done, device.n_unsent - done, &n))
		done += n;
	device.n_unsent -= done;
	if (done > 0)
		memmove(device.unsent, device.unsent + done, device.n_unsent);
}

void fake_virtio_send(const void *bytes, size_t size)
{
	device.unsent = realloc(device.unsent, device.n_unsent + size);
	memcpy(device.unsent + device.n_unsent, bytes, size);
	device.n_unsent += size;
	deliver();
}

size_t fake_virtio_unsent(void)
{
	return device.n_unsent;
}

unsigned long fake_virtio_notifications(void)
{
	return device.notifications;
}

void fake_virtio_refuse_notifications(void)
{
	put16(used_ring(), 1);
}

void fake_virtio_use_none(void)
{
	size_t n;

	ck_assert(fill_one(NULL, 0, &n));
}

void fake_virtio_lie(uint32_t id, uint32_t length, uint16_t steps)
{
	put_used(id, length);
	device.looked_at++;
	device.used = (uint16_t)(device.used + steps - 1);
	put16(used_ring() + 2, device.used);
}

bool fake_virtio_interrupts_wanted(void)
{
	return !(get16(available_ring()) & 1);
}

/* ---- configuration space --------------------------------------------------------- */

void fake_virtio_plug(uint32_t function, uint32_t queue_size)
{
	free(device.unsent);
	memset(&device, 0, sizeof(device));
	device.plugged = true;
	device.function = function;
	device.queue_size = queue_size;
	device.id = 0x10031af4;
	device.base = FAKE_VIRTIO_PORT | 1;
	device.features = NOTHING;
}

void fake_virtio_set_id(uint16_t vendor, uint16_t id)
{
	device.id = (uint32_t)id << 16 | vendor;
}

void fake_virtio_set_base(uint32_t base)
{
	device.base = base;
}

void fake_virtio_set_many_functions(bool many)
{
	device.many = many;
}

uint32_t fake_virtio_command(void)
{
	return device.command;
}

uint32_t fake_virtio_features(void)
{
	return device.features;
}

const uint8_t *fake_virtio_statuses(size_t *ret_count)
{
	*ret_count = device.n_statuses;
	return device.statuses;
}

/* A device with one function does not look at bits 8 to 10 of the address. */
static bool is_addressed(void)
{
	uint32_t function = device.address >> 8 & 0xffff;

	if (!device.plugged || !(device.address & 0x80000000))
		return false;
	return function == device.function ||
	       (!device.many && function >> 3 == device.function >> 3);
}

static uint32_t read_config(void)
{
	uint32_t offset = device.address & 0xfc;
	bool neighbour = device.plugged && device.many &&
			 (device.address >> 8 & 0xffff) == (device.function & 0xf8);

	if (neighbour && !is_addressed())
		return offset == 0 ? 0x70008086 : offset == 0x0c ? 0x00800000 : 0;
	if (!is_addressed())
		return NOTHING;
	if (offset == 0)
		return device.id;
	if (offset == 4)
		return device.command | 0x02900000;
	if (offset == 0x0c)
		return device.many ? 0x00800000 : 0;
	return offset == 0x10 ? device.base : 0;
}

static void write_config(uint32_t value)
{
	if (!is_addressed())
		return;
	ck_assert_uint_eq(device.address & 0xfc, 4);
	ck_assert_uint_eq(value >> 16, 0); /* ones would clear errors that others look for */
	device.command = value;
}

/* ---- registers --------------------------------------------------------------------- */

/* The register's offset; the device answers when it is let, and the width is its own. */
static uint32_t register_at(uint16_t port, uint32_t width)
{
	static const uint8_t widths[24] = {
		[0] = 4, [4] = 4, [8] = 4, [12] = 2, [14] = 2, [16] = 2, [18] = 1, [19] = 1
	};

	if (!device.plugged || !(device.command & 1) || port < FAKE_VIRTIO_PORT ||
	    port >= FAKE_VIRTIO_PORT + 24)
		return NOTHING;
	if (widths[port - FAKE_VIRTIO_PORT] != width)
		ck_abort_msg("port %#x accessed with %u bytes", port, width);
	return port - FAKE_VIRTIO_PORT;
}

uint16_t machine_in16(uint16_t port)
{
	uint32_t at = register_at(port, 2);

	if (at == 12)
		return device.select == 0 ? (uint16_t)device.queue_size : 0;
	return UINT16_MAX;
}

uint32_t machine_in32(uint16_t port)
{
	if (port == 0xcf8)
		return device.address;
	if (port == 0xcfc)
		return read_config();
	return NOTHING;
}

void machine_out8(uint16_t port, uint8_t value)
{
	if (register_at(port, 1) != 18)
		return;
	ck_assert_uint_lt(device.n_statuses, sizeof(device.statuses));
	device.statuses[device.n_statuses++] = value;
	if (value == 7)
		deliver();
}

void machine_out16(uint16_t port, uint16_t value)
{
	uint32_t at = register_at(port, 2);

	if (at == 14)
		device.select = value;
	if (at != 16)
		return;
	ck_assert_uint_eq(value, 0);
	ck_assert_uint_eq(status(), 7); /* 2.2.1: not before DRIVER_OK */
	device.notifications++;
	device.available = get16(available_ring() + 2);
	ck_assert_uint_le((uint16_t)(device.available - device.looked_at), device.queue_size);
	deliver();
}

void machine_out32(uint16_t port, uint32_t value)
{
	uint32_t at;

	if (port == 0xcf8)
		device.address = value;
	if (port == 0xcfc)
		write_config(value);
	at = register_at(port, 4);
	if (at == 4)
		device.features = value;
	if (at == 8)
		device.pfn = value;
}
