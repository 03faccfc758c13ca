/* SPDX-License-Identifier: Apache-2.0 */
/* The listening socket.  Contract: listen.h. */
#include "listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "config.h"

#define BACKLOG 512

static int socket_bind(const struct addrinfo *at, bool both)
{
	int fd, one = 1, only6 = both ? 0 : 1, sys_errno;

	fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
		    0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (at->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only6,
			   sizeof(only6));
	if (bind(fd, at->ai_addr, at->ai_addrlen) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	sys_errno = errno;
	close(fd);
	errno = sys_errno;
	return -1;
}

/* Every address: one socket for both families, or IPv4 alone without IPv6. */
static int every_address(const struct addrinfo *found)
{
	const struct addrinfo *at;
	int fd = -1;

	for (at = found; at && fd < 0; at = at->ai_next)
		if (at->ai_family == AF_INET6)
			fd = socket_bind(at, true);
	for (at = found; at && fd < 0; at = at->ai_next)
		if (at->ai_family == AF_INET)
			fd = socket_bind(at, true);
	return fd;
}

int listen_open(const char *text, int *ret_fd, struct seal_diag *diag)
{
	struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV,
				 .ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL, *at;
	char addr[CONFIG_TEXT_BYTES], port_text[16];
	unsigned port;
	int fd = -1, rc;

	rc = listen_parse(text, addr, &port, diag);
	if (rc < 0)
		return rc;
	snprintf(port_text, sizeof(port_text), "%u", port);
	rc = getaddrinfo(*addr ? addr : NULL, port_text, &hints, &found);
	if (rc != 0)
		return seal_diag_set(diag, SEAL_E_NET,
				     "cannot listen on %s: %s", text,
				     gai_strerror(rc));
	if (!*addr)
		fd = every_address(found);
	for (at = found; *addr && at && fd < 0; at = at->ai_next)
		fd = socket_bind(at, false);
	rc = errno;
	freeaddrinfo(found);
	if (fd < 0)
		return seal_diag_set_errno(diag, SEAL_E_NET, rc,
					   "cannot listen on %s", text);
	*ret_fd = fd;
	return 0;
}

int listen_name(int fd, char *ret_text, size_t text_bytes, unsigned *ret_port,
		struct seal_diag *diag)
{
	char host[NI_MAXHOST], port[NI_MAXSERV];
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	bool ipv6;

	if (getsockname(fd, (struct sockaddr *)&addr, &len) != 0 ||
	    getnameinfo((struct sockaddr *)&addr, len, host, sizeof(host), port,
			sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return seal_diag_set(diag, SEAL_E_NET,
				     "the listening socket has no address");
	ipv6 = strchr(host, ':');
	snprintf(ret_text, text_bytes, "%s%s%s:%s", ipv6 ? "[" : "", host,
		 ipv6 ? "]" : "", port);
	*ret_port = (unsigned)atoi(port);
	return 0;
}

void service_manager_tell(const char *state)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len = path ? strlen(path) : 0;
	int fd;

	if (!len || len >= sizeof(addr.sun_path) || !strchr("/@", *path))
		return;
	memcpy(addr.sun_path, path, len);
	if (*path == '@')
		addr.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)!sendto(
		fd, state, strlen(state), MSG_NOSIGNAL,
		(struct sockaddr *)&addr,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	close(fd);
}
