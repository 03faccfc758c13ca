/* SPDX-License-Identifier: Apache-2.0 */
/* The chain of keys: the one way in, and every other way that is none. */
#include "core/epoch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/err.h"
#include "core/tree.h"
#include "tests/lib/hash_fault.h"
#include "tests/lib/oom.h"
#include "tests/lib/testlog.h"

static int start(void **state)
{
	(void)state;
	return seal_crypto_init(NULL);
}

static struct seal_handover hand_over(const struct test_log *log, unsigned from,
				      unsigned to, uint64_t index)
{
	struct seal_handover h = {.index = index, .epoch = to};

	memset(h.root.b, (int)index, sizeof(h.root.b));
	seal_entry_put_header(h.header, SEAL_ENTRY_EPOCH, 0, index);
	memcpy(h.key, test_pub(log->epoch[to % 4]), sizeof(h.key));
	assert_int_equal(seal_handover_sign(&log->id, &h, log->epoch[from % 4]),
			 0);
	return h;
}

static enum seal_handover_verdict advance(struct test_log *log,
					  const struct seal_handover *h)
{
	enum seal_handover_verdict verdict = 99;
	uint64_t epoch = seal_chain_epoch(log->chain),
		 first = seal_chain_first(log->chain);

	assert_int_equal(seal_chain_advance(log->chain, h, &verdict), 0);
	if (verdict != SEAL_HANDOVER_OK) {
		assert_int_equal(seal_chain_epoch(log->chain), epoch);
		assert_int_equal(seal_chain_first(log->chain), first);
	}
	return verdict;
}

static void sign(const struct test_log *log, struct seal_handover *h,
		 unsigned by)
{
	assert_int_equal(seal_handover_sign(&log->id, h, log->epoch[by]), 0);
}

/* --- the root --- */

static void the_pin_decides(void **state)
{
	static const uint8_t low_order[32] = {0};
	struct test_log *log = *state;
	struct seal_chain *chain = NULL;
	struct seal_hash pin = log->id;

	pin.b[0] ^= 1;
	assert_int_equal(seal_chain_new(TEST_ORIGIN, test_pub(log->host),
					test_pub(log->epoch[0]), &pin, &chain),
			 SEAL_E_FOREIGN);
	assert_int_equal(seal_chain_new(TEST_ORIGIN, test_pub(log->host),
					test_pub(log->epoch[1]), &log->id,
					&chain),
			 SEAL_E_FOREIGN);
	assert_int_equal(seal_chain_new(TEST_ORIGIN "/2", test_pub(log->host),
					test_pub(log->epoch[0]), &log->id,
					&chain),
			 SEAL_E_FOREIGN);
	assert_int_equal(seal_chain_new(TEST_ORIGIN, test_pub(log->host),
					test_pub(log->host), NULL, &chain),
			 SEAL_E_KEY);
	assert_int_equal(seal_chain_new(TEST_ORIGIN, low_order,
					test_pub(log->host), NULL, &chain),
			 SEAL_E_KEY);
	assert_int_equal(seal_chain_new(TEST_ORIGIN, test_pub(log->host),
					low_order, NULL, &chain),
			 SEAL_E_KEY);
	assert_int_equal(seal_chain_new("nonsense", test_pub(log->host),
					test_pub(log->epoch[0]), NULL, &chain),
			 SEAL_E_FORMAT);
	assert_null(chain);
	assert_int_equal(seal_chain_new(TEST_ORIGIN, test_pub(log->host),
					test_pub(log->epoch[0]), NULL, &chain),
			 0);
	assert_memory_equal(seal_chain_log_id(chain)->b, log->id.b, 32);
	seal_chain_free(chain);
	seal_chain_free(NULL);
}

/* --- advancing --- */

