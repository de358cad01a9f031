/* SPDX-License-Identifier: MIT */
/* An object taken through src/link (linking.h). */
#include "linking.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *take(size_t count, size_t size)
{
	void *block = calloc(count > 0 ? count : 1, size);

	if (!block)
		abort();
	return block;
}

int linking_open_bytes(struct linking *ret, const void *bytes, size_t size)
{
	*ret = (struct linking){ .size = size };
	ret->bytes = take(size, 1);
	memcpy(ret->bytes, bytes, size);
	return elf_open(&ret->elf, "object.o", ret->bytes, size, &ret->diag);
}

int linking_open(struct linking *ret, const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes;
	long size;
	int r = -ENOENT;

	*ret = (struct linking){ .bytes = NULL };
	if (!file)
		return r;
	if (fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) >= 0) {
		rewind(file);
		bytes = take((size_t)size, 1);
		if (fread(bytes, 1, (size_t)size, file) == (size_t)size)
			r = linking_open_bytes(ret, bytes, (size_t)size);
		free(bytes);
	}
	fclose(file);
	return r;
}

int linking_layout(struct linking *linking, const char *state_symbol)
{
	linking->sections = take(linking->elf.n_sections, sizeof(*linking->sections));
	linking->symbols = take(linking->elf.n_symbols, sizeof(*linking->symbols));
	return link_layout(&linking->object, &linking->elf, state_symbol, linking->sections,
			   linking->symbols, &linking->diag);
}

void linking_place(struct linking *linking, const struct linking_bases *bases)
{
	struct link_object *object = &linking->object;

	for (int pool = 0; pool < LINK_POOLS; pool++) {
		object->base[pool] = bases->base[pool];
		if (object->size[pool])
			object->image[pool] = take(object->size[pool], 1);
	}
	linking->words = take(object->n_words, sizeof(*linking->words));
	link_place(object);
}

int linking_relocate(struct linking *linking)
{
	return link_relocate(&linking->object, linking->words, &linking->diag);
}

uint32_t linking_symbol(const struct linking *linking, const char *name)
{
	for (uint32_t i = 1; i < linking->elf.n_symbols; i++) {
		if (strcmp(elf_symbol_name(&linking->elf, i), name) == 0)
			return i;
	}
	return 0;
}

void linking_close(struct linking *linking)
{
	for (int pool = 0; pool < LINK_POOLS; pool++)
		free(linking->object.image[pool]);
	free(linking->words);
	free(linking->symbols);
	free(linking->sections);
	free(linking->bytes);
	*linking = (struct linking){ .bytes = NULL };
}
