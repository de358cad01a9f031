/* SPDX-License-Identifier: MIT */
/*
 * Channels: messages from senders to receivers, copied as bytes.
 *
 * Stateless: a channel is a heap block that its ends own together.  Who waits
 * is a node on the stack of the parked task.  A message goes straight between
 * the place of one who is parked and the place of one who runs; whether that
 * happened is what task_unpark() answered, so a task that a deadline, a
 * restart or a kill woke first has neither given nor got a message.
 *
 * Changed with interrupts off; message cleanups run with interrupts on.
 */
#include <clew/channel.h>

#include <clew/cell.h>
#include <clew/heap.h>
#include <clew/irq.h>
#include <clew/log.h>
#include <clew/panic.h>
#include <clew/task.h>

#include "base/string.h"

OWN_IMPLEMENTS(channel_tx, "the word is the channel, which counts its ends");
OWN_IMPLEMENTS(channel_rx, "the word is the channel, which counts its ends");

struct channel_node {
	struct channel_node *next, *prev;
	struct channel_line *line; /* NULL: in none */
	struct task *task;
	void *message; /* the sender's, or the receiver's place for one */
	int result;    /* of the step, when woken */
};

/* Parked tasks, the one that waited longest first. */
struct channel_line {
	struct channel_node *first, *last;
};

/*
 * Receivers that are still parked imply count = 0; senders that are still
 * parked imply count = capacity.  closed is set at the latest when the last
 * owner of one end is gone.
 */
struct channel {
	heap_block memory;		  /* this */
	uint32_t transmitters, receivers; /* owners of each end */
	bool closed;
	size_t size;
	size_t capacity;
	size_t first, count; /* of the messages that are queued */
	channel_message_cleanup *cleanup;
	struct channel_line sending, receiving;
	uint8_t messages[];
};

OWNER(channel_place); /* word: the address of a node that leaves its line */
OWNER(channel_end);   /* word: the address of a channel that loses a receiver */
OWNER(channel_rest);  /* word: the address of a channel without receivers */
OWN_IMPLEMENTS(channel_place, "the word is the node that leaves");
OWN_IMPLEMENTS(channel_end, "the word is the channel");
OWN_IMPLEMENTS(channel_rest, "the word is the channel");

/* ---- lines -------------------------------------------------------------------- */

static channel_place channel_enter(struct channel_line *line, struct channel_node *node)
{
	node->line = line;
	node->prev = line->last;
	if (line->last != NULL)
		line->last->next = node;
	else
		line->first = node;
	line->last = node;
	return (channel_place){ (uintptr_t)node };
}

static void channel_leave(struct channel_node *node)
{
	struct channel_line *line = node->line;

	if (line == NULL)
		return;
	if (node->prev != NULL)
		node->prev->next = node->next;
	else
		line->first = node->next;
	if (node->next != NULL)
		node->next->prev = node->prev;
	else
		line->last = node->prev;
	node->line = NULL;
}

/* Whoever wakes a node has taken it out, so one that is in no line stays out. */
static void channel_place_cleanup(channel_place *place)
{
	struct channel_node *node = (struct channel_node *)(uintptr_t)place->word;

	if (*(struct channel_line *volatile *)&node->line == NULL)
		return;
	OWN(irq_guard, guard) = irq_off();
	channel_leave(node);
}

/* Wakes the first that is still parked, with this result; NULL: nobody is. */
static struct channel_node *channel_wake(struct channel_line *line, int result)
{
	struct channel_node *node;

	for (node = line->first; node != NULL; node = node->next) {
		if (!task_unpark(node->task))
			continue;
		node->result = result;
		channel_leave(node);
		return node;
	}
	return NULL;
}

/*
 * Parks the caller in the line.  When it was woken by a partner the message
 * has changed hands, so that is the result even for a task that is to die.
 */
static int channel_wait(struct channel_line *line, void *message, uint64_t deadline_ns)
{
	struct channel_node node = { .task = task_current(), .message = message };
	int r;

	if (deadline_ns == WAIT_NOT)
		return CHANNEL_E_TIMEOUT;
	{
		OWN(channel_place, place) = channel_enter(line, &node);

		r = task_park(deadline_ns);
	}
	if (r == 0)
		return node.result;
	machine_irq_restore(true);
	task_safe_point();
	(void)machine_irq_save();
	return r;
}

