/* SPDX-License-Identifier: Apache-2.0 */
/* Verifying client certificates.  Contract: peer.h. */
#include "peer.h"

#include <string.h>

#include <gnutls/x509.h>

static int chain_verify(gnutls_session_t session, struct seal_diag *diag)
{
	gnutls_typed_vdata_st purpose = {
		.type = GNUTLS_DT_KEY_PURPOSE_OID,
		.data = (unsigned char *)(uintptr_t)GNUTLS_KP_TLS_WWW_CLIENT,
	};
	gnutls_datum_t text = {NULL, 0};
	unsigned status = 0;
	int rc;

	rc = gnutls_certificate_verify_peers(session, &purpose, 1, &status);
	if (rc == GNUTLS_E_NO_CERTIFICATE_FOUND)
		return seal_diag_set(diag, SEAL_E_TLS,
				     "a client certificate is needed");
	if (rc < 0)
		return seal_diag_set(diag, SEAL_E_TLS,
				     "the client certificate cannot be "
				     "checked: %s",
				     gnutls_strerror(rc));
	if (status == 0)
		return 0;
	rc = gnutls_certificate_verification_status_print(
		status, GNUTLS_CRT_X509, &text, 0);
	seal_diag_set(diag, SEAL_E_TLS, "the client certificate is refused: %s",
		      rc == 0 ? (const char *)text.data : "not trusted");
	gnutls_free(text.data);
	return SEAL_E_TLS;
}

int peer_verify(gnutls_session_t session, struct peer *ret_peer,
		struct seal_diag *diag)
{
	const gnutls_datum_t *chain;
	struct peer peer;
	unsigned count;
	int rc;

	rc = chain_verify(session, diag);
	if (rc < 0)
		return rc;
	if (gnutls_certificate_type_get2(session, GNUTLS_CTYPE_CLIENT) !=
	    GNUTLS_CRT_X509)
		return seal_diag_set(diag, SEAL_E_TLS,
				     "the client's certificate is not X.509");
	chain = gnutls_certificate_get_peers(session, &count);
	if (!chain || !count)
		return seal_diag_set(diag, SEAL_E_TLS,
				     "a client certificate is needed");
	rc = seal_x509_fields_from_der(chain[0].data, chain[0].size,
				       &peer.certificate, diag);
	if (rc < 0)
		return rc;
	if (peer.certificate.role != SEAL_X509_INGEST &&
	    peer.certificate.role != SEAL_X509_READER)
		return seal_diag_set(diag, SEAL_E_FORMAT,
				     "the client certificate names no role of "
				     "this store");
	*ret_peer = peer;
	return 0;
}
