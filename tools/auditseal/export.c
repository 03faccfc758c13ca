/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One walk over the entries: bundles, tiles, the records of `epochs`, the root.
 * Whatever the target was, the same log gives the same bytes; and a log that
 * does not give its checkpoint's root gives none.
 */
#include "export.h"

#include "walk.h"

#include "core/checkpoint.h"
#include "core/control.h"
#include "core/epoch.h"
#include "core/key.h"
#include "core/tree.h"
#include "protocol/tile.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LEVELS 8

struct export
{
	struct bundle_pack *pack;
	struct bundle_facts facts;
	struct seal_frontier frontier; /* of the entries seen */
	struct seal_buf bundle;	       /* the open entry bundle */
	struct seal_hash tile[LEVELS][256];
	unsigned width[LEVELS];
	uint64_t number[LEVELS];
	struct seal_buf epochs;
	bool rooted; /* entry 0 gave the log id */
	struct seal_diag *diag;
	struct cli_progress progress;
};

static bool is_inside(const struct export *x, uint64_t number)
{
	return number * 256 >= x->facts.first && number * 256 < x->facts.end;
}

static int put(struct export *x, enum seal_resource_kind kind, unsigned level,
	       uint64_t number, unsigned width, const void *bytes, size_t len)
{
	struct seal_resource resource = {kind, level, number, width};
	char path[SEAL_RESOURCE_PATH_BYTES], name[BUNDLE_NAME];
	int rc = seal_resource_path(&resource, path);

	if (rc)
		return rc;
	snprintf(name, sizeof(name), "log/%s", path);
	return bundle_pack_put(x->pack, name, bytes, len, x->diag);
}

/* The open tile of a level is written, and its hash goes into the next. */
static int close_tile(struct export *x, unsigned level, bool full)
{
	struct seal_hash root;
	int rc = 0;

	if (!x->width[level])
		return 0;
	/* The root needs the last one, when it is not full. */
	if (level || !full || is_inside(x, x->number[0]))
		rc = put(x, SEAL_RESOURCE_TILE, level, x->number[level],
			 x->width[level], x->tile[level],
			 x->width[level] * sizeof(struct seal_hash));
	if (!rc && full)
		rc = seal_root_of(x->tile[level], 256, &root);
	if (rc || !full)
		return rc;
	x->width[level] = 0;
	x->number[level]++;
	if (level + 1 == LEVELS)
		return SEAL_E_RANGE;
	x->tile[level + 1][x->width[level + 1]++] = root;
	return x->width[level + 1] == 256 ? close_tile(x, level + 1, true) : 0;
}

static int close_bundle(struct export *x, bool full)
{
	int rc = 0;

	if (!x->width[0])
		return 0;
	if (is_inside(x, x->number[0]))
		rc = put(x, SEAL_RESOURCE_ENTRIES, 0, x->number[0], x->width[0],
			 x->bundle.data, x->bundle.len);
	seal_buf_reset(&x->bundle);
	return rc ? rc : close_tile(x, 0, full);
}

/* ---- the history of keys ---- */

static int put_root_record(struct export *x, const struct seal_entry *view)
{
	uint8_t record[SEAL_EPOCH_RECORD_BYTES];
	struct seal_epoch_root root;
	struct seal_control c;
	int rc;

	if (view->type != SEAL_ENTRY_START ||
	    seal_control_decode(view->type, view->body, view->body_len, &c) ||
	    !c.start.first)
		return seal_diag_set(x->diag, SEAL_E_DAMAGED,
				     "entry 0 is not the start of a log: run "
				     "'auditseal verify'");
	memcpy(root.host_key, c.start.host_key, 32);
	memcpy(root.epoch_key, c.start.epoch_key, 32);
	x->facts.log_id = c.start.log_id;
	x->rooted = true;
	rc = seal_epoch_root_encode(&root, record);
	if (!rc)
		seal_buf_put(&x->epochs, record, sizeof(record));
	return rc;
}

/* Before the entry is appended: its hand-over is over the root so far. */
static int put_epoch_record(struct export *x, const struct seal_entry *view,
			    uint64_t index)
{
	uint8_t record[SEAL_EPOCH_RECORD_BYTES];
	struct seal_handover handover;
	struct seal_hash root;
	int rc = seal_frontier_root(&x->frontier, &root);

	if (!rc)
		rc = seal_handover_from_entry(view, index, &root, &handover);
	if (!rc)
		rc = seal_epoch_record_encode(&handover, record);
	if (!rc)
		seal_buf_put(&x->epochs, record, sizeof(record));
	/* One that is none: the verdict says so. */
	return rc == SEAL_E_FORMAT ? 0 : rc;
}

