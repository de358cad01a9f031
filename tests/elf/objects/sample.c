/* SPDX-License-Identifier: MIT */
/*
 * A little of everything that a C compiler puts into an object: code, jump
 * tables, constants, merged strings, zeroed and common objects, thread-local
 * ones, cleanups with their tables, constructors, weak and hidden symbols.
 * Compiled with several sets of flags; never run.
 */
extern int sample_extern(int);
extern int sample_extern_data;
extern int sample_weak(void) __attribute__((weak));

struct sample_node {
	struct sample_node *next;
	const char *name;
	int (*visit)(struct sample_node *);
};

int sample_visit(struct sample_node *node);
int sample_switch(int a);
int sample_cleanup(int a);
void sample_constructor(void) __attribute__((constructor));

int sample_common;
long sample_zeroed[100] = { 0 };
const double sample_constants[] = { 1.5, 2.5, 3.25 };
static __thread int sample_thread = 3;
static struct sample_node sample_second = { 0, "second", sample_visit };
struct sample_node sample_first = { &sample_second, "first", sample_visit };
__attribute__((visibility("hidden"))) int sample_hidden = 9;

int sample_visit(struct sample_node *node)
{
	if (sample_weak)
		sample_common += sample_weak();
	return node->next ? node->next->visit(node->next) : sample_extern(sample_extern_data);
}

int sample_switch(int a)
{
	switch (a) {
	case 0:
		return sample_extern(3);
	case 1:
		return sample_hidden;
	case 2:
		return sample_extern(1) + 1;
	case 3:
		return (int)sample_zeroed[sample_common & 63];
	case 4:
		return sample_extern(7) * 5;
	case 5:
		return (int)sample_constants[sample_common & 1];
	case 6:
		return sample_thread++;
	default:
		return -1;
	}
}

static void sample_release(int *place)
{
	sample_extern(*place);
}

int sample_cleanup(int a)
{
	__attribute__((cleanup(sample_release))) int owned = a;

	return sample_extern(owned) + sample_switch(owned);
}

void sample_constructor(void)
{
	sample_common = 1;
}