static void chain_goes_on(void **state)
{
	struct test_log *log = *state;
	struct seal_handover h;

	h = hand_over(log, 0, 1, 0); /* an epoch may be its hand-over alone */
	assert_int_equal(advance(log, &h), SEAL_HANDOVER_OK);
	h = hand_over(log, 1, 2, 1);
	assert_int_equal(advance(log, &h), SEAL_HANDOVER_OK);
	h = hand_over(log, 2, 3, 1000000);
	assert_int_equal(advance(log, &h), SEAL_HANDOVER_OK);
	assert_int_equal(seal_chain_epoch(log->chain), 3);
	assert_int_equal(seal_chain_first(log->chain), 1000001);
	assert_true(seal_pub_equal(seal_chain_pub(log->chain),
				   seal_key_public(log->epoch[3])));
}

static void keys_are_chosen_by_index(void **state)
{
	struct test_log *log = *state;
	struct seal_handover h = hand_over(log, 0, 1, 4);
	struct seal_chain_span s;
	uint64_t size;

	assert_int_equal(advance(log, &h), SEAL_HANDOVER_OK);
	h = hand_over(log, 1, 2, 5);
	assert_int_equal(advance(log, &h), SEAL_HANDOVER_OK);
	assert_int_equal(seal_chain_lookup(log->chain, 0, &s), SEAL_E_RANGE);
	assert_int_equal(
		seal_chain_lookup(log->chain, SEAL_TREE_SIZE_MAX + 1, &s),
		SEAL_E_RANGE);
	for (size = 1; size < 20; size++) {
		assert_int_equal(seal_chain_lookup(log->chain, size, &s), 0);
		assert_int_equal(s.epoch, size <= 5 ? 0 : size <= 6 ? 1 : 2);
		assert_true(s.first < size && size <= s.end);
		assert_memory_equal(s.key, test_pub(log->epoch[s.epoch]), 32);
	}
	assert_int_equal(seal_chain_lookup(log->chain, SEAL_TREE_SIZE_MAX, &s),
			 0);
	assert_int_equal(s.epoch, 2);
	assert_int_equal(s.end, SEAL_TREE_SIZE_MAX);
	assert_int_equal(seal_chain_span(log->chain, 1, &s), 0);
	assert_int_equal(s.first, 5);
	assert_int_equal(s.end, 6);
	assert_int_equal(seal_chain_span(log->chain, 3, &s), SEAL_E_RANGE);
}

/* Each bit of what is signed counts, and of the signature. */
static void wrong_signatures(void **state)
{
	struct test_log *log = *state;
	const struct seal_handover good = hand_over(log, 0, 1, 4);
	struct seal_handover h;
	size_t i;

	for (i = 0; i < 64; i++) {
		h = good;
		h.sig[i] ^= 4;
		assert_int_equal(advance(log, &h), SEAL_HANDOVER_SIG);
	}
	h = good;
	memset(h.sig + 32, 0xff, 32); /* S >= L */
	assert_int_equal(advance(log, &h), SEAL_HANDOVER_SIG);
	h = good;
	h.index++;
	assert_int_equal(advance(log, &h), SEAL_HANDOVER_SIG);
	h = good;
	h.root.b[9] ^= 1;
	assert_int_equal(advance(log, &h), SEAL_HANDOVER_SIG);
	for (i = 0; i < sizeof(h.header); i++) {
		h = good;
		h.header[i] ^= 1;
		assert_int_equal(advance(log, &h), SEAL_HANDOVER_SIG);
	}
	h = good;
	memcpy(h.key, test_pub(log->epoch[2]), 32);
	assert_int_equal(advance(log, &h), SEAL_HANDOVER_SIG);
	/* certified by anything but the predecessor */
	h = good;
	assert_int_equal(seal_handover_sign(&log->id, &h, log->host), 0);
	assert_int_equal(advance(log, &h), SEAL_HANDOVER_SIG);
	sign(log, &h, 1);
	assert_int_equal(advance(log, &h), SEAL_HANDOVER_SIG);
	/* of another log */
	h = good;
	log->id.b[0] ^= 1;
	sign(log, &h, 0);
	log->id.b[0] ^= 1;
	assert_int_equal(advance(log, &h), SEAL_HANDOVER_SIG);
	assert_int_equal(advance(log, &good), SEAL_HANDOVER_OK);
}

