/* SPDX-License-Identifier: MIT */
/*
 * `clew boot`: the system on the pc machine, in QEMU.
 */
#ifndef SIM_QEMU_H
#define SIM_QEMU_H

/* Exit statuses are those of `clew run`. */
int qemu_command(int argc, char **argv);

#endif
