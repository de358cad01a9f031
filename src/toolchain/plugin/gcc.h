/* SPDX-License-Identifier: MIT */
/*
 * What the plugins use of gcc, in the order in which its headers want to be
 * read.  Nothing else includes a header of gcc.
 */
#ifndef CLEW_PLUGIN_GCC_H
#define CLEW_PLUGIN_GCC_H

#pragma GCC system_header

/* clang-format off */
#include <gcc-plugin.h>
#include <plugin-version.h>
#include <context.h>
#include <c-family/c-common.h>
#include <tree.h>
#include <stringpool.h>
#include <attribs.h>
#include <gimple.h>
#include <gimple-iterator.h>
#include <gimple-walk.h>
#include <cfg.h>
#include <basic-block.h>
#include <tree-pass.h>
#include <tree-eh.h>
#include <tree-cfg.h>
#include <tree-dfa.h>
#include <cgraph.h>
#include <diagnostic.h>
#include <cpplib.h>
#include <c-family/c-pragma.h>
/* clang-format on */

#endif
