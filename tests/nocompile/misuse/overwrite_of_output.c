/* SPDX-License-Identifier: MIT */
/*
 * error: may be alive and is overwritten
 * fixed: PUT(*ret, namespace_ref_ref(namespace_root()));
 */
#include <clew/namespace.h>

int look(namespace_ref *ret);
int look(namespace_ref *ret)
{
	*ret = namespace_ref_ref(namespace_root()); /* wrong */
	return 0;
}
