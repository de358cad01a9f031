/* SPDX-License-Identifier: MIT */
/*
 * What a dead stack owned and nobody else refers to.
 *
 * Candidates are the words of the dead stack (and of the registers) that name
 * a live heap block or a mapping of kind buffer, and what those contain in
 * turn.  A candidate that live memory refers to, directly or through another
 * such candidate, belongs to somebody; the others are released.  Any word
 * that could be a reference counts as one, so nothing in use is released.
 *
 * A word that is left over, in the registers of a task that is releasing the
 * same memory's last owner for instance, keeps a candidate for no reason.  So
 * what is kept is looked at again, some times, when that word may be gone.
 *
 * Not the unwinder (src/unwind), whose cleanups are exact: this is for frames
 * that cannot be found any more.  Everything is on the caller's stack, in
 * bounded tables; what does not fit is kept, not guessed.
 */
#include <clew/ledger.h>

#include <clew/cell.h>
#include <clew/frame.h>
#include <clew/heap.h>
#include <clew/irq.h>
#include <clew/machine.h>
#include <clew/memory.h>
#include <clew/scan.h>

OWN_IMPLEMENTS(frames, "releases what only a dead stack names");
OWN_IMPLEMENTS(map_rw, "releases what only a dead stack names");

#define CANDIDATES_MAX 64 /* bits of a word: who refers to whom */
#define MAPPING_TAG (FRAME_BUFFER + 1)
#define DOUBTS_MAX 16
#define LOOKS_MAX 8 /* again at one candidate; after these it has an owner */

struct doubt {
	uint64_t word; /* as in struct candidate; 0: none */
	uint32_t looks;
	uint32_t reserved;
};

struct ledger_state {
	struct doubt doubts[DOUBTS_MAX];
};

CELL_STATE(ledger, "soft: what a sweep kept, perhaps for no reason; it is looked at again") = { 0 };

struct candidate {
	uint64_t word;	      /* as it was found: a block's address, or an owner's word */
	uintptr_t start, end; /* memory of it */
	bool is_mapping;
};

struct sweep {
	struct candidate candidates[CANDIDATES_MAX];
	uint64_t refers[CANDIDATES_MAX]; /* bit k of refers[i]: i's contents name k */
	uint64_t live;			 /* bit k: live memory names k */
	uint32_t count;
	const struct ledger_dead *dead;
	bool again; /* only at what was kept before */
};

static bool describe(uint64_t word, struct candidate *ret)
{
	const frames run = { word };
	size_t size = heap_block_size(word);

	if (size > 0) {
		*ret = (struct candidate){ .word = word, .start = word, .end = word + size };
		return true;
	}
	if ((word & 0xff) != MAPPING_TAG || !frame_is_run(&run))
		return false;
	*ret = (struct candidate){
		.word = word,
		.start = frame_start(&run),
		.end = frame_start(&run) + frame_count(&run) * PAGE_SIZE,
		.is_mapping = true,
	};
	return true;
}

static void consider(struct sweep *sweep, uint64_t word)
{
	struct candidate candidate;

	if (word == 0 || sweep->count == CANDIDATES_MAX || !describe(word, &candidate))
		return;
	for (uint32_t i = 0; i < sweep->count; i++) {
		if (sweep->candidates[i].word == word)
			return;
	}
	sweep->candidates[sweep->count++] = candidate;
}

static bool can_be_read(uintptr_t address)
{
	return machine_prot_at(address) != MACHINE_NONE;
}

static void consider_contents(struct sweep *sweep, uintptr_t start, uintptr_t end)
{
	for (uintptr_t at = (start + 7) & ~7ul; at + 8 <= end; at += 8) {
		if (can_be_read(at))
			consider(sweep, *(const uint64_t *)at);
	}
}

/* Does the word point into the candidate, or own some of its pages? */
static bool names(const struct candidate *candidate, uint64_t word)
{
	const frames run = { word };
	uintptr_t start;

	if (word - candidate->start < candidate->end - candidate->start)
		return true;
	if (!candidate->is_mapping || (word & 0xff) != MAPPING_TAG || !frame_is_run(&run))
		return false;
	start = frame_start(&run);
	return start < candidate->end && start + frame_count(&run) * PAGE_SIZE > candidate->start;
}

/* The candidate whose memory holds the address; count: none. */
static uint32_t holder_of(const struct sweep *sweep, uintptr_t address)
{
	uint32_t i = 0;

	while (i < sweep->count && address - sweep->candidates[i].start >=
					   sweep->candidates[i].end - sweep->candidates[i].start)
		i++;
	return i;
}

static bool is_on_dead_stack(const struct sweep *sweep, uintptr_t address)
{
	struct task *stack_of;

	if (address - sweep->dead->low < sweep->dead->high - sweep->dead->low)
		return true;
	/* Of the caller's own stack only the frames that live on count. */
	return !scan_is_live(address, sweep->dead->live_from, &stack_of);
}

