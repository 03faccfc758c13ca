# SPDX-License-Identifier: Apache-2.0
# quickstart and packaging
EXTRA_DIST += %D%/apt-private.sh %D%/rsyslog-sdk %D%/rsyslog-daemon
EXTRA_DIST += %D%/quickstart \
	%D%/quickstart.d/common.bash \
	%D%/quickstart.d/packages.bash \
	%D%/quickstart.d/build.bash \
	%D%/quickstart.d/test.bash \
	%D%/quickstart.d/run.bash \
	%D%/quickstart.d/check.bash \
	%D%/quickstart.d/private-machine \
	%D%/quickstart.d/events
# bash completion
bashcompdir = $(datadir)/bash-completion/completions
dist_bashcomp_DATA = %D%/completion/auditseal %D%/completion/auditseald
