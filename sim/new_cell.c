/* SPDX-License-Identifier: MIT */
/*
 * Copies the folder NEW_CELL_DATA that came with the command, with the cell's
 * name in place of NEW_CELL_NAME.
 *
 * All or nothing: the folder is made under another name and then renamed.
 */
#include "new_cell.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include <clew/cell.h>

#include "boot.h"
#include "run.h"

#define NEW_CELL_DATA "new_cell"
#define NEW_CELL_LONGEST "use_" /* before the name, in the application's */

#define NEW_CELL_NAME "newcell"	 /* in the names and contents of the files */
#define NEW_CELL_MACRO "NEWCELL" /* in its contents */

static const char *const new_cell_files[] = {
	"newcell.c", "newcell.h",  "use_newcell.c", "Makefile",
	"README.md", "check.clew", "check.expect",
};

/* A name of C in lower case, so that it can begin those of functions. */
static gboolean new_cell_check_name(const char *name, GError **error)
{
	size_t size = strlen(name);
	bool is_name = g_ascii_islower(name[0]);

	for (size_t i = 0; i < size; i++)
		is_name = is_name &&
			  (g_ascii_islower(name[i]) || g_ascii_isdigit(name[i]) || name[i] == '_');
	if (is_name && size + strlen(NEW_CELL_LONGEST) < CELL_NAME_MAX)
		return TRUE;
	g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
		    "expected a name of at most %zu small letters, digits and _ that begins with a "
		    "letter, found %s",
		    CELL_NAME_MAX - 1 - strlen(NEW_CELL_LONGEST), name);
	return FALSE;
}

static gboolean new_cell_write(const char *data, const char *folder, const char *file,
			       const char *name, GError **error)
{
	g_autofree char *from = g_build_filename(data, file, NULL);
	g_autoptr(GString) own = g_string_new(file);
	g_autofree char *macro = g_ascii_strup(name, -1);
	g_autofree char *to = NULL;
	g_autofree char *bytes = NULL;
	g_autoptr(GString) text = NULL;

	if (!g_file_get_contents(from, &bytes, NULL, error))
		return FALSE;
	g_string_replace(own, NEW_CELL_NAME, name, 0);
	to = g_build_filename(folder, own->str, NULL);
	text = g_string_new(bytes);
	g_string_replace(text, NEW_CELL_NAME, name, 0);
	g_string_replace(text, NEW_CELL_MACRO, macro, 0);
	return g_file_set_contents(to, text->str, (gssize)text->len, error);
}

static void new_cell_remove(const char *folder)
{
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);

		g_unlink(path);
	}
	g_rmdir(folder);
}

static gboolean new_cell_rename(const char *from, const char *to, GError **error)
{
	/* rename(2) would take the place of an empty folder. */
	if (!g_file_test(to, G_FILE_TEST_EXISTS | G_FILE_TEST_IS_SYMLINK) &&
	    g_chmod(from, 0755) == 0 && g_rename(from, to) == 0)
		return TRUE;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_EXISTS, "%s: %s", to,
		    g_file_test(to, G_FILE_TEST_EXISTS) ? "is there already" : g_strerror(errno));
	return FALSE;
}

static gboolean new_cell_make(const char *name, GError **error)
{
	g_autofree char *data = boot_find_file(NEW_CELL_DATA, "what a new cell begins with", error);
	g_autofree char *folder = g_strdup_printf("%s.XXXXXX", name);
	gboolean done = data != NULL;

	if (!done)
		return FALSE;
	if (!g_mkdtemp(folder)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s: %s", name,
			    g_strerror(errno));
		return FALSE;
	}
	for (size_t i = 0; done && i < G_N_ELEMENTS(new_cell_files); i++)
		done = new_cell_write(data, folder, new_cell_files[i], name, error);
	done = done && new_cell_rename(folder, name, error);
	if (!done)
		new_cell_remove(folder);
	return done;
}

int new_cell_command(int argc, char **argv)
{
	g_autoptr(GOptionContext) context = g_option_context_new("NAME");
	g_autoptr(GError) error = NULL;

	g_option_context_set_summary(context, "Makes a folder NAME with a cell of that name.");
	if (g_option_context_parse(context, &argc, &argv, &error) && argc != 2)
		g_set_error(&error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
			    "expected one NAME, found %d", argc - 1);
	if (!error && new_cell_check_name(argv[1], &error) && new_cell_make(argv[1], &error)) {
		printf("%s: made; `make -C %s check` builds, runs and swaps it\n", argv[1],
		       argv[1]);
		return 0;
	}
	fprintf(stderr, "clew new-cell: %s\n", error->message);
	return error->domain == G_OPTION_ERROR ? RUN_USAGE : 1;
}
