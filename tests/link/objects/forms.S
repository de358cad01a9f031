/* SPDX-License-Identifier: MIT */
/*
 * Every instruction form in which a symbol may be used.  What the linker has
 * to make of it is in the symbol's name, so that test_forms.c needs no table:
 *
 *	call_*		undefined: a call slot and nothing else
 *	address_*	undefined: an address slot and nothing else
 *	both_*		undefined: both
 *	stub_*		undefined: a stub, and the call slot that it jumps through
 *	word_*		undefined: a word, no slot
 *	direct_*	undefined: its address within an instruction, no slot
 *	taken_*		own function whose address is taken
 *	raw_*		own function that is only called, or nearly named
 *
 * The absolute symbol own_addresses counts the places that take an address of
 * an own function, n_words the words of undefined symbols.
 */
	.set	own_addresses, 0
	.set	n_words, 0

	.macro	take instruction:vararg
	\instruction
	.set	own_addresses, own_addresses + 1
	.endm

	.macro	function name
	.type	\name, @function
\name:
	nop
	nop
	.size	\name, . - \name
	.endm

/* ---- another cell's symbols, through the GOT -------------------------------- */

	.section .text.others, "ax", @progbits
	.globl	others
	.type	others, @function
others:
	call	*call_call@GOTPCREL(%rip)
	jmp	*call_jmp@GOTPCREL(%rip)
	.byte	0x3e /* notrack */
	jmp	*call_notrack@GOTPCREL(%rip)
	.byte	0x67 /* a prefix that pads, as ld writes it */
	call	*call_prefixed@GOTPCREL(%rip)

	mov	address_mov@GOTPCREL(%rip), %rax
	mov	address_mov_r8@GOTPCREL(%rip), %r8
	mov	address_mov_32@GOTPCREL(%rip), %ecx
	lea	address_lea@GOTPCREL(%rip), %rax
	cmp	address_cmp@GOTPCREL(%rip), %rbx
	cmp	%rbx, address_cmp_to@GOTPCREL(%rip)
	sub	address_sub@GOTPCREL(%rip), %rdx
	add	address_add@GOTPCREL(%rip), %rdx
	test	%rax, address_test@GOTPCREL(%rip)
	push	address_push@GOTPCREL(%rip)
	movq	address_movq@GOTPCREL(%rip), %xmm0
	movhps	address_movhps@GOTPCREL(%rip), %xmm1
	vmovq	address_vmovq@GOTPCREL(%rip), %xmm2
	cmove	address_cmov@GOTPCREL(%rip), %rsi
	xchg	address_xchg@GOTPCREL(%rip), %rsi
	incq	address_inc@GOTPCREL(%rip) /* ff /0 */
	lcall	*address_far_call@GOTPCREL(%rip) /* ff /3 */
	ljmp	*address_far_jmp@GOTPCREL(%rip) /* ff /5 */

	call	*both_call_and_mov@GOTPCREL(%rip)
	mov	both_call_and_mov@GOTPCREL(%rip), %rax
	jmp	*both_jmp_and_push@GOTPCREL(%rip)
	push	both_jmp_and_push@GOTPCREL(%rip)
	call	*both_call_and_word@GOTPCREL(%rip)
	ret
	.size	others, . - others

/* ---- another cell's symbols, as a foreign object refers to them --------------- */

	.section .text.foreign, "ax", @progbits
	.globl	foreign
	.type	foreign, @function
foreign:
	call	stub_call@PLT
	jmp	stub_jmp@PLT
	call	stub_call_pc32
	je	stub_je
	jge	stub_jge
	lea	stub_plt_lea@PLT(%rip), %rax
	lea	direct_lea(%rip), %rax
	mov	direct_mov(%rip), %rax
	mov	$direct_immediate, %eax
	movabs	$direct_movabs, %rax
	ret
	.size	foreign, . - foreign

	.section .data.rel.ro.words, "aw", @progbits
	.balign	8
	.quad	word_plain
	.quad	word_added + 24
	.quad	both_call_and_word
	.set	n_words, n_words + 3
	.quad	direct_relative - .

/* ---- own functions -------------------------------------------------------------- */

	.section .text.several, "ax", @progbits
	function raw_first
	function taken_static
	.globl	taken_global
	function taken_global
	.hidden	taken_hidden
	.globl	taken_hidden
	function taken_hidden
	function raw_called
	function raw_jumped
	function raw_middle
	function raw_read
	function raw_label_table
	function taken_word
	/* Two names for one place. */
	.type	other_name, @function
other_name:
	.globl	taken_twice
	function taken_twice

	/* A section of its own, so that the relocation is against the section's start. */
	.section .text.alone, "ax", @progbits
	function taken_alone

	.section .text.alone_raw, "ax", @progbits
	function raw_alone

	.section .text.unlikely.part, "ax", @progbits
	function raw_cold

	.section .text.self, "ax", @progbits
	.type	taken_self, @function
taken_self:
	nop
	.size	taken_self, . - taken_self

	.section .text.takes, "ax", @progbits
	.globl	takes
	.type	takes, @function
takes:
	.irp	register, rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, \
		r8, r9, r10, r11, r12, r13, r14, r15
	take	lea taken_static(%rip), %\register
	take	lea taken_alone(%rip), %\register
	.endr
	take	lea taken_global(%rip), %eax
	take	lea taken_hidden(%rip), %rax
	take	lea taken_self(%rip), %rax
	take	lea other_name(%rip), %rax
	ret
	.size	takes, . - takes

	.section .data.rel.ro.table, "aw", @progbits
	.balign	8
	take	.quad taken_word
	take	.quad taken_static

/* ---- near misses -------------------------------------------------------------------- */

	.section .text.misses, "ax", @progbits
	.globl	misses
	.type	misses, @function
misses:
	call	raw_called
	jmp	raw_jumped
	.irp	condition, o, no, b, ae, e, ne, be, a, s, ns, p, np, l, ge, le, g
	j\condition raw_jumped
	j\condition raw_cold
	.endr
	call	raw_alone
	jge	raw_alone /* 0f 8d: its second byte is lea's opcode */
	lea	raw_middle+1(%rip), %rax
	lea	raw_middle-1(%rip), %rax
	mov	raw_read(%rip), %rax
	cmpl	$0, raw_read(%rip)
	movl	$1, raw_read(%rip)
	lea	misses_label(%rip), %rax
	lea	misses_jump_table(%rip), %rcx
misses_label:
	ret
	.size	misses, . - misses

	.section .rodata.misses, "a", @progbits
	.balign	8
misses_jump_table:
	.long	misses_label - misses_jump_table
	.long	raw_label_table - misses_jump_table
	.quad	misses_label
	.quad	raw_middle + 1
	.quad	raw_label_table - .

	/* Tables that speak of code do not take its address. */
	.section .gcc_except_table.misses, "a", @progbits
	.balign	8
	.quad	raw_read
	.section .note.GNU-stack, "", @progbits
