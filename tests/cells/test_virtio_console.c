/* SPDX-License-Identifier: MIT */
/* The driver of the bulk line, on a device that keeps to its specification or lies. */
#include <clew/bulk.h>

#include <string.h>

#include <clew/log.h>
#include <clew/memory.h>

#include "fake_machine.h"
#include "fake_virtio.h"

#define FREE_FRAMES 300u /* without the bitmap */
#define QUEUE 128u	 /* of qemu's device */
#define FUNCTION (5u << 3)
#define ALL 0x400000u

static struct frame_usage before;
static uint8_t sent[ALL], taken[ALL];

void log_write(const char *format, ...)
{
}

static void start(void)
{
	fake_start();
	fake_region(0, 2, MACHINE_REGION_NANO_CORE);
	fake_region(2, FREE_FRAMES + 1, MACHINE_REGION_FREE);
	ck_assert_int_eq(frame_init(machine_info()), 0);
	frame_usage(&before);
}

static void check_nothing_is_held(void)
{
	struct frame_usage now;

	frame_usage(&now);
	ck_assert_mem_eq(&now, &before, sizeof(now));
	ck_assert(fake_is_balanced());
}

static void start_with(uint32_t queue_size)
{
	start();
	fake_virtio_plug(FUNCTION, queue_size);
	ck_assert_int_eq(bulk_init(), 0);
}

static void start_with_device(void)
{
	start_with(QUEUE);
	for (size_t i = 0; i < ALL; i++)
		sent[i] = (uint8_t)fake_random(256);
}

static size_t take(void *to, size_t size)
{
	size_t got = SIZE_MAX;

	ck_assert_int_eq(bulk_take(to, size, &got), 0);
	ck_assert_uint_le(got, size);
	return got;
}

START_TEST(without_a_device_there_is_no_bulk_line)
{
	size_t got = 77;

	start();
	ck_assert_int_eq(bulk_init(), -ENODEV);
	ck_assert_int_eq(bulk_take(taken, 1, &got), -ENODEV);
	ck_assert_uint_eq(got, 77);
	check_nothing_is_held();
}
END_TEST

START_TEST(a_device_without_the_legacy_interface_is_not_taken)
{
	start();
	fake_virtio_plug(FUNCTION, QUEUE);
	fake_virtio_set_id(0x1af4, 0x1043);
	ck_assert_int_eq(bulk_init(), -ENODEV);
	fake_virtio_set_id(0x1af5, 0x1003);
	ck_assert_int_eq(bulk_init(), -ENODEV);
	check_nothing_is_held();
}
END_TEST

START_TEST(the_device_is_found_in_every_slot_and_function)
{
	start();
	fake_virtio_plug((uint32_t)_i, QUEUE);
	fake_virtio_set_many_functions(_i % 8 != 0);
	ck_assert_int_eq(bulk_init(), 0);
	ck_assert_int_eq(bulk_init(), -EALREADY);
}
END_TEST

START_TEST(a_device_without_a_port_is_an_error)
{
	static const uint32_t bases[] = { 0x00000000, 0x00000001, 0xfebf0000, 0x00010001 };

	start();
	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		fake_virtio_plug(FUNCTION, QUEUE);
		fake_virtio_set_base(bases[i]);
		ck_assert_int_eq(bulk_init(), -EIO);
		ck_assert_uint_eq(fake_virtio_command(), 0);
	}
	check_nothing_is_held();
}
END_TEST

START_TEST(a_queue_of_no_power_of_two_is_an_error_and_the_device_is_told)
{
	static const uint32_t sizes[] = { 0, 3, 100, 65535 };
	size_t count;

	start();
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		fake_virtio_plug(FUNCTION, sizes[i]);
		ck_assert_int_eq(bulk_init(), -EIO);
		ck_assert_uint_eq(fake_virtio_statuses(&count)[count - 1], 0x80);
	}
	check_nothing_is_held();
}
END_TEST

