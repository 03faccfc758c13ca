# SPDX-License-Identifier: Apache-2.0
# sources of lib/protocol
