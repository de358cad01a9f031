/* SPDX-License-Identifier: MIT */
#include <clew/namespace.h>
#include <clew/task.h>

static int idle(uint64_t nothing)
{
	return (int)nothing;
}
TASK_ENTRY_PLAIN(idle, uint64_t);

int start(task_handle *ret);
int start(task_handle *ret)
{
	OWN(namespace_ref, ns) = namespace_ref_ref(namespace_root());
	struct task_options options = { .name = "idle", .ns = &ns };
	uint64_t nothing = 0;

	return TASK_SPAWN(idle, &nothing, &options, ret);
}
