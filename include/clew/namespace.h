/* SPDX-License-Identifier: MIT */
/*
 * Interface of the cell `namespace`: which export a symbol's name stands for.
 *
 * A namespace may have a parent, which is asked when it does not know a name.
 * An application runs in a child namespace of its own, so two applications
 * can see different versions of a service.
 */
#ifndef CLEW_NAMESPACE_H
#define CLEW_NAMESPACE_H

#include <stdint.h>

#include <clew/errors.h>
#include <clew/own.h>

#define NAMESPACE_NAME_MAX 32

/* A counted reference; the namespace goes when the last one is dropped. */
OWNER(namespace_ref);

/* parent NULL: a root.  -ENOMEM. */
MUST_USE int namespace_new(const namespace_ref *parent, const char *name, namespace_ref *ret);
namespace_ref namespace_ref_ref(const namespace_ref *ns);
void namespace_ref_drop(namespace_ref ns);
void namespace_ref_cleanup(namespace_ref *place);

/* The first namespace, in which the services live.  Borrowed. */
const namespace_ref *namespace_root(void);

/* ---- for `ns` and `symbols` ---------------------------------------------- */

struct namespace_info {
	uint64_t id;
	uint64_t parent; /* id, 0: none */
	char name[NAMESPACE_NAME_MAX];
	uint32_t symbols;
	uint32_t references;
};

/* The namespace with the smallest id above `after`; -ENOENT: none. */
MUST_USE int namespace_next(uint64_t after, struct namespace_info *ret);

/* ---- for the linker and swap ---------------------------------------------- */

struct link_export; /* src/link/record.h */
struct namespace;

struct namespace *namespace_of(const namespace_ref *ns); /* borrowed */
uint64_t namespace_id(const struct namespace *ns);

/* Room for `count` more exports: publishing these cannot fail.  -ENOMEM. */
MUST_USE int namespace_reserve(struct namespace *ns, uint32_t count);
/* There is room for it, and the name is not provided in this very namespace; else a panic. */
void namespace_publish(struct namespace *ns, struct link_export *export);
void namespace_withdraw(struct namespace *ns, struct link_export *export);

/* Asks the namespace, then its parents.  NULL: nobody provides the name. */
struct link_export *namespace_find(const struct namespace *ns, const char *name);
/* The same with the name's string_hash(), for who has interrupts off or the linker's lock. */
struct link_export *namespace_find_hashed(const struct namespace *ns, const char *name,
					  uint64_t hash);

/* The i-th export of this very namespace, in order of publication; NULL past the end. */
struct link_export *namespace_export(const struct namespace *ns, uint32_t i);

#endif
