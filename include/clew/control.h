/* SPDX-License-Identifier: MIT */
/*
 * The protocol on the control line (COM2) between `clew ctl` and the cell
 * `control`: one request, its answers, and the line is dropped.
 *
 * Carrier detect (MSR bit 7) is the session: it rises when a client connects
 * and falls when it is gone; what was being sent then is for nobody.
 *
 * A line without carrier detect (a virtual machine's) begins a session by a
 * BREAK instead, which ends what was there before.  After it come bytes that
 * were under way; `sync` tells where the new session begins, in both directions:
 *
 *	clew1 sync 0 00000000 NONCE\n    answered by    sync NONCE\n
 *
 * Between a BREAK and its sync line every other line is skipped, and what stands
 * before it on the same line.  NONCE is a word of 1 to 31 bytes.
 *
 * Request: one header line, single spaces, then LENGTH bytes.
 *
 *	clew1 VERB LENGTH CRC32 [NAME [bulk=ID]]\n
 *
 * VERB is `exec` (the bytes are shell commands) or `swap` (the bytes are an
 * object that is to replace the cell NAME).  LENGTH is decimal, CRC32 is that
 * of the bytes (base/crc32.h) as 8 lower-case hexadecimal digits.  With bulk=ID
 * the bytes come on the bulk line (clew/bulk.h) instead, as the block ID.
 *
 * Answer: any number of frames, the last of which is `done`.
 *
 *	out LENGTH\n    then LENGTH bytes of output
 *	error LENGTH\n  then LENGTH bytes of text: the request was refused
 *	done STATUS\n   decimal, 0 to 255: exit status of the client
 *
 * `error` is followed by `done 1`.  Text is without a final newline.
 */
#ifndef CLEW_CONTROL_H
#define CLEW_CONTROL_H

#include <clew/errors.h>

#define CONTROL_MAGIC "clew1"
#define CONTROL_EXEC "exec"
#define CONTROL_SWAP "swap"
#define CONTROL_SYNC "sync"
#define CONTROL_BULK "bulk="
#define CONTROL_OUT "out"
#define CONTROL_ERROR "error"
#define CONTROL_DONE "done"

#define CONTROL_HEADER_MAX 128		/* bytes of a header line, newline included */
#define CONTROL_PAYLOAD_MAX (16u << 20) /* bytes of a request */
#define CONTROL_FRAME_MAX (64u << 10)	/* bytes of one frame of an answer */

/* Starts the task that serves the control line; called once by captain. */
MUST_USE int control_start(void);

#endif
