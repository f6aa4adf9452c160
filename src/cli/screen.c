/* SPDX-License-Identifier: Apache-2.0 */
/* Plain ECMA-48 sequences that every terminal of today knows: no library is needed for a table. */
#include "cli/screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "cli/screen_text.h"

#define SCREEN_ENTER "\x1b[?1049h\x1b[?25l"
#define SCREEN_LEAVE "\x1b[?25h\x1b[?1049l"
#define SCREEN_HOME  "\x1b[H"
#define LINE_END     "\x1b[K"
#define SCREEN_REST  "\x1b[J"

/* Of a terminal that does not tell: the smallest that people expect. */
enum { COLUMNS_DEFAULT = 80, LINES_DEFAULT = 24, KEY_CTRL_C = 3 };

static const int ending_signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
#define ENDING_SIGNALS (sizeof(ending_signals) / sizeof(ending_signals[0]))

static int write_all(int fd, const char *data, size_t bytes)
{
	while (bytes) {
		ssize_t done = write(fd, data, bytes);

		if (done < 0 && errno != EINTR)
			return -errno;
		if (done > 0) {
			data += done;
			bytes -= (size_t)done;
		}
	}
	return 0;
}

static int write_text(int fd, const char *text)
{
	return write_all(fd, text, strlen(text));
}

static void screen_measure(struct screen *screen)
{
	struct winsize size = {};

	if (ioctl(screen->out_fd, TIOCGWINSZ, &size))
		size = (struct winsize){};
	screen->columns = size.ws_col ? size.ws_col : COLUMNS_DEFAULT;
	screen->lines = size.ws_row ? size.ws_row : LINES_DEFAULT;
}

/* ---- the one that draws
 * ---------------------------------------------------------------------- */

static enum screen_event screen_take_signal(struct screen *screen)
{
	struct signalfd_siginfo info;

	if (read(screen->signal_fd, &info, sizeof(info)) != sizeof(info))
		return SCREEN_END;
	if (info.ssi_signo != SIGWINCH)
		return SCREEN_END;
	screen_measure(screen);
	return SCREEN_RESIZED;
}

enum screen_event screen_wait(struct screen *screen, int ms, char *key)
{
	struct pollfd sources[] = { { .fd = screen->signal_fd, .events = POLLIN },
				    { .fd = STDIN_FILENO, .events = POLLIN } };
	int ready = poll(sources, 2, ms);

	if (ready < 0)
		return errno == EINTR ? SCREEN_TIMEOUT : SCREEN_END;
	if (!ready)
		return SCREEN_TIMEOUT;
	if (sources[0].revents)
		return screen_take_signal(screen);
	if (read(STDIN_FILENO, key, 1) != 1 || *key == KEY_CTRL_C)
		return SCREEN_END;
	return SCREEN_KEY;
}

int screen_draw(const struct screen *screen, const struct buf *text)
{
	_cleanup_buf_ struct buf out = {};
	size_t at = 0, lines = 0;
	int error;

	buf_add_text(&out, SCREEN_HOME);
	while (at < text->bytes && lines < screen->lines) {
		const char *line = text->data + at;
		const char *end = memchr(line, '\n', text->bytes - at);
		size_t bytes = end ? (size_t)(end - line) : text->bytes - at;

		if (lines++)
			buf_add_text(&out, "\r\n");
		/* Behind the line it would remove the last letter of one that fills the screen,
		 * on which the cursor stays. */
		buf_add_text(&out, LINE_END);
		screen_add_cut(&out, line, bytes, screen->columns);
		at += bytes + 1;
	}
	buf_add_text(&out, lines < screen->lines ? "\r\n" SCREEN_REST : "");
	error = out.failed ? -ENOMEM : write_all(screen->out_fd, out.data, out.bytes);
	return error;
}

static void screen_run_child(screen_fn function, void *context, const sigset_t *signals)
{
	struct screen screen = { .out_fd = STDOUT_FILENO };

	/* The one that waits is gone: nobody else would put the terminal back. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	screen.signal_fd = signalfd(-1, signals, SFD_CLOEXEC);
	screen_measure(&screen);
	_exit(screen.signal_fd < 0 ? 1 : function(context, &screen));
}

/* ---- the one that waits
 * ---------------------------------------------------------------------- */

static bool signal_is_ending(int number)
{
	for (size_t i = 0; i < ENDING_SIGNALS; i++) {
		if (ending_signals[i] == number)
			return true;
	}
	return false;
}

/* The child's status; OUT_SIGNAL: what asked this process to end, 0: nothing. */
static int screen_wait_child(pid_t child, const sigset_t *signals, int *out_signal)
{
	int status;

	while (waitpid(child, &status, WNOHANG) == 0) {
		int number = sigwaitinfo(signals, NULL);

		if (number == SIGWINCH)
			kill(child, SIGWINCH);
		if (!signal_is_ending(number))
			continue;
		*out_signal = number;
		kill(child, SIGTERM);
	}
	return status;
}

static void screen_fill_signals(sigset_t *signals)
{
	struct sigaction action;

	sigemptyset(signals);
	for (size_t i = 0; i < ENDING_SIGNALS; i++) {
		/* what nohup(1) and shells switch off stays off */
		if (sigaction(ending_signals[i], NULL, &action) == 0 &&
		    action.sa_handler != SIG_IGN)
			sigaddset(signals, ending_signals[i]);
	}
	sigaddset(signals, SIGWINCH);
	sigaddset(signals, SIGCHLD);
	sigaddset(signals, SIGTSTP);
}

/* Keys come one by one and are not shown; Ctrl-C and Ctrl-Z are keys. */
static int screen_enter(struct termios *before)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, before))
		return -errno;
	raw = *before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	if (tcsetattr(STDIN_FILENO, TCSANOW, &raw))
		return -errno;
	return write_text(STDOUT_FILENO, SCREEN_ENTER);
}

static void screen_leave(const struct termios *before)
{
	write_text(STDOUT_FILENO, SCREEN_LEAVE);
	tcsetattr(STDIN_FILENO, TCSANOW, before);
}

int screen_run(screen_fn function, void *context)
{
	struct termios before;
	sigset_t signals, old;
	int status, number = 0, error;
	pid_t child;

	screen_fill_signals(&signals);
	sigprocmask(SIG_BLOCK, &signals, &old);
	error = screen_enter(&before);
	child = error ? -1 : fork();
	if (child == 0) {
		sigdelset(&signals, SIGCHLD);
		sigdelset(&signals, SIGTSTP);
		screen_run_child(function, context, &signals);
	}
	if (child < 0) {
		error = error ? error : -errno;
		screen_leave(&before);
		sigprocmask(SIG_SETMASK, &old, NULL);
		return error;
	}
	status = screen_wait_child(child, &signals, &number);
	screen_leave(&before);
	if (number)
		raise(number); /* held back so far */
	sigprocmask(SIG_SETMASK, &old, NULL);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}
