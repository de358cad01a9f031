/* SPDX-License-Identifier: MIT */
/*
 * Writing.  A write is tried with what the file has; when it lacks units they
 * are taken first, without a claim on the file, and it is tried again.  From
 * the moment it is carried out it cannot fail: units go only when the file is
 * emptied or removed, and what is left of the write goes with them.
 */
#include <clew/cell.h>
#include <clew/irq.h>
#include <clew/task.h>

#include "memfs.h"

OWN_IMPLEMENTS(fs_writer, "the word names the file and the position");

#define WRITE_E_LACKS 1 /* it needs more than the file and the supply have */

struct request {
	uint32_t file;
	bool append;
	const uint8_t *bytes;
	uint64_t size;	/* not 0 */
	uint64_t at;	/* bytes; of one that appends: where it was put */
	uint64_t epoch; /* the file's, of the supply and then of the write */
};

OWNER(supply_owner); /* word: address of a struct content_supply on the stack */
OWN_IMPLEMENTS(supply_owner, "the word is the supply on the stack");

static void supply_owner_cleanup(supply_owner *place)
{
	struct content_supply *supply = (struct content_supply *)(uintptr_t)place->word;

	content_pages_cleanup(&supply->fresh);
	content_pages_cleanup(&supply->larger);
}

/* What is not readable has to fault here, where nothing has changed yet. */
static void probe(const uint8_t *bytes, size_t size)
{
	const volatile uint8_t *at = bytes;

	for (size_t i = 0; i < size; i += PAGE_SIZE)
		(void)at[i];
	(void)at[size - 1];
}

/* ---- supply ------------------------------------------------------------------------- */

/* What a supply is made for; the file may change meanwhile, then it is not used. */
struct lack {
	uint64_t first, last; /* units */
	uint64_t room;	      /* of the file's table */
	const uint8_t *seed;
	uint64_t seed_size;
};

static int look(struct request *request, struct lack *ret)
{
	OWN(irq_guard, guard) = irq_off();
	const struct memfs_node *node = tree_find(memfs_tree(), request->file);
	uint64_t at;

	if (node == NULL)
		return -ESTALE;
	at = request->append ? node->content.size : request->at;
	request->epoch = node->content.epoch;
	*ret = (struct lack){
		.first = content_unit(at),
		.last = content_unit(at + request->size - 1),
		.room = content_room(&node->content),
		.seed = node->content.seed,
		.seed_size = node->content.seed_size,
	};
	return 0;
}

static bool has_unit(uint32_t file, uint64_t unit)
{
	OWN(irq_guard, guard) = irq_off();
	const struct memfs_node *node = tree_find(memfs_tree(), file);

	return node != NULL && content_has(&node->content, unit);
}

/* A table doubles, so that a file that grows is not copied at every step. */
static int supply_table(const struct lack *lack, content_pages *ret)
{
	uint64_t needed = lack->last + 1, room = 2 * lack->room;

	if (needed <= lack->room)
		return 0;
	return content_pages_new(0, room > needed ? room : needed, ret);
}

static int supply(struct request *request, struct content_supply *ret)
{
	struct lack lack;
	int r = look(request, &lack);

	if (r == 0)
		r = supply_table(&lack, &ret->larger);
	if (r == 0)
		r = content_pages_new(lack.first, lack.last - lack.first + 1, &ret->fresh);
	for (uint64_t unit = lack.first; r == 0 && unit <= lack.last; unit++) {
		if (!has_unit(request->file, unit))
			r = content_pages_fill(&ret->fresh, unit, lack.seed, lack.seed_size);
	}
	return r;
}

/* ---- the write ------------------------------------------------------------------------- */

static size_t piece(uint64_t left)
{
	return left < FS_PIECE ? left : FS_PIECE;
}

static void grow(struct content *content, uint64_t size)
{
	if (size > content->size)
		content->size = size;
}

/* The first piece, and the units for all. */
static int begin(struct request *request, struct content_supply *supply)
{
	OWN(irq_guard, guard) = irq_off();
	struct memfs_node *node = tree_find(memfs_tree(), request->file);
	struct content *content;
	uint64_t at;

	if (node == NULL)
		return -ESTALE;
	content = &node->content;
	at = request->append ? content->size : request->at;
	if (request->size > FS_SIZE_MAX - at)
		return -EFBIG;
	if (!IS_EMPTY(supply->fresh) && content->epoch != request->epoch)
		return WRITE_E_LACKS;
	if (!content_covers(content, supply, at, request->size))
		return WRITE_E_LACKS;
	content_install(content, supply);
	content_copy_in(content, at, request->bytes, piece(request->size));
	grow(content, at + (request->append ? request->size : piece(request->size)));
	request->at = at;
	request->epoch = content->epoch;
	return 0;
}

