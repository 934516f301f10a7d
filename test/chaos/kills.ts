import type { EngineName } from '../../local/engines/index.ts';
import { between, mulberry32 } from '../random.ts';

/** Processes that may die; what their death must not do is lose or falsify anything. */
const engines = [
  'kafka',
  'postgres-writer',
  'valkey',
  'cassandra',
  'opensearch',
  'dynamodb',
  'connect',
] as const satisfies readonly EngineName[];
const functions = [
  'capture',
  'ingest',
  'query',
  'apply-aurora',
  'apply-redis',
  'apply-keyspaces',
  'apply-opensearch',
  'apply-archive',
] as const;
type Part = (typeof engines)[number] | (typeof functions)[number];

/** One SIGKILL. */
export interface Kill {
  readonly part: Part;
  readonly kind: 'engine' | 'function';
  /** After the load began. */
  readonly afterMs: number;
  /** How long an engine stays down; a function is back at once. */
  readonly downMs: number;
}

/** Each part once, in an order of the seed's, and then any of them. The same seed gives the same kills. */
export function planKills(seed: number, count: number): readonly Kill[] {
  const random = mulberry32(seed);
  const parts: readonly Part[] = [...engines, ...functions];
  const once = parts
    .map((part) => [random(), part] as const)
    .sort(([a], [b]) => a - b)
    .map(([, part]) => part);
  return Array.from({ length: count }, (_, index) => {
    const part = once[index] ?? parts[between(random, 0, parts.length - 1)] ?? 'kafka';
    return planKill(part, random);
  });
}

/** The kill of one part, at a moment that chance decides. */
export function planKill(part: Part, random: () => number): Kill {
  const isEngine = engines.some((engine) => engine === part);
  return {
    part,
    kind: isEngine ? 'engine' : 'function',
    afterMs: between(random, 300, 2_500),
    downMs: isEngine ? between(random, 0, 3_000) : 0,
  };
}
