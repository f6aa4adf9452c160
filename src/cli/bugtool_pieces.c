/* SPDX-License-Identifier: Apache-2.0 */
/* Prints to standard output. */
#include "cli/bugtool_pieces.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <tetragon/sensors.pb-c.h>

#include "base/cleanup.h"
#include "cli/connect.h"

enum { ARGUMENTS_BYTES_MAX = 65536, ARGUMENTS_MAX = 512 };

static int say_error(const char *what, int error)
{
	printf("cannot read %s: %s\n", what, strerror(error));
	return 1;
}

static int copy_fd(int fd)
{
	char part[65536];
	ssize_t got;

	while ((got = read(fd, part, sizeof(part))) > 0)
		fwrite(part, 1, (size_t)got, stdout);
	return got < 0 ? say_error("further", errno) : 0;
}

/* A FIFO would wait for a writer. */
int bugtool_print_file(const void *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	return fd < 0 ? say_error(path, errno) : copy_fd(fd);
}

int bugtool_print_policies(const void *context)
{
	const struct bugtool_agent *agent = context;
	_cleanup_(cli_cleanup_client) struct rpc_client *client = NULL;
	_cleanup_(cli_cleanup_message) ProtobufCMessage *message = NULL;
	Tetragon__ListTracingPoliciesRequest request =
		TETRAGON__LIST_TRACING_POLICIES_REQUEST__INIT;
	struct cli_call call = { "ListTracingPolicies", &request.base,
				 &tetragon__list_tracing_policies_response__descriptor, false };
	const Tetragon__ListTracingPoliciesResponse *list;

	request.with_yaml = true;
	if (cli_connect(agent->cli, -1, &client) || cli_call(agent->cli, client, &call, &message))
		return 1;
	list = (const Tetragon__ListTracingPoliciesResponse *)message;
	for (size_t i = 0; i < list->n_policies; i++)
		printf("# %s, of %s\n%s\n---\n", list->policies[i]->name,
		       *list->policies[i]->source ? list->policies[i]->source : "a client",
		       list->policies[i]->yaml);
	return 0;
}

/* ---- the running agent
 * ----------------------------------------------------------------------- */

/* The number may be another process's by now: nothing is run that is no agent of root's. */
static bool exe_is_agent(uint32_t pid)
{
	char link[64], path[PATH_MAX];
	ssize_t bytes;
	struct stat status;
	const char *name;

	snprintf(link, sizeof(link), "/proc/%" PRIu32 "/exe", pid);
	bytes = readlink(link, path, sizeof(path) - 1);
	if (bytes < 0 || stat(link, &status))
		return false;
	path[bytes] = '\0';
	name = strrchr(path, '/');
	name = name ? name + 1 : path;
	return (strncmp(name, "tetrad", strlen("tetrad")) == 0 ||
		strncmp(name, "tetragon", strlen("tetragon")) == 0) &&
	       (status.st_uid == 0 || status.st_uid == geteuid()) && !(status.st_mode & S_IWOTH);
}

static size_t read_arguments(uint32_t pid, char out[ARGUMENTS_BYTES_MAX])
{
	char path[64];
	FILE *file;
	size_t bytes;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/cmdline", pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	bytes = fread(out, 1, ARGUMENTS_BYTES_MAX - 1, file);
	fclose(file);
	out[bytes] = '\0';
	return bytes;
}

/* The same command line and one more flag. What came from its environment is not seen so. */
int bugtool_print_config(const void *context)
{
	const struct bugtool_agent *agent = context;
	char arguments[ARGUMENTS_BYTES_MAX], path[64];
	char *argv[ARGUMENTS_MAX + 2];
	size_t bytes = agent->pid ? read_arguments(agent->pid, arguments) : 0;
	size_t count = 0;

	if (!bytes || !exe_is_agent(agent->pid)) {
		puts("there is no running agent whose configuration could be asked for");
		return 1;
	}
	for (size_t at = 0; at < bytes && count < ARGUMENTS_MAX; at += strlen(arguments + at) + 1)
		argv[count++] = arguments + at;
	argv[count++] = (char *)"--print-config";
	argv[count] = NULL;
	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/exe", agent->pid);
	execv(path, argv);
	return say_error(path, errno);
}

