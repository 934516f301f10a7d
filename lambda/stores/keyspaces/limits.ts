import { PolystoreError } from '../../errors.ts';
import { keyspacesLimits } from '../../model/index.ts';

/**
 * What Amazon Keyspaces refuses, or what we do without there, so that a request that works on this
 * machine's Cassandra works on AWS. Sources: the developer guide's "Supported Cassandra APIs",
 * "Functional differences", "Supported consistency levels" and "Quotas".
 */
export const limits = {
  /** Statements of an unlogged batch. */
  batchStatements: 30,
  /**
   * Bytes of the values of one batch. AWS documents no limit of its own; no batch gets larger than one
   * row may be.
   */
  batchBytes: 1_000_000,
  ...keyspacesLimits,
  /** What our writes send at once. AWS takes 3,000 requests a second on a connection. */
  requestsInFlight: 50,
} as const;

export type Consistency = 'LOCAL_QUORUM' | 'LOCAL_ONE' | 'ONE' | 'QUORUM' | 'ALL' | 'ANY';

/** A request as it is about to be sent. */
export interface CqlRequest {
  /** One, or those of a batch. */
  readonly statements: readonly string[];
  /** The partitions that a batch writes to; of a single statement 1. */
  readonly partitions: number;
  readonly logged: boolean;
  readonly consistency: Consistency;
  /** Of the condition of a conditional write. */
  readonly serialConsistency: 'LOCAL_SERIAL' | 'SERIAL';
}

interface Refusal {
  readonly pattern: RegExp;
  readonly what: string;
  readonly instead: string;
}

const notThere = 'Keyspaces has none';
const managed = 'AWS manages that; leave it out';

