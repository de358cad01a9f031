/* SPDX-License-Identifier: MIT */
/*
 * The cell control: whatever comes on the control line and the bulk line, it
 * answers in frames, does only what a whole request asks for, holds no memory
 * afterwards, and reads on.
 *
 * Input: a byte of options; how many bytes follow for the bulk line (2), and
 * these; then the line.  On the line 0xff begins what is no plain byte, see
 * enum event.
 */
#include <clew/control.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <clew/bulk.h>
#include <clew/cell.h>
#include <clew/child.h>
#include <clew/console.h>
#include <clew/log.h>
#include <clew/memory.h>
#include <clew/shell.h>
#include <clew/task.h>

#include "fuzz.h"

enum event {
	EVENT_BREAK = 1,
	EVENT_END = 2,
	EVENT_PAUSE = 3,
	EVENT_REQUEST = 4, /* a whole one, with the right CRC: verb, length, bytes */
};

#define MEMORY_MAX (1u << 20) /* bytes that the machine has */
#define ANSWERS_MAX (1u << 16)
#define REQUEST_BYTES (CONTROL_HEADER_MAX + 256 + 16)

static struct {
	struct fuzz_input line, bulk;
	uint8_t options, ends;
	uint8_t request[REQUEST_BYTES]; /* of EVENT_REQUEST, as far as it was not read */
	size_t request_at, request_size;
	uint64_t now_ns;
	size_t held; /* mappings */
	unsigned long carried_out;
	char answers[ANSWERS_MAX];
	size_t n_answers;
	int result;
	char spoken[4096]; /* what came on the line last */
	size_t n_spoken;
} world;

static struct task_loop loop;

/* The cell's, which tests/cells/open_state.h has opened. */
extern struct control_state control_state;
extern const size_t control_state_size;

/* ---- the control line -------------------------------------------------------------- */

/* ISO 3309, bit by bit. */
static uint32_t crc_of(const uint8_t *bytes, size_t size)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < size * 8; i++) {
		uint32_t bit = (crc ^ (uint32_t)(bytes[i / 8] >> i % 8)) & 1;

		crc = crc >> 1 ^ (bit ? 0xedb88320u : 0);
	}
	return ~crc;
}

static void make_request(void)
{
	static const char *const verbs[] = { "exec", "swap", "sync", "exec" };
	uint8_t verb = fuzz_byte(&world.line) & 3;
	size_t size;
	const uint8_t *bytes = fuzz_bytes(&world.line, fuzz_byte(&world.line), &size);
	char *header = (char *)world.request;

	world.request_at = 0;
	world.request_size = (size_t)sprintf(header, "clew1 %s %zu %08x%s\n", verbs[verb], size,
					     crc_of(bytes, size),
					     verb == 1	 ? " greeter"
					     : verb == 2 ? " nonce"
							 : "");
	memcpy(world.request + world.request_size, bytes, size);
	world.request_size += size;
}

/* The next byte, or the event that is instead of it as its negative; 0x100: the end. */
static int next_of_line(void)
{
	uint8_t byte;

	for (;;) {
		if (world.request_at < world.request_size)
			return world.request[world.request_at++];
		if (world.line.left == 0)
			return 0x100;
		byte = fuzz_byte(&world.line);
		if (byte != 0xff)
			return byte;
		byte = fuzz_byte(&world.line);
		if (byte != EVENT_REQUEST)
			return byte >= EVENT_BREAK && byte <= EVENT_PAUSE ? -byte : 0xff;
		make_request();
	}
}

static int pass_time(uint64_t deadline_ns)
{
	if (deadline_ns == WAIT_FOREVER)
		return CONSOLE_E_INTERRUPT; /* this target's way to see that it waits */
	if (deadline_ns > world.now_ns)
		world.now_ns = deadline_ns;
	return WAIT_E_TIMEOUT;
}

int console_read_step(int stream, void *ret, size_t size, uint64_t deadline_ns, size_t *ret_size)
{
	int next = next_of_line();

	FUZZ_REQUIRE(stream == CONSOLE_CONTROL && size > 0);
	if (next == -EVENT_BREAK)
		return CONSOLE_E_BREAK;
	if (next == -EVENT_END)
		return CONSOLE_E_END;
	if (next < 0 || next == 0x100)
		return pass_time(deadline_ns);
	memset(ret, 0xa5, size); /* all of it must be there */
	*(uint8_t *)ret = (uint8_t)next;
	world.spoken[world.n_spoken++ % sizeof(world.spoken)] = (char)next;
	*ret_size = 1;
	return 0;
}

void console_send(const char *bytes, size_t size)
{
	fuzz_touch(bytes, size);
	if (size > sizeof(world.answers) - world.n_answers)
		return;
	memcpy(world.answers + world.n_answers, bytes, size);
	world.n_answers += size;
}

void console_set_session(uint64_t task)
{
}

int bulk_take(void *ret, size_t size, size_t *ret_size)
{
	size_t most = (world.options & 0x0f) ? world.options & 0x0f : size;
	const uint8_t *bytes;

	FUZZ_REQUIRE(size > 0);
	if (world.options & 0x10)
		return -ENODEV;
	memset(ret, 0xa5, size);
	bytes = fuzz_bytes(&world.bulk, most < size ? most : size, ret_size);
	if (*ret_size > 0)
		memcpy(ret, bytes, *ret_size);
	return 0;
}

/* ---- memory, shell, tasks ---------------------------------------------------------- */

