import { createHash } from 'node:crypto';

/**
 * Which of the partitions that a partition is parted into a row lies in, by its row id: the first 32 bits
 * of its SHA-256, modulo their number. Rows stay where this puts them, so it must never change.
 */
export const subBucketOf = (rowId: string, subBuckets: number): number =>
  subBuckets === 1 ? 0 : createHash('sha256').update(rowId).digest().readUInt32BE(0) % subBuckets;
