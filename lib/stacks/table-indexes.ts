import { PolystoreError } from '../../lambda/errors.ts';
import {
  areCurrent,
  type Catalog,
  type GlobalIndex,
  type IndexWaves,
  indexesAt,
  isSameIndex,
} from '../../lambda/model/index.ts';

/** What a deployment has of the model's global indexes. */
export interface TableIndexes {
  /** In the table. */
  readonly made: readonly GlobalIndex[];
  /** Names of the model's that queries may not use yet. */
  readonly unready: readonly string[];
}

/**
 * The indexes at an environment's wave.
 *
 * @throws PolystoreError `invalid_configuration` where the waves do not end at the model's indexes, or are
 * fewer than the environment says that it has taken.
 */
export function decideIndexes(
  catalog: Catalog,
  environment: { readonly name: string; readonly table: { readonly indexWave: number } },
  waves: IndexWaves | undefined,
): TableIndexes {
  const wanted = catalog.table?.globalIndexes ?? [];
  if (waves === undefined) return { made: wanted, unready: [] };
  const { name, table } = environment;
  if (!areCurrent(waves, wanted))
    throw new PolystoreError(
      'invalid_configuration',
      'The model has other global indexes than the waves in model/committed.json lead to; run "npx polystore model diff --write" and commit what it writes',
    );
  const last = waves.steps.length;
  if (!Number.isInteger(table.indexWave) || table.indexWave < 0 || table.indexWave > last)
    throw new PolystoreError(
      'invalid_configuration',
      `lib/environments/${name}.ts has table.indexWave ${table.indexWave}; there are waves 0 to ${last}`,
    );
  const { made, used } = indexesAt(waves, table.indexWave);
  // One that is still as it was before holds what queries of before planned with.
  const isReady = (index: GlobalIndex): boolean =>
    used.includes(index.name) && made.some((each) => isSameIndex(each, index));
  return { made, unready: wanted.filter((index) => !isReady(index)).map(({ name }) => name) };
}
