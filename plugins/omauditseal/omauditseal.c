/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rsyslog output module: entry points only.  It is transactional and
 * answers RS_RET_OK (sealed and durable) or RS_RET_SUSPENDED, never anything
 * else: DATAFAIL, ERR and DISABLE lose messages.  A batch is sealed as a whole
 * or not at all.  docs/explanation/module.md.
 */
#include "config.h"
#include "rsyslog.h"
#include "conf.h"
#include "dirty.h"
#include "errmsg.h"
#include "glbl.h"
#include "module-template.h"
#include "template.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "core/err.h"
#include "http/http.h"
#include "host/host.h"
#include "params.h"
#include "stats.h"

#define DEFAULT_TEMPLATE "AUDITSEAL_Record"
#define REFUSED_AGAIN_MS 50

/* One action.  The list is made in the main thread before others start. */
typedef struct _instanceData {
	struct _instanceData *next;
	struct seal_params params;
	struct seal_host *host; /* NULL: a clash, it never seals */
	struct seal_stats *stats;
} instanceData;

/* One worker.  Never looks at an action that may be gone when it is freed. */
typedef struct wrkrInstanceData {
	instanceData *pData;
	struct seal_message *msgs; /* room for one batch, kept */
	size_t room;
	bool refused; /* a batch, and tryResume has not been asked since */
} wrkrInstanceData_t;

struct modConfData_s {
	rsconf_t *conf;
};

/*
 * All keys, always, in this order.  rsyslog gives "-" for what RFC 5424 calls
 * NILVALUE (pid, msgid, sd) and nothing for other properties a message has not.
 * $!uid and its like come from imuxsock, $!_UID from imjournal: never both.
 */
/* clang-format off */
#define P(key, property) "\\\"" key "\\\":\\\"" property "\\\""
static const char default_template[] = "\"{"
	P("pri", "%pri%") ","
	P("time", "%timereported:::date-rfc3339%") ","
	P("recv", "%timegenerated:::date-rfc3339%") ","
	P("host", "%hostname:::json%") ","
	P("from", "%fromhost-ip:::json%") ","
	P("input", "%inputname:::json%") ","
	P("tag", "%syslogtag:::json%") ","
	P("pid", "%procid:::json%") ","
	P("msgid", "%msgid:::json%") ","
	P("sd", "%structured-data:::json%") ","
	P("msg", "%msg:::json%") ",\\\"trusted\\\":{"
	P("uid", "%$!uid:::json%%$!_UID:::json%") ","
	P("gid", "%$!gid:::json%%$!_GID:::json%") ","
	P("pid", "%$!pid:::json%%$!_PID:::json%") ","
	P("exe", "%$!exe:::json%%$!_EXE:::json%")
	"}}\",casesensitive";
#undef P

MODULE_TYPE_OUTPUT
MODULE_TYPE_NOKEEP
MODULE_CNFNAME("omauditseal")

DEF_OMOD_STATIC_DATA
DEFobjCurrIf(glbl)

static instanceData *actions;
/* clang-format on */

static void say(void *ctx, int severity, const char *text)
{
	(void)ctx;
	LogMsg(0, RS_RET_NO_ERRCODE, severity, "omauditseal: %s", text);
}

/* ---- configuration; also under rsyslogd -N1, so without side effects ---- */

/* Two actions that write one log would fork it. */
static bool clashes(const instanceData *action)
{
	const struct seal_host_config *p = &action->params.host, *q;
	const instanceData *other;

	for (other = actions; other; other = other->next) {
		if (!other->host)
			continue;
		q = seal_host_config(other->host);
		if (strcmp(p->origin, q->origin) &&
		    strcmp(p->spool, q->spool) && strcmp(p->keydir, q->keydir))
			continue;
		LogError(0, RS_RET_CONFIG_ERROR,
			 "omauditseal: two actions share the origin \"%s\", a "
			 "spool or a keydir: a log is written by one action, "
			 "call its ruleset from both places",
			 q->origin);
		return true;
	}
	return false;
}

static void complete(instanceData *action)
{
	const char *fqdn = (const char *)glbl.GetLocalFQDNName();

	if (!seal_params_complete(&action->params, fqdn) || clashes(action))
		return;
	action->params.host.say = say;
	if (seal_host_new(&action->params.host, &action->host))
		LogError(0, RS_RET_OUT_OF_MEMORY,
			 "omauditseal: no memory for an action");
}

static const char *statsname(const instanceData *action)
{
	const struct seal_params *p = &action->params;

	return p->statsname ? p->statsname : p->host.origin;
}

static void append(instanceData *action)
{
	instanceData **at = &actions;

	while (*at)
		at = &(*at)->next;
	*at = action;
}

static void unlink_action(instanceData *action)
{
	instanceData **at;

	for (at = &actions; *at; at = &(*at)->next)
		if (*at == action) {
			*at = action->next;
			return;
		}
}

/* ---- entry points ---- */

/* clang-format off */
BEGINbeginCnfLoad
	uchar *line = (uchar *)default_template;
CODESTARTbeginCnfLoad
	pModConf->conf = pConf;
	if(tplAddLine(pConf, DEFAULT_TEMPLATE, &line) == NULL) {
		LogError(0, RS_RET_ERR, "omauditseal: rsyslog did not take the "
			"default template");
		iRet = RS_RET_ERR;
	}
ENDbeginCnfLoad

BEGINendCnfLoad
	instanceData *action;
CODESTARTendCnfLoad
	for(action = actions ; action != NULL ; action = action->next)
		if(action->host == NULL)
			complete(action);
