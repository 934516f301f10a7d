import type { CatalogEntity, WideTable } from './catalog.ts';
import { keyspacesLimits } from './limits.ts';
import type { Problems } from './problems.ts';
import { sizeClaims } from './size-claims.ts';

/**
 * Proves that no row can be too large for the stores that hold it, as far as its texts have bounds. Texts
 * without a bound in keys are warned of (`warnings.ts`), and the stores refuse what is too long.
 */
export function proveSizes(
  entities: readonly CatalogEntity[],
  wideTables: readonly WideTable[],
  problems: Problems,
): void {
  for (const entity of entities) {
    for (const { where, what, bound, limit, engine } of sizeClaims(entity, wideTables)) {
      if (bound.bytes > limit)
        problems.add(
          `${entity.name}.${where}`,
          `may come to ${inDigits(bound.bytes)} bytes for ${what}; ${engine} takes ${inDigits(limit)}`,
          'use fewer fields, or declare shorter texts with text({ maxLength })',
        );
    }
  }
  for (const { entity, view, columns } of wideTables) {
    if (columns.length > keyspacesLimits.columnsWritten)
      problems.add(
        `${entity}.views.${view}`,
        `has ${columns.length} columns outside of its key; Keyspaces writes ${keyspacesLimits.columnsWritten} at once`,
        'name fewer fields',
      );
  }
}

const inDigits = (bytes: number): string => bytes.toLocaleString('en-US');
