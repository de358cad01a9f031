/* SPDX-License-Identifier: MIT */
/*
 * The CPU and its interrupt controllers, as the system expects to find them.
 *
 * Intel SDM vol. 3: control registers 2.5, local APIC 10.4 and 10.5.  8259A and
 * 82093AA data sheets.  Only the lines of the two 16550s are left open; ISA
 * interrupt n is vector 32 + n.
 */
#include "machine/pc/boot/boot.h"
#include "machine/pc/cpu.h"
#include "machine/pc/pc.h"

#define CPUID_FEATURES 1
#define CPUID_EXTENDED 0x80000001
#define CPUID_ECX 2
#define CPUID_EDX 3
#define CPUID_RDRAND (1u << 30) /* CPUID.1:ECX */

#define CR0_PE (1ul << 0)
#define CR0_MP (1ul << 1)
#define CR0_ET (1ul << 4)
#define CR0_NE (1ul << 5)
#define CR0_WP (1ul << 16)
#define CR0_PG (1ul << 31)
#define CR4_OSFXSR (1ul << 9)
#define CR4_OSXMMEXCPT (1ul << 10)
#define MXCSR_DEFAULT 0x1f80u

#define MSR_APIC_BASE 0x1b
#define APIC_BASE_X2 (1ul << 10)
#define APIC_BASE_ENABLE (1ul << 11)
#define APIC_BASE_ADDRESS 0x000ffffffffff000ul
#define MSR_SYSENTER_CS 0x174
#define MSR_EFER 0xc0000080
#define EFER_SCE (1ul << 0)

enum lapic_register {
	LAPIC_ID = 0x020,
	LAPIC_VERSION = 0x030,
	LAPIC_TPR = 0x080,
	LAPIC_SPURIOUS = 0x0f0,
	LAPIC_ERROR_STATUS = 0x280,
	LAPIC_LVT_TIMER = 0x320,
	LAPIC_LVT_THERMAL = 0x330,
	LAPIC_LVT_PERFORMANCE = 0x340,
	LAPIC_LVT_LINT0 = 0x350,
	LAPIC_LVT_LINT1 = 0x360,
	LAPIC_LVT_ERROR = 0x370,
	LAPIC_INITIAL_COUNT = 0x380,
};
#define LAPIC_ENABLED 0x100u /* of LAPIC_SPURIOUS */
#define LVT_MASKED 0x10000u

#define PIC_MASTER 0x20
#define PIC_SLAVE 0xa0
#define PIC_ICW1_EDGE_ICW4 0x11
#define PIC_ICW4_8086 0x01
#define PIC_VECTORS 0x30 /* of what comes in spite of the masks; apart from the lines' vectors */

#define IOAPIC_SELECT 0x00
#define IOAPIC_DATA 0x10
#define IOAPIC_VERSION 1
#define IOAPIC_LINE(n) (0x10 + 2 * (n))
#define IOAPIC_LOW_ACTIVE (1u << 13)
#define IOAPIC_LEVEL (1u << 15)
#define IOAPIC_MASKED (1u << 16)
#define IOAPIC_LINES_MAX 240u

#define ISA_COM1 4
#define ISA_COM2 3

/* ---- CPU ----------------------------------------------------------------------- */

static const struct feature {
	uint32_t leaf;
	uint8_t bit; /* of edx */
	const char *what, *name;
} features[] = {
	{ CPUID_FEATURES, 4, "time stamp counter", "CPUID.1:EDX.TSC" },
	{ CPUID_FEATURES, 5, "model specific registers", "CPUID.1:EDX.MSR" },
	{ CPUID_FEATURES, 9, "local APIC", "CPUID.1:EDX.APIC" },
	{ CPUID_FEATURES, 24, "FXSAVE", "CPUID.1:EDX.FXSR" },
	{ CPUID_FEATURES, 26, "SSE2", "CPUID.1:EDX.SSE2" },
	{ CPUID_EXTENDED, 20, "no-execute pages", "CPUID.80000001H:EDX.NX" },
};

static void check_features(void)
{
	uint32_t words[4];

	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		cpu_cpuid(features[i].leaf, words);
		if (!(words[CPUID_EDX] >> features[i].bit & 1))
			boot_fail("no %s: expected %s, found none", features[i].what,
				  features[i].name);
	}
	cpu_cpuid(CPUID_FEATURES, words);
	pc.has_rdrand = words[CPUID_ECX] & CPUID_RDRAND;
}

/* x87 and SSE as the ABI has them at the start; system call instructions are refused. */
static void set_cpu(void)
{
	uint64_t cr4;
	uint32_t mxcsr = MXCSR_DEFAULT;

	__asm__ volatile("mov %0, %%cr0"
			 :
			 : "r"(CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_PG)
			 : "memory");
	__asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
	cr4 |= CR4_OSFXSR | CR4_OSXMMEXCPT;
	__asm__ volatile("mov %0, %%cr4" : : "r"(cr4) : "memory");
	__asm__ volatile("fninit\n\tldmxcsr %0" : : "m"(mxcsr));
	cpu_wrmsr(MSR_EFER, cpu_rdmsr(MSR_EFER) & ~EFER_SCE);
	cpu_wrmsr(MSR_SYSENTER_CS, 0);
}

/* ---- interrupt controllers ------------------------------------------------------ */

