/* SPDX-License-Identifier: MIT */
/*
 * Each CFA instruction, each operation of an expression and each encoding of
 * a pointer, with results worked out by hand from DWARF 5 sections 2.5.1 and
 * 6.4.2 and LSB 5 section 10.5.
 */
#include <stdlib.h>
#include <string.h>

#include "both.h"
#include "image.h"
#include "tap.h"
#include "unwind/unwind.h"

#define STACK_WORDS 64
#define SP 16 /* index of the word that rsp points to */

static struct image image;
static struct unwind_entry entries[4];
static size_t n_entries;
static struct diag diag;
static uint64_t words[STACK_WORDS];
static struct unwind_stack stack;

static void start(void)
{
	image_build(&image);
	for (int i = 0; i < STACK_WORDS; i++)
		words[i] = 1000 + (uint64_t)i;
	stack = (struct unwind_stack){ (uintptr_t)words, (uintptr_t)(words + STACK_WORDS) };
}

static uint64_t word_at(int index)
{
	return (uintptr_t)&words[index];
}

static void index_image(void)
{
	uint64_t at = (uintptr_t)image.bytes;

	ck_assert_int_eq(unwind_index(image.bytes, IMAGE_EH_FRAME_SIZE, at, 0, UINT64_MAX, entries,
				      4, &n_entries, &diag),
			 0);
}

/* At `offset` into the first function: rsp at words[SP], rbp at words[32], rbx 3. */
static struct unwind_cursor cursor_at(uint64_t offset)
{
	struct unwind_cursor cursor = { .exact = true };

	cursor.registers[UNWIND_RIP] = (uintptr_t)image.bytes + IMAGE_CODE + offset;
	cursor.registers[UNWIND_RSP] = word_at(SP);
	cursor.registers[UNWIND_RBP] = word_at(32);
	cursor.registers[UNWIND_RBX] = 3;
	cursor.registers[UNWIND_R12] = 12;
	return cursor;
}

static struct unwind_cursor stepped(uint64_t offset)
{
	struct unwind_cursor cursor = cursor_at(offset);

	ck_assert_int_eq(step_both(&cursor, &entries[0], &stack), 0);
	return cursor;
}

static struct unwind_cursor run(const uint8_t *program, size_t size)
{
	image_program(&image, program, size);
	index_image();
	return stepped(63);
}

#define RUN(...) run((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

/* ---- rows -------------------------------------------------------------------- */

START_TEST(each_row_of_a_pushed_frame_pointer_finds_the_caller)
{
	struct unwind_cursor cursor;

	index_image();
	cursor = stepped(0);
	ck_assert_uint_eq(cursor.cfa, word_at(SP + 1));
	ck_assert_uint_eq(cursor.registers[UNWIND_RIP], 1000 + SP);
	ck_assert_uint_eq(cursor.registers[UNWIND_RBP], word_at(32));
	cursor = stepped(1);
	ck_assert_uint_eq(cursor.cfa, word_at(SP + 2));
	ck_assert_uint_eq(cursor.registers[UNWIND_RIP], 1000 + SP + 1);
	ck_assert_uint_eq(cursor.registers[UNWIND_RBP], 1000 + SP);
	cursor = stepped(43);
	ck_assert_uint_eq(cursor.cfa, word_at(34));
	ck_assert_uint_eq(cursor.registers[UNWIND_RIP], 1033);
	ck_assert_uint_eq(cursor.registers[UNWIND_RBP], 1032);
	cursor = stepped(44);
	ck_assert_uint_eq(cursor.cfa, word_at(SP + 1));
	ck_assert_uint_eq(cursor.registers[UNWIND_RBP], word_at(32));
	cursor = stepped(45);
	ck_assert_uint_eq(cursor.cfa, word_at(34));
	ck_assert(!cursor.exact);
	ck_assert_uint_eq(cursor.registers[UNWIND_RSP], cursor.cfa);
}
END_TEST

