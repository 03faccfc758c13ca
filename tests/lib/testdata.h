/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What tests read: files of the source tree and hexadecimal text.
 * Everything fails the running test when it cannot do its work.
 */
#ifndef SEAL_TESTS_TESTDATA_H
#define SEAL_TESTS_TESTDATA_H

#include <stddef.h>
#include <stdint.h>

/*
 * The whole of a file, path relative to the top of the source tree, with a
 * zero byte behind it that @ret_len does not count. The caller frees it.
 */
uint8_t *test_file_read(const char *path, size_t *ret_len);

/*
 * The bytes that @hex spells; blanks and newlines are passed over. The caller
 * frees them; never NULL, also for no bytes.
 */
uint8_t *test_hex_decode(const char *hex, size_t *ret_len);

#endif
