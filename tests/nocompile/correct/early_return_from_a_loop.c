/* SPDX-License-Identifier: MIT */
#include <clew/namespace.h>

int find(uint64_t id, namespace_ref *ret);
int find(uint64_t id, namespace_ref *ret)
{
	struct namespace_info info = { 0 };

	while (namespace_next(info.id, &info) == 0) {
		OWN(namespace_ref, ns) = namespace_ref_ref(namespace_root());

		if (info.id != id)
			continue;
		PUT(*ret, MOVE(ns));
		return 0;
	}
	return -ENOENT;
}
