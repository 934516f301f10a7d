import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { PolystoreError } from '../lambda/errors.ts';
import type { Catalog, IndexWaves } from '../lambda/model/index.ts';

/** The model as `polystore model diff --write` last wrote it down, in version control beside the model. */
export interface CommittedModel {
  readonly waves: IndexWaves;
  readonly catalog: Catalog;
}

const index = z.object({
  name: z.string(),
  partitionKeyAttribute: z.string(),
  sortKeyAttribute: z.string(),
  projection: z.array(z.string()).optional(),
});
const shape = z.object({
  waves: z.object({
    created: z.array(index),
    steps: z.array(z.object({ kind: z.enum(['make', 'use', 'leave', 'remove']), index })),
  }),
  catalog: z.looseObject({
    name: z.string(),
    entities: z.array(z.looseObject({ name: z.string() })),
    wideTables: z.array(z.looseObject({ name: z.string() })),
  }),
});

const committedModelFile = (root: string): string => join(root, 'model', 'committed.json');

/**
 * Undefined where none was ever written.
 *
 * @throws PolystoreError `invalid_configuration` for a file that `--write` did not write.
 */
export function readCommittedModel(root: string): CommittedModel | undefined {
  const file = committedModelFile(root);
  if (!existsSync(file)) return undefined;
  try {
    const parsed = shape.parse(JSON.parse(readFileSync(file, 'utf8')));
    // The rest of a catalog is what `compile` made, which `--write` wrote as it was.
    return parsed as unknown as CommittedModel;
  } catch (error) {
    throw new PolystoreError(
      'invalid_configuration',
      `${file} is not as "polystore model diff --write" writes it; take it from version control again`,
      { cause: error },
    );
  }
}

export const writeCommittedModel = (root: string, { waves, catalog }: CommittedModel): void =>
  writeFileSync(committedModelFile(root), `${JSON.stringify({ waves, catalog }, null, 1)}\n`);
