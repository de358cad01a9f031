# SPDX-License-Identifier: MIT
# Forwards to meson; `make run` and `make check` are all that a first visit needs.

BUILD ?= build

.PHONY: all run check clean

all: $(BUILD)/build.ninja
	@meson compile -C $(BUILD)

run: all
	@$(BUILD)/clew run

check: all
	@meson test -C $(BUILD) --print-errorlogs

$(BUILD)/build.ninja:
	@.ci/install-packages
	@meson setup $(BUILD)

clean:
	rm -rf $(BUILD)
