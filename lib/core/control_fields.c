/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One table of fields a type of control entry.  The order of a table is the
 * order of the keys.  Contract: control_fields.h.
 */
#include "core/control_fields.h"

#define FIELD(s, m, k)                                             \
	.kind = FIELD_##k, .offset = offsetof(struct seal_##s, m), \
	.size = sizeof(((struct seal_##s *)0)->m),                 \
	.present = SEAL_FIELD_MANDATORY
#define OPTIONAL(s, bool_m) .present = offsetof(struct seal_##s, bool_m)

static const struct seal_field predecessor_fields[] = {
	{.key = "origin", FIELD(start, predecessor.origin, TEXT)},
	{.key = "size", FIELD(start, predecessor.size, NUMBER)},
	{.key = "root", FIELD(start, predecessor.root, BYTES)},
	{0},
};

#define START_FIELDS                                                      \
	{.key = "version", FIELD(start, version, TEXT)},                  \
		{.key = "boot", FIELD(start, boot_id, TEXT)},             \
		{.key = "policy", FIELD(start, policy, BYTES)},           \
		{.key = "heartbeat", FIELD(start, heartbeat_ms, NUMBER)}, \
		{.key = "sync", FIELD(start, sync, SWITCH)},              \
	{                                                                 \
		0                                                         \
	}

static const struct seal_field start_fields[] = {START_FIELDS};

static const struct seal_field first_start_fields[] = {
	{.key = "log", FIELD(start, log_id, BYTES)},
	{.key = "host", FIELD(start, host_key, BYTES)},
	{.key = "key", FIELD(start, epoch_key, BYTES)},
	{.key = "predecessor",
	 .kind = FIELD_OBJECT,
	 .sub = predecessor_fields,
	 OPTIONAL(start, has_predecessor)},
	START_FIELDS,
};

static const struct seal_field stop_fields[] = {{0}};

#define MIRROR(m, k)                                            \
	.kind = FIELD_##k,                                      \
	.offset = offsetof(struct seal_heartbeat_mirror, m),    \
	.size = sizeof(((struct seal_heartbeat_mirror *)0)->m), \
	.present = SEAL_FIELD_MANDATORY

static const struct seal_field mirror_fields[] = {
	{.key = "name", MIRROR(name, TEXT)},
	{.key = "receipt", MIRROR(receipt_size, NUMBER)},
	{.key = "openings", MIRROR(openings_size, NUMBER)},
	{0},
};

static const struct seal_field heartbeat_fields[] = {
	{.key = "backlog", FIELD(heartbeat, backlog, NUMBER)},
	{.key = "clock", FIELD(heartbeat, clock, TEXT)},
	{.key = "heartbeat", FIELD(heartbeat, heartbeat_ms, NUMBER)},
	{.key = "mirrors",
	 .kind = FIELD_LIST,
	 .offset = offsetof(struct seal_heartbeat, mirror),
	 .size = sizeof(struct seal_heartbeat_mirror),
	 .present = SEAL_FIELD_MANDATORY,
	 .count = offsetof(struct seal_heartbeat, mirrors),
	 .max = SEAL_CONTROL_MIRRORS_MAX,
	 .sub = mirror_fields},
	{0},
};

static const struct seal_field abandoned_fields[] = {
	{.key = "segment", FIELD(recovery, abandoned.segment, NUMBER)},
	{.key = "offset", FIELD(recovery, abandoned.offset_bytes, NUMBER)},
	{.key = "length", FIELD(recovery, abandoned.length_bytes, NUMBER)},
	{.key = "hash", FIELD(recovery, abandoned.hash, BYTES)},
	{0},
};

static const struct seal_field recovery_fields[] = {
	{.key = "size", FIELD(recovery, head_size, NUMBER)},
	{.key = "root", FIELD(recovery, head_root, BYTES)},
	{.key = "from", FIELD(recovery, salvaged_from, NUMBER)},
	{.key = "to", FIELD(recovery, salvaged_to, NUMBER)},
	{.key = "dropped", FIELD(recovery, dropped_bytes, NUMBER)},
	{.key = "hash", FIELD(recovery, dropped_hash, BYTES)},
	{.key = "boot", FIELD(recovery, boot_id, TEXT)},
	{.key = "abandoned",
	 .kind = FIELD_OBJECT,
	 .sub = abandoned_fields,
	 OPTIONAL(recovery, has_abandoned)},
	{0},
};

static const char *const gap_reasons[] = {"full", "suspended", "memory",
					  "toobig", NULL};
static const char *const gap_bounds[] = {"exact", "least", "open", NULL};

static const struct seal_field lost_fields[] = {
	{.key = "from", FIELD(gap, lost.from, NUMBER)},
	{.key = "to", FIELD(gap, lost.to, NUMBER)},
	{.key = "root", FIELD(gap, lost.root, BYTES)},
	{0},
};

static const struct seal_field gap_fields[] = {
	{.key = "reason", FIELD(gap, reason, WORD), .words = gap_reasons},
	{.key = "from", FIELD(gap, from_us, NUMBER)},
	{.key = "to", FIELD(gap, to_us, NUMBER)},
	{.key = "count", FIELD(gap, count, NUMBER)},
	{.key = "bound", FIELD(gap, bound, WORD), .words = gap_bounds},
	{.key = "lost",
	 .kind = FIELD_OBJECT,
	 .sub = lost_fields,
	 OPTIONAL(gap, has_lost)},
	{0},
};

static const struct seal_field config_fields[] = {
	{.key = "what", FIELD(config, what, TEXT)},
	{.key = "value", FIELD(config, value, TEXT)},
	{.key = "by", FIELD(config, by, TEXT)},
	{0},
};

static const struct seal_field epoch_fields[] = {
	{.key = "epoch", FIELD(epoch, epoch, NUMBER)},
	{.key = "key", FIELD(epoch, key, BYTES)},
	{.key = "sig", FIELD(epoch, sig, BYTES)},
	{0},
};

static const struct seal_field prune_fields[] = {
	{.key = "origin", FIELD(prune, origin, TEXT)},
	{.key = "log", FIELD(prune, log_id, BYTES)},
	{.key = "from", FIELD(prune, from, NUMBER)},
	{.key = "to", FIELD(prune, to, NUMBER)},
	{.key = "root", FIELD(prune, root, BYTES)},
	{.key = "by", FIELD(prune, by, TEXT)},
	{.key = "why", FIELD(prune, why, TEXT)},
	{0},
};

static const struct seal_field redaction_fields[] = {
	{.key = "origin", FIELD(redaction, origin, TEXT)},
	{.key = "log", FIELD(redaction, log_id, BYTES)},
	{.key = "index", FIELD(redaction, index, NUMBER)},
	{.key = "leaf", FIELD(redaction, leaf, BYTES)},
	{.key = "part", FIELD(redaction, part, NUMBER)},
	{.key = "by", FIELD(redaction, by, TEXT)},
	{.key = "why", FIELD(redaction, why, TEXT)},
	{0},
};

static const struct seal_field key_fields[] = {
	{.key = "old", FIELD(key_change, old_key, BYTES)},
	{.key = "new", FIELD(key_change, new_key, BYTES)},
	{.key = "sig_old", FIELD(key_change, old_sig, BYTES)},
	{.key = "sig_new", FIELD(key_change, new_sig, BYTES)},
	{0},
};

static const struct seal_field about_fields[] = {
	{.key = "origin", FIELD(action, origin, TEXT)},
	{.key = "log", FIELD(action, log_id, BYTES)},
	{.key = "from", FIELD(action, from, NUMBER)},
	{.key = "to", FIELD(action, to, NUMBER)},
	{0},
};

static const struct seal_field action_fields[] = {
	{.key = "what", FIELD(action, what, TEXT)},
	{.key = "by", FIELD(action, by, TEXT)},
	{.key = "about",
	 .kind = FIELD_OBJECT,
	 .sub = about_fields,
	 OPTIONAL(action, has_log)},
	{.key = "detail", FIELD(action, detail, TEXT)},
	{0},
};

const struct seal_field *seal_control_fields(uint8_t type, bool first)
{
	switch (type) {
	case SEAL_ENTRY_START:
		return first ? first_start_fields : start_fields;
	case SEAL_ENTRY_STOP:
		return stop_fields;
	case SEAL_ENTRY_HEARTBEAT:
		return heartbeat_fields;
	case SEAL_ENTRY_RECOVERY:
		return recovery_fields;
	case SEAL_ENTRY_GAP:
		return gap_fields;
	case SEAL_ENTRY_CONFIG:
		return config_fields;
	case SEAL_ENTRY_EPOCH:
		return epoch_fields;
	case SEAL_ENTRY_PRUNE:
		return prune_fields;
	case SEAL_ENTRY_REDACTION:
		return redaction_fields;
	case SEAL_ENTRY_KEY:
		return key_fields;
	case SEAL_ENTRY_ACTION:
		return action_fields;
	}
	return NULL;
}

/* What the fields alone do not say: values that would have two meanings. */
bool seal_control_meaningful(const struct seal_control *c)
{
	switch (c->type) {
	case SEAL_ENTRY_RECOVERY:
		return c->recovery.salvaged_from <= c->recovery.salvaged_to;
	case SEAL_ENTRY_GAP:
		if (c->gap.bound == SEAL_GAP_OPEN &&
		    (c->gap.count || c->gap.to_us != c->gap.from_us))
			return false;
		return !c->gap.has_lost || c->gap.lost.from < c->gap.lost.to;
	case SEAL_ENTRY_EPOCH:
		return c->epoch.epoch >= 1;
	case SEAL_ENTRY_PRUNE:
		return c->prune.from < c->prune.to;
	case SEAL_ENTRY_REDACTION:
		return c->redaction.part < SEAL_ENTRY_PARTS_MAX;
	case SEAL_ENTRY_ACTION:
		return !c->action.has_log || c->action.from <= c->action.to;
	default:
		return true;
	}
}

const char *seal_gap_reason_name(enum seal_gap_reason reason)
{
	if (reason < SEAL_GAP_FULL || reason > SEAL_GAP_TOOBIG)
		return "unknown";
	return gap_reasons[reason - 1];
}

const char *seal_gap_bound_name(enum seal_gap_bound bound)
{
	if (bound < SEAL_GAP_EXACT || bound > SEAL_GAP_OPEN)
		return "unknown";
	return gap_bounds[bound - 1];
}
