/* SPDX-License-Identifier: Apache-2.0 */
/* The event loop: epoll, timerfd, signalfd. Removed sources are freed after the round that removed
 * them. */
#include "base/loop.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"

enum { LOOP_EVENTS_PER_ROUND = 64 };

enum loop_kind { LOOP_IO, LOOP_TIMER, LOOP_SIGNAL };

struct loop_source {
	struct loop *loop;
	enum loop_kind kind;
	int fd; /* owned unless LOOP_IO */
	bool removed;
	void *context;
	union {
		loop_io_fn io;
		loop_timer_fn timer;
		loop_signal_fn signal;
	} function;
	struct loop_source *next;
	struct loop_source **link; /* what points to this one */
};

struct loop {
	int epoll_fd;
	bool stopped;
	int result;
	struct loop_source *sources;
	struct loop_source *garbage;
};

int loop_new(struct loop **out)
{
	_cleanup_free_ struct loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return -ENOMEM;
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0)
		return -errno;
	*out = TAKE_PTR(loop);
	return 0;
}

static void loop_source_free(struct loop_source *source)
{
	if (source->kind != LOOP_IO)
		close(source->fd);
	free(source);
}

static void loop_sweep(struct loop *loop)
{
	while (loop->garbage) {
		struct loop_source *source = loop->garbage;

		loop->garbage = source->next;
		loop_source_free(source);
	}
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	while (loop->sources)
		loop_remove(loop->sources);
	loop_sweep(loop);
	close(loop->epoll_fd);
	free(loop);
}

/* Takes FD over when the kind is not LOOP_IO, also on failure. */
static int loop_add(struct loop *loop, struct loop_source model, uint32_t events,
		    struct loop_source **out)
{
	struct loop_source *source = malloc(sizeof(*source));
	struct epoll_event event = { .events = events, .data.ptr = source };
	int error = ENOMEM;

	if (source) {
		*source = model;
		source->loop = loop;
		if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, model.fd, &event) == 0) {
			source->next = loop->sources;
			source->link = &loop->sources;
			if (source->next)
				source->next->link = &source->next;
			loop->sources = source;
			*out = source;
			return 0;
		}
		error = errno;
	}
	if (model.kind != LOOP_IO)
		close(model.fd);
	free(source);
	return -error;
}

int loop_add_io(struct loop *loop, int fd, uint32_t events, loop_io_fn function, void *context,
		struct loop_source **out)
{
	struct loop_source model = {
		.kind = LOOP_IO, .fd = fd, .context = context, .function.io = function
	};

	return loop_add(loop, model, events, out);
}

int loop_change_io(struct loop_source *source, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = source };

	if (epoll_ctl(source->loop->epoll_fd, EPOLL_CTL_MOD, source->fd, &event) < 0)
		return -errno;
	return 0;
}

int loop_add_timer(struct loop *loop, loop_timer_fn function, void *context,
		   struct loop_source **out)
{
	struct loop_source model = { .kind = LOOP_TIMER,
				     .context = context,
				     .function.timer = function };

	model.fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (model.fd < 0)
		return -errno;
	return loop_add(loop, model, EPOLLIN, out);
}

static struct timespec loop_timespec(uint64_t ns)
{
	return (struct timespec){ .tv_sec = (time_t)(ns / CLOCK_NS_PER_SECOND),
				  .tv_nsec = (long)(ns % CLOCK_NS_PER_SECOND) };
}

int loop_set_timer(struct loop_source *timer, uint64_t delay_ns, uint64_t period_ns)
{
	struct itimerspec spec = { .it_value = loop_timespec(delay_ns),
				   .it_interval = loop_timespec(period_ns) };

	return timerfd_settime(timer->fd, 0, &spec, NULL) < 0 ? -errno : 0;
}

int loop_add_signals(struct loop *loop, const sigset_t *set, loop_signal_fn function, void *context,
		     struct loop_source **out)
{
	struct loop_source model = { .kind = LOOP_SIGNAL,
				     .context = context,
				     .function.signal = function };

	if (sigprocmask(SIG_BLOCK, set, NULL) < 0)
		return -errno;
	model.fd = signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (model.fd < 0)
		return -errno;
	return loop_add(loop, model, EPOLLIN, out);
}

void loop_remove(struct loop_source *source)
{
	struct loop *loop;

	if (!source || source->removed)
		return;
	loop = source->loop;
	epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, source->fd, NULL);
	source->removed = true;
	*source->link = source->next;
	if (source->next)
		source->next->link = source->link;
	source->next = loop->garbage;
	loop->garbage = source;
}

static void loop_dispatch(struct loop_source *source, uint32_t events)
{
	struct signalfd_siginfo info;
	uint64_t expirations;

	switch (source->kind) {
	case LOOP_IO:
		source->function.io(source->context, events);
		break;
	case LOOP_TIMER:
		if (read(source->fd, &expirations, sizeof(expirations)) == sizeof(expirations))
			source->function.timer(source->context);
		break;
	case LOOP_SIGNAL:
		while (!source->removed && read(source->fd, &info, sizeof(info)) == sizeof(info))
			source->function.signal(source->context, (int)info.ssi_signo);
		break;
	}
}

int loop_run(struct loop *loop)
{
	struct epoll_event events[LOOP_EVENTS_PER_ROUND];

	while (!loop->stopped) {
		int count = epoll_wait(loop->epoll_fd, events, LOOP_EVENTS_PER_ROUND, -1);

		if (count < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < count && !loop->stopped; i++) {
			struct loop_source *source = events[i].data.ptr;

			if (!source->removed)
				loop_dispatch(source, events[i].events);
		}
		loop_sweep(loop);
	}
	loop->stopped = false;
	return loop->result;
}

void loop_stop(struct loop *loop, int result)
{
	loop->stopped = true;
	loop->result = result;
}
