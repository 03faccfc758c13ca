/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One table says what each parameter is; it never touches a file, since it also
 * runs under rsyslogd -N1.  Contract: params.h.
 */
#include "config.h"
#include "rsyslog.h"
#include "conf.h"
#include "errmsg.h"
#include "parserif.h"
#include "rsconf.h"
#include "template.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/key.h"
#include "http/http.h"
#include "spool/spool.h"
#include "params.h"

#define KEYDIR_PARENT "/var/lib/auditseal/"
#define SPOOL_PARENT  "/var/spool/rsyslog/auditseal/"

enum kind {
	KIND_ORIGIN,
	KIND_PATH,
	KIND_WORD, /* any text but none */
	KIND_TEMPLATE,
	KIND_SWITCH, /* on, off */
	KIND_ONFULL,
	KIND_SIZE, /* bytes: rsyslog's suffixes */
	KIND_NUMBER,
	KIND_SERVERS,
};

struct param {
	const char *name;
	enum kind kind;
	bool vital; /* without it there is nothing to seal with */
	size_t offset;
	uint64_t min, max, fallback;
};

#define STRING(name, kind, vital, field)                                      \
	{                                                                     \
		name, kind, vital, offsetof(struct seal_params, field), 0, 0, \
			0                                                     \
	}
#define NUMBER(name, kind, field, min, max, fallback)                        \
	{                                                                    \
		name, kind, false, offsetof(struct seal_params, field), min, \
			max, fallback                                        \
	}
#define DAY_S	86400
#define TERA	(1ULL << 40)
#define BILLION 1000000000

static const struct param table[] = {
	STRING("origin", KIND_ORIGIN, true, origin),
	STRING("keydir", KIND_PATH, true, keydir),
	STRING("policy", KIND_PATH, false, policy),
	STRING("spool", KIND_PATH, true, spool),
	NUMBER("spool.maxsize", KIND_SIZE, spool_maxsize, SEAL_SPOOL_MIN_BYTES,
	       1024 * TERA, 0),
	NUMBER("spool.sync", KIND_SWITCH, spool_sync, 0, 1, 1),
	NUMBER("spool.keep", KIND_SIZE, spool_keep, 0, 1024 * TERA, 0),
	NUMBER("spool.onfull", KIND_ONFULL, onfull_suspend, 0, 1, 0),
	NUMBER("segment.maxsize", KIND_SIZE, segment_maxsize,
	       SEAL_SEGMENT_MIN_BYTES, TERA, SEAL_SEGMENT_DEFAULT_BYTES),
	STRING("server", KIND_SERVERS, false, servers),
	STRING("template", KIND_TEMPLATE, false, tpl),
	STRING("tls.cacert", KIND_PATH, false, tls_cacert),
	STRING("tls.mycert", KIND_PATH, false, tls_mycert),
	STRING("tls.myprivkey", KIND_PATH, false, tls_myprivkey),
	NUMBER("heartbeat.interval", KIND_NUMBER, heartbeat_interval, 1, DAY_S,
	       SEAL_HEARTBEAT_DEFAULT_S),
	NUMBER("epoch.maxentries", KIND_NUMBER, epoch_maxentries, 1, BILLION,
	       SEAL_EPOCH_DEFAULT_ENTRIES),
	NUMBER("epoch.interval", KIND_NUMBER, epoch_interval, 1, DAY_S,
	       SEAL_EPOCH_DEFAULT_S),
	STRING("statsname", KIND_WORD, false, statsname),
};
#define PARAMS (sizeof(table) / sizeof(table[0]))

/* The core's own; it is only looked at here. */
static const struct param retry = {.name = "action.resumeRetryCount"};

static void *field(struct seal_params *params, const struct param *p)
{
	return (char *)params + p->offset;
}

static bool is_string(enum kind kind)
{
	return kind == KIND_ORIGIN || kind == KIND_PATH || kind == KIND_WORD ||
	       kind == KIND_TEMPLATE;
}

/* Says what is wrong; true if the action can be made all the same. */
static bool fault(struct seal_params *params, const struct param *p,
		  const char *value, const char *must, bool strict)
{
	struct seal_param_fault *f;
	bool go_on = !strict && !p->vital;

	parser_errmsg(
		"omauditseal: parameter \"%s\" is \"%s\" but must be %s%s",
		p->name, value, must,
		go_on && p != &retry ? "; its default is used" : "");
	if (go_on && params->faults_len < SEAL_HOST_NOTES_MAX) {
		f = &params->faults[params->faults_len];
		f->name = p->name;
		f->value = strdup(value);
		if (f->value)
			params->faults_len++;
	}
	return go_on;
}

/* Digits, then one of rsyslog's suffixes: k = 1024, K = 1000, ... */
static bool number(const char *text, bool suffix, uint64_t *ret_value)
{
	static const char suffixes[] = "kmgt";
	unsigned long long value, base;
	const char *at;
	char *end;
	size_t power;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno)
		return false;
	if (*end && suffix) {
		at = strchr(suffixes, tolower((unsigned char)*end));
		base = islower((unsigned char)*end) ? 1024 : 1000;
		if (!at || end[1])
			return false;
		for (power = (size_t)(at - suffixes) + 1; power; power--)
			if (__builtin_mul_overflow(value, base, &value))
				return false;
		end++;
	}
	*ret_value = value;
	return *end == '\0';
}

