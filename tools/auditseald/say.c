/* SPDX-License-Identifier: Apache-2.0 */
/* Sentences to standard error, by a bucket of tokens.  Contract: say.h. */
#include "say.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#define BURST	   20	/* sentences at once */
#define REFILL_MS  1000 /* one more each so often */
#define LINE_BYTES 1024

static struct {
	pthread_mutex_t mutex;
	unsigned tokens;
	int64_t refilled_ms;
	unsigned long held_back;
} bucket = {.mutex = PTHREAD_MUTEX_INITIALIZER, .tokens = BURST};

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* With the mutex held: may one more sentence go out? */
static int token_take(void)
{
	int64_t now = now_ms(), earned = (now - bucket.refilled_ms) / REFILL_MS;

	if (earned > 0) {
		bucket.refilled_ms = now;
		bucket.tokens = earned >= BURST - (int64_t)bucket.tokens
					? BURST
					: bucket.tokens + (unsigned)earned;
	}
	if (!bucket.tokens)
		return 0;
	bucket.tokens--;
	return 1;
}

/* One line, whatever the sentence was made of. */
static void line_clean(char *line)
{
	for (; *line; line++)
		if ((unsigned char)*line < 0x20 || *line == 0x7f)
			*line = '?';
}

void say(const char *fmt, ...)
{
	char line[LINE_BYTES];
	unsigned long held_back;
	va_list args;
	int go;

	pthread_mutex_lock(&bucket.mutex);
	go = token_take();
	held_back = bucket.held_back;
	bucket.held_back = go ? 0 : held_back + 1;
	pthread_mutex_unlock(&bucket.mutex);
	if (!go)
		return;
	if (held_back)
		fprintf(stderr, "auditseald: %lu more sentences held back\n",
			held_back);
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	line_clean(line);
	fprintf(stderr, "auditseald: %s\n", line);
}
