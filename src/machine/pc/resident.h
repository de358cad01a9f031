/* SPDX-License-Identifier: MIT */
/*
 * Why what stays of the machine is not a cell: said next to the code, kept in
 * a section of clew.elf that is not loaded, listed by `make resident`.
 *
 *	RESIDENT(machine_map, "only the machine writes page tables")
 *
 * gives the reason of one function or object; RESIDENT_FILE that of all others
 * in this file, RESIDENT_OF that of a file by its path below src/.  Each symbol
 * that stays has to have one.  For C, at file scope, and for assembly.
 */
#ifndef PC_RESIDENT_H
#define PC_RESIDENT_H

#ifdef __ASSEMBLER__
/* clang-format off */
#define RESIDENT_(name, reason) \
	.pushsection .clew.resident, ""; .asciz name; .asciz reason; .popsection
/* clang-format on */
#else
#define RESIDENT_(name, reason) \
	__asm__(".pushsection .clew.resident, \"\"\n\t.asciz \"" name "\"\n\t.asciz \"" reason \
		"\"\n\t.popsection");
#endif

#define RESIDENT(symbol, reason) RESIDENT_(#symbol, reason)
#define RESIDENT_FILE(reason) RESIDENT_(__FILE__, reason)
#define RESIDENT_OF(path, reason) RESIDENT_(path, reason)

#endif