static bool take_number(struct seal_params *params, const struct param *p,
			const char *value, bool strict)
{
	bool size = p->kind == KIND_SIZE;
	uint64_t n;
	char must[128];

	if (number(value, size, &n) && n >= p->min && n <= p->max) {
		*(uint64_t *)field(params, p) = n;
		return true;
	}
	snprintf(must, sizeof(must), "a %s from %llu to %llu%s",
		 size ? "size in bytes" : "whole number",
		 (unsigned long long)p->min, (unsigned long long)p->max,
		 size ? ", such as \"64m\" or \"2g\"" : "");
	return fault(params, p, value, must, strict);
}

static bool take_choice(struct seal_params *params, const struct param *p,
			const char *value, const char *zero, const char *one,
			bool strict)
{
	char must[64];

	if (!strcmp(value, zero) || !strcmp(value, one)) {
		*(uint64_t *)field(params, p) = !strcmp(value, one);
		return true;
	}
	snprintf(must, sizeof(must), "\"%s\" or \"%s\"", one, zero);
	return fault(params, p, value, must, strict);
}

static bool take_string(struct seal_params *params, const struct param *p,
			const char *value, bool strict)
{
	struct seal_diag diag;

	if (p->kind == KIND_PATH && value[0] != '/')
		return fault(params, p, value, "an absolute path", strict);
	if (!value[0])
		return fault(params, p, value, "a name, or left out", strict);
	if (p->kind == KIND_TEMPLATE &&
	    !tplFind(loadConf, (char *)value, (int)strlen(value)))
		return fault(params, p, value,
			     "the name of a template that is defined above",
			     strict);
	if (p->kind == KIND_ORIGIN &&
	    seal_origin_check(value, strlen(value), &diag)) {
		parser_errmsg("omauditseal: parameter \"origin\": %s",
			      diag.text);
		return false;
	}
	*(char **)field(params, p) = strdup(value);
	return *(char **)field(params, p) != NULL;
}

static bool take_server(struct seal_params *params, const struct param *p,
			const char *value, bool strict)
{
	struct seal_buf url;
	struct seal_diag diag;
	bool ok = false;
	size_t i;

	seal_buf_init(&url);
	if (seal_http_server_url(value, &url, &diag) || !seal_buf_cstr(&url)) {
		ok = fault(params, p, value,
			   "https://HOST or https://HOST:PORT of a store",
			   strict);
		goto out;
	}
	for (i = 0; i < params->servers_len; i++)
		if (!strcmp(params->servers[i], seal_buf_cstr(&url))) {
			ok = fault(params, p, value, "named once", strict);
			goto out;
		}
	if (i == SEAL_HOST_SERVERS_MAX) {
		ok = fault(params, p, value, "one of at most 16", strict);
		goto out;
	}
	params->servers[i] = strdup(seal_buf_cstr(&url));
	ok = params->servers[i] != NULL;
	params->servers_len += ok;
out:
	seal_buf_fini(&url);
	return ok;
}

static bool take(struct seal_params *params, const struct param *p,
		 const char *value, bool strict)
{
	switch (p->kind) {
	case KIND_SIZE:
	case KIND_NUMBER:
		return take_number(params, p, value, strict);
	case KIND_SWITCH:
		return take_choice(params, p, value, "off", "on", strict);
	case KIND_ONFULL:
		return take_choice(params, p, value, "gap", "suspend", strict);
	case KIND_SERVERS:
		return take_server(params, p, value, strict);
	default:
		return take_string(params, p, value, strict);
	}
}

static bool take_estr(struct seal_params *params, const struct param *p,
		      es_str_t *value, bool strict)
{
	char *text = es_str2cstr(value, NULL);
	bool ok = text && take(params, p, text, strict);

	free(text);
	return ok;
}

/* rsyslog's default of 0 drops a batch whenever the action is suspended. */
static bool check_retry(struct seal_params *params, struct nvlst *lst,
			bool strict)
{
	char *value = NULL;
	bool ok = true;

	for (; lst && !value; lst = lst->next)
		if (!es_strcasebufcmp(lst->name, (const uchar *)retry.name,
				      strlen(retry.name)))
			value = es_str2cstr(lst->val.d.estr, NULL);
	if (!value || strcmp(value, "-1"))
		ok = fault(params, &retry, value ? value : "0",
			   "\"-1\", or rsyslog drops messages whenever the "
			   "action is suspended",
			   strict);
	free(value);
	return ok;
}

static bool check_tls(struct seal_params *params)
{
	if (!params->tls_mycert == !params->tls_myprivkey)
		return true;
	parser_errmsg("omauditseal: of \"tls.mycert\" and \"tls.myprivkey\" "
		      "only one is given: give both, or neither");
	return false;
}

