# SPDX-License-Identifier: Apache-2.0
# The quickstart on a fresh Debian 12.
EXTRA_DIST += %D%/bare_root.sh
long_tests += %D%/bare.tap
