import * as z from 'zod/mini';
import type { Change } from '../../change/change.ts';
import { parseVersion } from '../../change/version.ts';
import type { Placement } from '../store.ts';
import type { Buckets } from '../view-store.ts';
import type { ViewRequest } from './view-request.ts';

const value = z.json();
const row = z.record(z.string(), value);
const placement = z.string();
const count = z.int().check(z.minimum(0));
const version = z.string().check(z.regex(/^\d{19}$/));
const offset = z.string().check(z.regex(/^\d{1,19}$/));
const bucketCount = z.int().check(z.minimum(1));
const change = z.union([
  z.strictObject({ key: row, version, row }),
  z.strictObject({ key: row, version, before: z.optional(row) }),
]);
const shape = z.union([
  z.strictObject({
    scan: z.strictObject({
      placement,
      buckets: z.optional(z.strictObject({ of: bucketCount, only: z.array(count) })),
      after: z.optional(z.string()),
      limit: count,
    }),
  }),
  z.strictObject({
    digest: z.strictObject({
      placement,
      buckets: bucketCount,
      only: z.optional(z.array(count)),
      versions: z.boolean(),
      after: z.optional(z.string()),
      limit: count,
    }),
  }),
  z.strictObject({ progress: z.array(placement) }),
  z.strictObject({ apply: z.strictObject({ placement, changes: z.array(change) }) }),
  z.strictObject({
    repair: z.strictObject({
      placement,
      repairs: z.array(z.strictObject({ change, held: z.optional(version) })),
    }),
  }),
  z.strictObject({
    saveProgress: z.array(
      z.strictObject({
        placement,
        topic: z.string(),
        partition: z.int(),
        from: offset,
        to: offset,
      }),
    ),
  }),
  z.strictObject({ sweep: placement }),
]);

/**
 * Reads what is asked of a view.
 * @param placementIn the placement of a name; throws for one that there is not
 * @returns undefined when the event has another form
 */
export function parseViewRequest(
  event: unknown,
  placementIn: (name: string) => Placement,
): ViewRequest | undefined {
  const parsed = z.safeParse(shape, event);
  if (!parsed.success) return undefined;
  const { data } = parsed;
  if ('scan' in data) {
    const { buckets, after, limit } = data.scan;
    const asked = { placement: placementIn(data.scan.placement), after, limit };
    return {
      kind: 'scan',
      request: buckets === undefined ? asked : { ...asked, buckets: bucketsOf(buckets) },
    };
  }
  if ('digest' in data) {
    const { only, after, ...rest } = data.digest;
    return {
      kind: 'digest',
      request: {
        ...rest,
        placement: placementIn(data.digest.placement),
        only: only === undefined ? undefined : new Set(only),
        after,
      },
    };
  }
  if ('progress' in data) return { kind: 'progress', placements: data.progress.map(placementIn) };
  if ('apply' in data) {
    const held = placementIn(data.apply.placement);
    return {
      kind: 'apply',
      placement: held,
      changes: data.apply.changes.map((each) => changeOf(held, each)),
    };
  }
  if ('repair' in data) {
    const held = placementIn(data.repair.placement);
    return {
      kind: 'repair',
      placement: held,
      repairs: data.repair.repairs.map((each) => ({
        change: changeOf(held, each.change),
        held: each.held === undefined ? undefined : parseVersion(each.held),
      })),
    };
  }
  if ('saveProgress' in data)
    return {
      kind: 'saveProgress',
      spans: data.saveProgress.map(({ from, to, ...span }) => ({
        ...span,
        placement: placementIn(span.placement),
        from: BigInt(from),
        to: BigInt(to),
      })),
    };
  return { kind: 'sweep', placement: placementIn(data.sweep) };
}

const bucketsOf = ({ of, only }: { of: number; only: readonly number[] }): Buckets => ({
  of,
  only: new Set(only),
});

function changeOf({ entity }: Placement, parsed: z.infer<typeof change>): Change {
  const common = { entity: entity.name, key: parsed.key, version: parseVersion(parsed.version) };
  return 'row' in parsed
    ? { kind: 'upsert', ...common, row: parsed.row }
    : { kind: 'delete', ...common, before: parsed.before };
}
