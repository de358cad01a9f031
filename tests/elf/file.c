/* SPDX-License-Identifier: MIT */
/* Whole files in memory (file.h). */
#include "file.h"

#include <stdio.h>
#include <stdlib.h>

unsigned char *file_read(const char *path, size_t *ret_size)
{
	FILE *file = fopen(path, "rb");
	unsigned char *bytes = NULL;
	long size = -1;

	if (!file)
		return NULL;
	if (fseek(file, 0, SEEK_END) == 0)
		size = ftell(file);
	rewind(file);
	if (size >= 0)
		bytes = malloc(size > 0 ? (size_t)size : 1);
	if (bytes && fread(bytes, 1, (size_t)size, file) != (size_t)size) {
		free(bytes);
		bytes = NULL;
	}
	fclose(file);
	if (bytes)
		*ret_size = (size_t)size;
	return bytes;
}
