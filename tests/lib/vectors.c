/* SPDX-License-Identifier: Apache-2.0 */
/* Vector files of words: see vectors.h. */
#include "tests/lib/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/testdata.h"

size_t vectors_each(const char *path, size_t words,
		    void (*each)(char **word, void *arg), void *arg)
{
	size_t len, lines = 0;
	char *text = (char *)test_file_read(path, &len);
	char *next = text, *line;

	assert_true(words <= VECTOR_WORDS_MAX);
	while ((line = strsep(&next, "\n"))) {
		char *word[VECTOR_WORDS_MAX];
		size_t n = 0;

		if (!*line || *line == '#')
			continue;
		while (n + 1 < words && line)
			word[n++] = strsep(&line, " ");
		if (line)
			word[n++] = line;
		if (n != words)
			fail_msg("%s: a line has %zu words", path, n);
		for (size_t i = 0; i < n; i++)
			if (strcmp(word[i], "-") == 0)
				word[i] += 1;
		each(word, arg);
		lines++;
	}
	free(text);
	return lines;
}
