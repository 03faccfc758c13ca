/* SPDX-License-Identifier: Apache-2.0 */
/* Control entries: nothing but the one encoding is taken. */
#include "core/control.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/buf.h"
#include "core/err.h"
#include "tests/lib/testdata.h"

#define KEY1_B64 "0McKwDxQtFez0YGRDXhk8tcXqjuoV+JGA3vfGwpSLDk="
#define ROOT_B64 "c8Lv1lTCYUkEJEvVQJ7sj5Er0HhuxZOFjTZIhcXITY8="

static const uint8_t probes[] = {' ', '"',  ',',  ':',	'{',  '}', '[', ']',
				 '0', '1',  'a',  '=',	'\\', '/', '+', '\n',
				 0,   0x7f, 0x80, 0xff, '-',  'n'};

/* Taken or not: what is taken is what would be written. */
static bool is_canonical(uint8_t type, const uint8_t *body, size_t len)
{
	uint8_t mem[SEAL_CONTROL_BYTES_MAX];
	struct seal_control c;
	struct seal_buf b;

	if (seal_control_decode(type, body, len, &c) < 0)
		return false;
	seal_buf_init_fixed(&b, mem, sizeof(mem));
	assert_int_equal(seal_control_encode(&c, &b), 0);
	assert_int_equal(b.len, len);
	assert_memory_equal(b.data, body, len);
	return true;
}

static void near_misses_of(uint8_t type, const uint8_t *body, size_t len)
{
	size_t i, j;
	uint8_t copy[SEAL_CONTROL_BYTES_MAX];

	for (i = 0; i < len; i++) { /* cut, dropped */
		assert_false(is_canonical(type, body, i));
		memcpy(copy, body, i);
		memcpy(copy + i, body + i + 1, len - i - 1);
		is_canonical(type, copy, len - 1);
	}
	for (j = 0; j < sizeof(probes); j++) {
		for (i = 0; i < len; i++) { /* changed */
			memcpy(copy, body, len);
			copy[i] = probes[j];
			is_canonical(type, copy, len);
		}
		for (i = 0; i <= len; i++) { /* put in */
			memcpy(copy, body, i);
			copy[i] = probes[j];
			memcpy(copy + i + 1, body + i, len - i);
			is_canonical(type, copy, len + 1);
		}
	}
}

static void near_misses_are_refused(void **state)
{
	char *text, *line, *save = NULL;
	uint8_t *entry;
	size_t len, n = 0;

	(void)state;
	text = (char *)test_file_read("tests/golden/control.txt", &len);
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (line[0] == '#')
			continue;
		entry = test_hex_decode(strchr(line, ' '), &len);
		near_misses_of(entry[0], entry + 10, len - 10);
		free(entry);
		n++;
	}
	free(text);
	assert_true(n >= 19);
}

#define START_TAIL                                               \
	"\"version\":\"1\",\"boot\":\"\",\"policy\":\"" ROOT_B64 \
	"\",\"heartbeat\":\"0\",\"sync\":\"on\"}"
#define GAP(from, count, bound)                 \
	"{\"reason\":\"full\",\"from\":\"" from \
	"\",\"to\":\"9\",\"count\":\"" count "\",\"bound\":\"" bound "\"}"
#define SIG_B64                                                            \
	"2G6Slg0LVlTump0CN7ykvwv8ZQNTANERH38D9/14/Lfye1Y8nDP8AvpsiViEuvSB" \
	"79M8FjFDq47yTpxo9dhICA=="
#define EPOCH(number)                                   \
	"{\"epoch\":\"" number "\",\"key\":\"" KEY1_B64 \
	"\",\"sig\":\"" SIG_B64 "\"}"
#define CONFIG(value) "{\"what\":\"w\",\"value\":\"" value "\",\"by\":\"\"}"

