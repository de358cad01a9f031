/* SPDX-License-Identifier: MIT */
/*
 * PCI configuration space by mechanism 1, bus 0 only: what a driver needs to
 * find its device.  PCI Local Bus Specification 3.0, sections 3.2.2.3 and 6.
 *
 * No bridges, no assignment of addresses: firmware has done that.  Does not
 * allocate; interrupts off, since two ports make one access.
 */
#ifndef VIRTIO_CONSOLE_PCI_H
#define VIRTIO_CONSOLE_PCI_H

#include <stdbool.h>
#include <stdint.h>

#include <clew/errors.h>

/* The first such function, as its number on the bus: device << 3 | function. */
bool pci_find(uint16_t vendor, uint16_t device, uint32_t *ret_function);

/*
 * Lets the function answer at its I/O addresses and reach memory, without interrupts.  *ret_port
 * is what base address 0 says; -EIO: no I/O address of 16 bits.
 */
MUST_USE int pci_enable_io(uint32_t function, uint16_t *ret_port);

#endif
