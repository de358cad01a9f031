/* SPDX-License-Identifier: MIT */
#include <clew/namespace.h>

namespace_ref root(bool twice);
namespace_ref root(bool twice)
{
	OWN(namespace_ref, ns) = namespace_ref_ref(namespace_root());

	if (twice) {
		OWN(namespace_ref, other) = namespace_ref_ref(&ns);

		return MOVE(other);
	}
	return MOVE(ns);
}