static const struct {
	uint8_t type;
	int want;
	const char *body;
} variant[] = {
	{2, 0, "{}"},
	{2, SEAL_E_FORMAT, ""},
	{2, SEAL_E_FORMAT, "{} "},
	{2, SEAL_E_FORMAT, " {}"},
	{2, SEAL_E_FORMAT, "{ }"},
	{2, SEAL_E_FORMAT, "{}{}"},
	{2, SEAL_E_FORMAT, "[]"},
	{2, SEAL_E_FORMAT, "null"},
	{2, SEAL_E_UNKNOWN, "{\"why\":\"x\"}"},
	{2, SEAL_E_FORMAT, "{\"Why\":\"x\"}"},
	{2, SEAL_E_FORMAT, "{why:\"x\"}"},
	{1, 0, "{" START_TAIL},
	{1, SEAL_E_UNKNOWN, "{\"newer\":\"x\"," START_TAIL},
	{1, SEAL_E_FORMAT, "{\"boot\":\"\",\"version\":\"1\"}"},
	{5, 0, GAP("7", "0", "exact")},
	{5, SEAL_E_FORMAT, GAP("07", "0", "exact")},
	{5, SEAL_E_FORMAT, GAP("+7", "0", "exact")},
	{5, SEAL_E_FORMAT, GAP("-7", "0", "exact")},
	{5, SEAL_E_FORMAT, GAP("", "0", "exact")},
	{5, SEAL_E_FORMAT, GAP(" 7", "0", "exact")},
	{5, SEAL_E_FORMAT, GAP("7.0", "0", "exact")},
	{5, SEAL_E_FORMAT, GAP("7e0", "0", "exact")},
	{5, 0, GAP("9223372036854775807", "0", "exact")},
	{5, SEAL_E_FORMAT, GAP("9223372036854775808", "0", "exact")},
	{5, SEAL_E_FORMAT, GAP("18446744073709551617", "0", "exact")},
	{5, SEAL_E_UNKNOWN, GAP("7", "0", "sometime")},
	{5, SEAL_E_FORMAT, GAP("7", "0", "EXACT")},
	{5, SEAL_E_FORMAT, GAP("7", "0", "")},
	{5, SEAL_E_FORMAT, GAP("7", "0", "open")}, /* to is not from */
	{5, 0, GAP("9", "0", "open")},
	{5, SEAL_E_FORMAT, GAP("9", "1", "open")},
	{6, 0, CONFIG("")},
	{6, 0, CONFIG("/ \xc3\xa9")},
	{6, 0, CONFIG("\\u0009\\u001f\\u007f\\\"\\\\")},
	{6, SEAL_E_FORMAT, CONFIG("\\t")},
	{6, SEAL_E_FORMAT, CONFIG("\\/")},
	{6, SEAL_E_FORMAT, CONFIG("\\u0041")},
	{6, SEAL_E_FORMAT, CONFIG("\\u0022")},
	{6, SEAL_E_FORMAT, CONFIG("\\u001F")},
	{6, SEAL_E_FORMAT, CONFIG("\\u0000")},
	{6, SEAL_E_FORMAT, CONFIG("\\u00e9")},
	{6, SEAL_E_FORMAT, CONFIG("\\u20ac")},
	{6, SEAL_E_FORMAT, CONFIG("\t")},
	{6, SEAL_E_FORMAT, CONFIG("\x7f")},
	{6, SEAL_E_FORMAT, CONFIG("\xff")},
	{6, SEAL_E_FORMAT, CONFIG("\xed\xa0\x80")},
	{6, SEAL_E_FORMAT, CONFIG("\xc0\xaf")},
	{6, SEAL_E_FORMAT, CONFIG("\xc3")},
	{6, SEAL_E_FORMAT, CONFIG("\\")},
	{7, 0, EPOCH("1")},
	{7, SEAL_E_FORMAT, EPOCH("0")},
	{7, SEAL_E_FORMAT, EPOCH("01")},
	/* a newer key is no excuse in an epoch entry */
	{7, SEAL_E_FORMAT,
	 "{\"epoch\":\"1\",\"key\":\"" KEY1_B64 "\",\"sig\":\"" SIG_B64
	 "\",\"newer\":\"1\"}"},
	{7, SEAL_E_FORMAT, "{\"newer\":\"1\"}"},
	{0, SEAL_E_UNKNOWN, "{}"},
	{12, SEAL_E_UNKNOWN, "{}"},
	{16, SEAL_E_UNKNOWN, "{}"},
	{255, SEAL_E_UNKNOWN, "{}"},
};

