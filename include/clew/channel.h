/* SPDX-License-Identifier: MIT */
/*
 * Channels: messages of a fixed size from senders to receivers.
 *
 * Capacity 0 is a rendezvous: a send completes when a receiver has the
 * message.  Otherwise up to `capacity` messages wait in the channel.  The two
 * ends are distinct, counted owner types; when the last owner of an end is
 * dropped, that end is closed and the other side finds out: a receiver gets
 * what is still queued, then CHANNEL_E_CLOSED.  The memory belongs to the
 * ends, not to the cell `channel` that provides this.
 *
 * A message is copied as bytes: sending an owner moves it (CHANNEL() below
 * does that by type).  Messages that nobody received are dropped with the
 * cleanup given at creation.
 */
#ifndef CLEW_CHANNEL_H
#define CLEW_CHANNEL_H

#include <stddef.h>
#include <stdint.h>

#include <clew/errors.h>
#include <clew/own.h>
#include <clew/wait.h>

OWN_IMPLEMENTS_ANY("a message is moved as bytes");

#define CHANNEL_MESSAGE_MAX 1024 /* bytes */
#define CHANNEL_CAPACITY_MAX 4096

enum {
	CHANNEL_E_TIMEOUT = WAIT_E_TIMEOUT, /* or, with WAIT_NOT, it would have blocked */
	CHANNEL_E_CLOSED = 3,
};

OWNER(channel_tx);
OWNER(channel_rx);

typedef void channel_message_cleanup(void *message);

/* -ENOMEM; -EINVAL: size 0 or over a limit above.  cleanup may be NULL. */
MUST_USE int channel_new(size_t message_size, size_t capacity, channel_message_cleanup *cleanup,
			 channel_tx *ret_tx, channel_rx *ret_rx);

channel_tx channel_tx_ref(const channel_tx *tx);
channel_rx channel_rx_ref(const channel_rx *rx);
void channel_tx_drop(channel_tx tx);
void channel_rx_drop(channel_rx rx);
void channel_tx_cleanup(channel_tx *place);
void channel_rx_cleanup(channel_rx *place);

/* Closes the channel for both sides at once; later sends fail, queued messages remain. */
void channel_close(const channel_tx *tx);

/* One step; may return WAIT_E_RESTART, so call the functions below. */
MUST_USE int channel_send_step(const channel_tx *tx, const void *message, uint64_t deadline_ns);
MUST_USE int channel_receive_step(const channel_rx *rx, void *ret_message, uint64_t deadline_ns);

/* The message is the channel's when 0 is returned, else still the caller's. */
MUST_USE static inline int channel_send(const channel_tx *tx, const void *message,
					uint64_t deadline_ns)
{
	return RESTARTABLE(channel_send_step(tx, message, deadline_ns));
}

MUST_USE static inline int channel_receive(const channel_rx *rx, void *ret_message,
					   uint64_t deadline_ns)
{
	return RESTARTABLE(channel_receive_step(rx, ret_message, deadline_ns));
}

/*
 * CHANNEL(name, T): name_channel_new, name_send (moves *message out of its
 * place on success), name_receive (into an empty place).  T is an owner type.
 */
#define CHANNEL(name, T) \
	MUST_USE static inline int name##_channel_new(size_t capacity, channel_tx *ret_tx, \
						      channel_rx *ret_rx) \
	{ \
		return channel_new(sizeof(T), capacity, \
				   (channel_message_cleanup *)(void *)T##_cleanup, ret_tx, \
				   ret_rx); \
	} \
	MUST_USE static inline int name##_send(const channel_tx *tx, OWN_TAKEN T *message, \
					       uint64_t deadline_ns) \
	{ \
		int r = channel_send(tx, message, deadline_ns); \
		if (r == 0) \
			message->word = 0; \
		return r; \
	} \
	MUST_USE static inline int name##_receive(const channel_rx *rx, T *ret, \
						  uint64_t deadline_ns) \
	{ \
		T taken = OWNER_EMPTY; \
		int r = channel_receive(rx, &taken, deadline_ns); \
		if (r == 0) \
			PUT(*ret, taken); \
		return r; \
	} \
	struct name##_channel_declared

#endif
