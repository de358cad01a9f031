/* SPDX-License-Identifier: MIT */
/*
 * Entries of page tables: Intel SDM vol. 3, tables 4-14 to 4-20.
 */
#ifndef PC_PAGE_H
#define PC_PAGE_H

#define PAGE_ENTRIES 512ul
#define PAGE_UNIT (2ul << 20) /* bytes of a large page, and of a table's pages together */

#define PAGE_PRESENT (1ul << 0)
#define PAGE_WRITABLE (1ul << 1)
#define PAGE_WRITE_THROUGH (1ul << 3)
#define PAGE_UNCACHED (1ul << 4)
#define PAGE_LARGE (1ul << 7)  /* in a directory: 2 MiB */
#define PAGE_LOCKED (1ul << 9) /* ours to use: the page is not the system's */
#define PAGE_NX (1ul << 63)

#define PAGE_R (PAGE_PRESENT | PAGE_NX)
#define PAGE_RW (PAGE_PRESENT | PAGE_WRITABLE | PAGE_NX)
#define PAGE_RX PAGE_PRESENT
#define PAGE_TABLE (PAGE_PRESENT | PAGE_WRITABLE) /* the pages' own entries decide */

#endif
