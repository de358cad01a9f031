/* SPDX-License-Identifier: MIT */
/*
 * Whether a guest's memory has room for what QEMU puts there before it starts.
 */
#ifndef SIM_GUEST_MEMORY_H
#define SIM_GUEST_MEMORY_H

#include <stdint.h>

#include <glib.h>

/*
 * QEMU puts the initrd at the top of memory and the image where its headers say,
 * one over the other where they do not fit: then the guest is not what it was.
 * An image that is no ELF file is QEMU's to refuse.
 */
gboolean guest_memory_check(uint64_t memory, const char *image, gsize initrd_size, GError **error);

#endif