static int take_keys(struct export *x, const struct cli_entry *entry)
{
	struct seal_entry view = {0};
	int rc = seal_entry_parse(entry->bytes, entry->len, &view);

	if (!entry->index)
		return put_root_record(x, &view);
	if (rc || view.type != SEAL_ENTRY_EPOCH)
		return 0;
	return put_epoch_record(x, &view, entry->index);
}

/* ---- the walk ---- */

static int take(void *ctx, const struct cli_entry *entry)
{
	struct export *x = ctx;
	struct seal_hash leaf;
	int rc;

	if (entry->index >= x->facts.size)
		return CLI_WALK_STOP;
	if (entry->index != x->frontier.size)
		return seal_diag_set(x->diag, SEAL_E_RANGE,
				     "entry %" PRIu64
				     " is not here: take the store, which has "
				     "all of them, or verify this copy",
				     x->frontier.size);
	if (entry->len > SEAL_ENTRY_BYTES_MAX)
		return SEAL_E_TOOBIG;
	rc = take_keys(x, entry);
	if (!rc)
		rc = seal_leaf_hash(entry->bytes, entry->len, &leaf);
	if (!rc)
		rc = seal_frontier_append(&x->frontier, &leaf);
	if (rc)
		return rc;
	seal_buf_put_u16(&x->bundle, (uint16_t)entry->len);
	seal_buf_put(&x->bundle, entry->bytes, entry->len);
	rc = seal_buf_error(&x->bundle);
	x->tile[0][x->width[0]++] = leaf;
	cli_progress_step(&x->progress, x->frontier.size, x->facts.size,
			  x->frontier.size);
	return rc || x->width[0] < 256 ? rc : close_bundle(x, true);
}

static int close_all(struct export *x)
{
	struct seal_hash root;
	unsigned level;
	int rc = 0;

	if (x->frontier.size < x->facts.size)
		return seal_diag_set(x->diag, SEAL_E_DAMAGED,
				     "the copy ends at entry %" PRIu64
				     ", its checkpoint covers %" PRIu64
				     ": run 'auditseal verify'",
				     x->frontier.size, x->facts.size);
	rc = seal_frontier_root(&x->frontier, &root);
	if (!rc && !seal_hash_equal(&root, &x->facts.root))
		rc = seal_diag_set(x->diag, SEAL_E_DAMAGED,
				   "the copy does not give the root of its "
				   "checkpoint: run 'auditseal verify'");
	if (!rc)
		rc = close_bundle(x, false);
	for (level = 1; level < LEVELS && !rc; level++)
		rc = close_tile(x, level, false);
	return rc;
}

static int set_facts(struct export *x, const struct export_notes *notes,
		     const struct export_range *range)
{
	struct seal_checkpoint cp;
	struct seal_note note;
	int rc = seal_checkpoint_parse_note(notes->checkpoint.data,
					    notes->checkpoint.len, &note, &cp,
					    x->diag);

	if (rc)
		return rc;
	if (range->from >= cp.size)
		return seal_diag_set(x->diag, SEAL_E_RANGE,
				     "no receipt at hand covers entry %" PRIu64
				     ": the newest one ends at %" PRIu64,
				     range->from, cp.size);
	rc = seal_origin_check(cp.origin, strlen(cp.origin), x->diag);
	if (rc)
		return rc;
	memcpy(x->facts.origin, cp.origin, strlen(cp.origin) + 1);
	x->facts.size = cp.size;
	x->facts.root = cp.root;
	x->facts.first = range->from / 256 * 256;
	x->facts.end = range->to >= cp.size - 1 ? cp.size
						: range->to / 256 * 256 + 256;
	if (x->facts.end > cp.size)
		x->facts.end = cp.size;
	return 0;
}

/* ---- the small files ---- */

