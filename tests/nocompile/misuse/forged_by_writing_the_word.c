/* SPDX-License-Identifier: MIT */
/*
 * error: is forged
 * fixed: (void)ns;
 */
#include <clew/namespace.h>

void use(uint64_t word, namespace_ref *ns);
void use(uint64_t word, namespace_ref *ns)
{
	ns->word = word; /* wrong */
}
