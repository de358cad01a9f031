/* SPDX-License-Identifier: MIT */
/*
 * The functions of machine.h by name, for the tables that the linker resolves
 * against: MACHINE_FUNCTIONS(X) is X(machine_info) X(machine_map) ...
 */
#ifndef MACHINE_FUNCTIONS_H
#define MACHINE_FUNCTIONS_H

#define MACHINE_FUNCTIONS(X) \
	X(machine_info) \
	X(machine_map) \
	X(machine_unmap) \
	X(machine_prot_at) \
	X(machine_patch) \
	X(machine_patch_fill) \
	X(machine_irq_save) \
	X(machine_irq_restore) \
	X(machine_idle) \
	X(machine_set_trap_handler) \
	X(machine_resume) \
	X(machine_clock_ns) \
	X(machine_safe_point) \
	X(machine_entropy) \
	X(machine_in8) \
	X(machine_in16) \
	X(machine_in32) \
	X(machine_out8) \
	X(machine_out16) \
	X(machine_out32) \
	X(machine_lapic_read) \
	X(machine_lapic_write) \
	X(machine_log) \
	X(machine_trace) \
	X(machine_image_linked) \
	X(machine_image_freed) \
	X(machine_halt)

#endif