static void channel_shut(struct channel *channel)
{
	channel->closed = true;
	while (channel_wake(&channel->sending, CHANNEL_E_CLOSED) != NULL)
		;
	while (channel_wake(&channel->receiving, CHANNEL_E_CLOSED) != NULL)
		;
}

/* ---- the queue -------------------------------------------------------------------- */

/* first + i, round the ring; i is at most the capacity.  A remainder would be a division. */
static size_t channel_after(const struct channel *channel, size_t i)
{
	size_t at = channel->first + i;

	return at < channel->capacity ? at : at - channel->capacity;
}

static void *channel_slot(struct channel *channel, size_t i)
{
	return channel->messages + channel_after(channel, i) * channel->size;
}

static void channel_push(struct channel *channel, const void *message)
{
	memcpy(channel_slot(channel, channel->count), message, channel->size);
	channel->count++;
}

static void channel_pop(struct channel *channel, void *message)
{
	memcpy(message, channel_slot(channel, 0), channel->size);
	channel->first = channel_after(channel, 1);
	channel->count--;
}

/*
 * A place in bad memory must fault in its owner, not in the partner that
 * copies: touches the (at most two) pages it lies in.
 */
static void channel_probe_read(const void *place, size_t size)
{
	const volatile uint8_t *bytes = place;

	_Static_assert(CHANNEL_MESSAGE_MAX <= PAGE_SIZE, "at most two pages");
	(void)bytes[0];
	(void)bytes[size - 1];
}

static void channel_probe_write(void *place, size_t size)
{
	volatile uint8_t *bytes = place;

	bytes[0] = bytes[0];
	bytes[size - 1] = bytes[size - 1];
}

/* ---- send and receive -------------------------------------------------------------- */

static struct channel *channel_of(uint64_t word)
{
	assert(word != 0);
	return (struct channel *)(uintptr_t)word;
}

static int channel_try_send(const channel_tx *tx, const void *message, uint64_t deadline_ns)
{
	struct channel *channel = channel_of(tx->word);
	const struct channel_node *receiver;

	channel_probe_read(message, channel->size);
	task_safe_point();
	OWN(irq_guard, guard) = irq_off();
	if (channel->closed)
		return CHANNEL_E_CLOSED;
	receiver = channel_wake(&channel->receiving, 0);
	if (receiver != NULL) {
		memcpy(receiver->message, message, channel->size);
		return 0;
	}
	if (channel->count < channel->capacity) {
		channel_push(channel, message);
		return 0;
	}
	return channel_wait(&channel->sending, (void *)(uintptr_t)message, deadline_ns);
}

CELL_EXPORT int channel_send_step(const channel_tx *tx, const void *message, uint64_t deadline_ns)
{
	int r = channel_try_send(tx, message, deadline_ns);

	if (r == 0 && log_is_tracing())
		log_trace("\"event\":\"message\",\"channel\":\"0x%lx\",\"size\":%zu", tx->word,
			  channel_of(tx->word)->size);
	return r;
}

/* Takes a queued message; a sender that waited for room moves up. */
static void channel_take_queued(struct channel *channel, void *ret_message)
{
	const struct channel_node *sender;

	channel_pop(channel, ret_message);
	sender = channel_wake(&channel->sending, 0);
	if (sender != NULL)
		channel_push(channel, sender->message);
}

CELL_EXPORT int channel_receive_step(const channel_rx *rx, void *ret_message, uint64_t deadline_ns)
{
	struct channel *channel = channel_of(rx->word);
	const struct channel_node *sender;

	channel_probe_write(ret_message, channel->size);
	task_safe_point();
	OWN(irq_guard, guard) = irq_off();
	if (channel->count > 0) {
		channel_take_queued(channel, ret_message);
		return 0;
	}
	sender = channel_wake(&channel->sending, 0);
	if (sender != NULL) {
		memcpy(ret_message, sender->message, channel->size);
		return 0;
	}
	if (channel->closed)
		return CHANNEL_E_CLOSED;
	return channel_wait(&channel->receiving, ret_message, deadline_ns);
}

