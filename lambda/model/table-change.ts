import type { DynamodbTable } from './catalog.ts';

type Indexes = Pick<DynamodbTable, 'globalIndexes' | 'localIndexes'>;

/** What turns a table of DynamoDB into another one. */
export interface TableChange {
  /** Global indexes to remove and to make, in the order in which to do it: one an update of the table. */
  readonly steps: readonly { readonly kind: 'remove' | 'make'; readonly index: string }[];
  /** What DynamoDB does not do, with the remedy. */
  readonly problems: readonly string[];
}

/**
 * Compares a table as it is with what a model asks for. Neither kind of index is filled from items that were
 * written before: they lack its key attributes.
 *
 * Sources: DynamoDB's API reference, `UpdateTable` (one index at a time) and `CreateTable` (local indexes are
 * made with their table and stay as they are).
 */
export function planTableChange(before: Indexes, after: Indexes): TableChange {
  const removed = notIn(before.globalIndexes, after.globalIndexes);
  const made = notIn(after.globalIndexes, before.globalIndexes);
  const steps = [
    ...removed.map((index) => ({ kind: 'remove', index }) as const),
    ...made.map((index) => ({ kind: 'make', index }) as const),
  ];
  const lost = notIn(before.localIndexes, after.localIndexes);
  const wanted = notIn(after.localIndexes, before.localIndexes);
  const changed = lost.filter((name) => wanted.includes(name));
  const local = [
    ...changed.map((name) => `changed ${name}`),
    ...lost.filter((name) => !changed.includes(name)).map((name) => `removed ${name}`),
    ...wanted.filter((name) => !changed.includes(name)).map((name) => `made ${name}`),
  ];
  return {
    steps,
    problems: [
      ...(local.length === 0
        ? []
        : [
            `Local indexes are as their table was made, and the model has ${local.join(', ')}: keep them as they were (${namesOf(before.localIndexes)}), use indexes instead, or replace the table, which loses its rows.`,
          ]),
      ...(steps.length <= 1
        ? []
        : [
            `DynamoDB makes or removes one index an update, and the model asks for ${steps.map(({ kind, index }) => `${kind} ${index}`).join(', ')}: deploy them one after the other.`,
          ]),
    ],
  };
}

/** Names of the indexes of which the others have no equal. */
const notIn = <T extends { readonly name: string }>(
  indexes: readonly T[],
  others: readonly T[],
): readonly string[] => {
  const known = new Set(others.map(textOf));
  return indexes.filter((index) => !known.has(textOf(index))).map(({ name }) => name);
};

const textOf = (index: object): string => JSON.stringify(Object.entries(index).sort());

const namesOf = (indexes: readonly { readonly name: string }[]): string =>
  indexes.map(({ name }) => name).join(', ') || 'none';
