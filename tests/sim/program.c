/* SPDX-License-Identifier: MIT */
/*
 * Fork, exec, pipes and poll.  The program's path is $CLEW.
 */
#include "program.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void make_pipe(int ret[2])
{
	ck_assert_int_eq(pipe2(ret, O_CLOEXEC), 0);
}

static _Noreturn void run_child(const char *const *arguments, int in, int out, int err)
{
	const char *argv[PROGRAM_ARGUMENTS_MAX] = { getenv("CLEW") };

	for (size_t i = 0; arguments[i] && i + 2 < PROGRAM_ARGUMENTS_MAX; i++)
		argv[i + 1] = arguments[i];
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	execv(argv[0], (char *const *)argv);
	_exit(127);
}

void program_start(struct program *program, const char *const *arguments)
{
	int in[2], out[2], err[2];

	make_pipe(in);
	make_pipe(out);
	make_pipe(err);
	signal(SIGPIPE, SIG_IGN);
	program->pid = fork();
	ck_assert_int_ge(program->pid, 0);
	if (program->pid == 0)
		run_child(arguments, in[0], out[1], err[1]);
	close(in[0]);
	close(out[1]);
	close(err[1]);
	program->in = in[1];
	program->out = out[0];
	program->err = err[0];
}

/* What does not fit is read and dropped.  false: the end. */
static bool read_some(int fd, char *to, size_t size, size_t *used)
{
	char rest[4096];
	bool fits = *used + 1 < size;
	ssize_t n = fits ? read(fd, to + *used, size - 1 - *used) : read(fd, rest, sizeof(rest));

	if (n < 0 && errno == EINTR)
		return true;
	if (n > 0 && fits)
		*used += (size_t)n;
	to[*used] = 0;
	return n > 0;
}

static void write_some(struct program *program, const char **input)
{
	ssize_t n = write(program->in, *input, strlen(*input));

	if (n > 0)
		*input += n;
	if (n < 0 || !**input) {
		close(program->in);
		program->in = -1;
	}
}

void program_finish(struct program *program, const char *input, struct program_result *ret)
{
	size_t err_used = 0;
	bool has_out = true, has_err = true;
	int status;

	ret->out_size = 0;
	if (!input || !*input) {
		close(program->in);
		program->in = -1;
	}
	while (has_out || has_err) {
		struct pollfd fds[] = {
			{ .fd = has_out ? program->out : -1, .events = POLLIN },
			{ .fd = has_err ? program->err : -1, .events = POLLIN },
			{ .fd = program->in, .events = POLLOUT },
		};

		if (poll(fds, 3, -1) < 0)
			continue;
		if (fds[0].revents)
			has_out =
				read_some(program->out, ret->out, sizeof(ret->out), &ret->out_size);
		if (fds[1].revents)
			has_err = read_some(program->err, ret->err, sizeof(ret->err), &err_used);
		if (fds[2].revents)
			write_some(program, &input);
	}
	if (program->in >= 0)
		close(program->in);
	close(program->out);
	close(program->err);
	ck_assert_int_eq(waitpid(program->pid, &status, 0), program->pid);
	ret->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void program_run(const char *const *arguments, const char *input, struct program_result *ret)
{
	struct program program;

	program_start(&program, arguments);
	program_finish(&program, input, ret);
}

void program_expect(struct program *program, const char *text)
{
	char seen[4096] = "";
	size_t used = 0;

	while (!strstr(seen, text)) {
		if (!read_some(program->out, seen, sizeof(seen), &used))
			ck_abort_msg("expected `%s`, found the end after `%s`", text, seen);
	}
}