static void stop_pic(uint16_t port, uint8_t vectors, uint8_t cascade)
{
	cpu_out8(port, PIC_ICW1_EDGE_ICW4);
	cpu_out8(port + 1, vectors);
	cpu_out8(port + 1, cascade);
	cpu_out8(port + 1, PIC_ICW4_8086);
	cpu_out8(port + 1, 0xff);
}

static volatile uint32_t *lapic_register(enum lapic_register offset)
{
	return (volatile uint32_t *)(pc.lapic + offset);
}

static void mask_lapic(void)
{
	static const enum lapic_register lines[] = {
		LAPIC_LVT_TIMER, LAPIC_LVT_LINT0,	LAPIC_LVT_LINT1,
		LAPIC_LVT_ERROR, LAPIC_LVT_PERFORMANCE, LAPIC_LVT_THERMAL,
	};
	/* SDM vol. 3, 10.4.8: the number of entries less one; the last two came later. */
	uint32_t last = *lapic_register(LAPIC_VERSION) >> 16 & 0xff;

	for (uint32_t i = 0; i < sizeof(lines) / sizeof(lines[0]) && i <= last; i++)
		*lapic_register(lines[i]) = LVT_MASKED;
}

/* An x2APIC can only be turned off as a whole, and then be what it was before. */
static uint64_t start_lapic(void)
{
	uint64_t base = cpu_rdmsr(MSR_APIC_BASE);
	uint64_t lapic = base & APIC_BASE_ADDRESS;

	if (base & APIC_BASE_X2)
		cpu_wrmsr(MSR_APIC_BASE, base & ~(APIC_BASE_ENABLE | APIC_BASE_X2));
	cpu_wrmsr(MSR_APIC_BASE, (base & ~APIC_BASE_X2) | APIC_BASE_ENABLE);
	if (!boot_memory(lapic, PAGE_SIZE))
		boot_fail("local APIC: expected its registers below 4 GiB, found 0x%lx", lapic);
	pc.lapic = (uintptr_t)pc_alias(lapic);
	/* The masks of the table entries only hold while the APIC is on. */
	*lapic_register(LAPIC_SPURIOUS) = LAPIC_ENABLED | PC_VECTOR_SPURIOUS;
	*lapic_register(LAPIC_INITIAL_COUNT) = 0;
	mask_lapic();
	*lapic_register(LAPIC_TPR) = 0;
	*lapic_register(LAPIC_ERROR_STATUS) = 0;
	return lapic;
}

static uint32_t ioapic_read(uint64_t ioapic, uint32_t index)
{
	*(volatile uint32_t *)pc_alias(ioapic + IOAPIC_SELECT) = index;
	return *(volatile uint32_t *)pc_alias(ioapic + IOAPIC_DATA);
}

static void ioapic_write(uint64_t ioapic, uint32_t index, uint32_t value)
{
	*(volatile uint32_t *)pc_alias(ioapic + IOAPIC_SELECT) = index;
	*(volatile uint32_t *)pc_alias(ioapic + IOAPIC_DATA) = value;
}

static uint32_t mask_ioapic(const struct boot_acpi *acpi)
{
	uint32_t version, lines;

	if (!boot_memory(acpi->ioapic, IOAPIC_DATA + 4))
		boot_fail("I/O APIC: expected its registers below 4 GiB, found 0x%lx",
			  acpi->ioapic);
	version = ioapic_read(acpi->ioapic, IOAPIC_VERSION);
	lines = (version >> 16 & 0xff) + 1;
	if (version == UINT32_MAX || version == 0 || lines > IOAPIC_LINES_MAX)
		boot_fail("no I/O APIC: expected one at 0x%lx, found none", acpi->ioapic);
	for (uint32_t i = 0; i < lines; i++)
		ioapic_write(acpi->ioapic, IOAPIC_LINE(i), IOAPIC_MASKED);
	return lines;
}

/* Fixed delivery to the physical id of this CPU. */
static void route(const struct boot_acpi *acpi, uint32_t lines, unsigned int irq, uint32_t id)
{
	uint32_t line = acpi->isa[irq].gsi - acpi->ioapic_base;
	uint32_t how = TRAP_INTERRUPT + irq;

	if (line >= lines)
		boot_fail("ISA interrupt %u: expected one of %u lines of the I/O APIC, found %u",
			  irq, lines, line);
	if (acpi->isa[irq].low)
		how |= IOAPIC_LOW_ACTIVE;
	if (acpi->isa[irq].level)
		how |= IOAPIC_LEVEL;
	ioapic_write(acpi->ioapic, IOAPIC_LINE(line) + 1, id << 24);
	ioapic_write(acpi->ioapic, IOAPIC_LINE(line), how);
}

void boot_start_devices(struct boot_acpi *acpi)
{
	uint32_t lines, id;

	check_features();
	set_cpu();
	stop_pic(PIC_MASTER, PIC_VECTORS, 1u << 2);
	stop_pic(PIC_SLAVE, PIC_VECTORS + 8, 2);
	acpi->lapic = start_lapic();
	id = *lapic_register(LAPIC_ID) >> 24;
	lines = mask_ioapic(acpi);
	route(acpi, lines, ISA_COM1, id);
	route(acpi, lines, ISA_COM2, id);
}
