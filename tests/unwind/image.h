/* SPDX-License-Identifier: MIT */
/*
 * A small .eh_frame with its LSDAs, written byte by byte, to be damaged.
 *
 * The code it describes is never read: it begins IMAGE_CODE bytes after the
 * image.  Position-independent: all pointers are pcrel.
 */
#ifndef TESTS_UNWIND_IMAGE_H
#define TESTS_UNWIND_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#define IMAGE_MAX 512
#define IMAGE_CODE 4096

/* Offsets into the image. */
enum image_place {
	IMAGE_CIE = 0,
	IMAGE_CIE_VERSION = 8,
	IMAGE_CIE_LETTERS = 9, /* "zPLR" */
	IMAGE_CIE_DATA_ALIGN = 15,
	IMAGE_CIE_RA = 16,
	IMAGE_CIE_DATA_LENGTH = 17,
	IMAGE_CIE_P = 18,
	IMAGE_CIE_L = 23,
	IMAGE_CIE_R = 24,
	IMAGE_CIE_PROGRAM = 25, /* 7 bytes: the last two are DW_CFA_nop */
	IMAGE_FDE = 32,		/* 64 bytes of code, with an LSDA */
	IMAGE_FDE_CIE = 36,
	IMAGE_FDE_START = 40,
	IMAGE_FDE_SIZE = 44,
	IMAGE_FDE_DATA_LENGTH = 48,
	IMAGE_FDE_LSDA = 49,
	IMAGE_FDE_PROGRAM = 53, /* 35 bytes */
	IMAGE_SECOND = 88,	/* an FDE for the 32 bytes after those, without an LSDA */
	IMAGE_SECOND_START = 96,
	IMAGE_SECOND_LSDA = 105,
	IMAGE_TERMINATOR = 112,
	IMAGE_EH_FRAME_SIZE = 116,
	IMAGE_LSDA = 120,
	IMAGE_LSDA_TABLE_LENGTH = 123,
	IMAGE_LSDA_TABLE = 124, /* 3 call sites of 4 bytes */
	IMAGE_SIZE = 136,
};

struct image {
	uint8_t bytes[IMAGE_MAX] __attribute__((aligned(8)));
};

void image_build(struct image *image);

void image_u32(struct image *image, size_t at, uint32_t value);

/* Puts a program into the first FDE, filled up with DW_CFA_nop. */
void image_program(struct image *image, const uint8_t *program, size_t size);

#endif
