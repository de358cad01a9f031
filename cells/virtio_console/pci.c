/* SPDX-License-Identifier: MIT */
/* See pci.h. */
#include "pci.h"

#include <clew/machine.h>

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA 0xcfc
#define CONFIG_ENABLE 0x80000000u

#define FUNCTIONS 256u /* of a bus: 32 devices with 8 each */

/* Offsets of 32-bit words of the header. */
enum {
	PCI_ID = 0x00, /* device << 16 | vendor */
	PCI_COMMAND = 0x04,
	PCI_BASE_ADDRESS_0 = 0x10,
};

#define COMMAND_IO 0x0001u
#define COMMAND_MASTER 0x0004u
#define COMMAND_NO_INTERRUPT 0x0400u
#define COMMAND_MASK 0xffffu /* the status above is cleared by ones */
#define BASE_IS_IO 0x1u
#define BASE_IO_MASK 0xfffffffcu

static uint32_t read_word(uint32_t function, uint32_t offset)
{
	machine_out32(CONFIG_ADDRESS, CONFIG_ENABLE | function << 8 | offset);
	return machine_in32(CONFIG_DATA);
}

static void write_word(uint32_t function, uint32_t offset, uint32_t value)
{
	machine_out32(CONFIG_ADDRESS, CONFIG_ENABLE | function << 8 | offset);
	machine_out32(CONFIG_DATA, value);
}

/* A device of one function may answer for all eight, and is found at its first. */
bool pci_find(uint16_t vendor, uint16_t device, uint32_t *ret_function)
{
	for (uint32_t function = 0; function < FUNCTIONS; function++) {
		if (read_word(function, PCI_ID) != ((uint32_t)device << 16 | vendor))
			continue;
		*ret_function = function;
		return true;
	}
	return false;
}

int pci_enable_io(uint32_t function, uint16_t *ret_port)
{
	uint32_t base = read_word(function, PCI_BASE_ADDRESS_0);
	uint32_t command = read_word(function, PCI_COMMAND) & COMMAND_MASK;

	if (!(base & BASE_IS_IO))
		return -EIO;
	base &= BASE_IO_MASK;
	if (base == 0 || base > UINT16_MAX)
		return -EIO;
	write_word(function, PCI_COMMAND,
		   command | COMMAND_IO | COMMAND_MASTER | COMMAND_NO_INTERRUPT);
	*ret_port = (uint16_t)base;
	return 0;
}
