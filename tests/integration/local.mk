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
shell_tests += %D%/tutorial.tap
shell_tests += %D%/completion.tap
shell_tests += %D%/quickstart.tap
# The module in rsyslogd.
shell_tests += %D%/module_config.tap
shell_tests += %D%/module_descriptors.tap
shell_tests += %D%/module_early.tap
shell_tests += %D%/chaos.tap
shell_tests += %D%/frozen.tap
shell_tests += %D%/module_full.tap
shell_tests += %D%/module_life.tap
shell_tests += %D%/module_load.tap
shell_tests += %D%/module_render.tap
shell_tests += %D%/module_stats.tap
shell_tests += %D%/module_store.tap
shell_tests += %D%/module_tee.tap
shell_tests += %D%/module_trouble.tap
shell_tests += %D%/bad_place.tap
long_tests += %D%/valgrind.tap
# The real store over mutual TLS.
if ENABLE_STORE
unit_tests += %D%/test_store_https
unit_tests += %D%/test_store_life
endif
EXTRA_DIST += tests/lib/store.bash
# Module, store and checker together.
shell_tests += %D%/end_to_end.tap
shell_tests += %D%/kill9.tap
shell_tests += %D%/store_full.tap
shell_tests += %D%/tiles.tap
# Two stores, each the other's witness.
shell_tests += %D%/tools_tiles.tap
shell_tests += %D%/witness.tap
# The checker.
EXTRA_DIST += tests/lib/tools.bash
shell_tests += %D%/accept.tap
shell_tests += %D%/diff.tap
shell_tests += %D%/export.tap
shell_tests += %D%/report.tap
shell_tests += %D%/sample.tap
shell_tests += %D%/terminal.tap
shell_tests += %D%/timestamp.tap
shell_tests += %D%/tools.tap
shell_tests += %D%/tools_archive.tap
shell_tests += %D%/tools_live.tap
shell_tests += %D%/tools_state.tap
# Where the build has sanitizers.
shell_tests += %D%/sanitizers.tap
short_tests += %D%/sanitizers.tap
short_tests += %D%/module_tee.tap
short_tests += %D%/module_life.tap
short_tests += %D%/end_to_end.tap
