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
  /** `digestNodeScript`. */
  polystoreDigestNode(...args: string[]): Promise<[string, string[], string]>;
  /** `lookNodeScript`. */
  polystoreLookNode(...args: string[]): Promise<[string, string[], string[]]>;
}

/** What a part of a node's keys came to. */
interface Met {
  /** SCAN's; '0' at the end. */
  readonly cursor: string;
  readonly groups: readonly string[];
  readonly rows: number;
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
 * @param request.scan meets the groups of a part of a node, from SCAN's cursor on, in place of SCAN itself, and says which
 *   are to be looked through yet, and how many rows it has done with
 * @param request.look looks through a part of a group from HSCAN's cursor on, and says how many rows and where to go on ('0': at the end)
 */
export async function eachGroup(
  topology: Topology,
  placement: Placement,
  request: {
    readonly after: string | undefined;
    readonly limit: number;
    scan?(master: Master, cursor: string): Promise<Met>;
    look(rows: string, cursor: string): Promise<{ readonly rows: number; readonly cursor: string }>;
  },
): Promise<string | undefined> {
  const { masters, slots } = topology;
  const names = async (master: Master, from: string): Promise<Met> => {
    const [cursor, groups] = await master.scan(from, 'MATCH', groupPattern(placement), 'COUNT', keysAtOnce);
    return { cursor, groups, rows: 0 };
  };
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
      const met = await (request.scan ?? names)(master, scan);
      groups = [...new Set(met.groups)].map((name) => [name, '0'] as const);
      rows += met.rows;
      if (groups.length === 0 && met.rows === 0) empty += 1;
      scan = met.cursor === '0' ? undefined : met.cursor;
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
