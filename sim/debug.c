/* SPDX-License-Identifier: MIT */
/*
 * Images of what is loaded (image.h), for those who look from outside.
 *
 * gdb: its JIT interface (GDB manual, "JIT Compilation Interface").  Valgrind
 * and perf: a private mapping of the file over the code; both read names from
 * the file that a mapping comes from.
 */
#include "debug.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "death.h"
#include "image.h"
#include "memory.h"
#include "side_file.h"

/* ---- gdb's JIT interface: names and layout are gdb's ------------------------------ */

enum jit_action {
	JIT_NOACTION,
	JIT_REGISTER,
	JIT_UNREGISTER
};

struct jit_code_entry {
	struct jit_code_entry *next_entry, *prev_entry;
	const void *symfile_addr;
	uint64_t symfile_size;
};

struct jit_descriptor {
	uint32_t version;
	uint32_t action_flag;
	struct jit_code_entry *relevant_entry, *first_entry;
};

extern struct jit_descriptor __jit_debug_descriptor;
struct jit_descriptor __jit_debug_descriptor = { .version = 1 };

/* gdb has a breakpoint here. */
void __jit_debug_register_code(void);
__attribute__((noinline)) void __jit_debug_register_code(void)
{
	__asm__ volatile("" ::: "memory");
}

static void jit_register(struct jit_code_entry *entry)
{
	entry->next_entry = __jit_debug_descriptor.first_entry;
	if (entry->next_entry)
		entry->next_entry->prev_entry = entry;
	__jit_debug_descriptor.first_entry = entry;
	__jit_debug_descriptor.relevant_entry = entry;
	__jit_debug_descriptor.action_flag = JIT_REGISTER;
	__jit_debug_register_code();
}

static void jit_unregister(struct jit_code_entry *entry)
{
	if (entry->next_entry)
		entry->next_entry->prev_entry = entry->prev_entry;
	if (entry->prev_entry)
		entry->prev_entry->next_entry = entry->next_entry;
	else
		__jit_debug_descriptor.first_entry = entry->next_entry;
	__jit_debug_descriptor.relevant_entry = entry;
	__jit_debug_descriptor.action_flag = JIT_UNREGISTER;
	__jit_debug_register_code();
}

/* ---- images ----------------------------------------------------------------------- */

struct debug_image {
	uintptr_t text, constants;
	struct image_file file;
	bool is_covered;
	void *data_page;
	GByteArray *bytes;
	struct jit_code_entry entry;
};

static struct {
	GHashTable *images; /* by text; NULL: nobody wants to know */
	char **folders;	    /* of side files */
	const char *kept;   /* where the files stay; NULL: nowhere */
	uint32_t count;	    /* files written */
	bool has_warned;
} debug;

gboolean debug_init(const struct debug_options *options, GError **error)
{
	g_autofree char *near = g_file_test(options->cells, G_FILE_TEST_IS_DIR)
					? g_strdup(options->cells)
					: g_path_get_dirname(options->cells);
	char *folders[] = { near, g_build_filename(near, "cells", NULL),
			    g_build_filename(near, "fixtures", NULL), g_strdup(options->folder),
			    NULL };

	if (options->images && g_mkdir_with_parents(options->images, 0777) < 0) {
		g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno), "%s: %s",
			    options->images, g_strerror(errno));
		return FALSE;
	}
	debug.folders = g_strdupv(folders);
	for (size_t i = 1; i < G_N_ELEMENTS(folders); i++)
		g_free(folders[i]);
	debug.kept = options->images;
	debug.images = g_hash_table_new(NULL, NULL);
	return TRUE;
}

/* The file, open; *ret_path: to be removed. */
static int debug_create_file(const struct image *image, char **ret_path)
{
	g_autofree char *name = NULL;
	int fd;

	if (!debug.kept)
		return g_file_open_tmp("clew-XXXXXX.elf", ret_path, NULL);
	name = g_strdup_printf("%s.%u.%u.elf", image->name, image->version, ++debug.count);
	*ret_path = g_build_filename(debug.kept, name, NULL);
	fd = g_open(*ret_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	return fd;
}

static int debug_map(const struct debug_image *known, int fd)
{
	const struct image_file *file = &known->file;
	int r;

	if (write(fd, known->bytes->data, known->bytes->len) != (ssize_t)known->bytes->len)
		return -EIO;
	r = memory_cover(known->text, file->text_pages, fd, file->text);
	if (r == 0 && file->constants_pages > 0)
		r = memory_cover(known->constants, file->constants_pages, fd, file->constants);
	if (r == 0 && mmap(known->data_page, PAGE_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_FIXED, fd, (off_t)file->data) == MAP_FAILED)
		r = -errno;
	return r;
}

static void debug_cover(const struct image *image, struct debug_image *known)
{
	g_autofree char *path = NULL;
	int fd = debug_create_file(image, &path);
	int r = fd < 0 ? -EIO : debug_map(known, fd);

	if (fd >= 0)
		close(fd);
	if (fd >= 0 && !debug.kept)
		g_unlink(path);
	known->is_covered = r == 0;
	if (r == 0 || debug.has_warned)
		return;
	debug.has_warned = true;
	death_report("Valgrind and perf will not see names: cannot map %s over %s (error %d)",
		     path ? path : "a file", image->name, -r);
}

void debug_image_linked(const struct machine_image *told)
{
	g_autoptr(GPtrArray) sections = NULL;
	struct debug_image *known;
	struct image image;

	if (!debug.images || told->pools[LINK_TEXT] == 0 ||
	    image_open(&image, told->object, told->size, told->pools) < 0)
		return;
	known = g_new0(struct debug_image, 1);
	known->text = told->pools[LINK_TEXT];
	known->constants = told->pools[LINK_CONST];
	known->data_page = mmap(NULL, PAGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	sections = side_file_read(&image, (const char *const *)debug.folders);
	known->bytes =
		image_build(&image, (const void *)known->text, (const void *)known->constants,
			    (uintptr_t)known->data_page, sections, &known->file);
	known->entry.symfile_addr = known->bytes->data;
	known->entry.symfile_size = known->bytes->len;
	g_hash_table_insert(debug.images, (gpointer)known->text, known);
	if (known->data_page != MAP_FAILED)
		debug_cover(&image, known);
	jit_register(&known->entry);
	image_close(&image);
}

static void debug_uncover(const struct debug_image *known)
{
	int r = memory_uncover(known->text, known->file.text_pages);

	if (r == 0 && known->file.constants_pages > 0)
		r = memory_uncover(known->constants, known->file.constants_pages);
	if (r < 0)
		death_exit(MACHINE_DIED, "out of mappings, and code is lost: %d", -r);
}

void debug_image_freed(uintptr_t text)
{
	struct debug_image *known =
		debug.images ? g_hash_table_lookup(debug.images, (gpointer)text) : NULL;

	if (!known)
		return;
	jit_unregister(&known->entry);
	if (known->is_covered)
		debug_uncover(known);
	if (known->data_page != MAP_FAILED)
		munmap(known->data_page, PAGE_SIZE);
	g_hash_table_remove(debug.images, (gpointer)text);
	g_byte_array_unref(known->bytes);
	g_free(known);
}
