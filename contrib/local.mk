# SPDX-License-Identifier: Apache-2.0
# quickstart and packaging
EXTRA_DIST += %D%/apt-private.sh %D%/rsyslog-sdk %D%/rsyslog-daemon
