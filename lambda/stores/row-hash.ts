import { hash as hashOf } from 'node:crypto';
import type { Row, Value } from '../change/change.ts';
import { renderVersion, type Version } from '../change/version.ts';
import { heldColumns, rowId } from './placement.ts';
import type { Placement } from './store.ts';
import { compareText } from './value-order.ts';

/**
 * How rows are told apart without moving them. SHA-1 is what PostgreSQL (pgcrypto), Redis's Lua and
 * OpenSearch's scripts all have; it finds accidents, not attacks.
 */
const hash = (text: string): string => hashOf('sha1', text);

/** Digests add up modulo this: 52 bits, so that Lua's and JSON's numbers add two of them exactly. */
export const digestModulus = 1n << 52n;

/** The most buckets that a view is told apart by. */
export const maxBuckets = 1 << 24;

/**
 * The bucket of a row: the first 8 hexadecimal digits of the hash of its `rowId`, modulo `buckets`.
 * @param buckets a power of two, at most `maxBuckets`
 */
export const bucketOf = (id: string, buckets: number): number =>
  Number.parseInt(hash(id).slice(0, 8), 16) % buckets;

/**
 * The columns that the placement holds as JSON, in the model's order, with nothing between the members. Within a
 * value of JSON members are in the order of their names (those that are whole numbers first, by number, as
 * JavaScript keeps them): stores keep them in whatever order.
 */
export const rowText = (placement: Placement, row: Row): string =>
  JSON.stringify(
    Object.fromEntries(heldColumns(placement).map(({ name }) => [name, inOrder(row[name] ?? null)])),
  );

/** The same value with the members of its objects in that order. */
export function inOrder(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value;
  if (isList(value)) return value.map(inOrder);
  const members = Object.entries(value).map(([name, member]) => [name, inOrder(member)] as const);
  return Object.fromEntries(members.sort(([a], [b]) => compareText(a, b)));
}

// Array.isArray does not narrow a readonly array away.
const isList = (value: object): value is readonly Value[] => Array.isArray(value);

/**
 * The text of a row that is hashed: its id, its version (empty where it is not compared), and its `rowText`. A store that
 * renders a value in other words only has its rows compared one by one.
 */
const hashedText = (placement: Placement, row: Row, version: Version | undefined): string =>
  `${rowId(placement, row)}\n${version === undefined ? '' : renderVersion(version)}\n${rowText(placement, row)}`;

/** 52 bits: the first 13 hexadecimal digits. */
export const rowHash = (placement: Placement, row: Row, version: Version | undefined): bigint =>
  BigInt(`0x${hash(hashedText(placement, row, version)).slice(0, 13)}`);