const refusals: readonly Refusal[] = [
  {
    pattern: /^(CREATE (CUSTOM )?|DROP )INDEX\b/,
    what: 'a secondary index',
    instead: `${notThere}: declare a keyspaces.table by the columns that are asked for`,
  },
  {
    pattern: /^(CREATE|ALTER|DROP) MATERIALIZED VIEW\b/,
    what: 'a materialized view',
    instead: `${notThere}: declare a view in the model, which apply fills`,
  },
  {
    pattern: /^(CREATE (OR REPLACE )?|DROP )(FUNCTION|AGGREGATE)\b/,
    what: 'a user-defined function or aggregate',
    instead: `${notThere}: declare a keyspaces.rollup`,
  },
  {
    pattern: /^(CREATE|DROP) TRIGGER\b/,
    what: 'a trigger',
    instead: `${notThere}: apply is fed by the change log`,
  },
  { pattern: /^ALTER TYPE\b/, what: 'a change of a user-defined type', instead: 'Keyspaces does not do it' },
  {
    pattern: /^TRUNCATE\b/,
    what: 'TRUNCATE',
    instead: 'Keyspaces does not do it: drop the table and make it again',
  },
  {
    pattern: /\bALLOW FILTERING\b/,
    what: 'ALLOW FILTERING',
    instead: 'it reads, and bills, rows that it does not return: ask by partition key and clustering columns',
  },
  {
    pattern: /^(UPDATE|DELETE)\b.* IN ?[(?:]/,
    what: 'IN in an update or a delete',
    instead: 'Keyspaces takes it in a select alone: send a statement for each key',
  },
  {
    pattern: /\bUSING TIMESTAMP\b|\bAND TIMESTAMP (\?|:|\d)/,
    what: 'a timestamp of the client',
    instead: 'Keyspaces spans only two days back with it: versions order our rows',
  },
  {
    pattern: /^(CREATE|ALTER) KEYSPACE\b.*\bSIMPLESTRATEGY\b/,
    what: 'SimpleStrategy',
    instead: 'use NetworkTopologyStrategy, or SingleRegionStrategy on AWS',
  },
  {
    pattern: /^(CREATE|ALTER) KEYSPACE\b.*\bDURABLE_WRITES\b/,
    what: 'durable_writes',
    instead: 'every write to Keyspaces is durable; leave it out',
  },
  ...[
    'COMPRESSION',
    'COMPACTION',
    'CACHING',
    'BLOOM_FILTER_FP_CHANCE',
    'GC_GRACE_SECONDS',
    'READ_REPAIR',
    'READ_REPAIR_CHANCE',
    'DCLOCAL_READ_REPAIR_CHANCE',
    'SPECULATIVE_RETRY',
    'ADDITIONAL_WRITE_POLICY',
    'MEMTABLE',
    'MEMTABLE_FLUSH_PERIOD_IN_MS',
    'CRC_CHECK_CHANCE',
    'MIN_INDEX_INTERVAL',
    'MAX_INDEX_INTERVAL',
    'CDC',
  ].map((option) => ({
    pattern: new RegExp(`^(CREATE|ALTER) TABLE\\b.*\\b(WITH|AND) ${option} ?=`),
    what: `the table option ${option.toLowerCase()}`,
    instead: managed,
  })),
];

const reads: readonly Consistency[] = ['LOCAL_QUORUM', 'LOCAL_ONE', 'ONE'];

/**
 * The guard in front of the driver, on this machine and on AWS alike.
 *
 * @throws PolystoreError `not_supported` that names the limit and what to do.
 */
export function checkRequest(request: CqlRequest): void {
  const { statements, consistency, serialConsistency } = request;
  // A batch is mostly one statement with other values.
  const texts = [...new Set(statements)].map(bareText);
  for (const text of texts) {
    const refusal = refusals.find(({ pattern }) => pattern.test(text));
    if (refusal !== undefined) throw refuse(refusal.what, refusal.instead, text);
  }
  const [first = ''] = texts;
  if (/^SELECT\b/.test(first)) {
    if (!reads.includes(consistency))
      throw refuse(`consistency ${consistency} for a read`, `use ${reads.join(', ')}`, first);
  } else if (consistency !== 'LOCAL_QUORUM')
    throw refuse(`consistency ${consistency} for a write`, 'Keyspaces writes at LOCAL_QUORUM alone', first);
  if (serialConsistency !== 'LOCAL_SERIAL')
    throw refuse(`serial consistency ${serialConsistency}`, 'use LOCAL_SERIAL', first);
  if (statements.length > 1) checkBatch(request, texts);
}

function checkBatch({ statements, partitions, logged }: CqlRequest, texts: readonly string[]): void {
  const [first = ''] = texts;
  if (logged)
    throw refuse('a logged batch', 'each write here may be repeated alone: use an unlogged one', first);
  if (partitions > 1)
    throw refuse(`an unlogged batch over ${partitions} partitions`, 'send a batch for each partition', first);
  if (statements.length > limits.batchStatements)
    throw refuse(
      `a batch of ${statements.length} statements`,
      `Keyspaces takes at most ${limits.batchStatements}: send several`,
      first,
    );
  const conditional = texts.find((text) => / IF (NOT EXISTS|EXISTS|[A-Z_?:])/.test(text));
  if (conditional !== undefined)
    throw refuse('a condition in a batch', 'send conditional writes by themselves', conditional);
}

const refuse = (what: string, instead: string, text: string): PolystoreError =>
  new PolystoreError(
    'not_supported',
    `Keyspaces was to be sent ${what}; ${instead}. The statement: ${text.slice(0, 200)}`,
  );

/**
 * A statement in capitals, in one line, with what is quoted emptied: no name and no value can look like a
 * keyword.
 */
const bareText = (cql: string): string =>
  cql
    .replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"|\$\$.*?\$\$|--[^\n]*|\/\/[^\n]*|\/\*.*?\*\//gs, (quoted) => {
      // A keyspace's replication names its strategy in quotes.
      if (/^'\w+Strategy'$/.test(quoted)) return quoted.slice(1, -1);
      if (quoted.startsWith("'") || quoted.startsWith('$')) return "''";
      return quoted.startsWith('"') ? 'X' : ' ';
    })
    .replace(/\s+/g, ' ')
    .trim()
    .toUpperCase();
