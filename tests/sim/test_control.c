/* SPDX-License-Identifier: MIT */
/*
 * The control socket and `clew ctl`, against a guest that knows of the
 * protocol only what each test needs.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "program.h"
#include "tap.h"

static char folder[] = "/tmp/clew-control-XXXXXX";
static char path[64];
static struct program machine;
static struct program_result result;

static void start_scenario(const char *scenario)
{
	const char *arguments[] = { "run", "--cells", getenv("CLEW_GUEST"),
				    "-c",  scenario,  "--socket",
				    path,  NULL };

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/socket", folder);
	program_start(&machine, arguments);
}

static void start(void)
{
	start_scenario("control");
	program_expect(&machine, "ready\n");
}

static void ctl(const char *a, const char *b, const char *c)
{
	const char *arguments[] = { "ctl", "--socket", path, a, b, c, NULL };

	program_run(arguments, NULL, &result);
}

/* '#' makes the guest halt. */
static void stop(void)
{
	static struct program_result end;

	ctl("#", NULL, NULL);
	program_finish(&machine, NULL, &end);
	ck_assert_int_eq(end.status, 0);
	ck_assert_int_eq(access(path, F_OK), -1);
	ck_assert_int_eq(errno, ENOENT);
	rmdir(folder);
}

START_TEST(the_socket_is_for_its_owner_only_and_goes_away)
{
	struct stat status;

	start();
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_int_eq(status.st_mode & 07777, 0600);
	ck_assert_uint_eq(status.st_uid, geteuid());
	stop();
}
END_TEST

START_TEST(the_answer_is_printed_and_its_status_returned)
{
	start();
	ctl("hello9", NULL, NULL);
	ck_assert_str_eq(result.out, "yes");
	ck_assert_int_eq(result.status, 7);
	stop();
}
END_TEST

START_TEST(a_request_has_its_length_and_checksum)
{
	start();
	/* CRC-32 of "123456789" is the algorithm's published check value. */
	ctl("123456789", NULL, NULL);
	program_expect(&machine, "clew1 exec 9 cbf43926\n");
	stop();
}
END_TEST

START_TEST(a_swap_sends_name_and_object)
{
	char object[80];
	FILE *file;

	start();
	snprintf(object, sizeof(object), "%s/object", folder);
	file = fopen(object, "w");
	fputs("123456789", file);
	fclose(file);
	ctl("swap", "greeter", object);
	program_expect(&machine, "clew1 swap 9 cbf43926 greeter\n");
	unlink(object);
	stop();
}
END_TEST

START_TEST(ten_clients_in_a_row_are_ten_sessions)
{
	start();
	for (int i = 0; i < 10; i++) {
		ctl("hello9", NULL, NULL);
		ck_assert_int_eq(result.status, 7);
		program_expect(&machine, "carrier]\n");
	}
	stop();
}
END_TEST