START_TEST(out_of_memory_at_any_point_leaves_nothing_held)
{
	unsigned long k = 0;
	size_t count, got;
	int r;

	start();
	do {
		fake_virtio_plug(FUNCTION, QUEUE);
		fake_fail_map(++k);
		r = bulk_init();
		if (r == 0)
			break;
		ck_assert_int_eq(r, -ENOMEM);
		ck_assert_uint_eq(fake_virtio_statuses(&count)[count - 1], 0x80);
		ck_assert_int_eq(bulk_take(taken, 1, &got), -ENODEV);
		check_nothing_is_held();
	} while (fake_has_failed());
	ck_assert_uint_ge(k, 3);
}
END_TEST

/* 2.2.1: reset, ACKNOWLEDGE, DRIVER, and DRIVER_OK when all is set up. */
START_TEST(the_device_is_started_in_the_order_of_its_specification)
{
	static const uint8_t order[] = { 0, 1, 3, 7 };
	size_t count;
	const uint8_t *statuses;

	start_with(QUEUE);
	statuses = fake_virtio_statuses(&count);
	ck_assert_uint_eq(count, sizeof(order));
	ck_assert_mem_eq(statuses, order, sizeof(order));
	ck_assert_uint_eq(fake_virtio_features(), 0);
	ck_assert_uint_eq(fake_virtio_command(), 0x405); /* I/O, bus master, no interrupts */
	ck_assert(!fake_virtio_interrupts_wanted());
	ck_assert_uint_eq(fake_virtio_notifications(), 1);
	ck_assert(fake_is_balanced());
}
END_TEST

START_TEST(nothing_is_taken_while_nothing_has_come)
{
	start_with(QUEUE);
	ck_assert_uint_eq(take(taken, sizeof(taken)), 0);
	ck_assert_uint_eq(take(taken, 0), 0);
	fake_virtio_send("xy", 2);
	ck_assert_uint_eq(take(taken, 0), 0);
	ck_assert_uint_eq(take(taken, 9), 2);
	ck_assert_mem_eq(taken, "xy", 2);
	ck_assert_uint_eq(take(taken, 9), 0);
}
END_TEST

START_TEST(bytes_come_in_order_whatever_the_pieces)
{
	size_t given = 0, got = 0;

	start_with_device();
	while (got < ALL) {
		size_t n = fake_random(20000), size = fake_random(20000);

		n = n < ALL - given ? n : ALL - given;
		fake_virtio_send(sent + given, n);
		given += n;
		got += take(taken + got, size < ALL - got ? size : ALL - got);
	}
	ck_assert_mem_eq(taken, sent, ALL);
	ck_assert_uint_eq(fake_virtio_unsent(), 0);
	ck_assert(fake_is_balanced());
}
END_TEST

/* The device is told of the buffers that came back, once for all of them. */
START_TEST(more_than_the_buffers_hold_comes_as_they_are_taken)
{
	size_t got = 0, takes = 0;

	start_with_device();
	fake_virtio_send(sent, ALL);
	ck_assert_uint_eq(fake_virtio_unsent(), ALL - 128 * 4096);
	for (; got < ALL; takes++)
		got += take(taken + got, 0x10000 < ALL - got ? 0x10000 : ALL - got);
	ck_assert_mem_eq(taken, sent, ALL);
	ck_assert_uint_eq(fake_virtio_notifications(), 1 + takes);
}
END_TEST

START_TEST(indexes_wrap_at_65536)
{
	unsigned int wrong = 0;

	start_with(QUEUE);
	for (uint32_t i = 0; i < 70000; i++) {
		uint8_t byte = (uint8_t)(i * 7), found = 0;
		size_t got = 0;

		fake_virtio_send(&byte, 1);
		wrong += bulk_take(&found, 1, &got) != 0 || got != 1 || found != byte;
	}
	ck_assert_uint_eq(wrong, 0);
}
END_TEST

START_TEST(queues_of_other_sizes_are_laid_out_as_specified)
{
	static const uint32_t sizes[] = { 1, 2, 64, 256, 1024 };
	size_t got = 0;

	start_with(sizes[_i]);
	for (size_t i = 0; i < 0x40000; i++)
		sent[i] = (uint8_t)(i * 31 >> 3);
	fake_virtio_send(sent, 0x40000);
	while (got < 0x40000)
		got += take(taken + got, 0x40000 - got);
	ck_assert_mem_eq(taken, sent, 0x40000);
}
END_TEST