static void broken_rules(void **state)
{
	struct test_log *log = *state;
	struct seal_handover h = hand_over(log, 0, 1, 4);

	assert_int_equal(advance(log, &h), SEAL_HANDOVER_OK);

	h = hand_over(log, 1, 3, 9);
	assert_int_equal(advance(log, &h), SEAL_HANDOVER_EPOCH);
	h = hand_over(log, 1, 0, 9);
	assert_int_equal(advance(log, &h), SEAL_HANDOVER_EPOCH);
	h.epoch = UINT64_MAX;
	assert_int_equal(advance(log, &h), SEAL_HANDOVER_EPOCH);

	h = hand_over(log, 1, 2, 4); /* before the epoch's first entry, 5 */
	assert_int_equal(advance(log, &h), SEAL_HANDOVER_INDEX);
	h = hand_over(log, 1, 2, SEAL_TREE_SIZE_MAX);
	assert_int_equal(advance(log, &h), SEAL_HANDOVER_INDEX);

	h = hand_over(log, 1, 2, 9);
	h.header[0] = SEAL_ENTRY_RECORD;
	sign(log, &h, 1);
	assert_int_equal(advance(log, &h), SEAL_HANDOVER_HEADER);
	h = hand_over(log, 1, 2, 9);
	h.header[1] = 1;
	sign(log, &h, 1);
	assert_int_equal(advance(log, &h), SEAL_HANDOVER_HEADER);

	memcpy(h.header, (uint8_t[]){7, 0}, 2);
	memset(h.key, 0, sizeof(h.key));
	sign(log, &h, 1);
	assert_int_equal(advance(log, &h), SEAL_HANDOVER_KEY);
	memcpy(h.key, test_pub(log->epoch[0]), 32);
	sign(log, &h, 1);
	assert_int_equal(advance(log, &h), SEAL_HANDOVER_REUSED);
	memcpy(h.key, test_pub(log->epoch[1]), 32);
	sign(log, &h, 1);
	assert_int_equal(advance(log, &h), SEAL_HANDOVER_REUSED);
	memcpy(h.key, test_pub(log->host), 32);
	sign(log, &h, 1);
	assert_int_equal(advance(log, &h), SEAL_HANDOVER_REUSED);

	h = hand_over(log, 1, 2, 5); /* the last of them all was in order */
	assert_int_equal(advance(log, &h), SEAL_HANDOVER_OK);
}

static void second_statements(void **state)
{
	struct test_log *log = *state;
	const struct seal_handover good = hand_over(log, 0, 1, 4);
	struct seal_handover next = hand_over(log, 1, 2, 9), h;

	assert_int_equal(advance(log, &good), SEAL_HANDOVER_OK);
	assert_int_equal(advance(log, &good), SEAL_HANDOVER_SAME);
	assert_int_equal(advance(log, &next), SEAL_HANDOVER_OK);
	assert_int_equal(advance(log, &good), SEAL_HANDOVER_SAME);
	assert_int_equal(advance(log, &next), SEAL_HANDOVER_SAME);

	h = hand_over(log, 0, 1, 5); /* another place */
	assert_int_equal(advance(log, &h), SEAL_HANDOVER_FORK);
	h = good; /* another history below it */
	h.root.b[0] ^= 1;
	assert_int_equal(advance(log, &h), SEAL_HANDOVER_SIG);
	sign(log, &h, 0);
	assert_int_equal(advance(log, &h), SEAL_HANDOVER_FORK);
	h = good; /* another successor */
	memcpy(h.key, test_pub(log->epoch[3]), 32);
	sign(log, &h, 0);
	assert_int_equal(advance(log, &h), SEAL_HANDOVER_FORK);
	h = good; /* another time of the entry */
	h.header[9] ^= 1;
	sign(log, &h, 0);
	assert_int_equal(advance(log, &h), SEAL_HANDOVER_FORK);
	h = good;
	h.sig[0] ^= 1;
	assert_int_equal(advance(log, &h), SEAL_HANDOVER_SIG);
}

