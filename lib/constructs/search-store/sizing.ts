import type { Catalog } from '../../../lambda/model/index.ts';
import type { Problems } from '../../../lambda/model/problems.ts';

const gib = 2 ** 30;
const dayMs = 86_400_000;

/** An index for each day, kept for a while. */
export interface DailyIndexLoad {
  readonly name: string;
  /** Bytes of rows as JSON that a busy day brings, in one copy. */
  readonly bytesPerDay: number;
  /** Days that an index is kept. */
  readonly keepDays: number;
}

/** The logs of the model whose entity declares a rate; of all other indices nothing is known. */
export const dailyIndexLoads = ({ entities }: Catalog): readonly DailyIndexLoad[] =>
  entities.flatMap(({ name, daily, views }) =>
    views.flatMap((view) =>
      view.kind === 'opensearch.log' && view.expire !== undefined && daily !== undefined
        ? [
            {
              name: `${name}.${view.name}`,
              bytesPerDay: daily.changes * daily.rowBytes,
              // The day that has begun is there too.
              keepDays: view.expire.afterMs / dayMs + 1,
            },
          ]
        : [],
    ),
  );

/**
 * Of docs.aws.amazon.com/opensearch-service/latest/developerguide/bp-storage.html: an index takes a tenth more than
 * its rows, Linux keeps 5 % of a volume, the service 20 % of it, at most 20 GiB. Ours have one copy beside the
 * first; warm tiers are not counted on, since nothing says when an index moves.
 */
const perRowByte = 1.1;
const ofLinux = 0.05;
const ofService = { share: 0.2, mostGib: 20 } as const;

export function checkSearchStorage(
  options: {
    readonly loads: readonly DailyIndexLoad[];
    readonly dataNodes: number;
    readonly storageGibPerNode: number;
    /** Copies of each index, the first included. */
    readonly copies: number;
  },
  problems: Problems,
): void {
  const { loads, dataNodes, storageGibPerNode, copies } = options;
  const rows = loads.reduce((sum, { bytesPerDay, keepDays }) => sum + bytesPerDay * keepDays, 0);
  const neededGib = (rows * copies * perRowByte) / gib;
  if (neededGib <= dataNodes * usableGib(storageGibPerNode)) return;
  const enough = volumeFor(neededGib / dataNodes);
  problems.add(
    'storageGibPerNode',
    `is ${storageGibPerNode} on ${dataNodes} nodes, of which ${Math.floor(dataNodes * usableGib(storageGibPerNode))} GiB may be filled; ${loads.map(({ name }) => name).join(', ')} ${loads.length === 1 ? 'comes' : 'come'} to ${Math.ceil(neededGib)} GiB in ${copies} copies`,
    `use ${enough} GiB or more, more nodes, or keep fewer days`,
  );
}

const usableGib = (volume: number): number =>
  volume * (1 - ofLinux) - Math.min(volume * ofService.share, ofService.mostGib);

/** The inverse of {@link usableGib}. */
function volumeFor(usable: number): number {
  const small = usable / (1 - ofLinux - ofService.share);
  const isSmall = small * ofService.share <= ofService.mostGib;
  return Math.ceil(isSmall ? small : (usable + ofService.mostGib) / (1 - ofLinux));
}

/** Volumes of classes that burst, in GiB (the limits page, "EBS volume size limits", gp3). */
const smallVolumes: Readonly<Record<string, number>> = { 't3.small.search': 100, 't3.medium.search': 200 };

export function checkVolume(dataNodeType: string, storageGibPerNode: number, problems: Problems): void {
  const most = smallVolumes[dataNodeType];
  if (most !== undefined && storageGibPerNode > most)
    problems.add(
      'storageGibPerNode',
      `is ${storageGibPerNode}, and ${dataNodeType} takes ${most}`,
      `use at most ${most}, or a larger class`,
    );
}
