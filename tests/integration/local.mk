# SPDX-License-Identifier: Apache-2.0
# Tests with real programs. A test is one script and one line below:
#
#   shell_tests += %D%/NAME.sh        one case, exit 0, 77 (skipped) or other
#   shell_tests += %D%/NAME.tap       many cases in TAP
#   long_tests += %D%/NAME.sh         only in `make check-long`
#   short_tests += %D%/NAME.sh        of shell_tests: also in `make check-code`
#
# tests/lib/sh.bash has what such scripts share.
shell_tests += %D%/machine.tap
shell_tests += %D%/tutorial.tap %D%/completion.tap
shell_tests += %D%/module_config.tap %D%/module_render.tap
shell_tests += %D%/module_tee.tap %D%/module_life.tap %D%/module_trouble.tap
shell_tests += %D%/quickstart.tap
shell_tests += %D%/module_stats.tap %D%/module_load.tap %D%/module_early.tap
shell_tests += %D%/module_full.tap %D%/module_store.tap
shell_tests += %D%/module_descriptors.tap
# The real store over mutual TLS.
if ENABLE_STORE
unit_tests += %D%/test_store_https
unit_tests += %D%/test_store_life
endif
# Module and store together.
shell_tests += %D%/end_to_end.tap %D%/tiles.tap
# Two stores, each the other's witness.
shell_tests += %D%/witness.tap
EXTRA_DIST += tests/lib/store.bash
# Runs where the build has sanitizers.
shell_tests += %D%/sanitizers.tap
shell_tests += %D%/tools.tap
shell_tests += %D%/report.tap %D%/export.tap
shell_tests += %D%/timestamp.tap
shell_tests += %D%/tools_state.tap %D%/tools_archive.tap \
	%D%/tools_live.tap
EXTRA_DIST += tests/lib/tools.bash
shell_tests += %D%/report.tap
shell_tests += %D%/report.tap %D%/export.tap %D%/accept.tap
shell_tests += %D%/report.tap %D%/export.tap %D%/accept.tap %D%/diff.tap %D%/sample.tap
short_tests += %D%/sanitizers.tap %D%/module_tee.tap %D%/module_life.tap \
	%D%/end_to_end.tap
long_tests += %D%/valgrind.tap
shell_tests += %D%/bad_place.tap
shell_tests += %D%/store_full.tap
