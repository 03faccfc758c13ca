/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sends COUNT hostile syslog messages, the same ones for the same SEED:
 *
 *	hostile_send unix PATH COUNT SEED     one datagram each
 *	hostile_send tcp PORT COUNT SEED      octet-counted, to 127.0.0.1
 *
 * Line feeds, NULs, escape sequences, bidi controls, invalid UTF-8, our own
 * JSON, look-alikes of control entries; 1 byte to 64 KB and beyond.  No message
 * begins with "z": rsyslog would take it for a compressed one and drop it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MESSAGE_MAX_BYTES (200 * 1024)
#define SMALL_MAX_BYTES	  400
#define MIDDLE_MAX_BYTES  (64 * 1024)

static uint64_t rng;

static uint64_t draw(uint64_t below)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return rng % below;
}

static const struct piece {
	const char *bytes;
	size_t len;
} pieces[] = {
#define P(s)                     \
	{                        \
		s, sizeof(s) - 1 \
	}
	P("\n"),
	P("\r\n"),
	P("\0"),
	P("\0\0\0"),
	P("\x1b[2J\x1b]0;owned\x07"),
	P("\xe2\x80\xae"),
	P("\xe2\x81\xa6"),
	P("\xff\xfe"),
	P("\xc0\xaf"),
	P("\xed\xa0\x80"),
	P("\xf4\x90\x80\x80"),
	P("\xe2\x82"),
	P("\x80"),
	P("\x1d"),
	P("\x7f"),
	P("\\"),
	P("\""),
	P("%n%s%p"),
	P("#012#000"),
	P("{\"pri\":\"86\",\"time\":\"\",\"msg\":\"\"}"),
	P("{\"epoch\":\"1\",\"key\":\"AAAA\",\"sig\":\"AAAA\"}"),
	P("{\"version\":\"0\",\"boot\":\"\",\"policy\":\"\"}"),
	P("\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
	P("\x89"
	  "ASL1\r\n\x1a"),
	P("\n\n\xe2\x80\x94 store.example.org/w1 AAAA\n"),
	P("@cee: {\"a\":1}"),
	P("</script><script>alert(1)</script>"),
	P("' OR 1=1; --"),
	P(" "),
	P("a"),
#undef P
};

static const char *const prefixes[] = {
	"<86>Nov 21 10:00:00 host sshd[42]: ",
	"<13>Nov 21 10:00:00 host logger: ",
	"<86>1 2026-11-21T10:00:00Z host app 1 ID [x@1 a=\"b\"] ",
	"<13>",
	"",
	"<999999>",
	"<86>1 - - - - - - ",
};

static size_t target_bytes(void)
{
	uint64_t kind = draw(2000);

	if (kind == 0)
		return MIDDLE_MAX_BYTES +
		       draw(MESSAGE_MAX_BYTES - MIDDLE_MAX_BYTES - 64);
	if (kind < 10)
		return 1 + draw(MIDDLE_MAX_BYTES);
	if (kind < 100)
		return 1 + draw(4);
	return 1 + draw(SMALL_MAX_BYTES);
}

static size_t compose(char *out)
{
	const char *prefix =
		prefixes[draw(sizeof(prefixes) / sizeof(*prefixes))];
	size_t want = target_bytes(), len = strlen(prefix), fill;
	const struct piece *piece;

	memcpy(out, prefix, len);
	want += len;
	while (len < want) {
		if (draw(3) == 0) {
			piece = &pieces[draw(sizeof(pieces) / sizeof(*pieces))];
			memcpy(out + len, piece->bytes, piece->len);
			len += piece->len;
			continue;
		}
		for (fill = draw(want > 4096 ? 2048 : 24) + 1; fill; fill--)
			out[len++] = (char)('a' + draw(25));
	}
	return len;
}

static int send_all(int fd, const char *data, size_t len)
{
	ssize_t n;

	while (len) {
		n = send(fd, data, len, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static int open_unix(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd, bytes = 4 * MESSAGE_MAX_BYTES;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -1;
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
		return fd;
	close(fd);
	return -1;
}

static int open_tcp(const char *port)
{
	struct sockaddr_in addr = {.sin_family = AF_INET};
	int fd;

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	addr.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
		return fd;
	close(fd);
	return -1;
}

int main(int argc, char **argv)
{
	static char message[16 + MESSAGE_MAX_BYTES + 4096];
	unsigned long count, i;
	char frame[32];
	size_t len;
	int fd, is_tcp;

	if (argc != 5 || (strcmp(argv[1], "unix") && strcmp(argv[1], "tcp"))) {
		fprintf(stderr, "usage: hostile_send unix PATH|tcp PORT "
				"COUNT SEED\n");
		return 2;
	}
	is_tcp = strcmp(argv[1], "tcp") == 0;
	count = strtoul(argv[3], NULL, 10);
	rng = strtoull(argv[4], NULL, 10) * 0x9e3779b97f4a7c15u + 1;
	fd = is_tcp ? open_tcp(argv[2]) : open_unix(argv[2]);
	if (fd < 0) {
		perror("hostile_send: connect");
		return 1;
	}
	for (i = 0; i < count; i++) {
		len = compose(message);
		snprintf(frame, sizeof(frame), "%zu ", len);
		if ((is_tcp && send_all(fd, frame, strlen(frame)) != 0) ||
		    send_all(fd, message, len) != 0) {
			perror("hostile_send: send");
			return 1;
		}
	}
	close(fd);
	return 0;
}
