/* SPDX-License-Identifier: Apache-2.0 */
/* Log id, hand-overs and records as another implementation made them. */
#include "core/epoch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/err.h"
#include "tests/lib/testlog.h"

static const char log_id_hex[] =
	"3e00cb8ae95098c23628a8106aada9f43948d000259e176006e0297ca0903d36";
static const char epoch0_hex[] =
	"271e399391e126b1e300d139dd619e814d6d4325c160d65c09615d1e2316753a";
static const char epoch1_hex[] =
	"d0c70ac03c50b457b3d181910d7864f2d717aa3ba857e246037bdf1b0a522c39";

static int start(void **state)
{
	(void)state;
	return seal_crypto_init(NULL);
}

static void golden_keys_and_log_id(void **state)
{
	struct test_log *log = *state;
	struct seal_hash id, want;
	uint8_t key[32];

	test_from_hex(epoch0_hex, key, 32);
	assert_memory_equal(test_pub(log->epoch[0]), key, 32);
	test_from_hex(epoch1_hex, key, 32);
	assert_memory_equal(test_pub(log->epoch[1]), key, 32);
	test_from_hex(log_id_hex, want.b, 32);
	assert_int_equal(seal_log_id(TEST_ORIGIN, test_pub(log->host),
				     test_pub(log->epoch[0]), &id),
			 0);
	assert_memory_equal(id.b, want.b, 32);
	assert_memory_equal(seal_chain_log_id(log->chain)->b, want.b, 32);
	assert_int_equal(seal_log_id("host17", test_pub(log->host),
				     test_pub(log->epoch[0]), &id),
			 SEAL_E_FORMAT);
}

static void golden_hand_over(void **state)
{
	struct test_log *log = *state;
	struct seal_handover h = test_golden_handover(), mine;
	uint8_t bytes[SEAL_HANDOVER_BYTES], want[SEAL_HANDOVER_BYTES];
	enum seal_handover_verdict verdict;
	struct seal_chain_span span;

	assert_int_equal(test_golden("tests/golden/epochs.txt", "signed", want,
				     sizeof(want)),
			 SEAL_HANDOVER_BYTES);
	seal_handover_bytes(&log->id, &h, bytes);
	assert_memory_equal(bytes, want, sizeof(want));
	assert_int_equal(h.epoch, 1);
	assert_memory_equal(h.key, test_pub(log->epoch[1]), 32);
	assert_int_equal(seal_handover_verify(&log->id, &h,
					      seal_key_public(log->epoch[0])),
			 0);
	mine = h;
	memset(mine.sig, 0, sizeof(mine.sig));
	assert_int_equal(seal_handover_sign(&log->id, &mine, log->epoch[0]), 0);
	assert_memory_equal(mine.sig, h.sig, sizeof(h.sig));

	assert_int_equal(seal_chain_advance(log->chain, &h, &verdict), 0);
	assert_int_equal(verdict, SEAL_HANDOVER_OK);
	assert_int_equal(seal_chain_epoch(log->chain), 1);
	assert_int_equal(seal_chain_first(log->chain), 4);
	assert_int_equal(seal_chain_lookup(log->chain, 4, &span), 0);
	assert_int_equal(span.epoch, 0);
	assert_int_equal(seal_chain_lookup(log->chain, 5, &span), 0);
	assert_int_equal(span.epoch, 1);
	assert_memory_equal(span.key, test_pub(log->epoch[1]), 32);
}

static void golden_records(void **state)
{
	struct test_log *log = *state;
	uint8_t record[SEAL_EPOCH_RECORD_BYTES], want[SEAL_EPOCH_RECORD_BYTES];
	struct seal_handover h = test_golden_handover(), got;
	struct seal_epoch_root root, got_root;

	memset(&got, 0, sizeof(got));
	assert_int_equal(test_golden("tests/golden/epochs.txt", "record-1",
				     want, sizeof(want)),
			 SEAL_EPOCH_RECORD_BYTES);
	assert_int_equal(seal_epoch_record_encode(&h, record), 0);
	assert_memory_equal(record, want, sizeof(want));
	assert_int_equal(seal_epoch_record_decode(record, &got), 0);
	assert_int_equal(got.index, h.index);
	assert_int_equal(got.epoch, h.epoch);
	assert_memory_equal(got.root.b, h.root.b, 32);
	assert_memory_equal(got.header, h.header, sizeof(h.header));
	assert_memory_equal(got.key, h.key, 32);
	assert_memory_equal(got.sig, h.sig, 64);

	assert_int_equal(test_golden("tests/golden/epochs.txt", "root-record",
				     want, sizeof(want)),
			 SEAL_EPOCH_RECORD_BYTES);
	memcpy(root.host_key, test_pub(log->host), 32);
	memcpy(root.epoch_key, test_pub(log->epoch[0]), 32);
	assert_int_equal(seal_epoch_root_encode(&root, record), 0);
	assert_memory_equal(record, want, sizeof(want));
	assert_int_equal(seal_epoch_root_decode(record, &got_root), 0);
	assert_memory_equal(&got_root, &root, sizeof(root));
}

