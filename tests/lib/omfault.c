/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An rsyslog module for tests of the tests: makes the mistake that SEAL_FAULT
 * names, which valgrind, or the sanitizer it is built with, must report in the
 * stock rsyslogd.  Never installed.
 */
#include "config.h"
#include "rsyslog.h"
#include "conf.h"
#include "module-template.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef struct _instanceData {
	pthread_t other;
	bool running;
} instanceData;

typedef struct wrkrInstanceData {
	instanceData *pData;
} wrkrInstanceData_t;

struct modConfData_s {
	rsconf_t *conf;
};

/* clang-format off */
MODULE_TYPE_OUTPUT
MODULE_TYPE_NOKEEP
MODULE_CNFNAME("omfault")
DEF_OMOD_STATIC_DATA
/* clang-format on */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int shared;

static bool fault(const char *name)
{
	const char *asked = getenv("SEAL_FAULT");

	return asked && !strcmp(asked, name);
}

/* By a thread of the module and by a worker, in any order. */
static void touch(void)
{
	if (fault("race")) {
		shared++;
		return;
	}
	pthread_mutex_lock(&mutex);
	shared++;
	pthread_mutex_unlock(&mutex);
}

static void *other(void *ctx)
{
	touch();
	return ctx;
}

/* The length of what came, so that no compiler knows it. */
static int wrong(unsigned len)
{
	volatile char *bytes = malloc(len);
	volatile int bits = (int)len + 32;
	int sum = 0;

	if (!bytes)
		return 0;
	bytes[0] = 1;
	if (fault("overflow"))
		sum += bytes[len];
	if (fault("shift"))
		sum += 1 << bits;
	if (!fault("leak"))
		free((void *)bytes);
	return sum;
}

/* clang-format off */
BEGINbeginCnfLoad
CODESTARTbeginCnfLoad
	pModConf->conf = pConf;
ENDbeginCnfLoad

BEGINendCnfLoad
CODESTARTendCnfLoad
ENDendCnfLoad

BEGINcheckCnf
CODESTARTcheckCnf
ENDcheckCnf

BEGINactivateCnf
CODESTARTactivateCnf
ENDactivateCnf

BEGINfreeCnf
CODESTARTfreeCnf
ENDfreeCnf

BEGINcreateInstance
CODESTARTcreateInstance
ENDcreateInstance

BEGINfreeInstance
CODESTARTfreeInstance
	if(pData->running)
		pthread_join(pData->other, NULL);
ENDfreeInstance

BEGINcreateWrkrInstance
CODESTARTcreateWrkrInstance
	if(!pData->running)
		pData->running = !pthread_create(&pData->other, NULL, other,
			NULL);
ENDcreateWrkrInstance

BEGINfreeWrkrInstance
CODESTARTfreeWrkrInstance
ENDfreeWrkrInstance

BEGINnewActInst
CODESTARTnewActInst
	(void)lst;
	CHKiRet(createInstance(&pData));
	CODE_STD_STRING_REQUESTnewActInst(1);
	CHKiRet(OMSRsetEntry(*ppOMSR, 0, (uchar *)strdup("RSYSLOG_FileFormat"),
		OMSR_NO_RQD_TPL_OPTS));
CODE_STD_FINALIZERnewActInst
ENDnewActInst

BEGINdbgPrintInstInfo
CODESTARTdbgPrintInstInfo
ENDdbgPrintInstInfo

BEGINisCompatibleWithFeature
CODESTARTisCompatibleWithFeature
	(void)eFeat;
ENDisCompatibleWithFeature

BEGINtryResume
CODESTARTtryResume
ENDtryResume

BEGINbeginTransaction
CODESTARTbeginTransaction
ENDbeginTransaction

BEGINcommitTransaction
CODESTARTcommitTransaction
	(void)nParams;
	touch();
	if(wrong(pParams[0].lenStr) == 77)
		iRet = RS_RET_SUSPENDED;
ENDcommitTransaction

NO_LEGACY_CONF_parseSelectorAct

BEGINmodExit
CODESTARTmodExit
ENDmodExit

BEGINqueryEtryPt
CODESTARTqueryEtryPt
CODEqueryEtryPt_STD_OMODTX_QUERIES
CODEqueryEtryPt_STD_OMOD8_QUERIES
CODEqueryEtryPt_STD_CONF2_QUERIES
CODEqueryEtryPt_STD_CONF2_OMOD_QUERIES
ENDqueryEtryPt

#pragma GCC visibility push(default)
BEGINmodInit()
CODESTARTmodInit;
	*ipIFVersProvided = CURR_MOD_IF_VERSION;
ENDmodInit
#pragma GCC visibility pop
	/* clang-format on */
