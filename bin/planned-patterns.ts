import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { PolystoreError } from '../lambda/errors.ts';
import type { Catalog } from '../lambda/model/index.ts';
import type { PatternPlan, PatternPlans } from '../lambda/query/access-patterns.ts';

/** The plans of the access patterns as `polystore model plan --write` last wrote them down, beside the model. */
interface WrittenPlans {
  /** SHA-256 of the catalog that they were made from. */
  readonly model: string;
  readonly plans: Readonly<Record<string, unknown>>;
}

const shape = z.object({ model: z.string(), plans: z.record(z.string(), z.unknown()) });
const planFile = (root: string): string => join(root, 'model', 'plans.json');
const digestOf = (catalog: Catalog): string =>
  createHash('sha256').update(JSON.stringify(catalog)).digest('hex');

/** @throws PolystoreError `invalid_configuration` for a file that `--write` did not write. */
function readWritten(root: string): WrittenPlans {
  const file = planFile(root);
  if (!existsSync(file)) return { model: '', plans: {} };
  try {
    return shape.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new PolystoreError(
      'invalid_configuration',
      `${file} is not as "polystore model plan --write" writes it; run that again and look at what it changes`,
      { cause: error },
    );
  }
}

export function writePlans(root: string, catalog: Catalog, { plans }: PatternPlans): void {
  const written: WrittenPlans = { model: digestOf(catalog), plans };
  writeFileSync(planFile(root), `${JSON.stringify(written, null, 2)}\n`);
}

/** Names of patterns whose plan is another than the one that was written down, or which only one of both has. */
export function changedPlans(root: string, plans: Readonly<Record<string, PatternPlan>>): readonly string[] {
  const written = readWritten(root).plans;
  const names = new Set([...Object.keys(plans), ...Object.keys(written)]);
  return [...names].filter((name) => !isDeepStrictEqual(plans[name], written[name]));
}

/** @throws PolystoreError `invalid_model` with every access pattern that bounded work does not serve. */
export async function provePatterns(catalog: Catalog): Promise<PatternPlans> {
  // Two thirds of a second of processor time, most of it PostgreSQL's parser: only who plans pays for it.
  const { planAccessPatterns } = await import('../lambda/query/access-patterns.ts');
  const planned = await planAccessPatterns(catalog);
  const { problems } = planned;
  if (problems.length === 0) return planned;
  throw new PolystoreError(
    'invalid_model',
    `${problems.length} access pattern(s) of the model '${catalog.name}' are not served by bounded work:\n${problems.map((line) => `  - ${line}`).join('\n')}`,
    { details: { problems } },
  );
}

/**
 * What synth asks: plans are made anew unless those that were written down are of this very model. That they are also
 * those of this very router a test holds.
 *
 * @throws as `provePatterns`
 */
export async function checkPatterns(root: string, catalog: Catalog): Promise<void> {
  if (catalog.accessPatterns.length === 0 || readWritten(root).model === digestOf(catalog)) return;
  await provePatterns(catalog);
}
