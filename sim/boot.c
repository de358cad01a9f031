/* SPDX-License-Identifier: MIT */
/*
 * Finds the cells, puts what the system starts with at the top of memory and
 * describes the machine.
 *
 * From the top down: modules (read-only), nano_core with its stack, and all
 * that is below is free.
 */
#include "boot.h"

#include <gio/gio.h>
#include <string.h>

#include "archive.h"
#include "debug.h"
#include "machine/apic_timer.h"
#include "machine/functions.h"
#include "memory.h"
#include "trap.h"

#define BOOT_ARCHIVE "cells.tar"
#define BOOT_DATA "../share/clew" /* from the command's folder; so a copy can be moved */

#define BOOT_SYMBOL(function) { #function, 0 },
#define BOOT_ADDRESS(function) (uintptr_t) function,

static struct {
	struct machine_info info;
	struct boot_image image;
	uintptr_t top; /* first address taken from the top of memory */
} boot;

static struct machine_symbol boot_symbols[] = { MACHINE_FUNCTIONS(BOOT_SYMBOL) };

const struct machine_info *boot_info(void)
{
	return &boot.info;
}

static void boot_fill_symbols(void)
{
	const uintptr_t addresses[] = { MACHINE_FUNCTIONS(BOOT_ADDRESS) };

	for (size_t i = 0; i < G_N_ELEMENTS(boot_symbols); i++)
		boot_symbols[i].address = addresses[i];
}

int boot_find_symbol(const char *name, uintptr_t *ret)
{
	for (size_t i = 0; i < G_N_ELEMENTS(boot_symbols); i++) {
		if (strcmp(boot_symbols[i].name, name) == 0) {
			*ret = boot_symbols[i].address;
			return 0;
		}
	}
	return -ENOENT;
}

/* ---- files ------------------------------------------------------------------ */

char *boot_find_file(const char *name, const char *what, GError **error)
{
	g_autofree char *executable = g_file_read_link("/proc/self/exe", error);
	g_autofree char *dir = NULL;
	g_autofree char *beside = NULL;
	g_autofree char *installed = NULL;

	if (!executable)
		return NULL;
	dir = g_path_get_dirname(executable);
	beside = g_build_filename(dir, name, NULL);
	installed = g_build_filename(dir, BOOT_DATA, name, NULL);
	if (g_file_test(beside, G_FILE_TEST_EXISTS))
		return g_steal_pointer(&beside);
	if (g_file_test(installed, G_FILE_TEST_EXISTS))
		return g_steal_pointer(&installed);
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "%s: expected %s or %s, found neither",
		    what, beside, installed);
	return NULL;
}

static char *boot_find_cells(GError **error)
{
	return boot_find_file(BOOT_ARCHIVE, "the archive of cells", error);
}

/* A folder of cells need not have a nano_core: the one that came with the command will do. */
static GBytes *boot_find_nano_core(const char *found, GBytes *cells, GError **error)
{
	g_autoptr(GBytes) others = NULL;
	g_autofree char *path = NULL;
	bool is_folder = g_file_test(found, G_FILE_TEST_IS_DIR);
	GBytes *nano_core = archive_find(cells, ARCHIVE_NANO_CORE, is_folder ? NULL : error);

	if (nano_core || !is_folder)
		return nano_core;
	path = boot_find_cells(error);
	if (!path)
		return NULL;
	others = archive_load(path, error);
	return others ? archive_find(others, ARCHIVE_NANO_CORE, error) : NULL;
}

gboolean boot_load(const char *path, const char *const *added, struct boot_files *ret,
		   GError **error)
{
	g_autofree char *found = path ? g_strdup(path) : boot_find_cells(error);
	g_autoptr(GBytes) came = NULL;
	g_autoptr(GBytes) cells = NULL;
	g_autoptr(GBytes) nano_core = NULL;

	if (!found)
		return FALSE;
	came = archive_load(found, error);
	cells = came ? archive_prepend_files(came, added, error) : NULL;
	if (!cells)
		return FALSE;
	nano_core = boot_find_nano_core(found, cells, error);
	if (!nano_core) {
		g_prefix_error(error, "%s: ", found);
		return FALSE;
	}
	ret->cells = g_steal_pointer(&cells);
	ret->nano_core = g_steal_pointer(&nano_core);
	ret->path = g_steal_pointer(&found);
	return TRUE;
}

