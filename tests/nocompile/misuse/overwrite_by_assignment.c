/* SPDX-License-Identifier: MIT */
/*
 * error: is overwritten while it may be alive
 * fixed: namespace_ref_drop(MOVE(ns)), ns = namespace_ref_ref(b);
 */
#include <clew/namespace.h>

void other(const namespace_ref *a, const namespace_ref *b);
void other(const namespace_ref *a, const namespace_ref *b)
{
	OWN(namespace_ref, ns) = namespace_ref_ref(a);

	ns = namespace_ref_ref(b); /* wrong */
}
