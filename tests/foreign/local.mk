# SPDX-License-Identifier: Apache-2.0
# Checks by code that is not ours.
shell_tests += %D%/foreign.tap
EXTRA_DIST += %D%/check.go %D%/receipt.sh %D%/tile_root.py
# A second verifier, over the golden vectors.
shell_tests += %D%/second.tap
EXTRA_DIST += %D%/verify.py %D%/agree.py