static bool is_doubt(const uint64_t *word)
{
	return (uintptr_t)word - (uintptr_t)&ledger_state < sizeof(ledger_state);
}

static void note_reference(struct sweep *sweep, const uint64_t *word)
{
	uint32_t holder = holder_of(sweep, (uintptr_t)word);

	if (is_doubt(word))
		return;
	for (uint32_t i = 0; i < sweep->count; i++) {
		if (!names(&sweep->candidates[i], *word))
			continue;
		if (holder < sweep->count)
			sweep->refers[holder] |= 1ull << i;
		else if (!is_on_dead_stack(sweep, (uintptr_t)word))
			sweep->live |= 1ull << i;
	}
}

static void visit(void *context, const uint64_t *words, size_t count)
{
	struct sweep *sweep = context;

	for (size_t i = 0; i < count; i++) {
		if (words[i] != 0)
			note_reference(sweep, &words[i]);
	}
}

/* What a live candidate names is live. */
static void spread(struct sweep *sweep)
{
	uint64_t before;

	do {
		before = sweep->live;
		for (uint32_t i = 0; i < sweep->count; i++) {
			if (sweep->live >> i & 1)
				sweep->live |= sweep->refers[i];
		}
	} while (sweep->live != before);
}

static void release(const struct candidate *candidate, struct ledger_report *report)
{
	if (candidate->is_mapping) {
		map_rw_drop((map_rw){ candidate->word });
		report->mappings++;
	} else {
		heap_free((void *)candidate->start);
		report->blocks++;
	}
}

static void keep(struct sweep *sweep, uint64_t word)
{
	for (uint32_t i = 0; i < sweep->count; i++) {
		if (names(&sweep->candidates[i], word))
			sweep->live |= 1ull << i;
	}
}

/* ---- what was kept ------------------------------------------------------------- */

static struct doubt *doubt_of(uint64_t word)
{
	for (int i = 0; i < DOUBTS_MAX; i++) {
		if (ledger_state.doubts[i].word == word)
			return &ledger_state.doubts[i];
	}
	return NULL;
}

/* Those that do not fit stay what they are: kept. */
static void remember(const struct sweep *sweep)
{
	for (uint32_t i = 0; i < sweep->count; i++) {
		uint64_t word = sweep->candidates[i].word;
		struct doubt *place = doubt_of(word);

		if (!(sweep->live >> i & 1)) {
			if (place)
				place->word = 0;
			continue;
		}
		if (!place) {
			place = doubt_of(0);
			if (place)
				*place = (struct doubt){ .word = word };
		} else if (sweep->again && ++place->looks == LOOKS_MAX) {
			place->word = 0;
		}
	}
}

/* Forgets what has been released meanwhile. */
static void consider_doubts(struct sweep *sweep)
{
	struct candidate ignored;

	for (int i = 0; i < DOUBTS_MAX; i++) {
		struct doubt *doubt = &ledger_state.doubts[i];

		if (doubt->word != 0 && !describe(doubt->word, &ignored))
			doubt->word = 0;
		consider(sweep, doubt->word);
	}
}

static void settle(struct sweep *sweep, struct ledger_report *report)
{
	if (sweep->count > 0)
		scan_pages(true, visit, sweep);
	spread(sweep);
	remember(sweep);
	for (uint32_t i = 0; i < sweep->count; i++) {
		if (!(sweep->live >> i & 1))
			release(&sweep->candidates[i], report);
	}
}

CELL_EXPORT __attribute__((noinline)) bool ledger_look_again(void)
{
	const struct ledger_dead none = { .live_from = (uintptr_t)__builtin_frame_address(0) };
	OWN(irq_guard, guard) = irq_off();
	struct sweep sweep = { .dead = &none, .again = true };
	struct ledger_report report = { 0 };

	consider_doubts(&sweep);
	if (sweep.count == 0)
		return false;
	settle(&sweep, &report);
	return true;
}

CELL_EXPORT void ledger_sweep(const struct ledger_dead *dead, struct ledger_report *ret)
{
	struct sweep sweep = { .dead = dead };
	struct ledger_report report = { 0 };

	for (size_t i = 0; i < dead->n_registers; i++)
		consider(&sweep, dead->registers[i]);
	consider_contents(&sweep, dead->low, dead->high);
	for (uint32_t i = 0; i < sweep.count; i++)
		consider_contents(&sweep, sweep.candidates[i].start, sweep.candidates[i].end);
	for (size_t i = 0; i < dead->n_kept; i++)
		keep(&sweep, dead->kept[i]);
	consider_doubts(&sweep);
	settle(&sweep, &report);
	*ret = report;
}

CELL("ledger", 1, CELL_SERVICE, "releases what a dead stack owned and nobody refers to");
