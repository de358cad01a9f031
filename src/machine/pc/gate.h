/* SPDX-License-Identifier: MIT */
/*
 * What the assembly of the gates shares with trap.c, which checks it against
 * the structs.  Macros only.
 */
#ifndef PC_GATE_H
#define PC_GATE_H

/*
 * The stack that the functions of machine.h run on.  All frames of all functions that stay come to
 * less, and none of them calls itself.
 */
#define GATE_STACK_SIZE 2048

/* Into struct pc. */
#define GATE_INFO_FLAGS 32
#define GATE_SEEDED 1 /* MACHINE_SEEDED */

/* First byte of three instructions, by which trap.c knows how far a gate has got. */
#define GATE_PUSHFQ 0x9c
#define GATE_CLI 0xfa
#define GATE_RET 0xc3

#endif
