/* SPDX-License-Identifier: MIT */
#include <clew/memory.h>
#include <clew/namespace.h>

struct pair {
	map_rw map;
	namespace_ref ns;
};

void pair_cleanup(struct pair *pair);
void pair_cleanup(struct pair *pair)
{
	map_rw_drop(MOVE(pair->map));
	namespace_ref_drop(MOVE(pair->ns));
}

int use(void);
int use(void)
{
	__attribute__((cleanup(pair_cleanup))) struct pair pair = { 0 };
	int r = map_rw_new(1, FRAME_BUFFER, &pair.map);

	if (r < 0)
		return r;
	PUT(pair.ns, namespace_ref_ref(namespace_root()));
	return *(char *)map_rw_at(&pair.map);
}
