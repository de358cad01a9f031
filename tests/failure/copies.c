/* SPDX-License-Identifier: MIT */
/*
 * Operations that copy out of, or into, a buffer of the caller's of which the
 * k-th page cannot be touched: the copy faults, the caller ends, and whatever
 * was begun for it is undone.
 */
#include "operations.h"

#include <clew/child.h>
#include <clew/fs.h>
#include <clew/linker.h>
#include <clew/machine.h>
#include <clew/memory.h>
#include <clew/swap.h>

#include "base/string.h"

#define MESSAGE_BYTES 1024ul
#define TRANSFER_PAGES 6ul

/* A buffer of held->pages pages; of them the k-th cannot be touched, if there is one. */
static int buffer_new(struct held *held, size_t bytes, map_rw *ret)
{
	held->pages = (bytes + PAGE_SIZE - 1) / PAGE_SIZE;
	return map_rw_new(held->pages, FRAME_BUFFER, ret);
}

static int buffer_cut(const struct held *held, const map_rw *buffer)
{
	if (held->k == 0 || held->k > held->pages)
		return 0;
	return machine_map((uintptr_t)map_rw_at(buffer) + (held->k - 1) * PAGE_SIZE, 1,
			   MACHINE_NONE);
}

static int buffer_of_object(const char *file, struct held *held, size_t *ret_size, map_rw *ret)
{
	OWN(map_rw, buffer) = OWNER_EMPTY;
	const void *bytes;
	size_t size;
	int r = linker_archive_find(file, &bytes, &size);

	if (r == 0)
		r = buffer_new(held, size, &buffer);
	if (r < 0)
		return r;
	memcpy(map_rw_at(&buffer), bytes, size);
	r = buffer_cut(held, &buffer);
	if (r < 0)
		return r;
	*ret_size = size;
	PUT(*ret, MOVE(buffer));
	return 0;
}

int copy_load(const struct operation *operation, struct held *held, struct diag *reterr)
{
	OWN(map_rw, buffer) = OWNER_EMPTY;
	size_t size;
	int r = buffer_of_object(operation->words[0], held, &size, &buffer);

	if (r < 0)
		return r;
	return linker_load_object(namespace_root(), operation->words[0], map_rw_at(&buffer), size,
				  NULL, reterr);
}

int copy_swap(const struct operation *operation, struct held *held, struct diag *reterr)
{
	OWN(map_rw, buffer) = OWNER_EMPTY;
	struct swap_report report;
	size_t size;
	int r = buffer_of_object(operation->words[1], held, &size, &buffer);

	if (r < 0)
		return r;
	return swap_cell(namespace_root(), operation->words[0], operation->words[1],
			 map_rw_at(&buffer), size, &report, reterr);
}

/* A message that lies on both sides of a page's end. */
static int message_buffer(struct held *held, map_rw *buffer, void **ret)
{
	int r = buffer_new(held, 2 * PAGE_SIZE, buffer);

	if (r == 0)
		r = buffer_cut(held, buffer);
	if (r < 0)
		return r;
	*ret = (char *)map_rw_at(buffer) + PAGE_SIZE - MESSAGE_BYTES / 2;
	return 0;
}

int copy_send(const struct operation *operation, struct held *held, struct diag *reterr)
{
	OWN(map_rw, buffer) = OWNER_EMPTY;
	OWN(channel_tx, tx) = OWNER_EMPTY;
	OWN(channel_rx, rx) = OWNER_EMPTY;
	void *message;
	int r = channel_new(MESSAGE_BYTES, 1, NULL, &tx, &rx);

	(void)operation;
	(void)reterr;
	if (r == 0)
		r = message_buffer(held, &buffer, &message);
	return r < 0 ? r : channel_send(&tx, message, WAIT_NOT);
}

int copy_receive(const struct operation *operation, struct held *held, struct diag *reterr)
{
	OWN(map_rw, buffer) = OWNER_EMPTY;
	OWN(channel_tx, tx) = OWNER_EMPTY;
	OWN(channel_rx, rx) = OWNER_EMPTY;
	uint8_t sent[MESSAGE_BYTES] = { 1 };
	void *message;
	int r = channel_new(MESSAGE_BYTES, 1, NULL, &tx, &rx);

	(void)operation;
	(void)reterr;
	if (r == 0)
		r = channel_send(&tx, sent, WAIT_NOT);
	if (r == 0)
		r = message_buffer(held, &buffer, &message);
	return r != 0 ? r : channel_receive(&rx, message, WAIT_NOT);
}

static int end_at_once(void *argument)
{
	(void)argument;
	return 0;
}

int copy_spawn(const struct operation *operation, struct held *held, struct diag *reterr)
{
	OWN(map_rw, buffer) = OWNER_EMPTY;
	OWN(task_child, child) = OWNER_EMPTY;
	task_handle handle = OWNER_EMPTY;
	void *message;
	int r = message_buffer(held, &buffer, &message);

	(void)operation;
	(void)reterr;
	if (r == 0)
		r = task_spawn(end_at_once, (char *)message + TASK_ARGUMENT_MAX / 2,
			       TASK_ARGUMENT_MAX, NULL, &handle);
	if (r < 0)
		return r;
	PUT(child, task_child_of(MOVE(handle)));
	return 0;
}

static int transfer_buffer(struct held *held, map_rw *buffer)
{
	int r = buffer_new(held, TRANSFER_PAGES * PAGE_SIZE, buffer);

	return r < 0 ? r : buffer_cut(held, buffer);
}

int copy_write(const struct operation *operation, struct held *held, struct diag *reterr)
{
	OWN(map_rw, buffer) = OWNER_EMPTY;
	fs_writer writer = OWNER_EMPTY;
	int r = fs_writer_open(operation->words[0], FS_APPEND, &writer);

	(void)reterr;
	if (r == 0)
		r = transfer_buffer(held, &buffer);
	return r < 0 ? r : fs_writer_write(&writer, map_rw_at(&buffer), TRANSFER_PAGES * PAGE_SIZE);
}

int copy_read(const struct operation *operation, struct held *held, struct diag *reterr)
{
	OWN(map_rw, buffer) = OWNER_EMPTY;
	fs_reader reader = OWNER_EMPTY;
	size_t size;
	int r = fs_reader_open(operation->words[0], &reader);

	(void)reterr;
	if (r == 0)
		r = transfer_buffer(held, &buffer);
	while (r == 0) {
		r = fs_reader_read(&reader, map_rw_at(&buffer), TRANSFER_PAGES * PAGE_SIZE, &size);
		if (size == 0)
			return r;
	}
	return r;
}
