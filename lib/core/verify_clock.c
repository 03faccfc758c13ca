/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's clock as receipts bound it: the newest entry below a receipt was
 * there when it was signed.  One that is later by its own time came from a
 * clock that ran ahead.  docs/spec/verdict.md, section 6, "Clock".
 */
#include "core/verify_int.h"

#include <stdlib.h>
#include <string.h>

#define CLOCK_AHEAD_US 60000000u /* a finding */
#define CLOCK_WELL_US  30000000u /* such a receipt ends it */

static uint64_t ahead_us(uint64_t entry_us, uint64_t receipt_s)
{
	if (receipt_s > entry_us / 1000000)
		return 0;
	return entry_us - receipt_s * 1000000;
}

/* By its own word, which is not verified: is any cosignature early? */
static bool seems_early(const struct verify_claim *claim,
			const struct seal_note *note)
{
	uint8_t bytes[SEAL_COSIG_BYTES];
	uint64_t time_s;
	size_t k, i;

	for (k = 0; k < note->sig_count; k++) {
		if (seal_note_sig_bytes(&note->sigs[k], bytes, sizeof(bytes)))
			continue;
		for (i = 0, time_s = 0; i < 8; i++)
			time_s = time_s << 8 | bytes[i];
		if (ahead_us(claim->before_us, time_s) > CLOCK_AHEAD_US)
			return true;
	}
	return false;
}

bool verify_clock_asks(const struct seal_verify *v,
		       const struct verify_claim *claim,
		       const struct seal_note *note)
{
	if (!v->opt.policy || !claim->seen || !claim->before_us ||
	    !seal_hash_equal(&claim->ours, &claim->root))
		return false;
	return v->clocks_open || seems_early(claim, note);
}

static int end_run(struct seal_verify *v, struct verify_clock *c)
{
	struct verify_ahead *a = v->ahead;
	size_t n = v->aheads;

	if (n == SEAL_VERIFY_MAX_FINDINGS) {
		if (c->run.last > a[n - 1].last)
			a[n - 1].last = c->run.last;
	} else {
		if (!(n & (n - 1))) {
			a = realloc(a, (n ? 2 * n : 1) * sizeof(*a));
			if (!a)
				return SEAL_E_NOMEM;
			v->ahead = a;
		}
		a[v->aheads++] = c->run;
	}
	c->open = false;
	v->clocks_open--;
	return 0;
}

static void begin_run(struct seal_verify *v, struct verify_clock *c,
		      const struct verify_claim *claim, size_t witness)
{
	memset(&c->run, 0, sizeof(c->run));
	c->run.first = claim->size - 1;
	c->run.from_us = claim->before_us;
	c->run.witness = witness;
	memcpy(c->run.where, claim->where, sizeof(c->run.where));
	c->open = true;
	v->clocks_open++;
}

int verify_clock_hear(struct seal_verify *v, const struct verify_claim *claim,
		      size_t witness, uint64_t time_s)
{
	struct verify_clock *c = &v->clock[witness];
	uint64_t ahead;

	/* Of a size that was heard the first word is the narrowest. */
	if (!claim->seen || !claim->before_us || claim->size <= c->heard)
		return 0;
	c->heard = claim->size;
	ahead = ahead_us(claim->before_us, time_s);
	if (c->open && ahead <= CLOCK_WELL_US)
		return end_run(v, c);
	if (ahead <= CLOCK_AHEAD_US)
		return 0;
	if (!c->open)
		begin_run(v, c, claim, witness);
	c->run.last = claim->size - 1;
	c->run.to_us = claim->before_us;
	if (ahead > c->run.most_us)
		c->run.most_us = ahead;
	return 0;
}

static int by_first(const void *left, const void *right)
{
	const struct verify_ahead *a = left, *b = right;

	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	if (a->last != b->last)
		return a->last > b->last ? -1 : 1;
	return a->witness < b->witness ? -1 : a->witness > b->witness;
}

/* b becomes part of a: another witness saw the same. */
static void unite(struct verify_ahead *a, const struct verify_ahead *b)
{
	if (b->last > a->last) {
		a->last = b->last;
		a->to_us = b->to_us;
	}
	if (b->most_us > a->most_us) {
		a->most_us = b->most_us;
		a->witness = b->witness;
	}
}

static int report(struct seal_verify *v, const struct verify_ahead *a)
{
	size_t before = v->findings.n;
	int rc = verify_find(
		v, 14, a->first, a->last, a->first < a->last, a->where,
		"the clock was up to %llu s ahead of the receipts of %s",
		(unsigned long long)(a->most_us / 1000000),
		seal_policy_witness(v->opt.policy, a->witness)->vkey.name);

	if (v->findings.n > before) {
		v->findings.v[before].time_before_us = a->from_us;
		v->findings.v[before].time_after_us = a->to_us;
	}
	return rc;
}

int verify_clock_end(struct seal_verify *v)
{
	size_t k, into = 0;
	int rc = 0;

	for (k = 0; k < SEAL_POLICY_WITNESSES_MAX && !rc; k++)
		if (v->clock[k].open)
			rc = end_run(v, &v->clock[k]);
	if (rc || !v->aheads)
		return rc;
	qsort(v->ahead, v->aheads, sizeof(*v->ahead), by_first);
	for (k = 1; k < v->aheads; k++) {
		if (v->ahead[k].first <= v->ahead[into].last)
			unite(&v->ahead[into], &v->ahead[k]);
		else
			v->ahead[++into] = v->ahead[k];
	}
	for (k = 0; k <= into && !rc; k++)
		rc = report(v, &v->ahead[k]);
	return rc;
}
