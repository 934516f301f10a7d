/**
 * A version orders the changes of one key: 7 bits of generation above 56 bits of position. In
 * TypeScript it is a bigint; everywhere else a text of 19 digits with leading zeros that is compared
 * as text, since Lua's and JSON's numbers lose its low bits.
 */
declare const versionBrand: unique symbol;
export type Version = bigint & { readonly [versionBrand]: true };

const positionBits = 56n;
const maxPosition = (1n << positionBits) - 1n;
const maxGeneration = 127;

/** @throws RangeError when the generation is outside 0–127 or the position outside 0–2^56−1. */
export function createVersion(generation: number, position: bigint): Version {
  if (!Number.isInteger(generation) || generation < 0 || generation > maxGeneration) {
    throw new RangeError(`generation ${generation} is outside 0 to ${maxGeneration}`);
  }
  if (position < 0n || position > maxPosition)
    throw new RangeError(`position ${position} is outside 0 to ${maxPosition}`);
  // The only place where a plain bigint becomes a version, besides parseVersion.
  return ((BigInt(generation) << positionBits) | position) as Version;
}

export const generationOf = (version: Version): number => Number(version >> positionBits);
export const positionOf = (version: Version): bigint => version & maxPosition;

/** 19 digits, so that text order is version order. */
export const renderVersion = (version: Version): string => version.toString().padStart(19, '0');

/** @throws RangeError when the text is not 19 digits of at most 63 bits. */
export function parseVersion(text: string): Version {
  if (!/^\d{19}$/.test(text)) throw new RangeError(`'${text}' is no version: 19 digits are expected`);
  const value = BigInt(text);
  if (value >> 63n !== 0n) throw new RangeError(`version ${text} is above 63 bits`);
  return value as Version;
}
