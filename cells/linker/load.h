/* SPDX-License-Identifier: MIT */
/*
 * Internal to the linker cell: its state, and objects on their way in.
 *
 * A load is a transaction over one object and those it needs: read, lay out,
 * resolve, relocate, seal, publish.  Until publish nobody else can see it;
 * dropping the transaction undoes everything.
 */
#ifndef LINKER_LOAD_H
#define LINKER_LOAD_H

#include <clew/diag.h>
#include <clew/heap.h>
#include <clew/linker.h>
#include <clew/namespace.h>

#include "base/diag.h"
#include "link/link.h"
#include "link/note.h"
#include "link/record.h"

#include "pool.h"
#include "scratch.h"

/* An object of the boot archive. */
struct archive_object {
	const void *bytes;
	size_t size;
	uint32_t kind;	  /* 0: foreign */
	bool on_demand;	  /* at the top of the archive: loaded when needed */
	bool is_damaged;  /* cannot be read; kind is 0 */
	struct note note; /* borrows `bytes`; not of a foreign object */
	char cell[CELL_NAME_MAX];
	char file[64];
	char summary[CELL_SUMMARY_MAX];
};

struct linker_state {
	struct link_cell *cells;	  /* newest first */
	struct link_version **text_owner; /* by page of the text pool; the heap's */
	struct archive_object *archive;	  /* the heap's */
	uint32_t n_archive;
	uint32_t busy; /* a transaction is open */
	uint32_t mark; /* last one given out, see link_cell */
	uint64_t last_id;
	uint8_t *scratch;      /* the heap's, SCRATCH_SIZE bytes: for the transaction */
	uint64_t scratch_used; /* bytes; zero from there on */
	struct pool pools[POOLS];
};

struct linker_state *linker_self(void);

/* The right to change what is loaded; held by one task at a time. */
OWNER(linker_lock);
linker_lock linker_lock_take(void); /* waits its turn */
void linker_lock_cleanup(linker_lock *place);

/* One object of a transaction; all blocks are the heap's, or scratch. */
struct loading {
	struct loading *next;
	struct elf elf;
	struct note note;
	bool is_foreign;
	bool is_new_cell; /* else another version of a loaded one */
	struct link_object object;
	struct link_cell *cell;
	struct link_version *version;
	struct namespace *ns;
	uint8_t *tables; /* the block that holds the following, but for words */
	struct link_section *sections;
	struct link_symbol *symbols;
	/* by symbol */
	struct link_export **targets; /* who provides what is needed */
	struct link_export **exports; /* of what is provided */
	struct link_entry **entries;  /* of functions whose address is taken, as far as known */
	struct link_word *words;
	uint8_t *images;	  /* the block of the object's images of text and constants */
	struct link_batch *batch; /* of the exports it brings; NULL: none yet */
	/* the note's symbols by name, once asked for: first of a bucket + 1, next in its chain + 1
	 */
	uint32_t *note_first, *note_next;
	uint32_t note_at; /* after the symbol that was found last */
	bool note_is_indexed;
	uint32_t n_functions, function_names; /* bytes */
	size_t max_unwind;
};

struct transaction {
	struct loading *first, **last;
	struct created_entry *created;
	struct diag *reterr;
};

/* An entry that this transaction made, and where to unhook it. */
struct created_entry {
	struct created_entry *next;
	struct link_cell *cell;
	struct link_export *export; /* NULL: the entry of a hidden function */
	struct link_entry *entry;
};

void transaction_init(struct transaction *transaction, struct diag *reterr);
/* Reads and lays out; identity NULL: a cell of its own, else another version of that cell. */
MUST_USE int transaction_add(struct transaction *transaction, struct namespace *ns,
			     struct link_cell *identity, const char *file, const void *bytes,
			     size_t size);
/* Resolves (adding what is needed), relocates and seals everything added. */
MUST_USE int transaction_link(struct transaction *transaction);
/* Makes it visible.  Fails only before anything was made visible. */
MUST_USE int transaction_publish(struct transaction *transaction);
/* Undoes what was not published. */
void transaction_cleanup(struct transaction *transaction);

/* -ENOMEM with a diag that says of what. */
MUST_USE int transaction_out_of_memory(struct transaction *transaction, const char *cell,
				       const char *what);