START_TEST(a_return_address_belongs_to_the_row_of_the_byte_before_it)
{
	struct unwind_cursor cursor = cursor_at(1);

	index_image();
	cursor.exact = false;
	ck_assert_int_eq(step_both(&cursor, &entries[0], &stack), 0);
	ck_assert_uint_eq(cursor.cfa, word_at(SP + 1));
}
END_TEST

START_TEST(instructions_that_define_the_cfa_do)
{
	ck_assert_uint_eq(RUN(0x0c, 6, 24).cfa, word_at(35));
	ck_assert_uint_eq(RUN(0x0d, 6).cfa, word_at(33));
	ck_assert_uint_eq(RUN(0x0e, 0x80, 1).cfa, word_at(SP + 16));
	ck_assert_uint_eq(RUN(0x12, 6, 0x7e).cfa, word_at(34));	    /* -2 * -8 */
	ck_assert_uint_eq(RUN(0x13, 0x7c).cfa, word_at(SP + 4));    /* -4 * -8 */
	ck_assert_uint_eq(RUN(0x0f, 2, 0x76, 16).cfa, word_at(34)); /* breg6 + 16 */
}
END_TEST

START_TEST(instructions_that_move_the_location_do)
{
	image_program(&image,
		      (uint8_t[]){ 0x02, 10, 0x0e, 16, 0x03, 10, 0, 0x0e, 24, 0x04, 10, 0, 0, 0,
				   0x0e, 32, 0x41, 0x0e, 40 },
		      19);
	index_image();
	ck_assert_uint_eq(stepped(9).cfa, word_at(SP + 1));
	ck_assert_uint_eq(stepped(10).cfa, word_at(SP + 2));
	ck_assert_uint_eq(stepped(19).cfa, word_at(SP + 2));
	ck_assert_uint_eq(stepped(20).cfa, word_at(SP + 3));
	ck_assert_uint_eq(stepped(30).cfa, word_at(SP + 4));
	ck_assert_uint_eq(stepped(31).cfa, word_at(SP + 5));
}
END_TEST

START_TEST(set_loc_moves_the_location_to_an_encoded_address)
{
	uint8_t program[] = { 0x01, 0, 0, 0, 0, 0x0e, 16 };

	image_program(&image, program, sizeof(program));
	image_u32(&image, IMAGE_FDE_PROGRAM + 1, IMAGE_CODE + 20 - (IMAGE_FDE_PROGRAM + 1));
	index_image();
	ck_assert_uint_eq(stepped(19).cfa, word_at(SP + 1));
	ck_assert_uint_eq(stepped(20).cfa, word_at(SP + 2));
}
END_TEST

#define RBX_AFTER(...) RUN(__VA_ARGS__).registers[UNWIND_RBX]

START_TEST(instructions_that_say_where_a_register_is_do)
{
	/* The CFA is word_at(SP + 1), rbx is 3, data alignment is -8. */
	ck_assert_uint_eq(RBX_AFTER(0x83, 2), 1000 + SP - 1);	      /* DW_CFA_offset */
	ck_assert_uint_eq(RBX_AFTER(0x05, 3, 2), 1000 + SP - 1);      /* offset_extended */
	ck_assert_uint_eq(RBX_AFTER(0x11, 3, 0x7e), 1000 + SP + 3);   /* offset_extended_sf -2 */
	ck_assert_uint_eq(RBX_AFTER(0x2f, 3, 2), 1000 + SP + 3);      /* GNU_negative_offset */
	ck_assert_uint_eq(RBX_AFTER(0x14, 3, 2), word_at(SP - 1));    /* val_offset */
	ck_assert_uint_eq(RBX_AFTER(0x15, 3, 0x7e), word_at(SP + 3)); /* val_offset_sf */
	ck_assert_uint_eq(RBX_AFTER(0x09, 3, 12), 12);		      /* register */
	ck_assert_uint_eq(RBX_AFTER(0x83, 2, 0x08, 3), 3);	      /* same_value */
	ck_assert_uint_eq(RBX_AFTER(0x83, 2, 0x07, 3), 3);	      /* undefined: as it was */
	ck_assert_uint_eq(RBX_AFTER(0x83, 2, 0xc3), 3);		      /* restore */
	ck_assert_uint_eq(RBX_AFTER(0x83, 2, 0x06, 3), 3);	      /* restore_extended */
	ck_assert_uint_eq(RBX_AFTER(0x10, 3, 2, 0x23, 8), 1000 + SP + 2); /* expression: CFA + 8 */
	ck_assert_uint_eq(RBX_AFTER(0x16, 3, 2, 0x23, 8), word_at(SP + 2)); /* val_expression */
	ck_assert_uint_eq(RBX_AFTER(0x83, 2, 0x0a, 0x83, 3, 0x0b), 1000 + SP - 1);
	ck_assert_uint_eq(RBX_AFTER(0x2e, 0x90, 1, 0x83, 2), 1000 + SP - 1); /* GNU_args_size */
	ck_assert_uint_eq(RBX_AFTER(0x00, 0x00, 0x83, 2), 1000 + SP - 1);
}
END_TEST

