# SPDX-License-Identifier: Apache-2.0
# man pages
dist_man_MANS += %D%/man/omauditseal.5
# the store
dist_man_MANS += %D%/man/auditseald.8
EXTRA_DIST += %D%/reference/store.md

EXTRA_DIST += %D%/README.md
EXTRA_DIST += %D%/spec/entry.md %D%/spec/note.md %D%/spec/timestamp.md
EXTRA_DIST += %D%/spec/spool.md %D%/spec/protocol.md
EXTRA_DIST += %D%/reference/parameters.md %D%/reference/impstats.md
EXTRA_DIST += %D%/reference/compliance.md %D%/reference/mutation.md
EXTRA_DIST += %D%/tutorial/first-log.md
EXTRA_DIST += %D%/howto/enrol-a-host.md %D%/howto/choose-what-is-audited.md
EXTRA_DIST += %D%/howto/stamp-a-log.md
EXTRA_DIST += %D%/howto/verify.md %D%/howto/operate.md
EXTRA_DIST += %D%/explanation/trust.md %D%/explanation/architecture.md
EXTRA_DIST += %D%/explanation/module.md %D%/explanation/why.md
EXTRA_DIST += %D%/adr
EXTRA_DIST += %D%/spec/verdict.md %D%/spec/verdict.schema.json
EXTRA_DIST += %D%/spec/sample.md %D%/spec/accepted.md
EXTRA_DIST += %D%/spec/bundle.md %D%/howto/hand-on-evidence.md
EXTRA_DIST += %D%/spec/storage.md %D%/howto/witness-logs.md
dist_man_MANS += %D%/man/auditseal.1
# A page that the checker writes of itself; tests/lint/findings.sh holds it to
# that. `make findings` after a change of tools/auditseal/explain.c.
EXTRA_DIST += %D%/reference/findings.md
findings: tools/auditseal/auditseal
	tools/auditseal/auditseal explain --markdown \
		> $(srcdir)/%D%/reference/findings.md
.PHONY: findings
