/* SPDX-License-Identifier: MIT */
/*
 * Application that asks the service `newcell` for numbers.
 *
 * usage: use_newcell NUMBER
 */
#include <clew/application.h>
#include <clew/cell.h>
#include <clew/console.h>

#include "newcell.h"
#include "base/string.h"

CELL_EXPORT int application_main(int argc, const char *const *argv)
{
	uint64_t count = 1;

	if (argc > 1 && !string_to_u64(argv[1], &count))
		return 2;
	for (uint64_t i = 0; i < count; i++)
		print("%lu from version %u\n", newcell_next(), newcell_version());
	return 0;
}

CELL("use_newcell", 1, CELL_APPLICATION, "asks newcell for numbers");
