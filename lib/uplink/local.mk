# SPDX-License-Identifier: Apache-2.0
# sources of lib/uplink
noinst_LTLIBRARIES += lib/uplink/libsealuplink.la
lib_uplink_libsealuplink_la_SOURCES = %D%/uplink.h %D%/uplink.c
lib_uplink_libsealuplink_la_CFLAGS = $(AM_CFLAGS)