static void variants(void **state)
{
	struct seal_control c;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < sizeof(variant) / sizeof(variant[0]); i++) {
		rc = seal_control_decode(variant[i].type, variant[i].body,
					 strlen(variant[i].body), &c);
		if (rc != variant[i].want)
			fail_msg("%s: %s", variant[i].body, seal_strerror(rc));
		assert_true(rc < 0 ||
			    is_canonical(variant[i].type,
					 (const uint8_t *)variant[i].body,
					 strlen(variant[i].body)));
	}
}

/* The keys of a body in another order, one twice, one missing, one newer. */
static void keys_have_their_order(void **state)
{
	static const char *const field[] = {"\"what\":\"w\"", "\"value\":\"v\"",
					    "\"by\":\"b\"", "\"newer\":\"n\""};
	struct seal_control c;
	unsigned i, j, k;
	char body[128];
	int rc, want;

	(void)state;
	for (i = 0; i < 4; i++) {
		for (j = 0; j < 4; j++) {
			for (k = 0; k < 4; k++) {
				snprintf(body, sizeof(body), "{%s,%s,%s}",
					 field[i], field[j], field[k]);
				rc = seal_control_decode(6, body, strlen(body),
							 &c);
				want = SEAL_E_FORMAT;
				if (i == 0 && j == 1 && k == 2)
					want = 0;
				else if (i == 3 || (i == 0 && j == 3) ||
					 (i == 0 && j == 1 && k == 3))
					want = SEAL_E_UNKNOWN;
				assert_int_equal(rc, want);
			}
		}
	}
	snprintf(body, sizeof(body), "{%s,%s,%s,%s}", field[0], field[1],
		 field[2], field[3]);
	assert_int_equal(seal_control_decode(6, body, strlen(body), &c),
			 SEAL_E_UNKNOWN);
	snprintf(body, sizeof(body), "{%s,%s,%s,%s}", field[0], field[1],
		 field[2], field[2]);
	assert_int_equal(seal_control_decode(6, body, strlen(body), &c),
			 SEAL_E_FORMAT);
	snprintf(body, sizeof(body), "{%s,%s,%s,}", field[0], field[1],
		 field[2]);
	assert_int_equal(seal_control_decode(6, body, strlen(body), &c),
			 SEAL_E_FORMAT);
}

static void failure_leaves_the_output_alone(void **state)
{
	struct seal_control c, before;

	(void)state;
	memset(&c, 0x5a, sizeof(c));
	before = c;
	assert_int_equal(seal_control_decode(6, CONFIG("\\t"),
					     strlen(CONFIG("\\t")), &c),
			 SEAL_E_FORMAT);
	assert_memory_equal(&c, &before, sizeof(c));
}

static void bodies_end_at_4096_bytes(void **state)
{
	static uint8_t body[SEAL_CONTROL_BYTES_MAX + 1] = "{";
	struct seal_control c;

	(void)state;
	memset(body + 1, ' ', sizeof(body) - 1);
	assert_int_equal(seal_control_decode(2, body, sizeof(body), &c),
			 SEAL_E_FORMAT);
	/* a newer key in a body that no version writes */
	memcpy(body, "{\"newer\":\"", 10);
	assert_int_equal(seal_control_decode(2, body, sizeof(body), &c),
			 SEAL_E_FORMAT);
	assert_int_equal(seal_control_decode(2, body, sizeof(body) - 1, &c),
			 SEAL_E_UNKNOWN);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(near_misses_are_refused),
		cmocka_unit_test(variants),
		cmocka_unit_test(keys_have_their_order),
		cmocka_unit_test(failure_leaves_the_output_alone),
		cmocka_unit_test(bodies_end_at_4096_bytes),
	};

	return cmocka_run_group_tests_name("control_strict", tests, NULL, NULL);
}
