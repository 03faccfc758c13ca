/* SPDX-License-Identifier: Apache-2.0 */
/* Origins, key names, key IDs and verifier keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/err.h"
#include "core/key.h"
#include "tests/lib/hash_fault.h"
#include "tests/lib/oom.h"

/* From the signed-note specification. */
#define SPEC_VKEY      \
	"example.com/" \
	"foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"

static int parse(const char *text, struct seal_vkey *ret_vkey,
		 struct seal_diag *diag)
{
	return seal_vkey_parse(text, strlen(text), ret_vkey, diag);
}

static void test_origins(void **state)
{
	static const char *const good[] = {
		"web01.example.com/audit",
		"a/b",
		"-/.",
		"h/A-Z_az.09",
		"web01.example.com/audit/2",
		"auditseal.example/audit",
		"h/epoch2",
		"epoch/e",
		"h/e",
	};
	static const char *const bad[] = {
		"",
		"a",
		"/",
		"a/",
		"/a",
		"a//b",
		"a/b/",
		"A/b",
		"a_/b",
		"a/b c",
		"a/b+c",
		"a/b\n",
		"a/\xc3\xa9",
		"a:1/b",
		"a/b~",
		"h/epoch",
		"/epoch",
		"epoch",
		"auditseal/",
		"auditseal/x",
		"h/x/epoch",
		"cosignature/v1",
		"cosignature/",
	};
	char text[300];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(
			seal_origin_check(good[i], strlen(good[i]), NULL), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct seal_diag diag = {0};

		if (seal_origin_check(bad[i], strlen(bad[i]), &diag) !=
		    SEAL_E_FORMAT)
			fail_msg("\"%s\" was taken", bad[i]);
		assert_true(strlen(diag.text) > 20);
	}
	memset(text, 'a', sizeof(text));
	text[1] = '/';
	assert_int_equal(seal_origin_check(text, 200, NULL), 0);
	assert_int_equal(seal_origin_check(text, 201, NULL), SEAL_E_FORMAT);
	assert_int_equal(seal_origin_check("a/\0b", 4, NULL), SEAL_E_FORMAT);
}

static void test_names(void **state)
{
	static const char *const bad[] = {
		"a b",		"a+b",		"a\tb",		"a\nb",
		"\xc2\xa0",	"\xc2\x85",	"\xe1\x9a\x80", "\xe2\x80\x80",
		"\xe2\x80\x8a", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf",
		"\xe2\x81\x9f", "\xe3\x80\x80", "\xff",		"a\x1f",
	};

	(void)state;
	assert_false(seal_name_valid("", 0));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (seal_name_valid(bad[i], strlen(bad[i])))
			fail_msg("case %zu was taken", i);
	assert_false(seal_name_valid("a\0b", 3));
	assert_true(seal_name_valid("a", 1));
	assert_true(seal_name_valid("\xc3\xa9/\xe2\x80\x94", 6));
	assert_true(seal_name_valid("oid/1.2.3", 9));
	assert_true(seal_name_valid("\x7f\xe2\x80\x8b", 4)); /* no spaces */
}

static void test_vkey(void **state)
{
	struct seal_buf b = SEAL_BUF_INIT;
	struct seal_vkey vkey, copy;
	uint32_t id;

	(void)state;
	assert_int_equal(parse(SPEC_VKEY, &vkey, NULL), 0);
	assert_string_equal(vkey.name, "example.com/foo");
	assert_true(vkey.id == 0x530d903a);
	assert_int_equal(vkey.type, SEAL_KEY_ED25519);
	seal_vkey_put(&b, &vkey);
	assert_string_equal(seal_buf_cstr(&b), SPEC_VKEY);
	assert_int_equal(seal_key_id("example.com/foo", 15, 0x01,
				     seal_pub_bytes(vkey.pub), &id),
			 0);
	assert_true(id == vkey.id);
	assert_int_equal(seal_vkey_copy(&vkey, &copy), 0);
	seal_vkey_fini(&vkey);
	seal_vkey_fini(&vkey);
	seal_buf_reset(&b);
	seal_vkey_put(&b, &copy);
	assert_string_equal(seal_buf_cstr(&b), SPEC_VKEY);
	seal_vkey_fini(&copy);
	seal_buf_fini(&b);
}

