import { createHash } from 'node:crypto';

/**
 * Names of files within the folder of a day: `000002-<hash>.parquet`. The number says how often the rows
 * were merged, from 0 for a batch, so that the name of a merged file is above those of all its inputs. A
 * listing that goes through the names in their order, page by page, while inputs are replaced sees the
 * inputs or, later on, what they became.
 */
export function fileName(level: number, contents: Iterable<string>): string {
  const hash = createHash('sha256');
  for (const text of contents) hash.update(`${text}\n`);
  // 128 bits, which is enough for files of one day never to share a name by chance.
  return `${String(level).padStart(digits, '0')}-${hash.digest('hex').slice(0, 32)}.parquet`;
}

const digits = 6;
export const maxLevel = 10 ** digits - 1;

/** How often the rows of a file were merged; undefined for a file that is none of ours. */
export function levelOf(name: string): number | undefined {
  const match = /(?:^|\/)(\d{6})-[0-9a-f]{32}\.parquet$/.exec(name);
  return match === null ? undefined : Number(match[1]);
}
