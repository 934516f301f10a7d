import { Annotations } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Workload } from '../../../lambda/model/index.ts';
import type { Problems } from '../../../lambda/model/problems.ts';
import type { RoleParameters } from './parameters.ts';

/**
 * `work_mem` by purpose. Small statements run on many connections: 8 MiB stays below the 9 MiB of memory
 * that PostgreSQL counts for a connection (see `defaultConnections`), so it fits every instance. Sorts
 * and hashes of analytics and reports get 256 MiB, and should have their connections bounded.
 */
export const defaultWorkMemMib: Readonly<Record<Workload | 'writer', number>> = {
  writer: 8,
  dashboard: 8,
  analytics: 256,
  reporting: 256,
};

/**
 * `max_connections` where no parameter says another, for so many GiB: one for 9,531,392 bytes, at most
 * 5,000 (docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.Managing.html and
 * …/UserGuide/CHAP_Limits.html). Serverless instances count the memory of their most capacity, at most
 * 2,000 connections if the least is half a unit or none.
 */
export const defaultConnections = (memoryGib: number): number =>
  Math.min(Math.floor((memoryGib * 1024 ** 3) / 9_531_392), 5000);

/** At least 1 MiB, at most what the parameter takes; connections as the engine bounds them (…/AuroraPostgreSQL.Managing.html). */
const limits = { workMemMib: 2_097_151, connections: { least: 6, most: 262_143 } } as const;

export function checkRole(
  name: string,
  { workMemMib, maxConnections }: RoleParameters,
  problems: Problems,
): void {
  if (!Number.isInteger(workMemMib) || workMemMib < 1 || workMemMib > limits.workMemMib)
    problems.add(`${name}.workMemMib`, `is ${workMemMib}`, `use whole MiB from 1 to ${limits.workMemMib}`);
  const { least, most } = limits.connections;
  if (
    maxConnections !== undefined &&
    (!Number.isInteger(maxConnections) || maxConnections < least || maxConnections > most)
  )
    problems.add(
      `${name}.maxConnections`,
      `is ${maxConnections}`,
      `use ${least} to ${most}, or leave it out`,
    );
}

/** An instance, or several alike, and what its parameters say. */
export interface SizedRole extends RoleParameters {
  /** `writer`, or the workload. */
  readonly name: string;
  /** Undefined where the class is not in our table. */
  readonly memoryGib: number | undefined;
}

/** GiB that the role would take with one `work_mem` on every connection; a statement may take several. */
export const workMemoryGib = ({ workMemMib, maxConnections }: RoleParameters, memoryGib: number): number =>
  (workMemMib * (maxConnections ?? defaultConnections(memoryGib))) / 1024;

/** What to warn of where the connections of a role could take more memory than its instances have. */
export function describeExcess({ name, memoryGib, ...parameters }: SizedRole): string | undefined {
  if (memoryGib === undefined) return undefined;
  const needed = workMemoryGib(parameters, memoryGib);
  if (needed <= memoryGib) return undefined;
  const { workMemMib, maxConnections = defaultConnections(memoryGib) } = parameters;
  const most = Math.floor((memoryGib * 1024) / workMemMib);
  return `${name}: ${workMemMib} MiB of work_mem on ${maxConnections} connections are ${Math.ceil(needed)} GiB, and an instance has ${memoryGib}. Bound maxConnections to ${most} at most, or give less workMemMib or a larger class`;
}

/** Warns at synth of each role that {@link describeExcess} finds. */
export function warnOfWorkMemory(scope: Construct, roles: readonly SizedRole[]): void {
  for (const role of roles) {
    const excess = describeExcess(role);
    if (excess !== undefined)
      Annotations.of(scope).addWarningV2(`polystore:work-memory-${role.name}`, excess);
  }
}