CELL_EXPORT void channel_close(const channel_tx *tx)
{
	OWN(irq_guard, guard) = irq_off();

	channel_shut(channel_of(tx->word));
}

/* ---- the ends ------------------------------------------------------------------------ */

CELL_EXPORT int channel_new(size_t message_size, size_t capacity, channel_message_cleanup *cleanup,
			    channel_tx *ret_tx, channel_rx *ret_rx)
{
	OWN(heap_block, memory) = OWNER_EMPTY;
	struct channel *channel;
	int r;

	if (message_size == 0 || message_size > CHANNEL_MESSAGE_MAX ||
	    capacity > CHANNEL_CAPACITY_MAX)
		return -EINVAL;
	assert(IS_EMPTY(*ret_tx) && IS_EMPTY(*ret_rx));
	r = heap_block_new(sizeof(*channel) + capacity * message_size, &memory);
	if (r != 0)
		return r;
	channel = heap_block_at(&memory);
	channel->transmitters = 1;
	channel->receivers = 1;
	channel->size = message_size;
	channel->capacity = capacity;
	channel->cleanup = cleanup;
	PUT(channel->memory, MOVE(memory));
	ret_tx->word = (uintptr_t)channel;
	ret_rx->word = (uintptr_t)channel;
	return 0;
}

CELL_EXPORT channel_tx channel_tx_ref(const channel_tx *tx)
{
	OWN(irq_guard, guard) = irq_off();

	channel_of(tx->word)->transmitters++;
	return (channel_tx){ tx->word };
}

CELL_EXPORT channel_rx channel_rx_ref(const channel_rx *rx)
{
	OWN(irq_guard, guard) = irq_off();

	channel_of(rx->word)->receivers++;
	return (channel_rx){ rx->word };
}

/*
 * Nobody will receive what is queued, nor send more.  A message leaves the
 * queue before its cleanup is called, so one that faults is not called again.
 */
static void channel_drain(struct channel *channel)
{
	void *message;

	while (channel->count > 0) {
		message = channel_slot(channel, 0);
		channel->first = channel_after(channel, 1);
		channel->count--;
		if (channel->cleanup != NULL)
			channel->cleanup(message);
	}
}

/* The end of a drain that was cut short by a fault in a message's cleanup. */
static void channel_rest_cleanup(channel_rest *place)
{
	channel_drain((struct channel *)(uintptr_t)place->word);
}

static void channel_free(struct channel *channel)
{
	OWN(heap_block, memory) = MOVE(channel->memory);
}

/* One owner less; the block goes with the last of both ends. */
static void channel_end_cleanup(channel_end *place)
{
	struct channel *channel = (struct channel *)(uintptr_t)place->word;
	bool last;

	{
		OWN(irq_guard, guard) = irq_off();

		channel->receivers--;
		last = channel->receivers == 0 && channel->transmitters == 0;
	}
	if (last)
		channel_free(channel);
}

CELL_EXPORT void channel_tx_drop(channel_tx tx)
{
	struct channel *channel = (struct channel *)(uintptr_t)tx.word;
	bool last = false;

	if (channel == NULL)
		return;
	{
		OWN(irq_guard, guard) = irq_off();

		if (--channel->transmitters == 0) {
			channel_shut(channel);
			last = channel->receivers == 0;
		}
	}
	if (last)
		channel_free(channel);
}

CELL_EXPORT void channel_rx_drop(channel_rx rx)
{
	struct channel *channel = (struct channel *)(uintptr_t)rx.word;

	if (channel == NULL)
		return;
	{
		OWN(irq_guard, guard) = irq_off();

		if (channel->receivers > 1) {
			channel->receivers--;
			return;
		}
		channel_shut(channel);
	}
	/* The last receiver counts while it drains, so the memory stays. */
	OWN(channel_end, end) = { (uintptr_t)channel };
	OWN(channel_rest, rest) = { (uintptr_t)channel };
	channel_drain(channel);
}

CELL_EXPORT void channel_tx_cleanup(channel_tx *place)
{
	channel_tx_drop(MOVE(*place));
}

CELL_EXPORT void channel_rx_cleanup(channel_rx *place)
{
	channel_rx_drop(MOVE(*place));
}

CELL("channel", 1, CELL_SERVICE, "channels: rendezvous and bounded, with close, try and timeout");
