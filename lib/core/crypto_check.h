/* SPDX-License-Identifier: Apache-2.0 */
/* For crypto.c alone. */
#ifndef SEAL_CORE_CRYPTO_CHECK_H
#define SEAL_CORE_CRYPTO_CHECK_H

/* 0, or SEAL_E_CRYPTO if a known answer does not come out; SEAL_E_NOMEM. */
int seal_crypto_self_check(void);

#endif
