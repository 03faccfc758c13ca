/* SPDX-License-Identifier: Apache-2.0 */
/* auditseal explain: what a finding means and what to do next. */
#include "cli.h"
#include "explain.h"

#include "core/finding.h"

#include <ctype.h>
#include <string.h>

static const char help[] =
	"Usage: auditseal explain [--markdown] [AS0nn...]\n"
	"\n"
	"Tells what a finding means, what leads to it and what to do next.\n"
	"Without a name: lists all findings.\n"
	"\n"
	"  --markdown  all of it as one page, docs/reference/findings.md\n"
	"\n"
	"Example:\n"
	"  auditseal explain AS001\n";

static const char *class_text(enum seal_finding_class class)
{
	switch (class) {
	case SEAL_CLASS_D:
		return "evidence of tampering or loss (exit status 2)";
	case SEAL_CLASS_U:
		return "could not decide (exit status 3)";
	case SEAL_CLASS_A:
		return "needs attention (exit status 1)";
	case SEAL_CLASS_N:
		return "for your information (exit status 0)";
	}
	return "";
}

static const char *class_status(enum seal_finding_class class)
{
	return class == SEAL_CLASS_D   ? "2"
	       : class == SEAL_CLASS_U ? "3"
	       : class == SEAL_CLASS_A ? "1"
				       : "0";
}

/* A paragraph, broken at spaces. */
static void paragraph(const char *label, const char *text)
{
	size_t column = 2, word;

	printf("\n%s\n  ", label);
	while (*text) {
		word = strcspn(text, " ");
		if (column + word > 76) {
			printf("\n  ");
			column = 2;
		}
		printf("%.*s", (int)word, text);
		column += word;
		text += word;
		while (*text == ' ') {
			if (column < 76)
				putchar(' ');
			column++;
			text++;
		}
	}
	printf("\n");
}

static void list_all(void)
{
	unsigned n;

	for (n = 1; n <= SEAL_FINDING_MAX; n++) {
		const struct seal_finding_info *info = seal_finding_info(n);

		printf("%s  %c  %-26s %s\n", info->id, info->class, info->name,
		       info->meaning);
	}
}

static void explain(unsigned number)
{
	const struct cli_explanation *e = cli_explanation_find(number);
	const struct seal_finding_info *info = seal_finding_info(number);

	printf("%s: %s\n%s\n", info->id, info->name, class_text(info->class));
	paragraph("What was found", e->fact);
	paragraph("What leads to it", e->cause);
	paragraph("What to do", e->next);
}

static void markdown(void)
{
	const struct cli_explanation *e;
	const struct seal_finding_info *info;
	unsigned n;

	puts("<!-- Made by 'make findings' from tools/auditseal/explain.c: "
	     "change it there. -->\n"
	     "# Findings\n\n"
	     "What `auditseal verify` can find, each with what it means, what "
	     "leads to it (innocent causes\ntoo) and what to do next. "
	     "`auditseal explain AS001` shows the same on a terminal. A "
	     "finding names a\nfact, not a culprit. Counting and precedence: "
	     "[verdicts](../spec/verdict.md).\n\n"
	     "| finding | name | exit status | in one line |\n"
	     "|---|---|---|---|");
	for (n = 1; n <= SEAL_FINDING_MAX; n++) {
		info = seal_finding_info(n);
		printf("| [%s](#as%03u) | %s | %s | %s |\n", info->id, n,
		       info->name, class_status(info->class), info->meaning);
	}
	for (n = 1; n <= SEAL_FINDING_MAX; n++) {
		info = seal_finding_info(n);
		e = cli_explanation_find(n);
		printf("\n## %s\n\n**%c%s**: %s.\n\n"
		       "*What was found.* %s\n\n"
		       "*What leads to it.* %s\n\n"
		       "*What to do.* %s\n",
		       info->id, toupper(info->name[0]), info->name + 1,
		       class_text(info->class), e->fact, e->cause, e->next);
	}
}

static int run(int argc, char **argv)
{
	const char *page = NULL;
	const struct cli_option options[] = {{"--markdown", false, &page}};
	int operands, i, rc;
	unsigned number;
	bool done;

	rc = cli_options(&cli_cmd_explain, argc, argv, options, 1, &operands,
			 &done);
	if (rc || done)
		return rc;
	if (page && operands)
		return cli_usage(
			&cli_cmd_explain,
			"--markdown takes no names: it is all of them");
	if (page)
		markdown();
	else if (!operands)
		list_all();
	for (i = 1; i <= operands; i++) {
		number = seal_finding_number(argv[i]);
		if (!number)
			return cli_usage(&cli_cmd_explain,
					 "there is no finding '%s'", argv[i]);
		if (i > 1)
			printf("\n");
		explain(number);
	}
	return CLI_OK;
}

const struct cli_command cli_cmd_explain = {
	"explain", "what does a finding mean, and what is to be done?", help,
	run};
