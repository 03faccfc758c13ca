# SPDX-License-Identifier: Apache-2.0
# Mutation test of the verifier and its neighbours: docs/reference/mutation.md.
# What is changed, and which programs must notice.
mutation_files = lib/core/verify*.c lib/core/finding.c lib/core/chain.c \
	lib/core/epoch.c lib/core/tree.c lib/core/quorum.c
mutation_tests = $(filter %test_verify %test_verify_align \
	%test_verify_clock %test_verify_giant %test_verify_calls \
	%test_verify_end %test_finding %test_known %test_given %test_spool_evidence %test_reader \
	%test_tail %test_chain %test_epoch %test_tree %test_proof %test_policy \
	$(attack_tests),$(unit_tests) $(attack_tests))
# What is known of each mutant, and whether what was killed counts after a change.
mutation_results = %D%/results.tsv
mutation_again =

CLEANFILES += $(mutation_results)
EXTRA_DIST += %D%/mutate.py %D%/run.py %D%/serve.c %D%/equivalent.txt
long_tests += %D%/mutation.sh
AM_TESTS_ENVIRONMENT += \
	SEAL_MUTATION_FILES='$(mutation_files)'; export SEAL_MUTATION_FILES; \
	SEAL_MUTATION_RESULTS='$(abs_builddir)/$(mutation_results)'; \
	export SEAL_MUTATION_RESULTS; \
	SEAL_MUTATION_AGAIN='$(mutation_again)'; export SEAL_MUTATION_AGAIN; \
	SEAL_MUTATION_TESTS='$(mutation_tests)'; export SEAL_MUTATION_TESTS;
