# SPDX-License-Identifier: Apache-2.0
# A unit test is one file test_NAME.c here, added to unit_tests by a line below.
# Link everything of lib: the linker drops what a test does not use.
