# SPDX-License-Identifier: Apache-2.0
# A unit test is one file test_NAME.c here and one line below:
#
#   unit_tests += %D%/test_NAME
#
# It links with all of lib, tests/lib and cmocka without another word, and
# includes "core/buf.h", "tests/lib/testdata.h". What the linker is to wrap, for
# all of them alike, goes into unit_wrap beside the code in tests/lib.
unit_tests += %D%/test_err
# Signatures once worked out are remembered: these flip byte after byte.
unit_tests += %D%/test_verify
tests_unit_test_verify_LDFLAGS = $(AM_LDFLAGS) $(attack_wrap)
unit_tests += %D%/test_known
tests_unit_test_known_LDFLAGS = $(AM_LDFLAGS) $(attack_wrap)
unit_tests += %D%/test_verify_align
unit_tests += %D%/test_verify_clock
tests_unit_test_verify_clock_LDFLAGS = $(AM_LDFLAGS) $(attack_wrap)
unit_tests += %D%/test_testdata
unit_tests += %D%/test_x509
unit_tests += %D%/test_oom
unit_tests += %D%/test_protocol_answer
unit_tests += %D%/test_protocol_upload
unit_tests += %D%/test_protocol_read
unit_tests += %D%/test_protocol_gzip
unit_tests += %D%/test_protocol_enroll
unit_tests += %D%/test_tree
unit_tests += %D%/test_proof
unit_tests += %D%/test_entry
unit_tests += %D%/test_control
unit_tests += %D%/test_epoch
unit_tests += %D%/test_finding
unit_tests += %D%/test_tail
unit_tests += %D%/test_chain
unit_tests += %D%/test_control_strict
unit_tests += %D%/test_crypto
tests_unit_test_crypto_SOURCES = %D%/test_crypto.c %D%/crypto_wrap.c
tests_unit_test_crypto_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=gcry_calloc_secure,--wrap=gcry_free \
	-Wl,--wrap=gcry_md_open,--wrap=gcry_md_close \
	-Wl,--wrap=gcry_md_hash_buffers \
	-Wl,--wrap=gcry_mpi_ec_new,--wrap=gcry_ctx_release \
	-Wl,--wrap=gcry_mpi_ec_decode_point,--wrap=gcry_mpi_ec_get_mpi \
	-Wl,--wrap=gcry_mpi_new,--wrap=gcry_mpi_release \
	-Wl,--wrap=gcry_mpi_set_opaque_copy \
	-Wl,--wrap=gcry_mpi_point_new,--wrap=gcry_mpi_point_release \
	-Wl,--wrap=gcry_pk_sign,--wrap=gcry_pk_verify \
	-Wl,--wrap=gcry_sexp_build,--wrap=gcry_sexp_find_token \
	-Wl,--wrap=gcry_sexp_release
unit_tests += %D%/test_frame
unit_tests += %D%/test_spool
unit_tests += %D%/test_forward
unit_tests += %D%/test_forward_answers
unit_tests += %D%/test_forward_entries
unit_tests += %D%/test_uplink
unit_tests += %D%/test_buf
unit_tests += %D%/test_cur
unit_tests += %D%/test_text
unit_tests += %D%/test_sanitize
unit_tests += %D%/test_key
unit_tests += %D%/test_note
unit_tests += %D%/test_checkpoint
unit_tests += %D%/test_policy
unit_tests += %D%/test_pins
unit_tests += %D%/test_http
unit_tests += %D%/test_http_tls
unit_tests += %D%/test_storage
unit_tests += %D%/test_storage_witness
unit_tests += %D%/test_store
unit_tests += %D%/test_store_upload
unit_tests += %D%/test_storage_file
unit_tests += %D%/test_store_roles
unit_tests += %D%/test_store_witness
unit_tests += %D%/test_store_submit
unit_tests += %D%/test_spool_fault
unit_tests += %D%/test_spool_powercut
tests_unit_test_spool_powercut_LDFLAGS = $(AM_LDFLAGS) $(attack_wrap)
unit_tests += %D%/test_spool_frozen
unit_tests += %D%/test_spool_refuse
unit_tests += %D%/test_host
unit_tests += %D%/test_spool_oom
unit_tests += %D%/test_reader
unit_tests += %D%/test_spool_threads
unit_tests += %D%/test_state
unit_tests += %D%/test_spool_descriptors
unit_tests += %D%/test_spool_suspended
unit_tests += %D%/test_tsa
unit_tests += %D%/test_given
unit_tests += %D%/test_spool_evidence
unit_tests += %D%/test_verify_giant
unit_tests += %D%/test_verify_calls
unit_tests += %D%/test_verify_end