/* ---- memory ----------------------------------------------------------------- */

static void boot_add_region(uintptr_t start, uintptr_t end, enum machine_region_kind kind)
{
	struct machine_region *region = &boot.info.regions[boot.info.n_regions++];

	region->start = start;
	region->size = end - start;
	region->kind = kind;
}

static gboolean boot_add_module(const char *name, GBytes *bytes, GError **error)
{
	struct machine_module *module = &boot.info.modules[boot.info.n_modules];
	gsize size;
	const void *data = g_bytes_get_data(bytes, &size);
	size_t pages = (size >> PAGE_SHIFT) + (size % PAGE_SIZE != 0);
	uintptr_t start = boot.top - (pages << PAGE_SHIFT);

	if (pages > (boot.top - MEMORY_WINDOW) >> PAGE_SHIFT) {
		g_set_error(
			error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
			"module %s: expected at most %zu bytes of memory left, found %zu needed",
			name, (size_t)(boot.top - MEMORY_WINDOW), (size_t)size);
		return FALSE;
	}
	memory_patch(start, data, size);
	if (pages > 0 && memory_map(start, pages, MACHINE_R) < 0) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
			    "module %s: the host refuses to map %zu pages", name, pages);
		return FALSE;
	}
	g_strlcpy(module->name, name, sizeof(module->name));
	module->start = (const void *)start;
	module->size = size;
	boot.info.n_modules++;
	if (pages > 0)
		boot_add_region(start, boot.top, MACHINE_REGION_MODULE);
	boot.top = start;
	return TRUE;
}

static void boot_set_diag_error(GError **error, const struct diag *diag, int r)
{
	g_autoptr(GString) where = g_string_new(diag->cell[0] ? diag->cell : ARCHIVE_NANO_CORE);

	if (diag->section[0])
		g_string_append_printf(where, ", section %s", diag->section);
	if (diag->symbol[0])
		g_string_append_printf(where, ", symbol %s", diag->symbol);
	if (diag->offset != DIAG_NO_OFFSET)
		g_string_append_printf(where, ", offset 0x%" G_GINT64_MODIFIER "x", diag->offset);
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
		    "%s: %s: expected %s, found %s (error %d)", where->str,
		    diag->what[0] ? diag->what : "cannot be linked",
		    diag->expected[0] ? diag->expected : "an object", diag->found, -r);
}

gboolean boot_prepare(const struct boot_files *files, uint32_t flags, GError **error)
{
	struct machine_info *info = &boot.info;
	struct diag diag = { .offset = DIAG_NO_OFFSET };
	gsize size;
	const void *nano_core = g_bytes_get_data(files->nano_core, &size);
	int r;

	boot_fill_symbols();
	g_strlcpy(info->name, "hosted", sizeof(info->name));
	info->window = MEMORY_WINDOW;
	info->memory_size = memory_size();
	info->flags = flags;
	info->timer_hz = APIC_TIMER_HZ;
	info->symbols = boot_symbols;
	info->n_symbols = G_N_ELEMENTS(boot_symbols);
	boot.top = MEMORY_WINDOW + memory_size();
	if (!boot_add_module("cells", files->cells, error))
		return FALSE;
	if (files->script && !boot_add_module("script", files->script, error))
		return FALSE;
	if (files->files && !boot_add_module("files", files->files, error))
		return FALSE;
	r = boot_bind_nano_core(nano_core, size, boot.top, &boot.image, &diag);
	if (r < 0) {
		boot_set_diag_error(error, &diag, r);
		return FALSE;
	}
	boot_add_region(boot.image.start, boot.image.end, MACHINE_REGION_NANO_CORE);
	boot_add_region(MEMORY_WINDOW, boot.image.start, MACHINE_REGION_FREE);
	return TRUE;
}

_Noreturn void boot_start(void)
{
	trap_enter((void *)boot.image.entry, &boot.info, boot.image.end);
}
