/* SPDX-License-Identifier: MIT */
/*
 * error: that this call returns leaks
 * fixed: OWN(namespace_ref, mine) = namespace_ref_ref(ns);
 */
#include <clew/namespace.h>

void count(const namespace_ref *ns);
void count(const namespace_ref *ns)
{
	namespace_ref_ref(ns); /* wrong */
}
