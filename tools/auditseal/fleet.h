/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many targets in one command: directories of spools, archives that belong to
 * a spool, and the logs of the policy that no target has.
 */
#ifndef AUDITSEAL_FLEET_H
#define AUDITSEAL_FLEET_H

#include "judge.h"

/*
 * Judges all targets into the list; what could not be judged is said on
 * standard error and counted in list->problems.  fleet: each log of the policy
 * must be there (always so if a target is a directory of spools).  Returns
 * CLI_OK, or CLI_UNDECIDED after a problem.
 */
int cli_judge_fleet(const struct cli_trust *trust, size_t count, char **targets,
		    bool fleet, struct cli_judgements *list);

#endif
