/* SPDX-License-Identifier: MIT */
/* One of many shared objects that are loaded beside what is measured. */
int filler_version(void);

int filler_version(void)
{
	return 1;
}
