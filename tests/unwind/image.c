/* SPDX-License-Identifier: MIT */
/* A small .eh_frame with its LSDAs, see image.h.  LSB 5 section 10.6.1 gives the fields. */
#include "image.h"

#include <string.h>

static const uint8_t cie[] = {
	28,   0,    0,	 0,	 /* length */
	0,    0,    0,	 0,	 /* CIE */
	1,			 /* version */
	'z',  'P',  'L', 'R', 0, /* augmentation */
	1,    0x78, 16,		 /* code alignment 1, data alignment -8, return address */
	7,			 /* augmentation data: */
	0x1b, 0,    0,	 0,   0, /* personality, pcrel sdata4 */
	0x1b, 0x1b,		 /* LSDA and code addresses, pcrel sdata4 */
	0x0c, 7,    8,		 /* DW_CFA_def_cfa rsp 8 */
	0x90, 1,		 /* DW_CFA_offset rip -8 */
	0,    0,		 /* DW_CFA_nop */
};

static const uint8_t fde[] = {
	52,   0,    0,	  0,	IMAGE_FDE_CIE,
	0,    0,    0, /* length, distance to the CIE */
	0,    0,    0,	  0,	64,
	0,    0,    0,		   /* start, size */
	4,    0,    0,	  0,	0, /* LSDA */
	0x41, 0x0e, 16,	  0x86, 2, /* push rbp: CFA = rsp + 16, rbp at CFA - 16 */
	0x43, 0x0d, 6,		   /* mov rsp, rbp */
	0x02, 40,   0x0a, 0x0c, 7,
	8,    0xc6, /* remember; leave: CFA = rsp + 8, rbp restored */
	0x41, 0x0b, /* ret; restore the remembered state */
};

static const uint8_t second[] = {
	20, 0, 0, 0, IMAGE_SECOND + 4, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0, 0, 4, 0, 0, 0, 0,
};

static const uint8_t lsda[] = {
	0xff, 0xff, 0x01, 12, /* LPStart and types omitted, uleb128, bytes of the table */
	0,    16,   0,	  0,  /* [0, 16): no landing pad */
	16,   8,    48,	  0,  /* [16, 24): at 48 */
	32,   4,    80,	  0,  /* [32, 36): at 80, in the second function */
};

void image_u32(struct image *image, size_t at, uint32_t value)
{
	memcpy(image->bytes + at, &value, sizeof(value));
}

void image_build(struct image *image)
{
	memset(image, 0, sizeof(*image));
	memcpy(image->bytes, cie, sizeof(cie));
	memcpy(image->bytes + IMAGE_FDE, fde, sizeof(fde));
	memcpy(image->bytes + IMAGE_SECOND, second, sizeof(second));
	memcpy(image->bytes + IMAGE_LSDA, lsda, sizeof(lsda));
	image_u32(image, IMAGE_FDE_START, IMAGE_CODE - IMAGE_FDE_START);
	image_u32(image, IMAGE_FDE_LSDA, IMAGE_LSDA - IMAGE_FDE_LSDA);
	image_u32(image, IMAGE_SECOND_START, IMAGE_CODE + 64 - IMAGE_SECOND_START);
}

void image_program(struct image *image, const uint8_t *program, size_t size)
{
	memset(image->bytes + IMAGE_FDE_PROGRAM, 0, IMAGE_SECOND - IMAGE_FDE_PROGRAM);
	if (size > 0)
		memcpy(image->bytes + IMAGE_FDE_PROGRAM, program, size);
}
