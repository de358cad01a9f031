/* SPDX-License-Identifier: MIT */
/* Errors and crashes in words. */
#include "command.h"

#include <clew/cell.h>
#include <clew/console.h>
#include <clew/recovery.h>
#include <clew/shell.h>

#include "base/format.h"
#include "base/string.h"

struct text {
	char *to;
	size_t size;
	size_t length;
};

__attribute__((format(printf, 2, 3))) static void append(struct text *text, const char *format, ...)
{
	va_list arguments;

	if (text->length >= text->size)
		return;
	va_start(arguments, format);
	text->length +=
		format_list(text->to + text->length, text->size - text->length, format, arguments);
	va_end(arguments);
}

void report_line(int stream, const char *format, ...)
{
	va_list arguments;
	char text[REPORT_LINE_MAX];
	size_t length;

	va_start(arguments, format);
	length = format_list(text, sizeof(text), format, arguments);
	va_end(arguments);
	console_write(stream, text, length < sizeof(text) ? length : sizeof(text) - 1);
}

static const char *error_name(int error)
{
	switch (error) {
	case -EPERM:
		return "not permitted";
	case -ENOENT:
		return "not found";
	case -E2BIG:
		return "too large";
	case -ENOEXEC:
		return "not an object that can be loaded";
	case -ENOMEM:
		return "out of memory";
	case -EBUSY:
		return "in use";
	case -EEXIST:
		return "exists already";
	case -ENOTDIR:
		return "not a folder";
	case -EISDIR:
		return "a folder";
	case -EINVAL:
		return "invalid";
	case -EFBIG:
		return "the file would be too large";
	case -ENOSPC:
		return "no room";
	case -ERANGE:
		return "out of range";
	case -ENAMETOOLONG:
		return "name too long";
	case -ENOTEMPTY:
		return "the folder is not empty";
	case -ESTALE:
		return "was removed meanwhile";
	case -EBADMSG:
		return "damaged";
	case -ENOTSUP:
		return "not supported";
	case -EALREADY:
		return "done already";
	default:
		return NULL;
	}
}

const char *report_error_text(int error)
{
	const char *text = error_name(error);

	return text != NULL ? text : "error of an unknown kind";
}

int report_path(const struct call *call, const char *path, int error)
{
	report_line(call->client, "%s: %s: %s\n", call->command->name, path,
		    report_error_text(error));
	return STATUS_FAILED;
}

static void append_place(struct text *text, const struct diag *diag)
{
	if (diag->cell[0])
		append(text, "cell %s: ", diag->cell);
	if (diag->section[0])
		append(text, "section %s: ", diag->section);
	if (diag->symbol[0])
		append(text, "symbol %s: ", diag->symbol);
	if (diag->offset != DIAG_NO_OFFSET && (diag->offset != 0 || diag->section[0]))
		append(text, "offset 0x%lx: ", diag->offset);
}

CELL_EXPORT void shell_describe(char *to, size_t size, const char *command, int error,
				const struct diag *diag)
{
	struct text text = { .to = to, .size = size };
	const char *name = error_name(error);

	append(&text, "%s: ", command);
	append_place(&text, diag);
	if (diag->what[0])
		append(&text, "%s", diag->what);
	else if (name)
		append(&text, "%s", name);
	else
		append(&text, "error %d", error);
	if (diag->expected[0])
		append(&text, ": expected %s", diag->expected);
	if (diag->found[0])
		append(&text, "%s found %s", diag->expected[0] ? "," : ":", diag->found);
}

int report_error(const struct call *call, int error, const struct diag *diag)
{
	struct diag none = { .offset = DIAG_NO_OFFSET };
	char text[512];

	shell_describe(text, sizeof(text), call->command->name, error, diag ? diag : &none);
	report_line(call->client, "%s\n", text);
	return STATUS_FAILED;
}

static void print_frame(int stream, uint32_t n, const struct fault_frame *frame)
{
	report_line(stream, "  #%-2u 0x%lx  %s: %s+0x%x\n", n, frame->pc,
		    frame->cell[0] ? frame->cell : "?", frame->symbol[0] ? frame->symbol : "?",
		    frame->offset);
}

/* A recursion fills the record with one address. */
static void print_backtrace(int stream, const struct fault_record *fault)
{
	uint32_t n = fault->n_frames < FAULT_BACKTRACE_MAX ? fault->n_frames : FAULT_BACKTRACE_MAX;
	uint32_t same;

	for (uint32_t i = 0; i < n; i += same) {
		print_frame(stream, i, &fault->frames[i]);
		same = 1;
		while (i + same < n && fault->frames[i + same].pc == fault->frames[i].pc)
			same++;
		if (same > 1)
			report_line(stream, "      the same again, %u times\n", same - 1);
	}
	if (n == FAULT_BACKTRACE_MAX)
		report_line(stream, "      further frames are not recorded\n");
}

static void print_fault(int stream, const char *name, const struct fault_record *fault)
{
	const struct fault_frame *first = &fault->frames[0];

	report_line(stream, "%s: crashed (fault %lu): %s\n", name, fault->id, fault->cause);
	if (fault->n_frames > 0 && first->cell[0])
		report_line(stream, "  in cell %s (version %u), function %s\n", first->cell,
			    first->version, first->symbol[0] ? first->symbol : "?");
	else
		report_line(stream, "  in no cell\n");
	print_backtrace(stream, fault);
	report_line(stream, "  %u cleanups run, %u faults in cleanups", fault->cleanups,
		    fault->nested);
	if (fault->lost)
		report_line(stream, ", %u frames lost", fault->lost);
	report_line(stream, "%s\n", fault->truncated ? ", the rest of the stack is lost" : "");
}

void report_crash(int stream, const char *name, int fault)
{
	struct fault_record record;

	if (fault > 0 && recovery_next_fault((uint64_t)fault - 1, &record) == 0 &&
	    record.id == (uint64_t)fault)
		print_fault(stream, name, &record);
	else
		report_line(stream, "%s: crashed (fault %d, no longer in the log)\n", name, fault);
}

int report_end(int stream, const char *name, const struct task_exit *exit)
{
	switch (exit->end) {
	case TASK_CRASHED:
		report_crash(stream, name, exit->value);
		return STATUS_FAILED;
	case TASK_KILLED:
		report_line(stream, "%s: killed\n", name);
		return STATUS_FAILED;
	default:
		return exit->value;
	}
}
