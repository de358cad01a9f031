/* SPDX-License-Identifier: MIT */
/* What the readers of boot protocols share.  Freestanding, no allocation. */
#include "machine/pc/boot/loader.h"

#include "base/format.h"
#include "machine/pc/boot/ranges.h"

int loader_refuse(char reterr[BOOT_ERROR_MAX], const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	format_list(reterr, BOOT_ERROR_MAX, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

void loader_copy_word(char *to, size_t size, const char *text)
{
	size_t n = 0;

	for (; n + 1 < size && text[n] && !loader_is_blank(text[n]); n++)
		to[n] = text[n] > ' ' && text[n] <= '~' ? text[n] : '?';
	to[n] = 0;
}

void loader_add_memory(struct boot_loader *loader, uint64_t start, uint64_t size, uint32_t type)
{
	struct boot_range range = { .start = start };
	bool wraps = __builtin_add_overflow(start, size, &range.end);

	if (type == LOADER_MEMORY_RAM) {
		/* One that wraps ends before its start, and so adds nothing. */
		ranges_add(&loader->usable, range, RANGES_DROP_SMALLEST);
		return;
	}
	if (wraps)
		range.end = UINT64_MAX;
	ranges_add(&loader->taken, range, RANGES_COVER_GAP);
}

int loader_add_module(struct boot_loader *loader, struct boot_range range, const char *words,
		      char reterr[BOOT_ERROR_MAX])
{
	struct boot_module *module = &loader->modules[loader->n_modules];

	if (loader->n_modules == MACHINE_MODULES_MAX)
		return loader_refuse(reterr, "%s: expected at most %d modules, found more",
				     loader->name, MACHINE_MODULES_MAX);
	if (range.end < range.start)
		return loader_refuse(reterr,
				     "%s: module %u: expected an end after its start 0x%jx, found "
				     "0x%jx",
				     loader->name, loader->n_modules + 1, (uintmax_t)range.start,
				     (uintmax_t)range.end);
	while (loader_is_blank(*words))
		words++;
	loader_copy_word(module->name, sizeof(module->name), words);
	module->range = range;
	loader->n_modules++;
	return 0;
}
