/* SPDX-License-Identifier: MIT */
/*
 * Raw mode, and the way back from it whatever happens.
 *
 * Output processing stays as it was, so that a line feed is a new line.
 */
#include "terminal.h"

#include <errno.h>
#include <termios.h>
#include <unistd.h>

static struct {
	struct termios before;
	volatile bool raw;
} terminal;

bool terminal_is_there(void)
{
	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

int terminal_set_raw(void)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &terminal.before) < 0)
		return -errno;
	raw = terminal.before;
	raw.c_iflag &=
		~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
	raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
	raw.c_cflag &= ~(tcflag_t)(CSIZE | PARENB);
	raw.c_cflag |= CS8;
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw) < 0)
		return -errno;
	terminal.raw = true;
	return 0;
}

void terminal_restore(void)
{
	if (!terminal.raw)
		return;
	terminal.raw = false;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal.before);
}
