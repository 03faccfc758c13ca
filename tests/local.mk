# SPDX-License-Identifier: Apache-2.0
# each folder of tests adds its own fragment
include %D%/unit/local.mk
