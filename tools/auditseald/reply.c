/* SPDX-License-Identifier: Apache-2.0 */
/* Answers, and who may get which.  Contract: store.h. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "protocol/limits.h"
#include "say.h"
#include "store.h"

void reply_fini(struct reply *reply)
{
	seal_buf_fini(&reply->body);
	memset(reply, 0, sizeof(*reply));
}

static void reply_sentence(struct reply *reply, unsigned status,
			   const char *sentence)
{
	seal_buf_reset(&reply->body);
	seal_buf_put_str(&reply->body, sentence);
	seal_buf_put_str(&reply->body, "\n");
	reply->status = status;
	reply->type = SEAL_TYPE_TEXT;
	reply->cache = NULL;
}

void reply_refuse(struct reply *reply, const struct peer *peer, unsigned status,
		  const char *fmt, ...)
{
	char sentence[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, args);
	va_end(args);
	reply_sentence(reply, status, sentence);
	say("refused %s (%u): %s", peer ? peer->certificate.name : "a client",
	    status, sentence);
}

void reply_absent(struct reply *reply, const char *sentence)
{
	reply_sentence(reply, 404, sentence);
}

void reply_error(struct reply *reply, const struct seal_diag *diag)
{
	reply_sentence(reply, 503, "the store cannot do this now");
	say("%s", diag->text);
}

void reply_ok(struct reply *reply, const char *type)
{
	seal_buf_reset(&reply->body);
	reply->status = 200;
	reply->type = type;
	reply->cache = NULL;
}

bool peer_may_write(const struct peer *peer, const char *origin)
{
	const struct seal_x509_fields *c = &peer->certificate;
	size_t i;

	if (c->role != SEAL_X509_INGEST)
		return false;
	for (i = 0; i < c->names_count; i++)
		if (!strcmp(c->names[i], origin))
			return true;
	return false;
}

bool peer_may_read(const struct peer *peer)
{
	return peer->certificate.role == SEAL_X509_READER;
}
