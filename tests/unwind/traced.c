/* SPDX-License-Identifier: MIT */
/* A stepped `clew run --debug`, see traced.h. */
#define _GNU_SOURCE
#include "traced.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file.h"

#define WINDOW 0x200000000000ul
#define WINDOW_SIZE (4ul << 30) /* of which little is ever copied */
#define STACK_SIZE (64ul << 10)
#define PAGE 4096ul

static _Noreturn void give_up(const char *what)
{
	printf("Bail out! %s\n", what);
	exit(99);
}

/* How many bytes could be read. */
static size_t peek(const struct traced *traced, uint64_t address, void *ret, size_t size)
{
	struct iovec here = { ret, size }, there = { (void *)address, size };
	ssize_t n = process_vm_readv(traced->pid, &here, 1, &there, 1, 0);

	return n < 0 ? 0 : (size_t)n;
}

static uint64_t peek_word(const struct traced *traced, uint64_t address)
{
	uint64_t word;

	if (peek(traced, address, &word, sizeof(word)) != sizeof(word))
		give_up("a word of the child cannot be read");
	return word;
}

/* ---- the child ------------------------------------------------------------------- */

static void find_symbols(struct traced *traced, const char *path)
{
	size_t size;
	unsigned char *bytes = file_read(path, &size);
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)bytes;
	const Elf64_Shdr *sections;

	if (!bytes)
		give_up("clew cannot be read");
	sections = (const Elf64_Shdr *)(bytes + header->e_shoff);
	for (int i = 0; i < header->e_shnum; i++) {
		const Elf64_Sym *symbols = (const Elf64_Sym *)(bytes + sections[i].sh_offset);
		const char *names;

		if (sections[i].sh_type != SHT_SYMTAB)
			continue;
		names = (const char *)bytes + sections[sections[i].sh_link].sh_offset;
		for (size_t k = 0; k < sections[i].sh_size / sizeof(*symbols); k++) {
			const char *name = names + symbols[k].st_name;

			if (strcmp(name, "__jit_debug_descriptor") == 0)
				traced->descriptor = symbols[k].st_value;
		}
	}
	free(bytes);
	if (!traced->descriptor)
		give_up("clew has no __jit_debug_descriptor");
}

/* Where the child's executable begins: its first mapping. */
static uint64_t load_base(int pid)
{
	unsigned long base = 0;
	char path[64];
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "r");
	if (!maps || fscanf(maps, "%lx", &base) != 1)
		give_up("the child's mappings cannot be read");
	fclose(maps);
	return base;
}

static _Noreturn void become(const char *clew, const char *cells, const char *script)
{
	int null = open("/dev/null", O_RDWR);

	dup2(null, 0);
	dup2(null, 1);
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
		_exit(126);
	execl(clew, clew, "run", "--debug", "--seed", "1", "--cells", cells, "-c", script, NULL);
	_exit(127);
}

static void read_registers(struct traced *traced)
{
	struct user_regs_struct r;

	if (ptrace(PTRACE_GETREGS, traced->pid, NULL, &r) != 0)
		give_up("the child's registers cannot be read");
	memcpy(traced->registers,
	       (const uint64_t[UNWIND_REGISTERS]){ [UNWIND_RAX] = r.rax,
						   [UNWIND_RDX] = r.rdx,
						   [UNWIND_RCX] = r.rcx,
						   [UNWIND_RBX] = r.rbx,
						   [UNWIND_RSI] = r.rsi,
						   [UNWIND_RDI] = r.rdi,
						   [UNWIND_RBP] = r.rbp,
						   [UNWIND_RSP] = r.rsp,
						   [UNWIND_R8] = r.r8,
						   [UNWIND_R9] = r.r9,
						   [UNWIND_R10] = r.r10,
						   [UNWIND_R11] = r.r11,
						   [UNWIND_R12] = r.r12,
						   [UNWIND_R13] = r.r13,
						   [UNWIND_R14] = r.r14,
						   [UNWIND_R15] = r.r15,
						   [UNWIND_RIP] = r.rip },
	       sizeof(traced->registers));
}

static void wait_for(struct traced *traced)
{
	int status;

	if (waitpid(traced->pid, &status, 0) != traced->pid)
		give_up("the child is gone");
	traced->signal = 0;
	traced->at_system_call = false;
	traced->ended = !WIFSTOPPED(status);
	traced->status = status;
	if (traced->ended)
		return;
	if (WSTOPSIG(status) == (SIGTRAP | 0x80))
		traced->at_system_call = true;
	else if (WSTOPSIG(status) != SIGTRAP)
		traced->signal = WSTOPSIG(status);
	read_registers(traced);
}

