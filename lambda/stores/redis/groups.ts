import { createHash } from 'node:crypto';
import { PolystoreError } from '../../errors.ts';
import { inParallel } from '../in-parallel.ts';
import { placementName } from '../placement.ts';
import type { Placement } from '../store.ts';
import { type Cursor, parseCursor, renderCursor } from './cursor.ts';
import { groupPattern } from './schema.ts';

/** A master, asked for the names of its keys. */
export interface Master {
  scan(
    cursor: string,
    match: 'MATCH',
    pattern: string,
    count: 'COUNT',
    keys: number,
  ): Promise<[string, string[]]>;
}

/** The masters in the order of their names, and which slots are where. */
export interface Topology {
  readonly masters: readonly Master[];
  readonly slots: string;
}

/** Of its own slots each master says in its line of `CLUSTER NODES` which it has, and which are on the way. */
export function slotsOf(lines: readonly string[]): string {
  const moving = lines.find((line) => line.includes('['));
  if (moving !== undefined)
    throw new PolystoreError(
      'store_unavailable',
      `The cluster moves slots from node to node (${moving.slice(moving.indexOf('['), moving.indexOf('[') + 80)}), so rows could be missed. Look the view through when that is over`,
    );
  return createHash('sha1')
    .update([...lines].sort().join('\n'))
    .digest('hex');
}

/** Keys that one SCAN goes through, groups that are looked through at once, and SCANs of one page that find nothing. */
const keysAtOnce = 250;
const groupsAtOnce = 64;
const emptyScans = 100;

/**
 * One page of the groups of a build. SCAN goes through all keys of a node, a quarter of a thousand a call; there is
 * no list of the groups of a view, for it would lie in another slot of a cluster than they and be written to with
 * every new one. A group that is there all the time is met, unless slots are moved: then it is refused.
 *
 * @param look looks through a part of a group from HSCAN's cursor on, and says how many rows and where to go on ('0': at the end)
 */
export async function eachGroup(
  topology: Topology,
  placement: Placement,
  request: {
    readonly after: string | undefined;
    readonly limit: number;
    look(rows: string, cursor: string): Promise<{ readonly rows: number; readonly cursor: string }>;
  },
): Promise<string | undefined> {
  const { masters, slots } = topology;
  let { node, scan, groups }: Cursor =
    request.after === undefined
      ? { node: 0, scan: '0', groups: [], slots }
      : checked(parseCursor(placement, request.after), placement, slots);
  let rows = 0;
  for (let empty = 0; ; ) {
    if (groups.length === 0) {
      if (scan === undefined) {
        node += 1;
        scan = '0';
      }
      const master = masters[node];
      if (master === undefined) return undefined;
      if (rows >= request.limit || empty >= emptyScans) return renderCursor({ node, scan, groups, slots });
      const [next, names] = await master.scan(scan, 'MATCH', groupPattern(placement), 'COUNT', keysAtOnce);
      groups = [...new Set(names)].map((name) => [name, '0'] as const);
      if (groups.length === 0) empty += 1;
      scan = next === '0' ? undefined : next;
      continue;
    }
    if (rows >= request.limit) return renderCursor({ node, scan, groups, slots });
    const width = Math.min(groupsAtOnce, Math.max(1, request.limit - rows));
    const [now, later] = [groups.slice(0, width), groups.slice(width)];
    const looks = await inParallel(now, width, ([name, cursor]) => request.look(name, cursor));
    rows += looks.reduce((sum, look) => sum + look.rows, 0);
    const unfinished = now.flatMap(([name], index) => {
      const cursor = looks[index]?.cursor ?? '0';
      return cursor === '0' ? [] : [[name, cursor] as const];
    });
    groups = [...unfinished, ...later];
  }
}

function checked(cursor: Cursor, placement: Placement, slots: string): Cursor {
  if (cursor.slots === slots) return cursor;
  throw new PolystoreError(
    'store_unavailable',
    `Slots of the cluster were moved while ${placementName(placement)} was looked through, so rows could have been missed. Begin anew`,
  );
}