static void test_vkey_init(void **state)
{
	struct seal_vkey vkey, other, epoch;
	char name[300];

	(void)state;
	assert_int_equal(parse(SPEC_VKEY, &vkey, NULL), 0);
	assert_int_equal(seal_vkey_init(&other, "example.com/foo",
					SEAL_KEY_COSIGNATURE, vkey.pub, NULL),
			 0);
	assert_true(other.id != vkey.id);
	assert_int_equal(other.type, SEAL_KEY_COSIGNATURE);
	assert_true(seal_pub_equal(vkey.pub, other.pub));
	assert_int_equal(
		seal_vkey_init_epoch(&epoch, "example.com/foo", vkey.pub, NULL),
		0);
	assert_string_equal(epoch.name, "example.com/foo/epoch");
	assert_int_equal(epoch.type, SEAL_KEY_ED25519);
	seal_vkey_fini(&epoch);
	seal_vkey_fini(&other);

	memset(&other, 0, sizeof(other));
	assert_int_equal(seal_vkey_init(&other, "a b", 1, vkey.pub, NULL),
			 SEAL_E_FORMAT);
	assert_int_equal(seal_vkey_init(&other, "", 1, vkey.pub, NULL),
			 SEAL_E_FORMAT);
	assert_int_equal(seal_vkey_init(&other, "a", 6, vkey.pub, NULL),
			 SEAL_E_UNKNOWN);
	memset(name, 'a', sizeof(name));
	name[256] = 0;
	assert_int_equal(seal_vkey_init(&other, name, 1, vkey.pub, NULL),
			 SEAL_E_FORMAT);
	name[201] = 0;
	assert_int_equal(seal_vkey_init_epoch(&other, name, vkey.pub, NULL),
			 SEAL_E_FORMAT);
	assert_null(other.pub); /* left alone */
	name[200] = 0;
	assert_int_equal(seal_vkey_init_epoch(&other, name, vkey.pub, NULL), 0);
	assert_int_equal(strlen(other.name), 206);
	seal_vkey_fini(&other);
	seal_vkey_fini(&vkey);
}

static const struct {
	const char *text;
	int err;
} bad_vkeys[] = {
	{"", SEAL_E_FORMAT},
	{"example.com/foo", SEAL_E_FORMAT},
	{"example.com/foo+530d903a", SEAL_E_FORMAT},
	{"+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
	 SEAL_E_FORMAT},
	/* ID: not its own, upper case, short, long */
	{"example.com/"
	 "foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
	 SEAL_E_FORMAT},
	{"example.com/"
	 "foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
	 SEAL_E_FORMAT},
	{"example.com/foo+30d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
	 SEAL_E_FORMAT},
	{"example.com/"
	 "foo+0530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
	 SEAL_E_FORMAT},
	/* name: another, or not one */
	{"example.com/"
	 "fop+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
	 SEAL_E_FORMAT},
	{"example.com "
	 "foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
	 SEAL_E_FORMAT},
	/* key: cut, longer, not base64, with a line end */
	{"example.com/foo+530d903a+", SEAL_E_FORMAT},
	{"example.com/foo+530d903a+AQ==", SEAL_E_FORMAT},
	{"example.com/"
	 "foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U0=",
	 SEAL_E_FORMAT},
	{"example.com/"
	 "foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2kAA==",
	 SEAL_E_FORMAT},
	{"example.com/"
	 "foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2*",
	 SEAL_E_FORMAT},
	{SPEC_VKEY "\n", SEAL_E_FORMAT},
	{SPEC_VKEY "+", SEAL_E_FORMAT},
	/* types 0x06, 0x02 and 0xff */
	{"w.example+00000000+BgAA", SEAL_E_UNKNOWN},
	{"w.example+00000000+AgAA", SEAL_E_UNKNOWN},
	{"w.example+00000000+/wAA", SEAL_E_UNKNOWN},
	/* the neutral point as a key */
	{"w.example+00000000+AQEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	 SEAL_E_KEY},
};

static void test_bad_vkeys(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad_vkeys) / sizeof(bad_vkeys[0]); i++) {
		struct seal_diag diag = {0};
		struct seal_vkey vkey = {0};
		int err = parse(bad_vkeys[i].text, &vkey, &diag);

		if (err != bad_vkeys[i].err)
			fail_msg("\"%s\" gave %s", bad_vkeys[i].text,
				 seal_error_name(err));
		assert_int_equal(diag.code, err);
		assert_null(vkey.pub);
	}
}

static int all_calls(void *arg)
{
	struct seal_vkey vkey = {0}, copy = {0}, epoch = {0};
	int err;

	err = parse(arg, &vkey, NULL);
	if (!err)
		err = seal_vkey_copy(&vkey, &copy);
	if (!err)
		err = seal_vkey_init_epoch(&epoch, vkey.name, vkey.pub, NULL);
	seal_vkey_fini(&epoch);
	seal_vkey_fini(&copy);
	seal_vkey_fini(&vkey);
	return err;
}

static void test_failures(void **state)
{
	char text[] = SPEC_VKEY;

	(void)state;
	assert_int_equal(hash_fail_every(all_calls, text), 2);
	assert_int_equal(oom_every(all_calls, text), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_origins),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_vkey),
		cmocka_unit_test(test_vkey_init),
		cmocka_unit_test(test_bad_vkeys),
		cmocka_unit_test(test_failures),
	};

	if (seal_crypto_init(NULL))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