bool traced_start(struct traced *traced, const char *clew, const char *cells, const char *script)
{
	static bool reserved;
	if (!reserved && mmap((void *)WINDOW, WINDOW_SIZE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1,
			      0) == MAP_FAILED)
		give_up("the window's addresses are taken");
	reserved = true;
	*traced = (struct traced){ .ended = false };
	find_symbols(traced, clew);
	fflush(stdout);
	traced->pid = fork();
	if (traced->pid == 0)
		become(clew, cells, script);
	wait_for(traced);
	if (traced->ended)
		return false;
	ptrace(PTRACE_SETOPTIONS, traced->pid, NULL, PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD);
	traced->descriptor += load_base(traced->pid);
	return true;
}

static void go_on(struct traced *traced, int request)
{
	if (ptrace(request, traced->pid, NULL, (void *)(intptr_t)traced->signal) != 0)
		give_up("the child cannot go on");
	wait_for(traced);
}

void traced_step(struct traced *traced)
{
	go_on(traced, PTRACE_SINGLESTEP);
}

void traced_go_on(struct traced *traced)
{
	go_on(traced, PTRACE_SYSCALL);
}

bool traced_break(struct traced *traced, const uint64_t addresses[TRACED_BREAKPOINTS])
{
	/* Intel SDM volume 3, 18.2.4: bit 2 * i of DR7 enables DRi, for an instruction. */
	size_t dr0 = offsetof(struct user, u_debugreg), dr7 = dr0 + 7 * 8;
	uint64_t enabled = 0;

	for (size_t i = 0; i < TRACED_BREAKPOINTS; i++) {
		if (addresses[i] == 0)
			continue;
		if (ptrace(PTRACE_POKEUSER, traced->pid, (void *)(dr0 + 8 * i),
			   (void *)addresses[i]) != 0)
			return false;
		enabled |= 1ul << 2 * i;
	}
	return ptrace(PTRACE_POKEUSER, traced->pid, (void *)dr7, (void *)enabled) == 0;
}

static void forget_cells(struct traced *traced)
{
	for (size_t i = 0; i < traced->n_cells; i++) {
		if (traced->cells[i].eh_frame)
			witness_libgcc_remove(traced->cells[i].eh_frame);
		free((void *)(uintptr_t)traced->tables[i].entries);
	}
	traced->n_cells = 0;
}

void traced_finish(struct traced *traced)
{
	while (!traced->ended)
		go_on(traced, PTRACE_CONT);
	forget_cells(traced);
}

/* ---- its cells ------------------------------------------------------------------- */

/* Constants and text to where they are in the child, and where its tables are. */
static void read_image(const struct traced *traced, uint64_t image, uint64_t size,
		       struct traced_cell *ret, struct witness_tables *ret_tables)
{
	struct traced_cell cell = { .text = UINT64_MAX, .image = image };
	uint8_t *bytes = malloc(size);
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)bytes;
	const Elf64_Shdr *sections;
	const char *names;

	if (!bytes || peek(traced, image, bytes, size) != size)
		give_up("the image of a cell cannot be read");
	sections = (const Elf64_Shdr *)(bytes + header->e_shoff);
	names = (const char *)bytes + sections[header->e_shstrndx].sh_offset;
	for (int i = 1; i < header->e_shnum; i++) {
		const Elf64_Shdr *section = &sections[i];

		if (!(section->sh_flags & SHF_ALLOC) || section->sh_size == 0 ||
		    (section->sh_flags & SHF_WRITE))
			continue;
		if (section->sh_addr < WINDOW ||
		    section->sh_addr + section->sh_size > WINDOW + WINDOW_SIZE ||
		    peek(traced, section->sh_addr, (void *)section->sh_addr, section->sh_size) !=
			    section->sh_size)
			give_up("a section of a cell cannot be read");
		if (section->sh_flags & SHF_EXECINSTR) {
			cell.text = section->sh_addr < cell.text ? section->sh_addr : cell.text;
			if (section->sh_addr + section->sh_size > cell.text_end)
				cell.text_end = section->sh_addr + section->sh_size;
		}
		if (strcmp(names + section->sh_name, ".eh_frame") == 0) {
			cell.eh_frame = (uint8_t *)section->sh_addr;
			cell.eh_frame_size = section->sh_size;
		}
	}
	free(bytes);
	*ret = cell;
	*ret_tables = (struct witness_tables){ .eh_frame = cell.eh_frame };
}