/* false: the file was emptied or removed meanwhile. */
static bool go_on(const struct request *request, uint64_t done)
{
	OWN(irq_guard, guard) = irq_off();
	struct memfs_node *node = tree_find(memfs_tree(), request->file);
	size_t part = piece(request->size - done);

	if (node == NULL || node->content.epoch != request->epoch)
		return false;
	content_copy_in(&node->content, request->at + done, request->bytes + done, part);
	grow(&node->content, request->at + done + part);
	return true;
}

static int try_to_write(struct request *request, bool with_supply)
{
	struct content_supply needed = { OWNER_EMPTY, OWNER_EMPTY };
	OWN(supply_owner, owner) = { (uintptr_t)&needed };
	int r = with_supply ? supply(request, &needed) : 0;

	return r == 0 ? begin(request, &needed) : r;
}

static int write(struct request *request)
{
	int r;

	probe(request->bytes, request->size);
	task_safe_point();
	r = try_to_write(request, false);
	while (r == WRITE_E_LACKS) {
		task_safe_point();
		r = try_to_write(request, true);
	}
	if (r < 0)
		return r;
	for (uint64_t done = FS_PIECE; done < request->size; done += FS_PIECE) {
		if (!go_on(request, done))
			break;
	}
	return 0;
}

static int check_file(uint32_t file)
{
	OWN(irq_guard, guard) = irq_off();

	return tree_find(memfs_tree(), file) != NULL ? 0 : -ESTALE;
}

CELL_EXPORT int fs_writer_write(fs_writer *writer, const void *bytes, size_t size)
{
	struct request request = {
		.file = memfs_file(writer->word),
		.append = memfs_position(writer->word) == FS_POSITION_END,
		.bytes = bytes,
		.size = size,
		.at = memfs_position(writer->word),
	};
	int r;

	if (size == 0)
		return check_file(request.file);
	if (size > FS_SIZE_MAX)
		return -EFBIG;
	r = write(&request);
	if (r == 0 && !request.append)
		writer->word += size;
	return r;
}

CELL_EXPORT int fs_writer_seek(fs_writer *writer, uint64_t position)
{
	if (position > FS_SIZE_MAX)
		return -EINVAL;
	writer->word = memfs_word(memfs_file(writer->word), (uint32_t)position);
	return 0;
}

/* ---- opening ------------------------------------------------------------------------------ */

/* The loose node takes the place that is free.  What has to be released goes to *ret_pages. */
static int open_file(const char *path, enum fs_write how, memfs_loose *loose,
		     content_pages *ret_pages, uint32_t *ret_file)
{
	OWN(irq_guard, guard) = irq_off();
	struct tree_place place;
	int r = tree_resolve(memfs_tree(), path, &place);

	if (r < 0)
		return r;
	if (place.length == 0 || (place.node != NULL && place.node->kind != FS_FILE))
		return -EISDIR;
	if (place.node != NULL && how == FS_NEW)
		return -EEXIST;
	if (place.node == NULL) {
		if (IS_EMPTY(*loose))
			return -ENOENT;
		place.node = memfs_loose_at(loose);
		tree_insert(memfs_tree(), &place, place.node);
		loose->word = 0;
	} else if (how == FS_TRUNCATE) {
		PUT(*ret_pages, content_empty(&place.node->content));
		place.node->lost = 0;
	}
	*ret_file = place.node->file;
	return 0;
}

CELL_EXPORT int fs_writer_open(const char *path, enum fs_write how, fs_writer *ret)
{
	OWN(memfs_loose, loose) = OWNER_EMPTY;
	OWN(content_pages, pages) = OWNER_EMPTY;
	uint32_t file;
	int r = open_file(path, how, &loose, &pages, &file);

	if (r == -ENOENT) {
		r = memfs_loose_new(path, FS_FILE, &loose);
		if (r == 0)
			r = open_file(path, how, &loose, &pages, &file);
	}
	if (r == 0)
		PUT(*ret,
		    ((fs_writer){ memfs_word(file, how == FS_APPEND ? FS_POSITION_END : 0) }));
	return r;
}

/* ---- streams --------------------------------------------------------------------------------- */

CELL_EXPORT int fs_writer_stream(const fs_writer *writer)
{
	return (int)memfs_file(writer->word);
}

CELL_EXPORT void fs_stream_write(int stream, const char *text, size_t size)
{
	fs_writer writer = { memfs_word((uint32_t)stream, FS_POSITION_END) };
	struct memfs_node *node;

	if (fs_writer_write(&writer, text, size) == 0)
		return;

	OWN(irq_guard, guard) = irq_off();
	node = tree_find(memfs_tree(), (uint32_t)stream);
	if (node != NULL)
		node->lost += size;
}

CELL_EXPORT int fs_stream_lost(int stream, uint64_t *ret)
{
	OWN(irq_guard, guard) = irq_off();
	const struct memfs_node *node = tree_find(memfs_tree(), (uint32_t)stream);

	if (node == NULL)
		return -ESTALE;
	*ret = node->lost;
	return 0;
}
