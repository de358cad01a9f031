/* SPDX-License-Identifier: MIT */
/*
 * Reads the image's program headers; nothing else of it.
 */
#include "guest_memory.h"

#include <elf.h>
#include <gio/gio.h>
#include <string.h>

/* What QEMU keeps free above the initrd for the tables that it makes. */
#define GUEST_TABLES 0x28000u

/* Where the last segment ends in the guest's memory; 0: not an ELF file. */
static uint64_t guest_image_end(const char *bytes, gsize size)
{
	uint64_t end = 0;
	Elf64_Ehdr ehdr;

	if (size < sizeof(ehdr))
		return 0;
	memcpy(&ehdr, bytes, sizeof(ehdr));
	if (memcmp(ehdr.e_ident, ELFMAG, SELFMAG) != 0 || ehdr.e_phoff > size ||
	    (size - ehdr.e_phoff) / sizeof(Elf64_Phdr) < ehdr.e_phnum)
		return 0;
	for (size_t i = 0; i < ehdr.e_phnum; i++) {
		Elf64_Phdr phdr;
		uint64_t phdr_end;

		memcpy(&phdr, bytes + ehdr.e_phoff + i * sizeof(phdr), sizeof(phdr));
		if (phdr.p_type == PT_LOAD &&
		    !__builtin_add_overflow(phdr.p_paddr, phdr.p_memsz, &phdr_end) &&
		    phdr_end > end)
			end = phdr_end;
	}
	return end;
}

gboolean guest_memory_check(uint64_t memory, const char *image, gsize initrd_size, GError **error)
{
	g_autoptr(GMappedFile) file = g_mapped_file_new(image, FALSE, error);
	uint64_t end, needed;

	if (!file)
		return FALSE;
	end = guest_image_end(g_mapped_file_get_contents(file), g_mapped_file_get_length(file));
	needed = end + ((initrd_size + 4095) & ~(uint64_t)4095) + GUEST_TABLES;
	if (end == 0 || needed <= memory)
		return TRUE;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
		    "too little memory: expected at least %ju KiB for the image and the cells, "
		    "found %ju KiB",
		    (uintmax_t)(needed + 1023) / 1024, (uintmax_t)memory / 1024);
	return FALSE;
}
