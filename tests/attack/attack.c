/* SPDX-License-Identifier: Apache-2.0 */
/* Contract: attack.h. */
#include "tests/attack/attack.h"

#include <inttypes.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PRINTED_MAX 20

const uint8_t attack_change[ATTACK_CHANGES] = {0x01, 0x80, 0xFF};

bool attack_init(void)
{
	/* Large blocks come and go a million times: keep them. */
	mallopt(M_MMAP_THRESHOLD, 64 << 20);
	mallopt(M_TRIM_THRESHOLD, 256 << 20);
	return !seal_crypto_init(NULL);
}

bool attack_long(void)
{
	const char *value = getenv("SEAL_LONG");

	return value && *value;
}

void attack_found(const struct seal_verdict *verdict, char *ret_found,
		  size_t room)
{
	const struct seal_findings *l = &verdict->findings;
	const struct seal_finding *f;
	size_t i, len = 0;

	ret_found[0] = '\0';
	for (i = 0; i < l->n && len + 64 < room; i++) {
		f = &l->v[i];
		if (f->class == SEAL_CLASS_N)
			continue;
		len += (size_t)snprintf(ret_found + len, room - len, "%s%s",
					len ? " " : "",
					seal_finding_info(f->number)->id);
		if (f->first == SEAL_FINDING_NO_INDEX)
			continue;
		len += (size_t)snprintf(ret_found + len, room - len,
					"[%" PRIu64 ",%" PRIu64 "]%s", f->first,
					f->last, f->within ? "w" : "");
	}
}

void attack_judge(const struct seal_verify_options *options,
		  seal_verify_feed *feed, void *ctx, struct attack_verdict *av)
{
	attack_verdict_fini(av);
	av->rc = seal_verify_run(options, feed, ctx, &av->verdict, &av->diag);
	av->status = av->rc ? 3 : av->verdict.exit_status;
	if (!av->rc)
		attack_found(&av->verdict, av->found, sizeof(av->found));
}

void attack_verdict_fini(struct attack_verdict *av)
{
	seal_verdict_fini(&av->verdict);
	memset(&av->diag, 0, sizeof(av->diag));
	av->found[0] = '\0';
	av->rc = 0;
	av->status = 0;
}

/* ---- counting ---- */

void attack_is_found(struct attack_tally *t)
{
	t->tried++;
	t->found++;
}

void attack_is_listed(struct attack_tally *t)
{
	t->tried++;
	t->listed++;
}

static void is_wrong(struct attack_tally *t, const char *fmt, va_list args,
		     const char *more)
{
	char text[256];

	t->tried++;
	t->wrong++;
	if (t->wrong > PRINTED_MAX && !getenv("SEAL_TEST_SAY"))
		return;
	vsnprintf(text, sizeof(text), fmt, args);
	print_message("# %s: %s%s\n", t->name, text, more);
}

void attack_is_wrong(struct attack_tally *t, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	is_wrong(t, fmt, args, "");
	va_end(args);
}

void attack_expect(struct attack_tally *t, const struct attack_verdict *av,
		   int status, const char *found, const char *fmt, ...)
{
	char more[4096];
	va_list args;

	if (!av->rc && av->status == status && !strcmp(av->found, found)) {
		attack_is_found(t);
		return;
	}
	snprintf(more, sizeof(more), ": %d %s%s, not %d %s", av->status,
		 av->found, av->diag.text, status, found);
	va_start(args, fmt);
	is_wrong(t, fmt, args, more);
	va_end(args);
}

void attack_done(struct attack_tally *t)
{
	print_message("# %s: tried %" PRIu64 " = found %" PRIu64
		      " + listed %" PRIu64 "%s\n",
		      t->name, t->tried, t->found, t->listed,
		      t->wrong ? " + wrong" : "");
	if (t->wrong)
		fail_msg("%s: %" PRIu64 " of %" PRIu64 " are wrong", t->name,
			 t->wrong, t->tried);
	assert_int_equal(t->tried, t->found + t->listed);
}

void attack_every_byte(uint8_t *data, uint64_t from, uint64_t to,
		       attack_try *try, void *ctx)
{
	uint64_t offset;
	size_t k;

	for (offset = from; offset < to; offset++)
		for (k = 0; k < ATTACK_CHANGES; k++) {
			data[offset] ^= attack_change[k];
			try(ctx, offset, attack_change[k]);
			data[offset] ^= attack_change[k];
		}
}