bool seal_params_read(struct seal_params *params, struct nvlst *lst,
		      bool strict)
{
	struct cnfparamdescr descr[PARAMS];
	struct cnfparamblk block = {CNFPARAMBLK_VERSION, PARAMS, descr};
	struct cnfparamvals *values;
	bool ok = true;
	size_t i;
	int k;

	memset(params, 0, sizeof(*params));
	for (i = 0; i < PARAMS; i++) {
		descr[i].name = table[i].name;
		descr[i].type = table[i].kind == KIND_SERVERS ? eCmdHdlrArray
							      : eCmdHdlrString;
		descr[i].flags = 0;
		if (!is_string(table[i].kind) && table[i].kind != KIND_SERVERS)
			*(uint64_t *)field(params, &table[i]) =
				table[i].fallback;
	}
	values = nvlstGetParams(lst, &block, NULL);
	if (!values)
		return false;
	for (i = 0; i < PARAMS; i++) {
		if (!values[i].bUsed)
			continue;
		if (table[i].kind != KIND_SERVERS) {
			ok &= take_estr(params, &table[i], values[i].val.d.estr,
					strict);
			continue;
		}
		for (k = 0; k < values[i].val.d.ar->nmemb; k++)
			ok &= take_estr(params, &table[i],
					values[i].val.d.ar->arr[k], strict);
	}
	ok &= check_retry(params, lst, strict);
	ok &= check_tls(params) || !strict;
	cnfparamvalsDestruct(values, &block);
	return ok;
}

/* PARENT/web01.example.com@audit */
static bool default_dir(char **field_of, const char *parent, const char *origin)
{
	char *at;

	if (*field_of)
		return true;
	if (asprintf(field_of, "%s%s", parent, origin) < 0) {
		*field_of = NULL;
		return false;
	}
	for (at = *field_of + strlen(parent); *at; at++)
		if (*at == '/')
			*at = '@';
	return true;
}

static bool default_file(char **field_of, const char *dir, const char *name)
{
	if (*field_of)
		return true;
	if (asprintf(field_of, "%s/%s", dir, name) < 0) {
		*field_of = NULL;
		return false;
	}
	return true;
}

static bool default_origin(char **origin, const char *fqdn)
{
	struct seal_diag diag;
	char *at;

	if (*origin)
		return true;
	if (asprintf(origin, "%s/audit", fqdn) < 0) {
		*origin = NULL;
		return false;
	}
	for (at = *origin; *at; at++)
		*at = (char)tolower((unsigned char)*at);
	if (!seal_origin_check(*origin, strlen(*origin), &diag))
		return true;
	LogError(0, RS_RET_CONFIG_ERROR,
		 "omauditseal: this host's name, \"%s\", makes no origin; give "
		 "the action origin=\"NAME/audit\": %s",
		 fqdn, diag.text);
	return false;
}

bool seal_params_complete(struct seal_params *params, const char *fqdn)
{
	bool own_cert = !params->tls_mycert && !params->tls_myprivkey;

	return default_origin(&params->origin, fqdn) &&
	       default_dir(&params->keydir, KEYDIR_PARENT, params->origin) &&
	       default_dir(&params->spool, SPOOL_PARENT, params->origin) &&
	       default_file(&params->policy, params->keydir, "policy") &&
	       default_file(&params->tls_cacert, params->keydir,
			    "tls/ca.pem") &&
	       (!own_cert || (default_file(&params->tls_mycert, params->keydir,
					   "tls/cert.pem") &&
			      default_file(&params->tls_myprivkey,
					   params->keydir, "tls/key.pem")));
}

void seal_params_view(const struct seal_params *params,
		      struct seal_host_config *ret_config)
{
	size_t i;

	*ret_config = (struct seal_host_config){
		.origin = params->origin,
		.keydir = params->keydir,
		.policy = params->policy,
		.spool = params->spool,
		.tls_ca = params->tls_cacert,
		.tls_cert = params->tls_mycert,
		.tls_key = params->tls_myprivkey,
		.spool_max_bytes = params->spool_maxsize,
		.spool_keep_bytes = params->spool_keep,
		.segment_max_bytes = params->segment_maxsize,
		.nosync = !params->spool_sync,
		.onfull_suspend = params->onfull_suspend,
		.heartbeat_s = (uint32_t)params->heartbeat_interval,
		.epoch_interval_s = (uint32_t)params->epoch_interval,
		.epoch_max_entries = params->epoch_maxentries,
		.servers_len = params->servers_len,
		.notes_len = params->faults_len,
	};
	for (i = 0; i < params->servers_len; i++)
		ret_config->servers[i] = params->servers[i];
	for (i = 0; i < params->faults_len; i++)
		ret_config->notes[i] = (struct seal_host_note){
			params->faults[i].name, params->faults[i].value};
}

void seal_params_free(struct seal_params *params)
{
	size_t i;

	for (i = 0; i < PARAMS; i++)
		if (is_string(table[i].kind))
			free(*(char **)field(params, &table[i]));
	for (i = 0; i < params->servers_len; i++)
		free(params->servers[i]);
	for (i = 0; i < params->faults_len; i++)
		free(params->faults[i].value);
	memset(params, 0, sizeof(*params));
}