static void verdicts_name_findings(void **state)
{
	static const unsigned finding[] = {0, 0, 8, 10, 12, 12, 12, 12, 12};
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(finding) / sizeof(finding[0]); i++) {
		assert_int_equal(seal_handover_finding(i), finding[i]);
		assert_true(strlen(seal_handover_verdict_text(i)) > 10);
		assert_string_not_equal(seal_handover_verdict_text(i),
					"unknown verdict");
	}
	assert_string_equal(seal_handover_verdict_text(i), "unknown verdict");
}

/* --- growth and memory --- */

static void many_epochs(void **state)
{
	enum {
		EPOCHS = 300
	};
	struct test_log *log = *state;
	struct seal_key *old = test_key("example epoch 0"), *next;
	struct seal_chain_span s;
	struct seal_handover h;
	char purpose[32];
	uint64_t e;

	memset(&h, 0, sizeof(h));
	for (e = 1; e <= EPOCHS; e++) {
		snprintf(purpose, sizeof(purpose), "example epoch %u",
			 (unsigned)e);
		next = test_key(purpose);
		h.index = 10 * e - 1;
		h.epoch = e;
		seal_entry_put_header(h.header, SEAL_ENTRY_EPOCH, 0, e);
		memcpy(h.key, test_pub(next), 32);
		assert_int_equal(seal_handover_sign(&log->id, &h, old), 0);
		assert_int_equal(advance(log, &h), SEAL_HANDOVER_OK);
		seal_key_free(old);
		old = next;
	}
	for (e = 0; e <= EPOCHS; e++) {
		assert_int_equal(seal_chain_lookup(log->chain, 10 * e + 1, &s),
				 0);
		assert_int_equal(s.epoch, e);
		assert_int_equal(seal_chain_lookup(log->chain, 10 * e + 10, &s),
				 0);
		assert_int_equal(s.epoch, e);
	}
	/* a key of long ago */
	h.index++;
	h.epoch = EPOCHS + 1;
	memcpy(h.key, test_pub(log->epoch[2]), 32);
	assert_int_equal(seal_handover_sign(&log->id, &h, old), 0);
	assert_int_equal(advance(log, &h), SEAL_HANDOVER_REUSED);
	seal_key_free(old);
}

/* Verified before up to epoch 2, which begins at 20. */
static int resumed(void *arg)
{
	struct test_log *log = arg;
	const struct seal_chain_resume at = {test_pub(log->host),
					     test_pub(log->epoch[0]), 2, 20,
					     test_pub(log->epoch[2])};
	struct seal_handover before = hand_over(log, 0, 1, 9),
			     to = hand_over(log, 1, 2, 19),
			     next = hand_over(log, 2, 3, 29),
			     late = hand_over(log, 2, 3, 19);
	enum seal_handover_verdict verdict = 99;
	struct seal_chain *chain = NULL;
	struct seal_chain_span span;
	int rc = seal_chain_new_at(TEST_ORIGIN, &at, &log->id, &chain);

	assert_int_equal(rc == 0, chain != NULL);
	if (rc)
		return rc;
	assert_int_equal(seal_chain_epoch(chain), 2);
	assert_int_equal(seal_chain_first(chain), 20);
	assert_int_equal(seal_chain_lookup(chain, 20, &span), SEAL_E_RANGE);
	assert_int_equal(seal_chain_span(chain, 1, &span), SEAL_E_RANGE);
	assert_int_equal(seal_chain_span(chain, 0, &span), 0);
	assert_int_equal(seal_chain_lookup(chain, 21, &span), 0);
	assert_int_equal(span.epoch, 2);
	rc = seal_chain_advance(chain, &before, &verdict);
	assert_true(rc || verdict == SEAL_HANDOVER_SAME);
	if (!rc)
		rc = seal_chain_advance(chain, &to, &verdict);
	assert_true(rc || verdict == SEAL_HANDOVER_SAME);
	if (!rc)
		rc = seal_chain_advance(chain, &late, &verdict);
	assert_true(rc || verdict == SEAL_HANDOVER_INDEX);
	if (!rc)
		rc = seal_chain_advance(chain, &next, &verdict);
	assert_true(rc || verdict == SEAL_HANDOVER_OK);
	if (!rc) {
		assert_int_equal(seal_chain_epoch(chain), 3);
		assert_int_equal(seal_chain_lookup(chain, 30, &span), 0);
		assert_int_equal(span.epoch, 2);
		assert_int_equal(span.end, 30);
		rc = seal_chain_advance(chain, &next, &verdict);
		assert_true(rc || verdict == SEAL_HANDOVER_SAME);
	}
	seal_chain_free(chain);
	return rc;
}

