/* SPDX-License-Identifier: MIT */
/*
 * Interface of the cell `captain`, which takes the system over from nano_core.
 */
#ifndef CLEW_CAPTAIN_H
#define CLEW_CAPTAIN_H

/* Called once, by nano_core, on the machine's boot stack with interrupts off. */
_Noreturn void captain_start(void);

#endif
