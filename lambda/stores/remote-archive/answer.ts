import * as z from 'zod/mini';
import type { Row } from '../../change/change.ts';
import { parseVersion, renderVersion, type Version } from '../../change/version.ts';
import { parseAnswer } from '../invoke/answer.ts';
import { heldColumns } from '../placement.ts';
import type { Placement, VersionedRow } from '../store.ts';

/** What the function answers, as JSON. Versions are texts of 19 digits: JSON's numbers lose their low bits. */
export type ArchiveAnswer =
  /** Rows as lists of values in the order of `columns`, which is half as long as objects are. */
  | {
      readonly columns: readonly string[];
      readonly rows: readonly (readonly Row[string][])[];
      readonly versions: readonly string[];
    }
  | { readonly groups: readonly Row[] }
  | { readonly held: readonly (string | null)[] }
  | { readonly healthy: true };

export function renderRows(placement: Placement, rows: readonly VersionedRow[]): ArchiveAnswer {
  const columns = heldColumns(placement).map(({ name }) => name);
  return {
    columns,
    rows: rows.map(({ row }) => columns.map((name) => row[name] ?? null)),
    versions: rows.map(({ version }) => {
      if (version === undefined) throw new TypeError('the archive keeps the version of every row');
      return renderVersion(version);
    }),
  };
}

export const renderHeld = (versions: readonly (Version | undefined)[]): ArchiveAnswer => ({
  held: versions.map((version) => (version === undefined ? null : renderVersion(version))),
});

const value = z.json();
const rowsShape = z.object({
  columns: z.array(z.string()),
  rows: z.array(z.array(value)),
  versions: z.array(z.string()),
});
const groupsShape = z.object({ groups: z.array(z.record(z.string(), value)) });
const heldShape = z.object({ held: z.array(z.nullable(z.string())) });
const healthyShape = z.object({ healthy: z.literal(true) });

/** Columns that this model does not have are left out, and those that the other side's has not are null. */
export function parseRows(placement: Placement, answer: unknown): readonly VersionedRow[] {
  const { columns, rows, versions } = parseAnswer(rowsShape, answer);
  const places = heldColumns(placement).map(({ name }) => [name, columns.indexOf(name)] as const);
  return rows.map((values, index) => ({
    row: Object.fromEntries(places.map(([name, at]) => [name, values[at] ?? null])),
    version: parseVersion(versions[index] ?? ''),
  }));
}

export const parseGroups = (answer: unknown): readonly Row[] => parseAnswer(groupsShape, answer).groups;

export const parseHeld = (answer: unknown): readonly (Version | undefined)[] =>
  parseAnswer(heldShape, answer).held.map((version) =>
    version === null ? undefined : parseVersion(version),
  );

export const parseHealthy = (answer: unknown): void => {
  parseAnswer(healthyShape, answer);
};
