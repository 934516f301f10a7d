import type { Problems } from '../../../lambda/model/problems.ts';

/** A gp3 volume of RDS for PostgreSQL. */
export interface Gp3Storage {
  /** 20 to 65,536 GiB (100 at least for a Multi-AZ cluster). It grows by a deployment, and never shrinks. */
  readonly storageGib: number;
  /**
   * Reads and writes a second, 12,000 to 64,000 and at most 500 a GiB. Only from 400 GiB on.
   * @default - 3,000; from 400 GiB on 12,000
   */
  readonly iops?: number;
  /**
   * MiB a second, 500 to 4,000 and at most a quarter of the IOPS. Only from 400 GiB on.
   * @default - 125; from 400 GiB on 500
   */
  readonly throughputMibPerSecond?: number;
}

/** docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html, gp3: from 400 GiB on a volume is four stripes. */
const limits = {
  gib: { most: 65_536, striped: 400 },
  iops: { least: 12_000, most: 64_000, ofGib: 500 },
  mibPerSecond: { least: 500, most: 4000, ofIops: 0.25 },
} as const;

/** IOPS of a volume that none are bought for. */
export const baselineIops = (storageGib: number): number =>
  storageGib >= limits.gib.striped ? limits.iops.least : 3000;

export function checkStorage(
  { storageGib, iops, throughputMibPerSecond }: Gp3Storage,
  leastGib: number,
  problems: Problems,
): void {
  const { gib, iops: ofIops, mibPerSecond } = limits;
  if (!Number.isInteger(storageGib) || storageGib < leastGib || storageGib > gib.most)
    problems.add('storageGib', `is ${storageGib}`, `use whole GiB from ${leastGib} to ${gib.most}`);
  const striped = storageGib >= gib.striped;
  for (const [name, value] of Object.entries({ iops, throughputMibPerSecond }))
    if (value !== undefined && !striped)
      problems.add(
        name,
        `is given for ${storageGib} GiB`,
        `leave it out, or use at least ${gib.striped} GiB, below which gp3 is as fast as it is`,
      );
  if (!striped) return;
  const mostIops = Math.min(ofIops.most, storageGib * ofIops.ofGib);
  if (iops !== undefined && !(Number.isInteger(iops) && iops >= ofIops.least && iops <= mostIops))
    problems.add('iops', `is ${iops}`, `use ${ofIops.least} to ${mostIops}`);
  const most = Math.min(mibPerSecond.most, (iops ?? ofIops.least) * mibPerSecond.ofIops);
  if (
    throughputMibPerSecond !== undefined &&
    !(
      Number.isInteger(throughputMibPerSecond) &&
      throughputMibPerSecond >= mibPerSecond.least &&
      throughputMibPerSecond <= most
    )
  )
    problems.add(
      'throughputMibPerSecond',
      `is ${throughputMibPerSecond}`,
      `use ${mibPerSecond.least} to ${most}`,
    );
}
