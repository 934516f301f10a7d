import type { Backend, FunctionSpec } from '../../lambda/model/index.ts';
import type { EngineName } from '../engines/index.ts';

/** The engines behind what functions talk to. */
const enginesOf: Readonly<Record<Backend, readonly EngineName[]>> = {
  'aurora-writer': ['postgres-writer'],
  'aurora-replica': ['postgres-dashboard', 'postgres-analytics', 'postgres-reporting'],
  dynamodb: ['dynamodb'],
  redis: ['valkey'],
  keyspaces: ['cassandra'],
  opensearch: ['opensearch'],
  // A folder.
  archive: [],
  'read-archive': [],
  'write-archive': [],
  // Reads what the query function reads.
  combine: [],
  'change-log': ['kafka'],
  'dead-letters': ['dynamodb'],
};

/** Engines that take long to start and hold views only: a query that needs one is refused until it serves. */
const late: readonly EngineName[] = ['cassandra', 'opensearch'];

/** What must serve before a function is fed: where its trigger reads from, and where it writes to. */
export function enginesOfFunction({ trigger, backends }: FunctionSpec): readonly EngineName[] {
  const read: readonly EngineName[] =
    trigger.kind === 'change-log' ? ['kafka'] : trigger.kind === 'dynamodb-stream' ? ['dynamodb'] : [];
  return [...new Set([...read, ...backends.flatMap((backend) => enginesOf[backend])])];
}

/** What must serve before the API does: every source, and the stores of views that are soon there. */
export function enginesOfApi(specs: readonly FunctionSpec[]): readonly EngineName[] {
  const behind = specs.filter(({ trigger }) => trigger.kind === 'http').flatMap(enginesOfFunction);
  // What writes go through on their way to the views must not be lost either.
  return [...new Set<EngineName>(['kafka', ...behind])].filter((engine) => !late.includes(engine));
}
