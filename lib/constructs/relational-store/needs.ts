import type { Problems } from '../../../lambda/model/problems.ts';

/** What Polystore needs of a PostgreSQL and not every service has, with what it is for. */
const needs = {
  logicalReplication: 'Debezium captures changes by it',
  rowSecurity: 'tenants are kept apart by it',
  plpgsql: 'the functions of the schema are written in it',
  partitions: 'tables by month are made of them',
  passwords: 'the functions log in by one',
} as const;

export type RelationalNeed = keyof typeof needs;
/** What a service lacks of them, each with how its manual says so. */
export type RelationalLacks = Readonly<Partial<Record<RelationalNeed, string>>>;

/** What the functions need; capture needs logical replication and a password. */
export const needsOfFunctions: readonly RelationalNeed[] = [
  'rowSecurity',
  'plpgsql',
  'partitions',
  'passwords',
];
export const needsOfCapture: readonly RelationalNeed[] = ['logicalReplication', 'passwords'];

/** Refuses, by the name of each need, a database that lacks one. */
export function checkNeeds(
  { lacks }: { readonly lacks: RelationalLacks },
  needed: readonly RelationalNeed[],
  problems: Problems,
): void {
  for (const need of needed)
    if (lacks[need] !== undefined)
      problems.add(
        'relational',
        `lacks ${need} (${lacks[need]}), and ${needs[need]}`,
        'use RelationalStore, RelationalInstance or MultiAzCluster',
      );
}
