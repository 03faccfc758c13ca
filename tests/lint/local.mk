# SPDX-License-Identifier: Apache-2.0
# Checks of the tree itself.
EXTRA_DIST += %D%/files.bash
shell_tests += %D%/spdx.sh
shell_tests += %D%/shellcheck.tap
