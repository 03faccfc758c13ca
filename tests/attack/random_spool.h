/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A copy of a spool as pieces that know what they are, random damages to them,
 * and what must be found: docs/spec/verdict.md, spool.md.
 */
#ifndef SEAL_TESTS_RANDOM_SPOOL_H
#define SEAL_TESTS_RANDOM_SPOOL_H

#include "tests/attack/forge.h"
#include "tests/attack/random.h"

#define RANDOM_ITEMS	   512
#define RANDOM_FILES	   8
#define RANDOM_DAMAGES_MAX 20

enum random_kind {
	RANDOM_ENTRY = 1,
	RANDOM_HEAD = 2,
	RANDOM_RECEIPT = 3,
	RANDOM_FRONTIER = 4,
};

struct random_item {
	enum random_kind kind;
	uint64_t index;	  /* of an entry: that its tag names; else the size */
	uint64_t content; /* of an entry: whose bytes; RANDOM_NOWHERE: new */
	bool hands_over;  /* an `epoch` entry */
	bool broken;	  /* of the others: the tag is wrong */
	bool unsealed;	  /* of a head: the seal is wrong, the tag is right */
	bool touched;	  /* its bytes were changed: never a second time */
	uint64_t receipt; /* of a receipt: size that it is for */
	uint8_t *bytes;	  /* owned */
	size_t len;
};

struct random_file {
	uint64_t first, name, number;
	bool gone, broken; /* broken: the header's tag is wrong */
	struct random_item *item[RANDOM_ITEMS]; /* owned */
	size_t items;
	size_t cut;   /* bytes of one more item that is torn */
	size_t zeros; /* behind the last item */
	struct seal_buf header, torn;
};

/* What a small file still says. */
enum random_small {
	RANDOM_WHOLE = 0,
	RANDOM_DAMAGED = 1, /* and yet says what it said */
	RANDOM_GONE = 2,
};

struct random_copy {
	struct random_file file[RANDOM_FILES];
	size_t files;
	uint64_t sealed, epoch_first; /* of the whole log */
	uint64_t anchor;	      /* size of the newest receipt */
	enum random_small state, acked, epochs;
};

struct random_damage {
	unsigned what;
	uint64_t a, b, c;
};

struct random_copy *random_copy_take(const struct forge *g);
void random_copy_free(struct random_copy *c);
/* The file ends behind the first at bytes of its item k. */
void random_file_cut(struct random_file *f, size_t k, size_t at);
/* Into /s of the forge's memory. */
void random_copy_put(const struct random_copy *c, struct forge *g);

struct random_damage random_damage_draw(struct random *r);
/* Says what it did; false: there is nothing that it could be done to. */
bool random_damage_do(struct random_copy *c, const struct random_damage *d,
		      char *ret_text, size_t room);
unsigned random_damage_kinds(void);
const char *random_damage_name(unsigned what);

/* What must be found in such a copy. */
void random_spool_expect(const struct random_copy *c,
			 struct random_list *ret_list);

#endif
