/* SPDX-License-Identifier: MIT */
/*
 * error: is forged
 * fixed:
 */
#include <clew/task.h>

void end_first(void);
void end_first(void)
{
	task_detach((task_handle){ 1 }); /* wrong */
}
