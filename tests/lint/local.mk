# SPDX-License-Identifier: Apache-2.0
# Checks of the tree itself.
EXTRA_DIST += %D%/files.bash
shell_tests += %D%/rooms.tap
shell_tests += %D%/symbols.tap
shell_tests += %D%/spdx.sh
EXTRA_DIST += %D%/format.sh
shell_tests += %D%/length.sh
shell_tests += %D%/text.sh
shell_tests += %D%/shellcheck.sh
shell_tests += %D%/man.sh
