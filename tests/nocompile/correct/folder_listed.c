/* SPDX-License-Identifier: MIT */
#include <clew/fs.h>

int list(const char *path);
int list(const char *path)
{
	OWN(fs_folder, folder) = OWNER_EMPTY;
	struct fs_entry entry = { 0 };
	int n = 0;
	int r = fs_folder_open(path, &folder);

	if (r < 0)
		return r;
	while (fs_folder_next(&folder, entry.name, &entry) == 0)
		n++;
	return n;
}