static void going_on_in_the_middle(void **state)
{
	struct test_log *log = *state;
	struct seal_chain_resume at = {test_pub(log->host),
				       test_pub(log->epoch[0]), 0, 0,
				       test_pub(log->epoch[0])};
	struct seal_chain *chain;

	assert_int_equal(resumed(log), 0);
	assert_true(oom_every(resumed, log) > 3);
	assert_int_equal(seal_chain_new_at(TEST_ORIGIN, &at, NULL, &chain), 0);
	seal_chain_free(chain);
	at.epoch_key = test_pub(log->epoch[1]);
	assert_int_equal(seal_chain_new_at(TEST_ORIGIN, &at, NULL, &chain),
			 SEAL_E_ARG);
	at.epoch = 1; /* an epoch behind the first begins behind 0 */
	assert_int_equal(seal_chain_new_at(TEST_ORIGIN, &at, NULL, &chain),
			 SEAL_E_ARG);
	at.first = 1;
	at.epoch_key = test_pub(log->host); /* one key, one purpose */
	assert_int_equal(seal_chain_new_at(TEST_ORIGIN, &at, NULL, &chain),
			 SEAL_E_ARG);
	at.host_key = test_pub(log->epoch[3]);
	assert_int_equal(seal_chain_new_at(TEST_ORIGIN, &at, &log->id, &chain),
			 SEAL_E_FOREIGN);
}

struct many {
	struct test_log *log;
	struct seal_handover h[3];
};

static int walk(void *arg)
{
	struct many *m = arg;
	enum seal_handover_verdict verdict = 99;
	struct seal_chain *chain = NULL;
	int rc, i;

	rc = seal_chain_new(TEST_ORIGIN, test_pub(m->log->host),
			    test_pub(m->log->epoch[0]), &m->log->id, &chain);
	assert_int_equal(rc == 0, chain != NULL);
	for (i = 0; i < 5 && rc == 0; i++) {
		rc = seal_chain_advance(chain, &m->h[i % 3], &verdict);
		if (rc == 0)
			assert_int_equal(verdict, i < 3 ? SEAL_HANDOVER_OK
							: SEAL_HANDOVER_SAME);
	}
	seal_chain_free(chain);
	return rc;
}

static void chain_without_memory_or_hash(void **state)
{
	struct many m = {.log = *state};
	int i;

	for (i = 0; i < 3; i++)
		m.h[i] = hand_over(m.log, (unsigned)i, (unsigned)i + 1,
				   (uint64_t)i);
	assert_true(oom_every(walk, &m) > 3);
	/* the log id, and one for each of the five steps */
	assert_int_equal(hash_fail_every(walk, &m), 1 + 5);
}

#define WITH_LOG(test) \
	cmocka_unit_test_setup_teardown(test, test_log_make, test_log_free)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		WITH_LOG(the_pin_decides),
		WITH_LOG(chain_goes_on),
		WITH_LOG(keys_are_chosen_by_index),
		WITH_LOG(wrong_signatures),
		WITH_LOG(broken_rules),
		WITH_LOG(second_statements),
		cmocka_unit_test(verdicts_name_findings),
		WITH_LOG(many_epochs),
		WITH_LOG(going_on_in_the_middle),
		WITH_LOG(chain_without_memory_or_hash),
	};

	return cmocka_run_group_tests_name("chain", tests, start, NULL);
}
