/** Who runs PostgreSQL. */
export type PostgresEngine = 'aurora' | 'rds';

/** Bytes of one unit, by the unit that PostgreSQL takes a parameter in when the value has none of its own. */
const bytesOf = { '8 kB': 8192, kB: 1024, MB: 1024 ** 2 } as const;

const mib = 1024 ** 2;
const gib = 1024 ** 3;

/** A part of the instance's memory, and in bytes how much it is at most. */
interface MemoryShare {
  readonly numerator: number;
  readonly denominator: number;
  readonly atMost?: number;
}

interface Parameter {
  /** Undefined for a plain number. */
  readonly unit: keyof typeof bytesOf | undefined;
  /** A part of the memory, or a constant: in bytes if the parameter has a unit. */
  readonly value: MemoryShare | number;
  /** Whether we set it, or why the engine's own default stays. */
  readonly engines: Readonly<Record<PostgresEngine, 'settable' | { readonly kept: string }>>;
}

const pageCache = 'Aurora reads from its own storage with no page cache below, and sizes its buffers so';
const storage = 'Aurora writes its log to its own storage and makes no checkpoints';
const everywhere = { aurora: 'settable', rds: 'settable' } as const;

/**
 * What follows from the memory and the disks of an instance. The numbers are those of an instance of
 * 128 GiB: 32 GiB of buffers, 96 GiB that the planner may count on, 2 GiB for an index build.
 */
const sizedParameters = {
  shared_buffers: {
    unit: '8 kB',
    value: { numerator: 1, denominator: 4 },
    engines: { aurora: { kept: pageCache }, rds: 'settable' },
  },
  effective_cache_size: {
    unit: '8 kB',
    value: { numerator: 3, denominator: 4 },
    engines: { aurora: { kept: pageCache }, rds: 'settable' },
  },
  // One of these an index build or a vacuum worker, so it is a share of small instances.
  maintenance_work_mem: {
    unit: 'kB',
    value: { numerator: 1, denominator: 64, atMost: 2 * gib },
    engines: everywhere,
  },
  wal_buffers: { unit: '8 kB', value: 16 * mib, engines: { aurora: { kept: storage }, rds: 'settable' } },
  // 64 checkpoint_segments of old: 3 × 64 × 16 MB (postgresql.org/docs/release/9.5.0).
  max_wal_size: { unit: 'MB', value: 3 * gib, engines: { aurora: { kept: storage }, rds: 'settable' } },
  // A random read costs hardly more than the next one, on solid disks as on Aurora's storage.
  random_page_cost: { unit: undefined, value: 1.1, engines: everywhere },
} as const satisfies Readonly<Record<string, Parameter>>;

/**
 * Parameters that Polystore needs, whatever the size of the instances; settable on Aurora's cluster and
 * on RDS alike.
 */
export const fixedParameters: Readonly<Record<string, string>> = {
  // Static: sets wal_level to logical, for Debezium's replication slot.
  'rds.logical_replication': '1',
  'rds.force_ssl': '1',
  // A statement is logged with its text but not its parameters.
  log_parameter_max_length: '0',
  log_parameter_max_length_on_error: '0',
  // A transaction that is left open keeps vacuum and `project` (DESIGN §5) waiting; milliseconds.
  idle_in_transaction_session_timeout: '60000',
};

/** What the parameters of a role differ by. */
export interface RoleParameters {
  /** Memory of one sort or hash of a statement, before it spills to disk. */
  readonly workMemMib: number;
  /** @default - what the engine makes of the memory: see `defaultConnections` */
  readonly maxConnections?: number | undefined;
}

/** The parameters of every instance of an engine that is sized by memory, as its parameter group takes them. */
export const renderSizedParameters = (engine: PostgresEngine): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries<Parameter>(sizedParameters)
      .filter(([, { engines }]) => engines[engine] === 'settable')
      .map(([name, parameter]) => [name, renderValue(parameter)]),
  );

/** The parameters of one role: `work_mem` in kB, and the connections if they are bounded. */
export const renderRoleParameters = ({
  workMemMib,
  maxConnections,
}: RoleParameters): Readonly<Record<string, string>> => ({
  work_mem: `${(workMemMib * mib) / bytesOf.kB}`,
  ...(maxConnections === undefined ? {} : { max_connections: `${maxConnections}` }),
});

/**
 * `DBInstanceClassMemory` is in bytes, without what RDS keeps for itself; quotients lose their decimals
 * (docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ParamValuesRef.html).
 */
function renderValue({ unit, value }: Parameter): string {
  const bytes = unit === undefined ? 1 : bytesOf[unit];
  if (typeof value === 'number') return `${value / bytes}`;
  const { numerator, denominator, atMost } = value;
  const times = numerator === 1 ? '' : `*${numerator}`;
  const share = `{DBInstanceClassMemory${times}/${denominator * bytes}}`;
  return atMost === undefined ? share : `LEAST(${share},${atMost / bytes})`;
}
