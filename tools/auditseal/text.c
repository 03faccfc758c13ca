/* SPDX-License-Identifier: Apache-2.0 */
/* Text for people: times, counts, safe bytes, progress.  Contract: cli.h. */
#include "cli.h"

#include "core/sanitize.h"
#include "core/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

uint64_t cli_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void cli_format_time(uint64_t us, char ret_text[CLI_TIME_BYTES])
{
	time_t when = (time_t)(us / 1000000);
	char date[24];
	struct tm tm;

	if (!us || !gmtime_r(&when, &tm) || tm.tm_year > 8099 ||
	    !strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm)) {
		snprintf(ret_text, CLI_TIME_BYTES, "%s",
			 us ? "(no date)" : "-");
		return;
	}
	snprintf(ret_text, CLI_TIME_BYTES, "%s.%06uZ", date,
		 (unsigned)(us % 1000000));
}

void cli_format_age(uint64_t us, char ret_text[CLI_TIME_BYTES])
{
	uint64_t s = us / 1000000;

	if (s < 120)
		snprintf(ret_text, CLI_TIME_BYTES, "%" PRIu64 " s", s);
	else if (s < 7200)
		snprintf(ret_text, CLI_TIME_BYTES, "%" PRIu64 " min", s / 60);
	else if (s < 172800)
		snprintf(ret_text, CLI_TIME_BYTES, "%" PRIu64 " h", s / 3600);
	else
		snprintf(ret_text, CLI_TIME_BYTES, "%" PRIu64 " days",
			 s / 86400);
}

void cli_format_count(uint64_t value, char ret_text[32])
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, value), i, o = 0;

	for (i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			ret_text[o++] = ',';
		ret_text[o++] = digits[i];
	}
	ret_text[o] = '\0';
}

void cli_put_safe(FILE *out, const void *bytes, size_t len)
{
	struct seal_buf text = SEAL_BUF_INIT;

	seal_sanitize_put(&text, bytes, len, 0);
	if (!seal_buf_error(&text) && text.len)
		fwrite(text.data, 1, text.len, out);
	seal_buf_fini(&text);
}

static void put_escaped(FILE *out, uint32_t ch)
{
	if (ch < 0x10000) {
		fprintf(out, "\\u%04x", ch);
		return;
	}
	ch -= 0x10000;
	fprintf(out, "\\u%04x\\u%04x", 0xd800 + (ch >> 10),
		0xdc00 + (ch & 0x3ff));
}

void cli_put_json(FILE *out, const void *bytes, size_t len, bool raw)
{
	const uint8_t *p = bytes;
	uint32_t ch;
	size_t n;

	if (!raw)
		putc('"', out);
	for (; len; p += n, len -= n) {
		n = seal_utf8_next(p, len, &ch);
		if (!n)
			break;
		if (ch < 0x20 || ch == 0x7f || seal_char_unsafe(ch)) {
			if (!(ch == '\\' || ch == '"')) {
				put_escaped(out, ch);
				continue;
			}
		}
		if (!raw && (ch == '"' || ch == '\\'))
			putc('\\', out);
		fwrite(p, 1, n, out);
	}
	if (!raw)
		putc('"', out);
}

bool cli_colour(FILE *out)
{
	const char *no = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (no && no[0])
		return false;
	return term && strcmp(term, "dumb") && isatty(fileno(out));
}

/* ---- progress ---- */

#define BAR_WIDTH 24

void cli_progress_begin(struct cli_progress *progress, const char *what,
			bool quiet)
{
	memset(progress, 0, sizeof(*progress));
	progress->what = what;
	progress->quiet = quiet || !isatty(STDERR_FILENO);
	progress->begun_us = cli_now_us();
}

static void put_bar(uint64_t done, uint64_t total)
{
	char bar[BAR_WIDTH + 1];
	size_t full = (size_t)((double)done / (double)total * BAR_WIDTH);

	if (full > BAR_WIDTH)
		full = BAR_WIDTH;
	memset(bar, '.', BAR_WIDTH);
	memset(bar, '#', full);
	bar[BAR_WIDTH] = '\0';
	fprintf(stderr, " [%s] %u %%", bar,
		(unsigned)((double)done / (double)total * 100));
}

void cli_progress_step(struct cli_progress *progress, uint64_t done,
		       uint64_t total, uint64_t entries)
{
	uint64_t now, spent_us, rate;
	char count[32], age[CLI_TIME_BYTES];

	if (progress->quiet)
		return;
	now = cli_now_us();
	spent_us = now - progress->begun_us;
	if (now < progress->begun_us || spent_us < 1000000 ||
	    now - progress->shown_us < 250000)
		return;
	progress->shown_us = now;
	progress->shown = true;
	fprintf(stderr, "\r\033[K");
	cli_put_safe(stderr, progress->what, strlen(progress->what));
	if (total)
		put_bar(done, total);
	rate = (uint64_t)((double)entries * 1e6 / (double)spent_us);
	cli_format_count(entries, count);
	fprintf(stderr, " %s entries", count);
	cli_format_count(rate, count);
	fprintf(stderr, ", %s/s", count);
	if (done && done < total) {
		cli_format_age((uint64_t)((double)spent_us / (double)done *
					  (double)(total - done)),
			       age);
		fprintf(stderr, ", %s left", age);
	}
	fflush(stderr);
}

void cli_progress_end(struct cli_progress *progress)
{
	if (!progress->shown)
		return;
	fprintf(stderr, "\r\033[K");
	fflush(stderr);
	progress->shown = false;
}

/* ---- files ---- */

static int read_all(int fd, const char *path, size_t max, uint8_t **ret_bytes,
		    size_t *ret_len, struct seal_diag *diag)
{
	uint8_t *bytes = NULL, *grown;
	size_t len = 0, room = 0;
	ssize_t got;

	for (;;) {
		if (len == room) {
			room = room ? 2 * room : 8192;
			grown = realloc(bytes, room + 1);
			if (!grown) {
				free(bytes);
				return seal_diag_set(diag, SEAL_E_NOMEM,
						     "out of memory");
			}
			bytes = grown;
		}
		got = read(fd, bytes + len, room - len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			free(bytes);
			return seal_diag_set_errno(diag, SEAL_E_IO, errno,
						   "cannot read %s", path);
		}
		if (!got)
			break;
		len += (size_t)got;
		if (len > max) {
			free(bytes);
			return seal_diag_set(diag, SEAL_E_TOOBIG,
					     "%s is larger than %zu bytes",
					     path, max);
		}
	}
	bytes[len] = '\0';
	*ret_bytes = bytes;
	*ret_len = len;
	return 0;
}

int cli_read_file(const char *path, size_t max, uint8_t **ret_bytes,
		  size_t *ret_len, struct seal_diag *diag)
{
	struct stat st;
	int fd, rc;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return seal_diag_set_errno(
			diag, errno == ENOENT ? SEAL_E_NOTFOUND : SEAL_E_IO,
			errno, "cannot open %s", path);
	if (!fstat(fd, &st) && S_ISDIR(st.st_mode))
		rc = seal_diag_set(diag, SEAL_E_IO,
				   "%s is a directory, a file is needed", path);
	else
		rc = read_all(fd, path, max, ret_bytes, ret_len, diag);
	close(fd);
	return rc;
}
