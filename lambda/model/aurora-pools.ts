import type { FunctionName } from './functions.ts';

/**
 * Connections to one address of Aurora that each running copy of a function opens at most: the handlers' pools have
 * this size. The schema function uses one after another.
 */
export const auroraPools = {
  schema: 1,
  query: 4,
  combine: 4,
  project: 4,
  'apply-aurora': 2,
} as const satisfies Partial<Record<FunctionName, number>>;