int map_rw_new(size_t pages, enum frame_kind kind, map_rw *ret)
{
	FUZZ_REQUIRE(pages > 0);
	if (pages > MEMORY_MAX / PAGE_SIZE)
		return -ENOMEM;
	ret->word = (uintptr_t)calloc(pages, PAGE_SIZE);
	world.held++;
	return 0;
}

void *map_rw_at(const map_rw *map)
{
	return (void *)(uintptr_t)map->word;
}

void map_rw_cleanup(map_rw *place)
{
	world.held -= place->word != 0;
	free((void *)(uintptr_t)place->word);
	place->word = 0;
}

int shell_execute(const char *text, int stream)
{
	FUZZ_REQUIRE(stream == CONSOLE_CONTROL);
	fuzz_touch(text, strlen(text) + 1);
	world.carried_out++;
	return world.ends;
}

int shell_swap(const char *name, const char *file, const void *bytes, size_t size,
	       struct diag *reterr)
{
	char crc[16];

	/* The right CRC was among what came, as long as all of that is still known. */
	sprintf(crc, " %08x ", crc_of(bytes, size));
	FUZZ_REQUIRE(world.n_spoken > sizeof(world.spoken) ||
		     memmem(world.spoken, world.n_spoken, crc, strlen(crc)) != NULL);
	FUZZ_REQUIRE(strlen(name) < CELL_NAME_MAX && strcmp(name, file) == 0);
	world.carried_out++;
	return world.ends & 1 ? -EBUSY : 0;
}

void shell_describe(char *to, size_t size, const char *command, int error, const struct diag *diag)
{
	snprintf(to, size, "%s: failed", command);
}

int task_repeat(void *unused)
{
	return 0;
}

int task_spawn(int (*entry)(void *), const void *argument, size_t size,
	       const struct task_options *options, task_handle *ret)
{
	if (entry == task_repeat)
		loop = *(const struct task_loop *)argument;
	else if (world.options & 0x20)
		return -ENOMEM;
	else
		world.result = entry((void *)(uintptr_t)argument);
	ret->word = 7;
	return 0;
}

int task_join_step(const task_handle *task, uint64_t deadline_ns, struct task_exit *ret)
{
	*ret = (struct task_exit){ world.ends & 0x80 ? TASK_CRASHED : TASK_RETURNED, world.result };
	return 0;
}

kill_hold task_hold_kill(void)
{
	return (kill_hold)OWNER_EMPTY;
}

void kill_hold_cleanup(kill_hold *place)
{
}

int task_kill(uint64_t id)
{
	return -ENOENT;
}

void task_detach(task_handle task)
{
}

void task_handle_cleanup(task_handle *place)
{
	place->word = 0;
}

void task_safe_point(void)
{
}

uint64_t machine_clock_ns(void)
{
	return world.now_ns;
}

void log_write(const char *format, ...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
}

_Noreturn void own_overwritten(const char *file, int line)
{
	fuzz_fail("an owner is not overwritten", file, line);
}

/* ---- answers ----------------------------------------------------------------------- */

/* control.h: `sync NONCE`, `done STATUS`, and `error LENGTH` with its text and `done 1`. */
static unsigned long check_answers(void)
{
	char *at = world.answers, *end = at + world.n_answers;
	unsigned long done = 0, number;
	int used;

	world.answers[world.n_answers < ANSWERS_MAX ? world.n_answers : ANSWERS_MAX - 1] = 0;
	while (at < end) {
		char *line_end = memchr(at, '\n', (size_t)(end - at));

		FUZZ_REQUIRE(line_end != NULL);
		*line_end = 0;
		if (sscanf(at, "error %lu%n", &number, &used) == 1) {
			FUZZ_REQUIRE(!at[used] && number > 0 && number < CONTROL_FRAME_MAX);
			FUZZ_REQUIRE(number + 7 <= (size_t)(end - line_end - 1));
			FUZZ_REQUIRE(!memcmp(line_end + 1 + number, "done 1\n", 7));
			line_end += number;
		} else if (sscanf(at, "done %lu%n", &number, &used) == 1) {
			FUZZ_REQUIRE(!at[used] && number <= 255);
			done++;
		} else {
			FUZZ_REQUIRE(strncmp(at, "sync ", 5) == 0 && strlen(at) > 5 &&
				     strlen(at) < 5 + 32 && !strchr(at + 5, ' '));
		}
		at = line_end + 1;
	}
	return done;
}

/* Each step reads on, and leaves nothing. */
static void serve(void)
{
	while (world.line.left > 0 || world.request_at < world.request_size) {
		size_t left = world.line.left + world.request_size - world.request_at;
		size_t line_left = world.line.left;

		FUZZ_REQUIRE(loop.step(loop.argument) == TASK_AGAIN);
		FUZZ_REQUIRE(world.line.left < line_left ||
			     world.line.left + world.request_size - world.request_at < left);
		FUZZ_REQUIRE(world.held == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size };
	unsigned long done;
	size_t bulk;

	memset(&world, 0, offsetof(typeof(world), answers));
	world.n_answers = 0;
	world.n_spoken = 0;
	world.options = fuzz_byte(&input);
	world.ends = fuzz_byte(&input);
	bulk = fuzz_byte(&input);
	bulk += fuzz_byte(&input) * 256ul;
	world.bulk.at = fuzz_bytes(&input, bulk, &world.bulk.left);
	world.line = input;
	if (!loop.step)
		FUZZ_REQUIRE(control_start() == 0);
	memset(&control_state, 0, control_state_size);
	serve();
	done = check_answers();
	FUZZ_REQUIRE(world.carried_out <= done || world.n_answers > ANSWERS_MAX - 4096);
	fuzz_accepted += world.carried_out > 0;
	return 0;
}
