# SPDX-License-Identifier: Apache-2.0
# man pages
EXTRA_DIST += %D%/spec/entry.md
EXTRA_DIST += %D%/spec/note.md
EXTRA_DIST += %D%/spec/spool.md
EXTRA_DIST += %D%/spec/protocol.md
EXTRA_DIST += %D%/howto/enrol-a-host.md
EXTRA_DIST += %D%/howto/choose-what-is-audited.md
