# SPDX-License-Identifier: MIT
# Forwards to meson; `make run` and `make check` are all that a first visit needs.

BUILD ?= build

.PHONY: all system run boot iso check install bench failures fuzz soak resident state clean
.PHONY: suppressions valgrind profile-swap witnesses

all: $(BUILD)/build.ninja
	@meson compile -C $(BUILD)

# In this process, and in QEMU; without tests and benches, which take most of a build.
run: system
	@$(BUILD)/clew run

boot: system
	@$(BUILD)/clew boot

system: $(BUILD)/build.ninja
	@meson compile -C $(BUILD) clew clew-image cells.tar clew.elf

# For a CD, a disk or a USB stick: README.md, On hardware.
iso: $(BUILD)/build.ninja
	@meson compile -C $(BUILD) clew.iso
	@echo $(BUILD)/clew.iso

check: all
	@meson test -C $(BUILD) --print-errorlogs

# DESTDIR and meson's options apply.
install: all
	@meson install -C $(BUILD) --no-rebuild --quiet

# README.md's table: bench/table.py --into README.md $(BUILD)/bench.tsv
bench: $(BUILD)/build.ninja
	@rm -f $(BUILD)/bench.tsv
	@meson test -C $(BUILD) --benchmark --num-processes 1 --verbose
	@python3 -B bench/table.py $(BUILD)/bench.tsv

# make fuzz TARGET=elf TIME=600: a target under libFuzzer, seconds; without TARGET, which there are.
fuzz: $(BUILD)/build.ninja
	@python3 -B tests/fuzz/fuzz.py $(BUILD) "$(TARGET)" "$(TIME)"

# Every request for memory fails once, and again with all after it, in boot and after, in each mode.
failures: all
	@for mode in "" --private --boot; do for script in running boot; do \
		python3 -B tests/failure/test_$$script.py $$mode $(BUILD)/clew \
			$$(test $$script = running || echo $(BUILD)/cells.tar) \
			$(BUILD)/tests/failure/failing.tar || exit 1; done; done

# Storms at full size, a million of each: hours.  make soak COUNT=10000 SEEDS=100: smaller ones.
soak: all
	@python3 -B tests/storms/soak.py $(BUILD)/clew $(BUILD)/cells.tar $(COUNT) $(SEEDS)

# Swaps and crashes under memcheck; where the instructions of 1,000 swaps go.
valgrind: all
	@python3 -B tests/tools/memcheck.py $(BUILD)/clew tests/tools/swap_and_crash.clew

profile-swap: all
	@python3 -B tests/tools/profile_swap.py $(BUILD)/clew 1000

# What each cell keeps between calls, why, and which calls may change it.
state: all
	@python3 -B src/toolchain/state_table.py $(BUILD)/cells/*.state

# What the ownership plugin takes on trust, each with its reason.
suppressions:
	@python3 -B src/toolchain/plugin/suppressions.py .

# What `make check` compares a part of, whole: every byte of code of Debian's archives beside
# three unwinders, longer runs of a stepped system, every object below /usr/lib beside libelf,
# every relocation of the C library beside ld's.
LIBRARIES = /usr/lib/x86_64-linux-gnu
witnesses: all
	@$(BUILD)/tests/unwind/test_unwind_objects addresses $(LIBRARIES)/libc.a \
		$(LIBRARIES)/libsqlite3.a $(LIBRARIES)/libglib-2.0.a $(LIBRARIES)/libcrypto.a \
		$(shell $(CC) -print-file-name=libstdc++.a)
	@$(BUILD)/tests/unwind/test_unwind_stepping 300000 $(BUILD)/clew $(BUILD)/cells.tar \
	'run crash null; run crash div; run crash cleanup; run crash overflow; run crash smash' \
	'load counter; swap counter counter_v2.o; run hammer --calls 100; swap linker linker.o' \
	'swap task task.o; swap recovery recovery.o; swap heap heap.o; swap swap swap.o; mem'
	@$(BUILD)/tests/elf/test_elf_installed /usr/lib 0
	@python3 -B tests/link/compare_ld.py $(BUILD)/tests/link/link_dump ld --once \
		$(LIBRARIES)/libsqlite3.a $(LIBRARIES)/libc.a

# What stays of the machine, with sizes and reasons.
resident: all
	@python3 -B src/toolchain/resident.py $(BUILD)/clew.elf

$(BUILD)/build.ninja:
	@.ci/install-packages
	@meson setup $(BUILD)

clean:
	rm -rf $(BUILD)
