/* SPDX-License-Identifier: Apache-2.0 */
/* What tests read; see testdata.h. Must never be linked into a product. */
#include "testdata.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

uint8_t *test_file_read(const char *path, size_t *ret_len)
{
	const char *top = getenv("SEAL_SRCDIR");
	char name[4096];
	uint8_t *data;
	FILE *f;
	long len;

	snprintf(name, sizeof(name), "%s/%s", top ? top : ".", path);
	f = fopen(name, "rb");
	if (!f)
		fail_msg("cannot open %s", name);
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	len = ftell(f);
	assert_true(len >= 0);
	rewind(f);
	data = malloc((size_t)len + 1);
	assert_non_null(data);
	assert_int_equal(fread(data, 1, (size_t)len, f), len);
	data[len] = 0;
	fclose(f);
	*ret_len = (size_t)len;
	return data;
}

static unsigned int hex_digit(char c)
{
	if (!isxdigit((unsigned char)c))
		fail_msg("'%c' is no hexadecimal digit", c);
	return isdigit((unsigned char)c)
		       ? (unsigned int)(c - '0')
		       : (unsigned int)(tolower((unsigned char)c) - 'a' + 10);
}

uint8_t *test_hex_decode(const char *hex, size_t *ret_len)
{
	uint8_t *data = malloc(strlen(hex) / 2 + 1);
	size_t digits = 0;

	assert_non_null(data);
	for (; *hex; hex++) {
		if (isspace((unsigned char)*hex))
			continue;
		if (digits % 2 == 0)
			data[digits / 2] = (uint8_t)(hex_digit(*hex) << 4);
		else
			data[digits / 2] |= (uint8_t)hex_digit(*hex);
		digits++;
	}
	if (digits % 2)
		fail_msg("odd number of hexadecimal digits");
	*ret_len = digits / 2;
	return data;
}
