/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of `auditseal explain`.  Findings name facts, not culprits. */
#include "explain.h"

static const struct cli_explanation explanations[] = {
	{1,
	 "The bytes of an entry are not those that were sealed, or a group of "
	 "entries does not give the root that was sealed for it.",
	 "Somebody or something wrote to the copy: an editor of the log, a "
	 "failing disk, a broken transfer.  \"within\" means that the change "
	 "is somewhere in the range.",
	 "Keep this copy as it is.  Verify another copy (the store, the "
	 "spool, an export): the entry is there if that copy verifies."},
	{2,
	 "Entries that were sealed are not in this copy, while later ones "
	 "are.",
	 "Frames were cut out of the middle, or lost with a block of the disk.",
	 "Keep this copy as it is; fetch the range from the store or from "
	 "another copy."},
	{3, "There are entries in this copy that were never sealed.",
	 "Something was written into the copy that the log's key did not "
	 "sign; or a file of another copy was restored into this one by "
	 "mistake.",
	 "Do not trust the named entries; the sealed ones around them are "
	 "proven."},
	{4,
	 "A sealed entry stands at another place than the one it was sealed "
	 "for.",
	 "Entries were moved or swapped.",
	 "The order of the indices is the sealed order; keep the copy and "
	 "compare with another one."},
	{5, "A sealed entry stands in this copy once more.",
	 "A frame was doubled, or a file was appended twice by hand.",
	 "The log itself is whole; keep the copy and find out who writes to "
	 "it."},
	{6, "Two files of one copy hold different bytes for the same index.",
	 "A file was restored from elsewhere beside the true one, or one of "
	 "the two was made up.",
	 "Keep both files; verify each with the receipts at hand."},
	{7,
	 "The copy ends before a size that is known to have been sealed; what "
	 "there is, agrees.",
	 "The end was cut off, or an old backup of the copy was put back.",
	 "Ask the copy that knows the larger size (the finding names it); "
	 "verify the store."},
	{8,
	 "The log's own keys signed two statements that cannot both be true.",
	 "Two machines run with the same keys (a clone, a restored image), or "
	 "somebody else has the keys.",
	 "Treat the keys as no longer the host's alone.  Keep both statements; "
	 "begin a successor log with 'auditseal init --successor-of'."},
	{9, "A whole file is missing between two others.",
	 "A segment was deleted or moved away.",
	 "Put the file back, or fetch the range from the store."},
	{10,
	 "The text that was to be signed is intact, but the signature on it is "
	 "wrong.",
	 "The signature's bytes were changed, by somebody or by a failing "
	 "disk.",
	 "Entries behind the last good seal rest on nothing: verify the "
	 "store's copy."},
	{11, "A key is pinned for this log, and another key signed.",
	 "The wrong policy was given, or somebody signs in this log's name.",
	 "Compare the log id with what the host shows ('auditseal status'); "
	 "never copy the new key into the policy without asking the host's "
	 "owner."},
	{12,
	 "A rule of the key chain is broken: a hand-over that its predecessor "
	 "did not sign, a second one, or a seal by a key that was not in "
	 "force.",
	 "An old epoch key was kept and used, or a hand-over was made up; "
	 "without bad intent, keys or a whole machine were restored from a "
	 "backup.",
	 "What was sealed before the named entry still stands; do not trust "
	 "what follows without a receipt."},
	{13, "There are entries behind the last seal that no seal covers.",
	 "The host crashed or lost power between writing and sealing.  The "
	 "next start of rsyslogd records it.",
	 "Start rsyslogd (it recovers the tail and says so in the log), then "
	 "verify again."},
	{14,
	 "The clock of the host went backwards, or disagrees with a "
	 "receipt.",
	 "Time was set by hand or by NTP after a long gap.",
	 "The order of entries is their index, not their time.  Check the "
	 "host's clock."},
	{15, "The host wrote nothing, not even heartbeats, for some time.",
	 "rsyslogd or the host was down, or its action is suspended.",
	 "See 'auditseal status' and the journal of rsyslog on the host."},
	{16, "Entries were removed by a declared pruning.",
	 "The retention rule of the store.", "Nothing to do."},
	{17, "A part of a record was erased by a declared redaction.",
	 "A request that was approved and logged.", "Nothing to do."},
	{18, "A record was cut before it reached the log.",
	 "The input's maximum message size.",
	 "Raise maxMessageSize (and imuxsock's limits) on the host."},
	{19, "What a message says of its sender is not what the kernel says.",
	 "A program logs in another one's name, or the input does not ask the "
	 "kernel.",
	 "Look at the record's \"trusted\" part, not at its tag."},
	{20,
	 "The host was not stopped in order: it recovered after a crash, "
	 "and its log says what was salvaged and what was dropped.",
	 "kill -9, power loss, a crash of rsyslogd.",
	 "Nothing, if the crash is known.  What was dropped is in the "
	 "recovery entry: 'auditseal show'."},
	{21, "The log itself declares that messages are missing.",
	 "The spool was full, or the action was suspended.",
	 "See the gap entry ('auditseal show'); give the spool more room or "
	 "find why the store was not reached."},
	{22,
	 "A receipt is valid, and the copy of the store that gave it does not "
	 "agree with it.",
	 "The store lost or changed entries after it had acknowledged them.",
	 "Keep the receipt.  The host's spool or another mirror may still hold "
	 "the entries."},
	{23, "The source's own serial numbers have a hole.",
	 "Messages were lost before they reached rsyslog.",
	 "Look at the kernel's audit backlog and rsyslog's statistics."},
	{24, "The policy or the host key was changed, and the log says so.",
	 "An administrator's change.", "Check that the change was intended."},
	{25, "Something here was made by a newer version of auditseal.",
	 "The copy comes from a newer host or store.",
	 "Verify with a newer auditseal; what this one knows was checked."},
	{26,
	 "A part of a record that the store once held is gone, and no "
	 "redaction declares it.",
	 "It was erased without a record, or lost with a part of the store's "
	 "disk.",
	 "Ask the store's owner; look for the part in another copy."},
	{27,
	 "A party states less than it stated before, in a living log: the log "
	 "or the store was set back.",
	 "A snapshot or a backup was restored, or a clone runs.",
	 "Do not start the host again before the other copies were looked at; "
	 "continue with 'auditseal init --successor-of'."},
	{28, "A file, checkpoint or receipt belongs to another log.",
	 "Files were copied to the wrong place, or swapped.",
	 "Put it back where it belongs and verify both logs."},
	{29,
	 "A file that only repeats what the log says is missing, damaged or "
	 "behind.  Of a store's store.db-wal: what stands behind a damaged "
	 "place in it is no longer read, so the copy may end before it.",
	 "A lost write after a power cut, or a deleted file; a changed byte in "
	 "front of a store's database.",
	 "The log itself is proven.  rsyslogd rebuilds the file at its next "
	 "start.  Of store.db-wal: keep the three files as they are, and "
	 "verify "
	 "with a receipt, --state or --pin from elsewhere, which say whether "
	 "anything is gone."},
	{30,
	 "Something that is not an entry is damaged: a header, a tag, a tile, "
	 "padding.  The entries in the range are proven intact.",
	 "A failing disk, or somebody wrote to the copy.",
	 "Keep this copy; check the disk; verify another copy."},
	{31, "A committed part does not match its commitment.",
	 "The part was changed after the record was sealed, or damaged on a "
	 "failing disk.",
	 "The record's public bytes still stand; do not trust the part."},
	{32,
	 "The order of control entries (start, stop, recovery, epoch) or "
	 "of the pieces of a long record is one that the host never "
	 "writes.",
	 "The log was written by something else with the host's keys.  Without "
	 "bad intent: a fault in the program that wrote it.",
	 "Treat the keys as no longer the host's alone until the cause is "
	 "known; 'auditseal show' has the entries around the place."},
	{33, "Nothing excludes that the end of the log was cut off.",
	 "No receipt or expected size is at hand, or no policy says whom to "
	 "believe.",
	 "Give --policy FILE (a store's receipts), or --expect-size and "
	 "--expect-root from a source you trust."},
	{34, "The newest trusted receipt is older than allowed.",
	 "The host or the store has been down, or an old copy is shown.",
	 "Look at 'auditseal status' on the host.  For an old copy give "
	 "--as-of with the time it was made."},
	{35,
	 "Receipts are there, but not from as many parties as the policy "
	 "asks for.",
	 "A mirror or witness is down, or the policy names others.",
	 "Check the policy's quorum line, then the named stores."},
	{36, "Nothing ties the keys that signed this log to a key you trust.",
	 "No pin was given and no trusted party vouches for the first entry.",
	 "Give the policy with its .pins file beside it; the pin is written by "
	 "'auditseald enroll'."},
	{37,
	 "Receipts are fresh, but the newest one stops far behind the end of "
	 "the log: by the log's own clock, entries wait for a receipt longer "
	 "than a receipt may be old.",
	 "The store takes less than the host writes, or somebody lets only "
	 "old entries through: until they are receipted, a cut among them "
	 "would not show.",
	 "See 'auditseal status' on the host for the backlog, then the store "
	 "and the line between them."},
};

const struct cli_explanation *cli_explanations(size_t *ret_count)
{
	*ret_count = sizeof(explanations) / sizeof(explanations[0]);
	return explanations;
}

const struct cli_explanation *cli_explanation_find(unsigned id)
{
	size_t count = sizeof(explanations) / sizeof(explanations[0]);

	if (!id || id > count)
		return NULL;
	return &explanations[id - 1];
}
