/* SPDX-License-Identifier: MIT */
/*
 * The command on a terminal: raw while it runs, as it was afterwards.
 *
 * The guest echoes what it gets and halts at Ctrl-D.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "tap.h"

static int master, slave;
static struct termios before;
static pid_t pid;

static void start(void)
{
	struct termios now;

	master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	ck_assert_int_ge(master, 0);
	ck_assert_int_eq(grantpt(master), 0);
	ck_assert_int_eq(unlockpt(master), 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	ck_assert_int_ge(slave, 0);
	ck_assert_int_eq(tcgetattr(slave, &before), 0);
	ck_assert_uint_ne(before.c_lflag & ICANON, 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		for (int fd = 0; fd <= 2; fd++)
			dup2(slave, fd);
		execl(getenv("CLEW"), "clew", "run", "--cells", getenv("CLEW_GUEST"), NULL);
		_exit(127);
	}
	do {
		usleep(1000);
		ck_assert_int_eq(tcgetattr(slave, &now), 0);
	} while (now.c_lflag & ICANON);
	ck_assert_uint_eq(now.c_lflag & (ECHO | ISIG), 0);
	ck_assert_uint_eq(now.c_iflag & (ICRNL | IXON), 0);
	ck_assert_uint_eq(now.c_oflag, before.c_oflag);
}

static void type(const char *keys)
{
	ck_assert_int_eq(write(master, keys, strlen(keys)), (ssize_t)strlen(keys));
}

static void expect(const char *text)
{
	char seen[64] = "";
	size_t size = strlen(text);

	for (size_t used = 0; used < size;) {
		ssize_t n = read(master, seen + used, size - used);

		ck_assert_int_gt(n, 0);
		used += (size_t)n;
	}
	ck_assert_str_eq(seen, text);
}

static void expect_end(int status)
{
	struct termios now;
	int found;

	ck_assert_int_eq(waitpid(pid, &found, 0), pid);
	ck_assert_int_eq(WIFEXITED(found) ? WEXITSTATUS(found) : 128 + WTERMSIG(found), status);
	ck_assert_int_eq(tcgetattr(slave, &now), 0);
	ck_assert_uint_eq(now.c_iflag, before.c_iflag);
	ck_assert_uint_eq(now.c_oflag, before.c_oflag);
	ck_assert_uint_eq(now.c_cflag, before.c_cflag);
	ck_assert_uint_eq(now.c_lflag, before.c_lflag);
	close(slave);
	close(master);
}

START_TEST(keys_are_bytes_and_ctrl_c_is_one_of_them)
{
	start();
	type("a\003\032\021\r!");
	expect("a\003\032\021\r!");
	type("\004");
	expect("end\r\n");
	expect_end(0);
}
END_TEST

START_TEST(the_terminal_is_put_back_after_sigterm)
{
	start();
	kill(pid, SIGTERM);
	expect_end(128 + SIGTERM);
}
END_TEST

START_TEST(the_terminal_is_put_back_after_sighup)
{
	start();
	kill(pid, SIGHUP);
	expect_end(128 + SIGHUP);
}
END_TEST

START_TEST(the_terminal_is_put_back_after_a_death)
{
	start();
	kill(pid, SIGSEGV);
	expect_end(4);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("terminal");
	TCase *terminal = tcase_create("terminal");

	tcase_set_timeout(terminal, 60);
	suite_add_tcase(suite, terminal);
	tcase_add_test(terminal, keys_are_bytes_and_ctrl_c_is_one_of_them);
	tcase_add_test(terminal, the_terminal_is_put_back_after_sigterm);
	tcase_add_test(terminal, the_terminal_is_put_back_after_sighup);
	tcase_add_test(terminal, the_terminal_is_put_back_after_a_death);
	return tap_run(suite);
}
