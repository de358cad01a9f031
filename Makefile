# SPDX-License-Identifier: MIT
# Forwards to meson; `make run` and `make check` are all that a first visit needs.

BUILD ?= build

.PHONY: all run boot iso check bench resident clean valgrind profile-swap

all: $(BUILD)/build.ninja
	@meson compile -C $(BUILD)

# In this process, and in QEMU.
run: all
	@$(BUILD)/clew run

boot: all
	@$(BUILD)/clew boot

# For a CD, a disk or a USB stick: README.md, On hardware.
iso: $(BUILD)/build.ninja
	@meson compile -C $(BUILD) clew.iso
	@echo $(BUILD)/clew.iso

check: all
	@meson test -C $(BUILD) --print-errorlogs

bench: all
	@meson test -C $(BUILD) --benchmark --num-processes 1 --verbose

# Swaps and crashes under memcheck; where the instructions of 1,000 swaps go.
valgrind: all
	@python3 -B tests/tools/memcheck.py $(BUILD)/clew tests/tools/swap_and_crash.clew

profile-swap: all
	@python3 -B tests/tools/profile_swap.py $(BUILD)/clew 1000

# What stays of the machine, with sizes and reasons.
resident: all
	@python3 -B src/toolchain/resident.py $(BUILD)/clew.elf

$(BUILD)/build.ninja:
	@.ci/install-packages
	@meson setup $(BUILD)

clean:
	rm -rf $(BUILD)
