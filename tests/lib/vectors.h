/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vector files of words: one vector a line, words parted by one blank, "-" for
 * an empty one, lines that begin with '#' passed over.
 */
#ifndef SEAL_TESTS_VECTORS_H
#define SEAL_TESTS_VECTORS_H

#include <stddef.h>

#define VECTOR_WORDS_MAX 8

/*
 * Calls each once a line with its words; the last of `words` words is the rest
 * of the line.  Fails the test if a line has fewer.  Returns how many lines.
 */
size_t vectors_each(const char *path, size_t words,
		    void (*each)(char **word, void *arg), void *arg);

#endif
