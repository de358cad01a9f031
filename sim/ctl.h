/* SPDX-License-Identifier: MIT */
/*
 * `clew ctl`: one request to a running system.
 */
#ifndef SIM_CTL_H
#define SIM_CTL_H

int ctl_command(int argc, char **argv);

#endif
