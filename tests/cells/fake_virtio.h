/* SPDX-License-Identifier: MIT */
/*
 * A PCI bus with one virtio console on it, for tests of its driver.
 *
 * From the specifications (PCI Local Bus 3.0; Virtual I/O Device 0.9.5), and
 * strict: registers are accessed in their width only, the device does nothing
 * unless its command register lets it, and looks for buffers when notified.
 */
#ifndef TESTS_FAKE_VIRTIO_H
#define TESTS_FAKE_VIRTIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAKE_VIRTIO_PORT 0xc040

/* Puts it on the bus: device << 3 | function; before that the bus is empty. */
void fake_virtio_plug(uint32_t function, uint32_t queue_size);

/* What configuration space says instead. */
void fake_virtio_set_id(uint16_t vendor, uint16_t device);
void fake_virtio_set_base(uint32_t base_address_0);
void fake_virtio_set_many_functions(bool many); /* function 0 of its device says so */

/* The status register's values since the start, in order. */
const uint8_t *fake_virtio_statuses(size_t *ret_count);
uint32_t fake_virtio_command(void);
uint32_t fake_virtio_features(void); /* what the driver accepted; all ones: nothing said */
bool fake_virtio_interrupts_wanted(void);

/* The host's side: bytes for the driver, in a buffer of their own where it is long enough. */
void fake_virtio_send(const void *bytes, size_t size);
size_t fake_virtio_unsent(void); /* bytes for which there is no buffer */
unsigned long fake_virtio_notifications(void);
void fake_virtio_refuse_notifications(void); /* sets VRING_USED_F_NO_NOTIFY */

/* Uses a buffer that was offered, without writing to it. */
void fake_virtio_use_none(void);

/* A device that is broken: an entry as it is in the used ring, and the index moved by `steps`. */
void fake_virtio_lie(uint32_t id, uint32_t length, uint16_t steps);

#endif
