/* SPDX-License-Identifier: MIT */
/*
 * Offsets into struct trap_frame (clew/trap.h) for assembly; trap_frame.c
 * checks them against the struct.  Macros only, so that .S files can include it.
 */
#ifndef ARCH_TRAP_FRAME_H
#define ARCH_TRAP_FRAME_H

#define TRAP_FRAME_FX 0
#define TRAP_FRAME_RAX 512
#define TRAP_FRAME_RDX 520
#define TRAP_FRAME_RCX 528
#define TRAP_FRAME_RBX 536
#define TRAP_FRAME_RSI 544
#define TRAP_FRAME_RDI 552
#define TRAP_FRAME_RBP 560
#define TRAP_FRAME_RSP 568
#define TRAP_FRAME_R8 576
#define TRAP_FRAME_R9 584
#define TRAP_FRAME_R10 592
#define TRAP_FRAME_R11 600
#define TRAP_FRAME_R12 608
#define TRAP_FRAME_R13 616
#define TRAP_FRAME_R14 624
#define TRAP_FRAME_R15 632
#define TRAP_FRAME_RIP 640
#define TRAP_FRAME_RFLAGS 648
#define TRAP_FRAME_VECTOR 656
#define TRAP_FRAME_ERROR 664
#define TRAP_FRAME_ADDRESS 672
#define TRAP_FRAME_SIZE 688

/* psABI figure 3.9: the 128 bytes below rsp that foreign code may be using. */
#define TRAP_RED_ZONE 128

#endif
