/* SPDX-License-Identifier: MIT */
#include <clew/namespace.h>

namespace_ref none(void);
namespace_ref none(void)
{
	return (namespace_ref)OWNER_EMPTY;
}