START_TEST(a_device_that_wants_no_notifications_gets_none)
{
	start_with(QUEUE);
	fake_virtio_refuse_notifications();
	fake_virtio_send("x", 1);
	ck_assert_uint_eq(take(taken, 1), 1);
	ck_assert_uint_eq(fake_virtio_notifications(), 1);
}
END_TEST

START_TEST(a_buffer_used_for_nothing_is_offered_again)
{
	start_with(QUEUE);
	for (int i = 0; i < 1000; i++) {
		fake_virtio_use_none();
		ck_assert_uint_eq(take(taken, 1), 0);
	}
	fake_virtio_use_none();
	fake_virtio_send("x", 1);
	ck_assert_uint_eq(take(taken, 1), 0);
	ck_assert_uint_eq(take(taken, 1), 1);
}
END_TEST

static void check_given_up(void)
{
	struct frame_usage now;
	size_t count, got = 77;

	ck_assert_int_eq(bulk_take(taken, sizeof(taken), &got), -EIO);
	ck_assert_uint_eq(got, 77);
	ck_assert_uint_eq(fake_virtio_statuses(&count)[count - 1], 0);
	ck_assert_int_eq(bulk_take(taken, sizeof(taken), &got), -EIO);
	frame_usage(&now);
	ck_assert_uint_lt(now.free, before.free);
	ck_assert(fake_is_balanced());
}

START_TEST(a_buffer_that_does_not_exist_ends_the_use_of_the_device)
{
	start_with(QUEUE);
	fake_virtio_lie(_i == 0 ? QUEUE : UINT32_MAX, 1, 1);
	check_given_up();
}
END_TEST

START_TEST(a_length_over_the_buffers_ends_the_use_of_the_device)
{
	start_with(QUEUE);
	fake_virtio_lie(0, 4096, 1);
	ck_assert_uint_eq(take(taken, sizeof(taken)), 4096);
	fake_virtio_lie(1, 4097, 1);
	check_given_up();
}
END_TEST

START_TEST(more_buffers_used_than_there_are_end_the_use_of_the_device)
{
	start_with(QUEUE);
	fake_virtio_lie(0, 1, QUEUE + 1);
	check_given_up();
	fake_virtio_lie(0, 1, (uint16_t)-QUEUE); /* one is waiting, as if nothing had been */
	check_given_up();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("virtio_console");
	TCase *tests = tcase_create("virtio_console");

	tcase_add_test(tests, without_a_device_there_is_no_bulk_line);
	tcase_add_test(tests, a_device_without_the_legacy_interface_is_not_taken);
	tcase_add_loop_test(tests, the_device_is_found_in_every_slot_and_function, 0, 256);
	tcase_add_test(tests, a_device_without_a_port_is_an_error);
	tcase_add_test(tests, a_queue_of_no_power_of_two_is_an_error_and_the_device_is_told);
	tcase_add_test(tests, out_of_memory_at_any_point_leaves_nothing_held);
	tcase_add_test(tests, the_device_is_started_in_the_order_of_its_specification);
	tcase_add_test(tests, nothing_is_taken_while_nothing_has_come);
	tcase_add_test(tests, bytes_come_in_order_whatever_the_pieces);
	tcase_add_test(tests, more_than_the_buffers_hold_comes_as_they_are_taken);
	tcase_add_test(tests, indexes_wrap_at_65536);
	tcase_add_loop_test(tests, queues_of_other_sizes_are_laid_out_as_specified, 0, 5);
	tcase_add_test(tests, a_device_that_wants_no_notifications_gets_none);
	tcase_add_test(tests, a_buffer_used_for_nothing_is_offered_again);
	tcase_add_loop_test(tests, a_buffer_that_does_not_exist_ends_the_use_of_the_device, 0, 2);
	tcase_add_test(tests, a_length_over_the_buffers_ends_the_use_of_the_device);
	tcase_add_test(tests, more_buffers_used_than_there_are_end_the_use_of_the_device);
	suite_add_tcase(suite, tests);
	return fake_run(suite);
}