/* provide.c: the version's definitions, and exports for what is new. */
MUST_USE int provide_exports(struct transaction *transaction, struct loading *loading);

/* resolve.c */
MUST_USE int resolve_needs(struct transaction *transaction, struct loading *loading);
MUST_USE int resolve_entries(struct transaction *transaction, struct loading *loading);
/* Which functions of another version follow the cell's entries, once it is placed. */
MUST_USE int successor_list_entries(struct transaction *transaction, struct loading *loading);
/* What the note says of the name; 0: nothing. */
uint64_t resolve_type_hash(struct loading *loading, const struct note_query *query);
uint64_t resolve_type_of_entry(struct loading *loading, const char *name);

/* successor.c: the cell's entries whose names are this object's functions. */
MUST_USE int successor_find_entries(struct transaction *transaction, struct loading *loading);
/* An identity for a function of this object, whether or not others can see it. */
#define ENTRY_NAME_MAX 160
void entry_name(const struct loading *loading, uint32_t symbol, char ret[ENTRY_NAME_MAX]);

/*
 * entry.c: makes the entry called `name` of the cell, which has none of that
 * name.  export NULL: the function is hidden.
 */
MUST_USE int entry_new(struct transaction *transaction, struct link_cell *cell,
		       struct link_export *export, const char *name, uintptr_t value,
		       struct link_version *version, struct link_entry **ret);
/* The entry of an export, made if it has none. */
MUST_USE int entry_of_export(struct transaction *transaction, struct link_export *export,
			     struct link_entry **ret);
void entry_undo(struct transaction *transaction);
void entry_keep(struct transaction *transaction); /* what was made stays */
void entry_free_all(struct link_cell *cell);

/* record.c */
MUST_USE int record_cell_new(struct namespace *ns, const char *name, struct link_cell **ret);
void record_cell_free(struct link_cell *cell); /* with its entries and state */
MUST_USE int record_version_new(struct link_cell *cell, struct link_version **ret);
void record_version_free(struct link_version *version); /* with its extents */
/*
 * Exports come in blocks that go with the last of them.  bytes: the sum of
 * record_export_size() of the names.  The maker holds the batch, too.
 */
struct link_batch;
size_t record_export_size(size_t name_length);
MUST_USE int record_batch_new(size_t bytes, struct link_batch **ret);
void record_batch_unref(struct link_batch *batch); /* NULL: nothing */
/* batch NULL: in a block of its own. */
MUST_USE int record_export_new(struct link_cell *cell, struct link_batch *batch,
			       const struct note_query *name, struct link_export **ret);
void record_export_free(struct link_export *export);
bool record_is_in_state(const struct link_cell *cell, uintptr_t value);
struct link_cell *record_cell_find(const struct namespace *ns, const char *name);
void record_slot_attach(struct link_slot *slot);
void record_slot_detach(struct link_slot *slot);
/* Another cell that uses this one; NULL: none. */
const struct link_cell *record_user(const struct link_cell *cell);
/* Room for what is known of the version, its functions counted. */
MUST_USE int record_tables_new(struct loading *loading, uint32_t n_definitions);
void record_functions(struct loading *loading); /* names for backtraces */

/* fields.c */
MUST_USE int fields_record(struct transaction *transaction, struct loading *loading);
/* The first field that differs, in words of at most size bytes; false: none does. */
bool fields_difference(const struct link_cell *cell, const struct note *note, char *expected,
		       char *found, size_t size);

/* tags.c */
MUST_USE int tags_record(struct transaction *transaction, struct loading *loading);
MUST_USE int tags_check(struct transaction *transaction, struct loading *loading);

/* archive.c */
MUST_USE int archive_read(const void *archive, size_t size, struct diag *reterr);
const struct archive_object *archive_find(const char *name);
/* Whether these bytes are an object of the archive, and so stay where they are. */
bool archive_has(const void *bytes, size_t size);
const struct archive_object *archive_provider(const char *symbol);
/* What was found when there is none: an object that cannot be read may have been it. */
void archive_describe_absence(char *ret, size_t size);
/* Of an object without a name of its own: the file's last part, without ".o". */
void archive_name_of(const char *file, char ret[CELL_NAME_MAX]);

#endif