int bugtool_print_bpf_fds(const void *context)
{
	const struct bugtool_agent *agent = context;
	char path[64], name[64];
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/fdinfo", agent->pid);
	folder = opendir(path);
	if (!folder)
		return say_error(path, errno);
	for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
		_cleanup_close_ int fd = -1;
		char text[4096];
		ssize_t bytes;

		snprintf(name, sizeof(name), "%.20s", entry->d_name);
		fd = openat(dirfd(folder), name, O_RDONLY | O_CLOEXEC);
		bytes = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
		if (bytes <= 0)
			continue;
		text[bytes] = '\0';
		if (strstr(text, "prog_") || strstr(text, "map_") || strstr(text, "link_"))
			printf("fd %s\n%s\n", name, text);
	}
	closedir(folder);
	return 0;
}

int bugtool_print_cgroup(const void *context)
{
	static const char *const names[] = { "memory.current", "memory.peak", "memory.max",
					     "memory.events",  "memory.stat", "cpu.stat" };
	const struct bugtool_agent *agent = context;
	char path[64], line[PATH_MAX] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/cgroup", agent->pid);
	file = fopen(path, "re");
	if (!file)
		return say_error(path, errno);
	while (fgets(line, sizeof(line), file) && strncmp(line, "0::", 3) != 0)
		line[0] = '\0';
	fclose(file);
	line[strcspn(line, "\n")] = '\0';
	if (strncmp(line, "0::", 3) != 0 || strstr(line, "/.."))
		return say_error("the agent's cgroup", ENOENT);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		_cleanup_free_ char *name = NULL;

		if (asprintf(&name, "/sys/fs/cgroup%s/%s", line + 3, names[i]) < 0)
			return 1;
		printf("%s:\n", name);
		bugtool_print_file(name);
	}
	return 0;
}

/* ---- metrics, events, the kernel
 * ------------------------------------------------------------- */

static int metrics_connect(const char *address)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	_cleanup_free_ char *host = strdup(address);
	char *colon = host ? strrchr(host, ':') : NULL;
	const char *name = host;
	struct addrinfo *list;
	int fd = -1;

	if (!colon)
		return -1;
	*colon = '\0';
	if (*host == '[' && colon[-1] == ']') { /* IPv6, RFC 3986 */
		name = host + 1;
		colon[-1] = '\0';
	}
	if (getaddrinfo(*name ? name : "localhost", colon + 1, &hints, &list))
		return -1;
	for (const struct addrinfo *one = list; one && fd < 0; one = one->ai_next) {
		fd = socket(one->ai_family, one->ai_socktype | SOCK_CLOEXEC, one->ai_protocol);
		if (fd >= 0 && connect(fd, one->ai_addr, one->ai_addrlen))
			close(TAKE_FD(fd));
	}
	freeaddrinfo(list);
	return fd;
}

int bugtool_print_metrics(const void *context)
{
	static const char request[] = "GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n";
	const struct bugtool_agent *agent = context;
	_cleanup_close_ int fd = -1;

	if (!*agent->metrics_address) {
		puts("the agent's info file names no address of metrics");
		return 1;
	}
	fd = metrics_connect(agent->metrics_address);
	if (fd < 0 || send(fd, request, strlen(request), MSG_NOSIGNAL) < 0)
		return say_error(agent->metrics_address, errno ? errno : EHOSTUNREACH);
	return copy_fd(fd);
}

int bugtool_print_events(const void *context)
{
	const struct bugtool_agent *agent = context;
	_cleanup_close_ int fd = open(agent->event_file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;

	if (fd < 0 || fstat(fd, &status))
		return say_error(agent->event_file, errno);
	if ((uint64_t)status.st_size > agent->event_bytes &&
	    lseek(fd, -(off_t)agent->event_bytes, SEEK_END) < 0)
		return say_error(agent->event_file, errno);
	return copy_fd(fd);
}

int bugtool_print_kernel_config(const void *agent)
{
	struct utsname names;
	char path[PATH_MAX];

	uname(&names);
	snprintf(path, sizeof(path), "/boot/config-%s", names.release);
	if (access(path, R_OK) == 0)
		return bugtool_print_file(path);
	execlp("zcat", "zcat", "/proc/config.gz", NULL);
	return say_error("the kernel's configuration", errno);
}
