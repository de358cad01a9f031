/* SPDX-License-Identifier: MIT */
/*
 * The reader of tar archives: members lie in the archive, apart and in order,
 * and the reading of an archive goes on where it says.
 */
#include <stdlib.h>
#include <string.h>

#include "base/tar.h"
#include "fuzz.h"

#define BLOCK 512u /* POSIX ustar */

/* Of a member that was read: [end of the one before, size) holds it. */
static void check_member(const struct tar_member *member, const uint8_t *bytes, size_t size,
			 size_t end)
{
	size_t at = (size_t)((const uint8_t *)member->bytes - bytes);

	FUZZ_REQUIRE(memchr(member->name, 0, sizeof(member->name)) != NULL);
	FUZZ_REQUIRE(at % BLOCK == 0 && at >= end + BLOCK && at <= size);
	FUZZ_REQUIRE(member->size <= size - at);
	fuzz_touch(member->bytes, member->size);
}

static size_t end_of(const struct tar_member *member, const uint8_t *bytes)
{
	return (size_t)((const uint8_t *)member->bytes - bytes) + member->size;
}

/* A reading that begins at a member's header finds that member. */
static void check_again(const struct tar_member *member, const uint8_t *bytes, size_t size)
{
	size_t offset = (size_t)((const uint8_t *)member->bytes - bytes) - BLOCK;
	struct tar_member again;

	FUZZ_REQUIRE(tar_next(bytes, size, &offset, &again) == 0);
	FUZZ_REQUIRE(again.bytes == member->bytes && again.size == member->size);
	FUZZ_REQUIRE(strcmp(again.name, member->name) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *bytes = fuzz_copy(data, size);
	struct tar_member member, untouched;
	size_t offset = 0, before = 0, end = 0, count = 0;
	int r;

	memset(&member, 0xa5, sizeof(member));
	untouched = member;
	while ((r = tar_next(bytes, size, &offset, &member)) == 0) {
		FUZZ_REQUIRE(offset > before);
		check_member(&member, bytes, size, end);
		check_again(&member, bytes, size);
		end = end_of(&member, bytes);
		before = offset;
		count++;
		untouched = member;
	}
	FUZZ_REQUIRE(r == -ENOENT || r == -EBADMSG);
	FUZZ_REQUIRE(memcmp(&member, &untouched, sizeof(member)) == 0);
	FUZZ_REQUIRE(offset >= before);
	FUZZ_REQUIRE(r == -ENOENT || (offset % BLOCK == 0 && offset + BLOCK <= size));
	fuzz_accepted += r == -ENOENT && count > 0;
	free(bytes);
	return 0;
}