static void index_cell(const struct traced_cell *cell, struct witness_tables *tables)
{
	struct diag diag = { .offset = 0 };
	struct unwind_entry *entries;
	size_t n = cell->eh_frame_size / 8;

	if (!cell->eh_frame)
		return;
	entries = calloc(n + 1, sizeof(*entries));
	if (unwind_index(cell->eh_frame, cell->eh_frame_size, (uintptr_t)cell->eh_frame, WINDOW,
			 WINDOW + WINDOW_SIZE, entries, n, &tables->n_entries, &diag) != 0)
		give_up(diag.what);
	tables->entries = entries;
	tables->low = WINDOW;
	tables->high = WINDOW + WINDOW_SIZE;
}

/*
 * libgcc reads tables up to a zero word, once, when it is first asked after them; what
 * follows the tables is put back then.
 */
static void tell_libgcc(struct traced_cell *cells, size_t count)
{
	uint64_t nowhere[UNWIND_REGISTERS] = {
		[UNWIND_RIP] = (uintptr_t)cells, [UNWIND_RSP] = (uintptr_t)cells
	};
	struct witness_function function;
	struct witness_frame frame;

	for (size_t i = 0; i < count; i++) {
		uint8_t *end = cells[i].eh_frame + cells[i].eh_frame_size;

		if (!cells[i].eh_frame)
			continue;
		memcpy(&cells[i].behind, end, 4);
		memset(end, 0, 4);
		witness_libgcc_add(cells[i].eh_frame);
	}
	(void)witness_libgcc_trace(nowhere, &frame, 1, &function);
	for (size_t i = 0; i < count; i++) {
		if (cells[i].eh_frame)
			memcpy(cells[i].eh_frame + cells[i].eh_frame_size, &cells[i].behind, 4);
	}
}

/* gdb's manual, JIT Compilation Interface: what is at these offsets. */
enum {
	DESCRIPTOR_FIRST = 16,
	ENTRY_NEXT = 0,
	ENTRY_IMAGE = 16,
	ENTRY_SIZE = 24,
};

/* Whether the list is the one that is known. */
static bool is_known(const struct traced *traced)
{
	uint64_t entry = peek_word(traced, traced->descriptor + DESCRIPTOR_FIRST);
	size_t i = 0;

	for (; entry != 0; entry = peek_word(traced, entry + ENTRY_NEXT), i++) {
		if (i == traced->n_cells ||
		    traced->cells[i].image != peek_word(traced, entry + ENTRY_IMAGE))
			return false;
	}
	return i == traced->n_cells;
}

void traced_read_cells(struct traced *traced)
{
	uint64_t entry = peek_word(traced, traced->descriptor + DESCRIPTOR_FIRST);

	if (is_known(traced))
		return;
	forget_cells(traced);
	for (; entry != 0; entry = peek_word(traced, entry + ENTRY_NEXT)) {
		size_t i = traced->n_cells++;

		if (i == TRACED_CELLS_MAX)
			give_up("too many cells");
		read_image(traced, peek_word(traced, entry + ENTRY_IMAGE),
			   peek_word(traced, entry + ENTRY_SIZE), &traced->cells[i],
			   &traced->tables[i]);
		index_cell(&traced->cells[i], &traced->tables[i]);
	}
	tell_libgcc(traced->cells, traced->n_cells);
}

bool traced_is_window(uint64_t address)
{
	return address >= WINDOW && address < WINDOW + WINDOW_SIZE;
}

const struct witness_tables *traced_find(const struct traced *traced, uint64_t address)
{
	for (size_t i = 0; i < traced->n_cells; i++) {
		if (address >= traced->cells[i].text && address < traced->cells[i].text_end)
			return &traced->tables[i];
	}
	return NULL;
}

bool traced_read_stack(struct traced *traced)
{
	uint64_t low = traced->registers[UNWIND_RSP] & ~(PAGE - 1);

	if (low < WINDOW || low >= WINDOW + WINDOW_SIZE - STACK_SIZE)
		return false;
	traced->stack.low = low;
	traced->stack.high = low + peek(traced, low, (void *)low, STACK_SIZE);
	return traced->stack.high > low;
}

uint64_t traced_return_address(const struct traced *traced)
{
	uint64_t word = 0;

	return peek(traced, traced->registers[UNWIND_RSP], &word, 8) == 8 ? word : 0;
}
