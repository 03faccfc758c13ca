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
	KIND_SYNC,   /* on, off; a bool, true for off */
	KIND_ONFULL, /* a bool, true for suspend */
	KIND_SIZE,   /* bytes: rsyslog's suffixes */
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

#define OFFSET(field) offsetof(struct seal_params, field)
#define STRING(name, kind, vital, field)                  \
	{                                                 \
		name, kind, vital, OFFSET(field), 0, 0, 0 \
	}
#define NUMBER(name, kind, field, min, max, fallback)                \
	{                                                            \
		name, kind, false, OFFSET(field), min, max, fallback \
	}
#define DAY_S	86400
#define TERA	(1ULL << 40)
#define BILLION 1000000000

static const struct param table[] = {
	STRING("origin", KIND_ORIGIN, true, host.origin),
	STRING("keydir", KIND_PATH, true, host.keydir),
	STRING("policy", KIND_PATH, false, host.policy),
	STRING("spool", KIND_PATH, true, host.spool),
	NUMBER("spool.maxsize", KIND_SIZE, host.spool_max_bytes,
	       SEAL_SPOOL_MIN_BYTES, 1024 * TERA, 0),
	NUMBER("spool.sync", KIND_SYNC, host.nosync, 0, 1, 0),
	NUMBER("spool.keep", KIND_SIZE, host.spool_keep_bytes, 0, 1024 * TERA,
	       0),
	NUMBER("spool.onfull", KIND_ONFULL, host.onfull_suspend, 0, 1, 0),
	NUMBER("segment.maxsize", KIND_SIZE, host.segment_max_bytes,
	       SEAL_SEGMENT_MIN_BYTES, TERA, SEAL_SEGMENT_DEFAULT_BYTES),
	STRING("server", KIND_SERVERS, false, host.servers),
	STRING("template", KIND_TEMPLATE, false, tpl),
	STRING("tls.cacert", KIND_PATH, false, host.tls_ca),
	STRING("tls.mycert", KIND_PATH, false, host.tls_cert),
	STRING("tls.myprivkey", KIND_PATH, false, host.tls_key),
	NUMBER("heartbeat.interval", KIND_NUMBER, host.heartbeat_s, 0, DAY_S,
	       SEAL_HEARTBEAT_DEFAULT_S),
	NUMBER("epoch.maxentries", KIND_NUMBER, host.epoch_max_entries, 1,
	       BILLION, SEAL_EPOCH_DEFAULT_ENTRIES),
	NUMBER("epoch.interval", KIND_NUMBER, host.epoch_interval_s, 1, DAY_S,
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
	struct seal_host_note *note;
	bool go_on = !strict && !p->vital;

	parser_errmsg(
		"omauditseal: parameter \"%s\" is \"%s\" but must be %s%s",
		p->name, value, must,
		go_on && p != &retry ? "; its default is used" : "");
	if (go_on && params->host.notes_len < SEAL_HOST_NOTES_MAX) {
		note = &params->host.notes[params->host.notes_len];
		note->what = p->name;
		note->value = strdup(value);
		if (note->value)
			params->host.notes_len++;
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
			const char *value, const char *usual, const char *other,
			bool strict)
{
	char must[64];

	if (!strcmp(value, usual) || !strcmp(value, other)) {
		*(bool *)field(params, p) = !strcmp(value, other);
		return true;
	}
	snprintf(must, sizeof(must), "\"%s\" or \"%s\"", usual, other);
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
	for (i = 0; i < params->host.servers_len; i++)
		if (!strcmp(params->host.servers[i], seal_buf_cstr(&url))) {
			ok = fault(params, p, value, "named once", strict);
			goto out;
		}
	if (i == SEAL_HOST_SERVERS_MAX) {
		ok = fault(params, p, value, "one of at most 16", strict);
		goto out;
	}
	params->host.servers[i] = strdup(seal_buf_cstr(&url));
	ok = params->host.servers[i] != NULL;
	params->host.servers_len += ok;
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
	case KIND_SYNC:
		return take_choice(params, p, value, "on", "off", strict);
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
	if (!params->host.tls_cert == !params->host.tls_key)
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
		if (table[i].kind == KIND_SIZE || table[i].kind == KIND_NUMBER)
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
static bool default_dir(const char **dir, const char *parent,
			const char *origin)
{
	char *text, *at;

	if (*dir)
		return true;
	if (asprintf(&text, "%s%s", parent, origin) < 0)
		return false;
	for (at = text + strlen(parent); *at; at++)
		if (*at == '/')
			*at = '@';
	*dir = text;
	return true;
}

static bool default_file(const char **file, const char *dir, const char *name)
{
	char *text;

	if (*file)
		return true;
	if (asprintf(&text, "%s/%s", dir, name) < 0)
		return false;
	*file = text;
	return true;
}

static bool default_origin(const char **origin, const char *fqdn)
{
	struct seal_diag diag;
	char *text, *at;

	if (*origin)
		return true;
	if (asprintf(&text, "%s/audit", fqdn) < 0)
		return false;
	for (at = text; *at; at++)
		*at = (char)tolower((unsigned char)*at);
	*origin = text;
	if (!seal_origin_check(text, strlen(text), &diag))
		return true;
	LogError(0, RS_RET_CONFIG_ERROR,
		 "omauditseal: this host's name, \"%s\", makes no origin; give "
		 "the action origin=\"NAME/audit\": %s",
		 fqdn, diag.text);
	return false;
}

bool seal_params_complete(struct seal_params *params, const char *fqdn)
{
	struct seal_host_config *h = &params->host;
	bool own_cert = !h->tls_cert && !h->tls_key;

	return default_origin(&h->origin, fqdn) &&
	       default_dir(&h->keydir, KEYDIR_PARENT, h->origin) &&
	       default_dir(&h->spool, SPOOL_PARENT, h->origin) &&
	       default_file(&h->policy, h->keydir, "policy") &&
	       default_file(&h->tls_ca, h->keydir, "tls/ca.pem") &&
	       (!own_cert ||
		(default_file(&h->tls_cert, h->keydir, "tls/cert.pem") &&
		 default_file(&h->tls_key, h->keydir, "tls/key.pem")));
}

void seal_params_free(struct seal_params *params)
{
	struct seal_host_config *h = &params->host;
	size_t i;

	for (i = 0; i < PARAMS; i++)
		if (is_string(table[i].kind))
			free(*(char **)field(params, &table[i]));
	for (i = 0; i < h->servers_len; i++)
		free((char *)h->servers[i]);
	for (i = 0; i < h->notes_len; i++)
		free((char *)h->notes[i].value);
	memset(params, 0, sizeof(*params));
}