static int put_policy(struct export *x, const struct cli_trust *trust)
{
	const struct seal_pin *pin =
		trust->pins ? seal_pins_find(trust->pins, x->facts.origin)
			    : NULL;
	struct seal_buf line = SEAL_BUF_INIT;
	uint8_t *bytes;
	size_t len;
	int rc;

	if (!trust->policy_path)
		return 0;
	rc = cli_read_file(trust->policy_path, SEAL_POLICY_MAX_BYTES, &bytes,
			   &len, x->diag);
	if (rc)
		return rc;
	rc = bundle_pack_put(x->pack, "policy", bytes, len, x->diag);
	free(bytes);
	if (rc || !pin)
		return rc;
	seal_pins_put(&line, x->facts.origin, &pin->log_id);
	rc = seal_buf_error(&line);
	if (!rc)
		rc = bundle_pack_put(x->pack, "policy.pins", line.data,
				     line.len, x->diag);
	seal_buf_fini(&line);
	return rc;
}

static int put_buf(struct export *x, const char *name,
		   const struct seal_buf *bytes)
{
	int rc = seal_buf_error(bytes);

	return rc ? rc
		  : bundle_pack_put(x->pack, name, bytes->data, bytes->len,
				    x->diag);
}

/* The log id is entry 0's, so that is read first. */
static int first_entry(void *ctx, const struct cli_entry *entry)
{
	struct export *x = ctx;
	struct seal_entry view = {0};
	int rc;

	if (entry->index || seal_entry_parse(entry->bytes, entry->len, &view))
		return CLI_WALK_STOP;
	rc = put_root_record(x, &view);
	seal_buf_reset(&x->epochs);
	return rc ? rc : CLI_WALK_STOP;
}

static int put_front(struct export *x, const struct cli_trust *trust,
		     const struct export_notes *notes)
{
	struct seal_buf text = SEAL_BUF_INIT;
	char name[BUNDLE_NAME];
	size_t i;
	int rc;

	export_readme(&x->facts, trust->policy_path, &text);
	rc = put_buf(x, "README.txt", &text);
	seal_buf_reset(&text);
	bundle_facts_put(&x->facts, &text);
	if (!rc)
		rc = put_buf(x, BUNDLE_FILE, &text);
	seal_buf_fini(&text);
	if (!rc)
		rc = put_policy(x, trust);
	if (!rc)
		rc = put_buf(x, "log/checkpoint", &notes->checkpoint);
	for (i = 0; i < notes->others && !rc; i++) {
		snprintf(name, sizeof(name), "log/receipts/%zu", i);
		rc = put_buf(x, name, &notes->other[i]);
	}
	return rc;
}

static int run(struct export *x, const struct cli_trust *trust,
	       const char *target, const struct export_notes *notes,
	       struct seal_diag *diag)
{
	int rc = cli_walk(trust, target, 0, 0, first_entry, x, diag);

	if (!rc && !x->rooted)
		rc = seal_diag_set(diag, SEAL_E_RANGE,
				   "the log's first entries are not here: take "
				   "the store, which has all of them");
	if (!rc)
		rc = put_front(x, trust, notes);
	cli_progress_begin(&x->progress, "exporting", trust->quiet);
	if (!rc)
		rc = cli_walk(trust, target, 0, x->facts.size - 1, take, x,
			      diag);
	cli_progress_end(&x->progress);
	if (!rc)
		rc = close_all(x);
	if (!rc)
		rc = put_buf(x, "log/epochs", &x->epochs);
	return rc ? rc : bundle_pack_finish(x->pack, diag);
}

int export_bundle(const struct cli_trust *trust, const char *target,
		  const struct export_range *range, const char *out,
		  struct bundle_facts *ret_facts, struct seal_diag *diag)
{
	struct export *x = calloc(1, sizeof(*x));
	struct export_notes notes = {0};
	int rc;

	if (!x)
		return SEAL_E_NOMEM;
	x->diag = diag;
	seal_frontier_init(&x->frontier);
	seal_buf_init(&x->bundle);
	seal_buf_init(&x->epochs);
	rc = export_notes_read(trust, target, &notes, diag);
	if (!rc)
		rc = set_facts(x, &notes, range);
	if (!rc)
		rc = bundle_pack_new(out, &x->pack, diag);
	if (!rc)
		rc = run(x, trust, target, &notes, diag);
	if (!rc)
		*ret_facts = x->facts;
	bundle_pack_free(x->pack);
	export_notes_fini(&notes);
	seal_buf_fini(&x->bundle);
	seal_buf_fini(&x->epochs);
	free(x);
	return rc;
}
