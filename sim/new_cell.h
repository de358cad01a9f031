/* SPDX-License-Identifier: MIT */
/*
 * `clew new-cell NAME`: a folder with a service, an application that uses it
 * and what builds, checks and swaps them.
 */
#ifndef SIM_NEW_CELL_H
#define SIM_NEW_CELL_H

int new_cell_command(int argc, char **argv);

#endif