ENDendCnfLoad

BEGINcheckCnf
CODESTARTcheckCnf
ENDcheckCnf

BEGINactivateCnf
	instanceData *action;
CODESTARTactivateCnf
	for(action = actions ; action != NULL ; action = action->next) {
		if(action->host == NULL || action->stats != NULL)
			continue;
		action->stats = seal_stats_new(action->host, statsname(action));
		seal_host_start(action->host);
	}
ENDactivateCnf

BEGINfreeCnf
CODESTARTfreeCnf
ENDfreeCnf

BEGINcreateInstance
CODESTARTcreateInstance
ENDcreateInstance

BEGINfreeInstance
CODESTARTfreeInstance
	unlink_action(pData);
	seal_stats_free(pData->stats);
	seal_host_free(pData->host);
	seal_params_free(&pData->params);
ENDfreeInstance

BEGINcreateWrkrInstance
CODESTARTcreateWrkrInstance
ENDcreateWrkrInstance

BEGINfreeWrkrInstance
CODESTARTfreeWrkrInstance
	free(pWrkrData->msgs);
ENDfreeWrkrInstance

BEGINnewActInst
	const char *tpl;
CODESTARTnewActInst
	CHKiRet(createInstance(&pData));
	append(pData);
	if(!seal_params_read(&pData->params, lst, iConfigVerify != 0))
		ABORT_FINALIZE(RS_RET_CONFIG_ERROR);
	tpl = pData->params.tpl != NULL ? pData->params.tpl : DEFAULT_TEMPLATE;
	CODE_STD_STRING_REQUESTnewActInst(1);
	CHKiRet(OMSRsetEntry(*ppOMSR, 0, (uchar *)strdup(tpl),
		OMSR_NO_RQD_TPL_OPTS));
CODE_STD_FINALIZERnewActInst
ENDnewActInst

BEGINdbgPrintInstInfo
CODESTARTdbgPrintInstInfo
ENDdbgPrintInstInfo

BEGINisCompatibleWithFeature
CODESTARTisCompatibleWithFeature
	if(eFeat == sFEATURERepeatedMsgReduction)
		iRet = RS_RET_OK;
ENDisCompatibleWithFeature

BEGINtryResume
	int cancel;
CODESTARTtryResume
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	pWrkrData->refused = false;
	if(pWrkrData->pData->host == NULL ||
	   !seal_host_resume(pWrkrData->pData->host))
		iRet = RS_RET_SUSPENDED;
	pthread_setcancelstate(cancel, NULL);
ENDtryResume

BEGINbeginTransaction
CODESTARTbeginTransaction
ENDbeginTransaction
	/* clang-format on */

	static bool
	commit(wrkrInstanceData_t *worker, const actWrkrIParams_t *params,
	       size_t n)
{
	struct seal_message *msgs;
	size_t i;

	if (!worker->pData->host)
		return false;
	if (n > worker->room) {
		msgs = realloc(worker->msgs, n * sizeof(*msgs));
		if (!msgs)
			return false;
		worker->msgs = msgs;
		worker->room = n;
	}
	for (i = 0; i < n; i++)
		worker->msgs[i] = (struct seal_message){
			.bytes = params[i].param, .len = params[i].lenStr};
	return seal_host_commit(worker->pData->host, worker->msgs, n);
}

/* clang-format off */
BEGINcommitTransaction
	int cancel;
CODESTARTcommitTransaction
	/* rsyslogd cancels workers 1.1 s after SIGTERM, wherever they are. */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	if(!commit(pWrkrData, pParams, nParams))
		iRet = RS_RET_SUSPENDED;
	pthread_setcancelstate(cancel, NULL);
	/*
	 * A refused batch comes back without tryResume only after SIGTERM, and
	 * then again and again, with no pause, until the worker is cancelled;
	 * which happens here and nowhere else.
	 */
	if(iRet == RS_RET_SUSPENDED && pWrkrData->refused)
		poll(NULL, 0, REFUSED_AGAIN_MS);
	pWrkrData->refused = iRet == RS_RET_SUSPENDED;
ENDcommitTransaction

BEGINdoHUP
CODESTARTdoHUP
	if(pData->host != NULL)
		seal_host_hup(pData->host);
ENDdoHUP

NO_LEGACY_CONF_parseSelectorAct

BEGINmodExit
CODESTARTmodExit
	seal_stats_fini();
	objRelease(glbl, CORE_COMPONENT);
	seal_http_global_fini();
ENDmodExit

BEGINqueryEtryPt
CODESTARTqueryEtryPt
CODEqueryEtryPt_STD_OMODTX_QUERIES
CODEqueryEtryPt_STD_OMOD8_QUERIES
CODEqueryEtryPt_STD_CONF2_QUERIES
CODEqueryEtryPt_STD_CONF2_OMOD_QUERIES
CODEqueryEtryPt_doHUP
ENDqueryEtryPt

#pragma GCC visibility push(default)
BEGINmodInit()
	struct seal_diag diag;
CODESTARTmodInit;
	*ipIFVersProvided = CURR_MOD_IF_VERSION;
	actions = NULL;
	CHKiRet(objUse(glbl, CORE_COMPONENT));
	CHKiRet(seal_stats_init());
	if(seal_http_global_init(&diag)) {
		LogError(0, RS_RET_ERR, "omauditseal: %s", diag.text);
		ABORT_FINALIZE(RS_RET_ERR);
	}
ENDmodInit
#pragma GCC visibility pop
	/* clang-format on */
