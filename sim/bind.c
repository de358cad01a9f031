/* SPDX-License-Identifier: MIT */
/*
 * Puts nano_core into the hosted machine's memory: src/link/bind.h links it
 * with the functions of machine.h and nothing else.
 */
#include "boot.h"

#include <glib.h>

#include "link/bind.h"
#include "memory.h"

#define BIND_NAME "nano_core.o"
#define BIND_ENTRY "nano_core_start"

typedef GPtrArray bind_arena;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(bind_arena, g_ptr_array_unref)

static void *bind_allocate(void *context, size_t size)
{
	void *memory = g_malloc0(size);

	g_ptr_array_add(context, memory);
	return memory;
}

static int bind_place(const struct link_bind *bind, uintptr_t end, struct boot_image *ret,
		      struct diag *reterr)
{
	size_t pages = bind->pages + BOOT_STACK_PAGES;

	if (pages > (end - MEMORY_WINDOW) >> PAGE_SHIFT) {
		link_diag(reterr, &bind->elf, 0, 0, DIAG_NO_OFFSET,
			  "not enough memory for nano_core", "its pages below the modules",
			  "fewer");
		return -ENOMEM;
	}
	ret->start = end - (pages << PAGE_SHIFT);
	ret->end = end;
	return 0;
}

static int bind_write(const struct link_bind *bind, const struct boot_image *image)
{
	const struct link_object *object = &bind->object;
	int r = 0;

	for (size_t i = 0; i < LINK_POOLS && r == 0; i++) {
		size_t pages = link_bind_pool_pages(bind, i);

		if (pages == 0)
			continue;
		memory_patch(object->base[i], object->image[i], object->size[i]);
		r = memory_map(object->base[i], pages, link_bind_prot(i));
	}
	if (r == 0)
		r = memory_map(image->end - BOOT_STACK_PAGES * PAGE_SIZE, BOOT_STACK_PAGES,
			       MACHINE_RW);
	return r;
}

int boot_bind_nano_core(const void *bytes, size_t size, uintptr_t end, struct boot_image *ret,
			struct diag *reterr)
{
	g_autoptr(bind_arena) arena = g_ptr_array_new_with_free_func(g_free);
	const struct machine_info *info = boot_info();
	struct boot_image image;
	struct link_bind bind;
	int r;

	r = link_bind_open(&bind, BIND_NAME, bytes, size, bind_allocate, arena, reterr);
	if (r == 0)
		r = bind_place(&bind, end, &image, reterr);
	if (r == 0)
		r = link_bind_at(&bind, image.start, info->symbols, info->n_symbols, BIND_ENTRY,
				 &image.entry, reterr);
	if (r == 0)
		r = bind_write(&bind, &image);
	if (r == 0)
		*ret = image;
	return r;
}