static int connect_to_socket(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	/* The machine may be about to listen: the test's time limit ends this. */
	while (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		usleep(1000);
	return fd;
}

static void send_text(int fd, const char *text)
{
	ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

START_TEST(a_client_that_does_not_read_is_given_up_and_the_system_goes_on)
{
	static struct program_result end;
	int fd;

	start_scenario("flood");
	fd = connect_to_socket();
	program_finish(&machine, NULL, &end);
	ck_assert_msg(end.status == 0 && strstr(end.out, "busy given up\n"),
		      "status %d, output: %s%s", end.status, end.out, end.err);
	close(fd);
	rmdir(folder);
}
END_TEST

static void expect_text(int fd, const char *expected)
{
	char text[64] = "";

	ck_assert_int_eq(recv(fd, text, strlen(expected), MSG_WAITALL), (ssize_t)strlen(expected));
	ck_assert_str_eq(text, expected);
}

START_TEST(what_was_said_before_a_session_is_not_part_of_it)
{
	int fd;

	start_scenario("stale");
	program_expect(&machine, "ready\n");
	fd = connect_to_socket();
	send_text(fd, "\n9");
	expect_text(fd, "out 3\nyesdone 7\n");
	close(fd);
	stop();
}
END_TEST

START_TEST(a_second_client_waits_for_the_first)
{
	char text[64];
	int first, second;

	start();
	first = connect_to_socket();
	program_expect(&machine, "[carrier\n");
	second = connect_to_socket();
	send_text(second, "\nb!");
	send_text(first, "\na!");
	expect_text(first, "error 2\nnodone 1\n");
	ck_assert_int_eq(recv(second, text, sizeof(text), MSG_DONTWAIT), -1);
	close(first);
	expect_text(second, "error 2\nnodone 1\n");
	close(second);
	program_expect(&machine, "carrier]\n");
	stop();
}
END_TEST

START_TEST(many_bytes_reach_the_guest_in_order)
{
	static char text[20000]; /* the guest says them again, and nobody reads that meanwhile */
	int fd;

	start();
	fd = connect_to_socket();
	memset(text, 'x', sizeof(text));
	text[0] = '\n';
	text[sizeof(text) - 2] = '!';
	text[sizeof(text) - 1] = 0;
	send_text(fd, text);
	expect_text(fd, "error 2\nnodone 1\n");
	close(fd);
	stop();
}
END_TEST

/* The guest halts in the middle of its answer. */
START_TEST(an_answer_cut_short_is_reported)
{
	static struct program_result end;

	start();
	ctl("?", NULL, NULL);
	ck_assert_int_eq(result.status, 4);
	ck_assert_ptr_nonnull(strstr(result.err, "expected 99 bytes, found 4"));
	program_finish(&machine, NULL, &end);
	rmdir(folder);
}
END_TEST

START_TEST(an_answer_that_is_no_answer_is_reported)
{
	start();
	ctl("&", NULL, NULL);
	ck_assert_int_eq(result.status, 4);
	ck_assert_ptr_nonnull(strstr(result.err, "expected out, error or done"));
	stop();
}
END_TEST

START_TEST(a_refusal_is_printed_as_an_error)
{
	start();
	ctl("!", NULL, NULL);
	ck_assert_int_eq(result.status, 1);
	ck_assert_str_eq(result.out, "");
	ck_assert_str_eq(result.err, "clew ctl: no\n");
	stop();
}
END_TEST

START_TEST(a_machine_that_is_killed_takes_its_socket_along)
{
	static struct program_result end;

	start();
	kill(machine.pid, SIGTERM);
	program_finish(&machine, NULL, &end);
	ck_assert_int_eq(end.status, 128 + SIGTERM);
	ck_assert_int_eq(access(path, F_OK), -1);
	rmdir(folder);
}
END_TEST

START_TEST(no_system_is_an_error_of_the_client)
{
	snprintf(path, sizeof(path), "/tmp/clew-no-such-socket");
	ctl("hello9", NULL, NULL);
	ck_assert_int_eq(result.status, 4);
	ck_assert_ptr_nonnull(strstr(result.err, path));
}
END_TEST

static void run_at(const char *at)
{
	const char *arguments[] = { "run", "--cells", getenv("CLEW_GUEST"),
				    "-c",  "fail",    "--socket",
				    at,	   NULL };

	program_run(arguments, NULL, &result);
}

START_TEST(a_socket_in_use_is_left_alone)
{
	start();
	run_at(path);
	ck_assert_int_eq(result.status, 3);
	ck_assert_ptr_nonnull(strstr(result.err, "found a running system"));
	ctl("hello9", NULL, NULL);
	ck_assert_int_eq(result.status, 7);
	stop();
}
END_TEST

START_TEST(a_file_that_is_no_socket_is_left_alone)
{
	char file[] = "/tmp/clew-file-XXXXXX";
	int fd = mkstemp(file);

	run_at(file);
	ck_assert_int_eq(result.status, 3);
	ck_assert_ptr_nonnull(strstr(result.err, "found another file"));
	ck_assert_int_eq(access(file, F_OK), 0);
	close(fd);
	unlink(file);
}
END_TEST

START_TEST(a_stale_socket_is_replaced)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/clew-stale-%d", (int)getpid());
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	run_at(address.sun_path);
	ck_assert_int_eq(result.status, 1);
	ck_assert_int_eq(access(address.sun_path, F_OK), -1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("control");
	TCase *control = tcase_create("control");

	tcase_set_timeout(control, 60);
	suite_add_tcase(suite, control);
	tcase_add_test(control, the_socket_is_for_its_owner_only_and_goes_away);
	tcase_add_test(control, the_answer_is_printed_and_its_status_returned);
	tcase_add_test(control, a_request_has_its_length_and_checksum);
	tcase_add_test(control, a_swap_sends_name_and_object);
	tcase_add_test(control, ten_clients_in_a_row_are_ten_sessions);
	tcase_add_test(control, what_was_said_before_a_session_is_not_part_of_it);
	tcase_add_test(control, a_second_client_waits_for_the_first);
	tcase_add_test(control, a_client_that_does_not_read_is_given_up_and_the_system_goes_on);
	tcase_add_test(control, many_bytes_reach_the_guest_in_order);
	tcase_add_test(control, an_answer_cut_short_is_reported);
	tcase_add_test(control, an_answer_that_is_no_answer_is_reported);
	tcase_add_test(control, a_refusal_is_printed_as_an_error);
	tcase_add_test(control, a_machine_that_is_killed_takes_its_socket_along);
	tcase_add_test(control, no_system_is_an_error_of_the_client);
	tcase_add_test(control, a_socket_in_use_is_left_alone);
	tcase_add_test(control, a_file_that_is_no_socket_is_left_alone);
	tcase_add_test(control, a_stale_socket_is_replaced);
	return tap_run(suite);
}
