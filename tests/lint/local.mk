# SPDX-License-Identifier: Apache-2.0
# Checks of the tree itself.
EXTRA_DIST += %D%/files.bash
lint_tests += %D%/rooms.tap
lint_tests += %D%/symbols.tap
lint_tests += %D%/spdx.sh
lint_tests += %D%/format.sh
lint_tests += %D%/length.sh
lint_tests += %D%/lists.sh
lint_tests += %D%/text.sh
lint_tests += %D%/shellcheck.sh
lint_tests += %D%/man.sh
lint_tests += %D%/docs.tap
lint_tests += %D%/params.tap
lint_tests += %D%/links.sh
lint_tests += %D%/findings.sh
lint_tests += %D%/vectors.sh
lint_tests += %D%/second.sh