static void damaged_records(void **state)
{
	struct test_log *log = *state;
	uint8_t record[SEAL_EPOCH_RECORD_BYTES];
	struct seal_handover h = test_golden_handover(), got;
	struct seal_epoch_root root, got_root;
	struct seal_hash tag;
	size_t i;

	assert_int_equal(seal_epoch_record_encode(&h, record), 0);
	for (i = 0; i < sizeof(record); i++) {
		record[i] ^= 0x10;
		assert_int_equal(seal_epoch_record_decode(record, &got),
				 SEAL_E_DAMAGED);
		record[i] ^= 0x10;
	}
	memcpy(root.host_key, test_pub(log->host), 32);
	memcpy(root.epoch_key, test_pub(log->epoch[0]), 32);
	assert_int_equal(seal_epoch_root_encode(&root, record), 0);
	record[100] = 1;
	assert_int_equal(seal_epoch_root_decode(record, &got_root),
			 SEAL_E_DAMAGED);
	/* with a tag that fits: a newer form, or nonsense */
	assert_int_equal(seal_sha256(record, sizeof(record) - 4, &tag), 0);
	memcpy(record + sizeof(record) - 4, tag.b, 4);
	assert_int_equal(seal_epoch_root_decode(record, &got_root),
			 SEAL_E_FORMAT);
}

static void key_change_bytes(void **state)
{
	struct test_log *log = *state;
	static const char purpose[] = "auditseal/key/v1\n";
	uint8_t got[SEAL_KEY_CHANGE_BYTES], want[SEAL_KEY_CHANGE_BYTES] = {0};
	struct seal_key_change change;

	memset(&change, 0, sizeof(change));
	memset(change.old_key, 0x0d, 32);
	memset(change.new_key, 0x4e, 32);
	memcpy(want, purpose, 17);
	memcpy(want + 17, log->id.b, 32);
	want[17 + 32 + 6] = 0x12;
	want[17 + 32 + 7] = 0x34;
	memset(want + 57, 0x0d, 32);
	memset(want + 89, 0x4e, 32);
	seal_key_change_bytes(&log->id, 0x1234, &change, got);
	assert_memory_equal(got, want, sizeof(want));
}

static void entries_that_are_no_hand_over(void **state)
{
	uint8_t bytes[512];
	struct seal_handover h;
	struct seal_hash root = {{0}};
	struct seal_entry e;
	size_t len;

	(void)state;
	len = test_golden("tests/golden/control.txt", "stop", bytes,
			  sizeof(bytes));
	assert_int_equal(seal_entry_parse(bytes, len, &e), 0);
	assert_int_equal(seal_handover_from_entry(&e, 3, &root, &h),
			 SEAL_E_ARG);
	len = test_golden("tests/golden/control.txt", "epoch", bytes,
			  sizeof(bytes));
	assert_int_equal(seal_entry_parse(bytes, len - 1, &e), 0);
	assert_int_equal(seal_handover_from_entry(&e, 3, &root, &h),
			 SEAL_E_FORMAT);
	bytes[1] = 1;
	assert_int_equal(seal_entry_parse(bytes, len, &e), SEAL_E_UNKNOWN);
	assert_int_equal(seal_handover_from_entry(&e, 3, &root, &h),
			 SEAL_E_FORMAT);
}

#define WITH_LOG(test) \
	cmocka_unit_test_setup_teardown(test, test_log_make, test_log_free)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		WITH_LOG(golden_keys_and_log_id),
		WITH_LOG(golden_hand_over),
		WITH_LOG(golden_records),
		WITH_LOG(damaged_records),
		WITH_LOG(key_change_bytes),
		cmocka_unit_test(entries_that_are_no_hand_over),
	};

	return cmocka_run_group_tests_name("epoch", tests, start, NULL);
}
