import type { Row } from '../../change/change.ts';
import { parseVersion, renderVersion, type Version } from '../../change/version.ts';
import { PolystoreError } from '../../errors.ts';
import { rowText } from '../row-hash.ts';
import type { Placement } from '../store.ts';

/**
 * What a row id of the hash holds, as JSON with its members in this order, for the scripts find them by
 * position: `v` the version, then `d` for a tombstone, or `x` the expiry (milliseconds since the
 * epoch) if there is one and `r` the columns of the view, as they are hashed (row-hash.ts).
 */
export interface HeldValue {
  readonly version: Version;
  readonly expiry: number | undefined;
  /** Undefined for a tombstone. */
  readonly row: Row | undefined;
}

export function renderValue(placement: Placement, { version, expiry, row }: HeldValue): string {
  const head = `{"v":"${renderVersion(version)}"`;
  if (row === undefined) return `${head},"d":1}`;
  return `${head}${expiry === undefined ? '' : `,"x":${expiry}`},"r":${rowText(placement, row)}}`;
}

/** @throws `store_rejected` for a value that this store did not write. */
export function parseHeldValue(text: string): HeldValue {
  try {
    // renderValue is the only writer; a value of another shape fails in parseVersion.
    const { v, x, r } = JSON.parse(text) as { v: string; x?: number; r?: Row };
    return { version: parseVersion(v), expiry: x, row: r };
  } catch (error) {
    throw new PolystoreError(
      'store_rejected',
      `A view in Redis holds ${text.slice(0, 80)}, which Polystore did not write. Something else writes to its keys`,
      { cause: error },
    );
  }
}

/** The version alone, without reading the row. */
export const versionOf = (text: string): Version => parseVersion(text.slice(6, 25));
