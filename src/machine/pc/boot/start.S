/* SPDX-License-Identifier: MIT */
/*
 * From the boot loader to C: headers, 32-bit entry, long mode.
 *
 * Both loaders enter in 32-bit protected mode without paging: PVH with the
 * start info in ebx (Xen's x86/HVM direct boot ABI), multiboot2 with its magic
 * in eax and the boot information in ebx (Multiboot2 1.6, 3.3).  Page tables
 * here map the first 4 GiB of physical memory, writable and executable, at 0,
 * at PC_WINDOW and at PC_ALIAS; they go with the rest of the boot code.
 */
#include "machine/pc/layout.h"

#define MULTIBOOT2_MAGIC 0xe85250d6
#define MULTIBOOT2_LOADED 0x36d76289
#define MULTIBOOT2_ENTRY_ADDRESS 3
#define MULTIBOOT2_MODULE_ALIGN 6
#define XEN_ELFNOTE_PHYS32_ENTRY 18

#define CR0_PE_WP_PG 0x80010001
#define CR4_PAE 0x20
#define MSR_EFER 0xc0000080
#define EFER_LME_NXE 0x900
#define CPUID_NX 20
#define CPUID_LM 29
#define PAGE_P_RW 3
#define PAGE_P_RW_PS 0x83

#define COM1 0x3f8
#define LSR_THRE 0x20
#define STACK_SIZE 32768

	.section .note.pvh, "a", @note
	.balign	4
	.long	4, 8, XEN_ELFNOTE_PHYS32_ENTRY
	.asciz	"Xen"
	.quad	boot_pa_pvh

	.section .head, "a", @progbits
	.balign	8
1:	.long	MULTIBOOT2_MAGIC, 0, 2f - 1b, -(MULTIBOOT2_MAGIC + (2f - 1b))
	.balign	8
	.short	MULTIBOOT2_ENTRY_ADDRESS, 0
	.long	12, boot_pa_multiboot2
	.balign	8
	.short	MULTIBOOT2_MODULE_ALIGN, 0
	.long	8
	.balign	8
	.short	0, 0
	.long	8
2:

	.text
	.code32
	.globl	boot_start_pvh, boot_start_multiboot2, boot_start_long
boot_start_pvh:
	xor	%ebp, %ebp
	jmp	boot_start

boot_start_multiboot2:
	mov	$1, %ebp
	mov	$boot_pa_text_no_loader, %esi
	cmp	$MULTIBOOT2_LOADED, %eax
	jne	boot_refuse

/* ebp: loader, 0 PVH, 1 multiboot2; ebx: its information. */
boot_start:
	cli
	cld
	mov	$boot_pa_stack, %esp
	mov	%ebx, %edi
	mov	$boot_pa_text_no_cpu, %esi
	mov	$0x80000000, %eax
	cpuid
	cmp	$0x80000001, %eax
	jb	boot_refuse
	mov	$0x80000001, %eax
	cpuid
	bt	$CPUID_LM, %edx
	jnc	boot_refuse
	bt	$CPUID_NX, %edx
	jnc	boot_refuse

	/* Four directories of 2 MiB pages, one table of directories for all three places. */
	mov	$PAGE_P_RW_PS, %eax
	xor	%ecx, %ecx
1:	mov	%eax, boot_pa_directories(,%ecx,8)
	add	$0x200000, %eax
	inc	%ecx
	cmp	$2048, %ecx
	jne	1b
	mov	$boot_pa_directories + PAGE_P_RW, %eax
	xor	%ecx, %ecx
1:	mov	%eax, boot_pa_pdpt(,%ecx,8)
	add	$4096, %eax
	inc	%ecx
	cmp	$4, %ecx
	jne	1b
	mov	$boot_pa_pdpt + PAGE_P_RW, %eax
	mov	%eax, boot_pa_pml4
	mov	%eax, boot_pa_pml4 + 8 * PC_WINDOW_SLOT
	mov	%eax, boot_pa_pml4 + 8 * PC_ALIAS_SLOT

	mov	$boot_pa_pml4, %eax
	mov	%eax, %cr3
	mov	$CR4_PAE, %eax		/* and no five levels of tables, which firmware may leave */
	mov	%eax, %cr4
	mov	$MSR_EFER, %ecx
	rdmsr
	or	$EFER_LME_NXE, %eax
	wrmsr
	mov	%cr0, %eax
	or	$CR0_PE_WP_PG, %eax
	mov	%eax, %cr0
	lgdt	boot_pa_gdt_pointer
	ljmp	$PC_CODE, $boot_pa_long

/* Says the text at esi on COM1 and on the screen, tries QEMU's exit, and stops. */
boot_refuse:
	mov	$0xb8000, %edi
1:	lodsb
	test	%al, %al
	jz	3f
	mov	%al, %bl
	mov	$0x10000, %ecx
	mov	$COM1 + 5, %edx
2:	in	%dx, %al
	test	$LSR_THRE, %al
	loopz	2b
	mov	$COM1, %edx
	mov	%bl, %al
	out	%al, %dx
	mov	$0x07, %ah
	stosw
	jmp	1b
3:	mov	$PC_DEBUG_EXIT_BASE + 3, %al
	out	%al, $PC_PORT_DEBUG_EXIT
4:	hlt
	jmp	4b

	.code64
boot_start_long:
	movabs	$1f, %rax
	jmp	*%rax
1:	mov	$PC_DATA, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	xor	%eax, %eax
	mov	%eax, %fs
	mov	%eax, %gs
	lea	boot_stack_end(%rip), %rsp
	mov	%edi, %esi
	mov	%ebp, %edi
	xor	%ebp, %ebp
	call	boot_main
	ud2

	.section .rodata
boot_gdt:
	.quad	0, 0x00af9b000000ffff, 0x00cf93000000ffff
boot_gdt_pointer:
	.short	boot_gdt_pointer - boot_gdt - 1
	.long	boot_pa_gdt
boot_text_no_cpu:
	.asciz	"clew: expected a 64-bit CPU with no-execute pages, found none\r\n"
boot_text_no_loader:
	.asciz	"clew: expected to be started by PVH or multiboot2, found another loader\r\n"

	.bss
	.balign	4096
	.globl	boot_pml4, boot_pdpt, boot_directories, boot_stack_end
boot_pml4:
	.zero	4096
boot_pdpt:
	.zero	4096
boot_directories:
	.zero	4 * 4096
	.zero	STACK_SIZE
boot_stack_end:
	.globl	boot_gdt, boot_gdt_pointer, boot_text_no_cpu, boot_text_no_loader
	.section .note.GNU-stack, "", @progbits
