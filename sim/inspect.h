/* SPDX-License-Identifier: MIT */
/* `clew inspect FILE.o...`: what an object is, without running it. */
#ifndef SIM_INSPECT_H
#define SIM_INSPECT_H

/* argv[0] is "inspect". 0; 1: a file is not a sound object; 2: usage. */
int inspect_command(int argc, char **argv);

#endif
