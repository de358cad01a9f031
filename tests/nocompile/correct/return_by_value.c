/* SPDX-License-Identifier: MIT */
#include <clew/namespace.h>

namespace_ref root(void);
namespace_ref root(void)
{
	return namespace_ref_ref(namespace_root());
}