START_TEST(vector_registers_have_no_effect)
{
	ck_assert_uint_eq(RBX_AFTER(0x05, 17, 4, 0x9f, 1, 0x07, 40, 0x83, 2), 1000 + SP - 1);
	ck_assert_uint_eq(RBX_AFTER(0x10, 17, 1, 0x06, 0x83, 2), 1000 + SP - 1);
}
END_TEST

START_TEST(a_stack_pointer_that_is_saved_is_the_callers)
{
	struct unwind_cursor cursor = RUN(0x14, 7, 0x01); /* val_offset: CFA - 8 */

	ck_assert_uint_eq(cursor.cfa, word_at(SP + 1));
	ck_assert_uint_eq(cursor.registers[UNWIND_RSP], word_at(SP));
}
END_TEST

static int step_of(const uint8_t *program, size_t size)
{
	struct unwind_cursor cursor = cursor_at(63), before = cursor;
	int r;

	image_program(&image, program, size);
	index_image();
	r = step_both(&cursor, &entries[0], &stack);
	ck_assert_mem_eq(&cursor, &before, sizeof(cursor));
	return r;
}

#define STEP(...) \
	step_of((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

START_TEST(an_undefined_return_address_is_the_outermost_frame)
{
	ck_assert_int_eq(STEP(0x07, 16), UNWIND_E_END);
}
END_TEST

START_TEST(what_cannot_be_followed_is_truncated_and_leaves_the_cursor)
{
	ck_assert_int_eq(STEP(0x08, 16), UNWIND_E_TRUNCATED);	      /* return address: same */
	ck_assert_int_eq(STEP(0x0c, 3, 8), UNWIND_E_TRUNCATED);	      /* CFA is 11 */
	ck_assert_int_eq(STEP(0x0c, 6, 0x88, 2), UNWIND_E_TRUNCATED); /* one word past the end */
	ck_assert_int_eq(STEP(0x12, 7, 1), UNWIND_E_TRUNCATED);	      /* below rsp */
	/* Return address in rbx, CFA one word past the end. */
	ck_assert_int_eq(STEP(0x09, 16, 3, 0x0c, 6, 0x88, 2), UNWIND_E_TRUNCATED);
	ck_assert_int_eq(STEP(0x83, 18), UNWIND_E_TRUNCATED);		 /* below the stack */
	ck_assert_int_eq(STEP(0x11, 3, 0x51), UNWIND_E_TRUNCATED);	 /* above it: -47 */
	ck_assert_int_eq(STEP(0x0e, 9), UNWIND_E_TRUNCATED);		 /* not aligned */
	ck_assert_int_eq(STEP(0x0f, 2, 0x38, 0x06), UNWIND_E_TRUNCATED); /* [8] */
	ck_assert_int_eq(STEP(0x16, 3, 3, 0x33, 0x30, 0x1b), UNWIND_E_TRUNCATED); /* 3 / 0 */
	ck_assert_int_eq(STEP(0x16, 3, 3, 0x33, 0x30, 0x1d), UNWIND_E_TRUNCATED); /* 3 % 0 */
}
END_TEST

START_TEST(a_cfa_must_be_above_that_of_the_frame_before)
{
	struct unwind_cursor cursor = cursor_at(0), before;

	index_image();
	cursor.cfa = word_at(SP + 1);
	before = cursor;
	ck_assert_int_eq(step_both(&cursor, &entries[0], &stack), UNWIND_E_TRUNCATED);
	ck_assert_int_eq(step_both(&cursor, NULL, &stack), UNWIND_E_TRUNCATED);
	ck_assert_mem_eq(&cursor, &before, sizeof(cursor));
	cursor.cfa = word_at(SP);
	ck_assert_int_eq(step_both(&cursor, &entries[0], &stack), 0);
	cursor = before;
	cursor.cfa = word_at(SP);
	ck_assert_int_eq(step_both(&cursor, NULL, &stack), 0);
}
END_TEST

START_TEST(the_last_words_of_the_stack_can_be_read_and_the_next_cannot)
{
	ck_assert_uint_eq(RBX_AFTER(0x83, 17), 1000);	   /* the lowest word */
	ck_assert_uint_eq(RBX_AFTER(0x11, 3, 0x52), 1063); /* the highest: -46 */
	ck_assert_uint_eq(RUN(0x0c, 6, 0x80, 2).registers[UNWIND_RIP], 1063);
}
END_TEST

START_TEST(a_leaf_returns_to_the_word_at_the_stack_pointer)
{
	struct unwind_cursor cursor = cursor_at(0), before;

	ck_assert_int_eq(step_both(&cursor, NULL, &stack), 0);
	ck_assert_uint_eq(cursor.registers[UNWIND_RIP], 1000 + SP);
	ck_assert_uint_eq(cursor.registers[UNWIND_RSP], word_at(SP + 1));
	ck_assert_uint_eq(cursor.cfa, word_at(SP + 1));
	ck_assert(!cursor.exact);
	cursor.registers[UNWIND_RSP] = word_at(STACK_WORDS);
	before = cursor;
	ck_assert_int_eq(step_both(&cursor, NULL, &stack), UNWIND_E_TRUNCATED);
	ck_assert_mem_eq(&cursor, &before, sizeof(cursor));
}
END_TEST

START_TEST(the_caller_of_a_signal_frame_is_at_an_exact_address)
{
	index_image();
	ck_assert(!unwind_is_signal_frame(&entries[0]));
	ck_assert(!stepped(0).exact);
	image.bytes[IMAGE_CIE_LETTERS + 4] = 'S';
	/* The letters have taken the place of the alignments: those move up by one. */
	memmove(image.bytes + IMAGE_CIE_DATA_ALIGN, image.bytes + IMAGE_CIE_DATA_ALIGN - 1,
		IMAGE_FDE - IMAGE_CIE_DATA_ALIGN);
	image.bytes[IMAGE_CIE_LETTERS + 5] = 0;
	image.bytes[IMAGE_CIE_LETTERS + 6] = 1;
	index_image();
	ck_assert(unwind_is_signal_frame(&entries[0]));
	ck_assert(stepped(0).exact);
	ck_assert(!unwind_is_signal_frame(NULL));
}
END_TEST

/* ---- expressions -------------------------------------------------------------- */

struct expression {
	uint8_t bytes[16];
	size_t size;
	uint64_t value;
};

/* After DW_OP_drop of the CFA, which a val_expression begins with; rbx is 3, r12 12. */
static const struct expression expressions[] = {
	{ { 0x03, 1, 2, 3, 4, 5, 6, 7, 8 }, 9, 0x0807060504030201 },	/* addr */
	{ { 0x08, 0xff }, 2, 255 },					/* const1u */
	{ { 0x09, 0xff }, 2, UINT64_MAX },				/* const1s */
	{ { 0x0a, 0xfe, 0xff }, 3, 65534 },				/* const2u */
	{ { 0x0b, 0xfe, 0xff }, 3, -2ul },				/* const2s */
	{ { 0x0c, 0, 0, 0, 0x80 }, 5, 0x80000000 },			/* const4u */
	{ { 0x0d, 0, 0, 0, 0x80 }, 5, 0xffffffff80000000 },		/* const4s */
	{ { 0x0e, 1, 0, 0, 0, 0, 0, 0, 0x80 }, 9, 0x8000000000000001 }, /* const8u */
	{ { 0x0f, 1, 0, 0, 0, 0, 0, 0, 0x80 }, 9, 0x8000000000000001 }, /* const8s */
	{ { 0x10, 0xe5, 0x8e, 0x26 }, 4, 624485 },			/* constu, DWARF 5 fig. 5 */
	{ { 0x11, 0xff, 0x7e }, 3, -129ul },				/* consts, DWARF 5 fig. 6 */
	{ { 0x11, 0x80, 0x7f }, 3, -128ul },
	{ { 0x11, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f }, 11, 1ul << 63 },
	{ { 0x35, 0x12, 0x1e }, 3, 25 },	    /* 5 dup mul */
	{ { 0x35, 0x36, 0x13 }, 3, 5 },		    /* 5 6 drop */
	{ { 0x35, 0x36, 0x14, 0x1c }, 4, 1 },	    /* 5 6 over: 6 - 5 */
	{ { 0x35, 0x36, 0x37, 0x15, 2 }, 5, 5 },    /* 5 6 7 pick 2 */
	{ { 0x35, 0x36, 0x16, 0x1c }, 4, 1 },	    /* 5 6 swap minus */
	{ { 0x31, 0x32, 0x34, 0x17, 0x13 }, 5, 1 }, /* 1 2 4 rot drop: 4 1 */
	{ { 0x31, 0x32, 0x34, 0x17, 0x13, 0x13 }, 6, 4 },
	{ { 0x09, 0xfb, 0x19 }, 3, 5 }, /* abs -5 */
	{ { 0x35, 0x19 }, 2, 5 },
	{ { 0x36, 0x33, 0x1a }, 3, 2 },		 /* 6 and 3 */
	{ { 0x09, 0xf9, 0x32, 0x1b }, 4, -3ul }, /* -7 / 2, signed */
	{ { 0x35, 0x37, 0x1c }, 3, -2ul },	 /* 5 - 7 */
	{ { 0x37, 0x35, 0x1d }, 3, 2 },		 /* 7 mod 5 */
	{ { 0x37, 0x35, 0x1e }, 3, 35 },	 /* 7 * 5 */
	{ { 0x35, 0x1f }, 2, -5ul },		 /* neg */
	{ { 0x30, 0x20 }, 2, UINT64_MAX },	 /* not */
	{ { 0x34, 0x31, 0x21 }, 3, 5 },		 /* 4 or 1 */
	{ { 0x34, 0x31, 0x22 }, 3, 5 },		 /* 4 + 1 */
	{ { 0x34, 0x23, 0x80, 1 }, 4, 132 },	 /* plus_uconst 128 */
	{ { 0x31, 0x34, 0x24 }, 3, 16 },	 /* 1 shl 4 */
	{ { 0x31, 0x08, 64, 0x24 }, 4, 0 },
	{ { 0x09, 0x80, 0x34, 0x25 }, 4, 0x0ffffffffffffff8 }, /* -128 shr 4 */
	{ { 0x31, 0x08, 64, 0x25 }, 4, 0 },
	{ { 0x09, 0x80, 0x34, 0x26 }, 4, -8ul }, /* -128 shra 4 */
	{ { 0x09, 0x80, 0x08, 99, 0x26 }, 5, UINT64_MAX },
	{ { 0x36, 0x33, 0x27 }, 3, 5 }, /* 6 xor 3 */
	{ { 0x33, 0x33, 0x29 }, 3, 1 }, /* 3 eq 3 */
	{ { 0x33, 0x34, 0x29 }, 3, 0 },
	{ { 0x09, 0xff, 0x31, 0x2a }, 4, 0 }, /* -1 ge 1, signed */
	{ { 0x31, 0x31, 0x2a }, 3, 1 },
	{ { 0x31, 0x31, 0x2b }, 3, 0 }, /* 1 gt 1 */
	{ { 0x32, 0x31, 0x2b }, 3, 1 },
	{ { 0x31, 0x31, 0x2c }, 3, 1 }, /* 1 le 1 */
	{ { 0x32, 0x31, 0x2c }, 3, 0 },
	{ { 0x09, 0xff, 0x31, 0x2d }, 4, 1 }, /* -1 lt 1 */
	{ { 0x31, 0x31, 0x2d }, 3, 0 },
	{ { 0x31, 0x31, 0x2e }, 3, 0 }, /* 1 ne 1 */
	{ { 0x31, 0x32, 0x2e }, 3, 1 },
	{ { 0x4f, 0x96 }, 2, 31 },     /* lit31 nop */
	{ { 0x73, 0x7f }, 2, 2 },      /* breg3 - 1 */
	{ { 0x92, 12, 0x0a }, 3, 22 }, /* bregx 12 + 10 */
};

#define N_EXPRESSIONS (sizeof(expressions) / sizeof(expressions[0]))

START_TEST(an_operation_gives_what_dwarf_says)
{
	const struct expression *expression = &expressions[_i];
	uint8_t program[32] = { 0x16, 3, (uint8_t)(expression->size + 1), 0x13 };

	memcpy(program + 4, expression->bytes, expression->size);
	ck_assert_uint_eq(run(program, expression->size + 4).registers[UNWIND_RBX],
			  expression->value);
}
END_TEST

START_TEST(a_word_of_the_stack_can_be_read_by_an_expression)
{
	/* drop; breg7 + 16; deref */
	ck_assert_uint_eq(RBX_AFTER(0x16, 3, 4, 0x13, 0x77, 16, 0x06), 1000 + SP + 2);
}
END_TEST

/* ---- encodings ------------------------------------------------------------------ */

/* An FDE whose addresses are absolute: CIE "zR", encoding, FDE start and size by format. */
static void check_encoding(uint8_t encoding, size_t width)
{
	uint8_t bytes[128] __attribute__((aligned(8))) = {
		20, 0,	  0,  0, 0,	   0,	 0, 0, 1,    'z', 'R', 0,
		1,  0x78, 16, 1, encoding, 0x0c, 7, 8, 0x90, 1,	  0,   0,
	};
	uint64_t value = 0x1234, size = 0x10, at = (uintptr_t)bytes;

	bytes[24] = (uint8_t)(4 + 2 * width + 1);
	bytes[28] = 28;
	memcpy(bytes + 32, &value, width);
	memcpy(bytes + 32 + width, &size, width);
	ck_assert_int_eq(unwind_index(bytes, 28 + 4 + 2 * width + 1, at, 0, 0, entries, 4,
				      &n_entries, &diag),
			 0);
	ck_assert_uint_eq(n_entries, 1);
	ck_assert_uint_eq(entries[0].start, 0x1234 + (encoding & 0x10 ? at + 32 : 0));
	ck_assert_uint_eq(entries[0].size, 0x10);
}

START_TEST(every_encoding_of_code_addresses_is_read)
{
	static const struct {
		uint8_t format;
		size_t width;
	} formats[] = { { 0x00, 8 }, { 0x02, 2 }, { 0x03, 4 }, { 0x04, 8 },
			{ 0x0a, 2 }, { 0x0b, 4 }, { 0x0c, 8 } };

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		check_encoding(formats[i].format, formats[i].width);
		check_encoding(formats[i].format | 0x10, formats[i].width);
	}
}
END_TEST

/* ---- landing pads ----------------------------------------------------------------- */

static uint64_t pad_at(uint64_t offset, bool exact)
{
	struct unwind_cursor cursor = cursor_at(offset);
	uint64_t pad = 1;

	cursor.exact = exact;
	ck_assert_int_eq(unwind_landing_pad(&cursor, &entries[0], &pad), 0);
	return pad ? pad - entries[0].start : 0;
}

START_TEST(an_address_has_the_landing_pad_of_its_call_site)
{
	index_image();
	ck_assert_uint_eq(pad_at(0, true), 0);
	ck_assert_uint_eq(pad_at(15, true), 0);
	ck_assert_uint_eq(pad_at(16, true), 48);
	ck_assert_uint_eq(pad_at(16, false), 0);
	ck_assert_uint_eq(pad_at(23, true), 48);
	ck_assert_uint_eq(pad_at(24, true), 0);
	ck_assert_uint_eq(pad_at(24, false), 48);
	ck_assert_uint_eq(pad_at(31, true), 0);
	ck_assert_uint_eq(pad_at(32, true), 80);
	ck_assert_uint_eq(pad_at(36, true), 0);
	ck_assert_uint_eq(pad_at(63, true), 0);
	ck_assert_uint_eq(pad_at(64, true), 0);
}
END_TEST

START_TEST(landing_pads_are_relative_to_lpstart_when_there_is_one)
{
	static const uint8_t lsda[] = { 0x03, 0x00, 0x10, 0, 0, 0x9b, 5,    0x03, 13, 16, 0,
					0,    0,    8,	  0, 0, 0,    0x48, 0,	  0,  0,  0 };
	uint64_t start;

	memcpy(image.bytes + IMAGE_LSDA, lsda, sizeof(lsda));
	index_image();
	start = entries[0].start;
	ck_assert_uint_eq(pad_at(15, true), 0);
	ck_assert_uint_eq(pad_at(16, true), 0x1048 - start);
	ck_assert_uint_eq(pad_at(23, true), 0x1048 - start);
	ck_assert_uint_eq(pad_at(24, true), 0);
}
END_TEST

START_TEST(a_frame_without_tables_or_lsda_has_no_landing_pad)
{
	struct unwind_cursor cursor = cursor_at(70);
	uint64_t pad = 1;

	index_image();
	ck_assert_int_eq(unwind_landing_pad(&cursor, &entries[1], &pad), 0);
	ck_assert_uint_eq(pad, 0);
	pad = 1;
	ck_assert_int_eq(unwind_landing_pad(&cursor, NULL, &pad), 0);
	ck_assert_uint_eq(pad, 0);
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("rows");
	TCase *rows = tcase_create("rows");

	tcase_add_checked_fixture(rows, start, NULL);
	tcase_add_test(rows, each_row_of_a_pushed_frame_pointer_finds_the_caller);
	tcase_add_test(rows, a_return_address_belongs_to_the_row_of_the_byte_before_it);
	tcase_add_test(rows, instructions_that_define_the_cfa_do);
	tcase_add_test(rows, instructions_that_move_the_location_do);
	tcase_add_test(rows, set_loc_moves_the_location_to_an_encoded_address);
	tcase_add_test(rows, instructions_that_say_where_a_register_is_do);
	tcase_add_test(rows, vector_registers_have_no_effect);
	tcase_add_test(rows, a_stack_pointer_that_is_saved_is_the_callers);
	tcase_add_test(rows, an_undefined_return_address_is_the_outermost_frame);
	tcase_add_test(rows, what_cannot_be_followed_is_truncated_and_leaves_the_cursor);
	tcase_add_test(rows, a_cfa_must_be_above_that_of_the_frame_before);
	tcase_add_test(rows, the_last_words_of_the_stack_can_be_read_and_the_next_cannot);
	tcase_add_test(rows, a_leaf_returns_to_the_word_at_the_stack_pointer);
	tcase_add_test(rows, the_caller_of_a_signal_frame_is_at_an_exact_address);
	tcase_add_loop_test(rows, an_operation_gives_what_dwarf_says, 0, N_EXPRESSIONS);
	tcase_add_test(rows, a_word_of_the_stack_can_be_read_by_an_expression);
	tcase_add_test(rows, every_encoding_of_code_addresses_is_read);
	tcase_add_test(rows, an_address_has_the_landing_pad_of_its_call_site);
	tcase_add_test(rows, landing_pads_are_relative_to_lpstart_when_there_is_one);
	tcase_add_test(rows, a_frame_without_tables_or_lsda_has_no_landing_pad);
	suite_add_tcase(suite, rows);
	return suite;
}

int main(void)
{
	return tap_run(make_suite());
}
