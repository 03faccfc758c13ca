/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is at the other end of a TLS session.  Asking for a certificate is not
 * checking it: libmicrohttpd accepts any, so everything is checked here.
 */
#ifndef AUDITSEALD_PEER_H
#define AUDITSEALD_PEER_H

#include <gnutls/gnutls.h>

#include "store.h"

/*
 * Verifies the client's chain against the session's CAs, for the purpose of a
 * TLS client, now.  TLS with the reason; FORMAT for a certificate that names no
 * role, or several.
 */
int peer_verify(gnutls_session_t session, struct peer *ret_peer,
		struct seal_diag *diag);

#endif
