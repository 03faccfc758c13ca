# SPDX-License-Identifier: Apache-2.0
# The rsyslog module. rsyslog's symbols come from rsyslogd when it is loaded.
EXTRA_DIST += %D%/omauditseal.sym
if BUILD_PLUGIN
rsyslogmod_LTLIBRARIES = %D%/omauditseal.la
plugins_omauditseal_omauditseal_la_SOURCES = \
	%D%/omauditseal.c \
	%D%/params.c %D%/params.h \
	%D%/stats.c %D%/stats.h
plugins_omauditseal_omauditseal_la_CPPFLAGS = $(AM_CPPFLAGS) \
	$(RSYSLOG_SDK_CPPFLAGS) $(ESTR_CFLAGS) $(FASTJSON_CFLAGS)
# nodelete: libraries below keep handlers for the end of the process.
plugins_omauditseal_omauditseal_la_LDFLAGS = -module -avoid-version -shared \
	-export-symbols $(srcdir)/%D%/omauditseal.sym -Wl,-z,nodelete
plugins_omauditseal_omauditseal_la_LIBADD = lib/host/libsealhost.la \
	lib/uplink/libsealuplink.la lib/forward/libsealforward.la \
	lib/protocol/libsealprotocol.la lib/http/libsealhttp.la \
	lib/spool/libsealspool.la lib/core/libsealcore.la \
	$(ESTR_LIBS) -lpthread
endif
