import { unavailableValue } from '../../change/canonical-row.ts';
import { maxRecordBytes } from '../../change/encode.ts';
import { headerNames, schemaVersion } from '../../change/envelope.ts';
import type { Catalog } from '../../model/index.ts';

/** What the model cannot know about the database that Debezium reads. */
export interface ConnectorOptions {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** The password, or a reference that Connect's configuration provider resolves; undefined where none is asked. */
  readonly password: string | undefined;
  /** `verify-full`, or `disable` on loopback. */
  readonly tls: 'verify-full' | 'disable';
  /**
   * Path of a file with the certificate authorities to trust.
   * @default - the driver's: `.postgresql/root.crt` of the worker's user
   */
  readonly certificates?: string;
  /** 0 to 127: raised when the database may have gone back (DESIGN §4). */
  readonly generation: number;
  /**
   * The replication slot. Slots are of the whole cluster, so a second database needs another name.
   * @default polystore
   */
  readonly slot?: string;
}

/**
 * The connector's name in Kafka Connect, which keeps offsets by it. A generation has a name of its own:
 * after a loss the offsets of the one before are below where the new slot begins, and Debezium refuses
 * to start there; without offsets it begins where the slot does.
 */
export const connectorName = (catalog: Catalog, generation: number): string =>
  `${connectorPrefix(catalog)}-g${generation}`;

/** What the names of a model's connectors have in common: at most one of them may run. */
export const connectorPrefix = (catalog: Catalog): string => `${catalog.name}-aurora`;

/** How far the slot can be behind a quiet database, and so how long a barrier waits at most. */
const heartbeatMs = 1_000;

const heartbeatQuery =
  'insert into polystore.heartbeat (id, at) values (1, now()) on conflict (id) do update set at = excluded.at';

const literal = 'org.apache.kafka.connect.transforms.InsertHeader';

/**
 * The configuration of the Debezium connector that captures a model's Aurora sources, as the inner
 * object of Connect's REST interface. Before it starts there are: all topics, the slot and the
 * publication `polystore`, and in that publication the table `polystore.heartbeat` with `id` as its
 * key and `at`; it is not among the tables captured, so its changes come no further.
 *
 * @returns undefined when the model has no Aurora source.
 */
export function renderConnector(
  catalog: Catalog,
  options: ConnectorOptions,
): Readonly<Record<string, string>> | undefined {
  const tables = catalog.entities.filter((entity) => entity.source.kind === 'aurora.source');
  if (tables.length === 0) return undefined;
  return {
    'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
    'tasks.max': '1',
    ...connection(options),
    // Topics are named <prefix>.<schema>.<table> before they are routed.
    'topic.prefix': catalog.name,
    'plugin.name': 'pgoutput',
    'slot.name': options.slot ?? 'polystore',
    'slot.failover': 'true',
    'slot.drop.on.stop': 'false',
    'publication.name': 'polystore',
    'publication.autocreate.mode': 'disabled',
    'table.include.list': tables.map((entity) => `source\\.${entity.name}`).join(','),
    // Backfill is ours (DESIGN §5): a snapshot would carry rows without their place in the order.
    'snapshot.mode': 'no_data',
    ...encoding,
    // 500 ms by default, which every change would wait for.
    'poll.interval.ms': '10',
    // A database that writes only what is not captured would pin the slot's WAL: a captured write lets
    // the slot move on. The table must be in the publication for that (measured: without it, and with
    // a logical message in its place, the slot stayed where it was).
    'heartbeat.interval.ms': String(heartbeatMs),
    'heartbeat.action.query': heartbeatQuery,
    ...routing(catalog, options.generation),
    ...producer,
  };
}

const connection = (options: ConnectorOptions) => ({
  'database.hostname': options.host,
  'database.port': String(options.port),
  'database.dbname': options.database,
  'database.user': options.user,
  ...(options.password === undefined ? {} : { 'database.password': options.password }),
  'database.sslmode': options.tls,
  ...(options.certificates === undefined ? {} : { 'database.sslrootcert': options.certificates }),
  'database.tcpKeepAlive': 'true',
});

/** DESIGN §4: one encoding on the log, whatever the source. */
const encoding = {
  'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'key.converter.schemas.enable': 'false',
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter.schemas.enable': 'false',
  'decimal.handling.mode': 'string',
  'time.precision.mode': 'isostring',
  'tombstones.on.delete': 'false',
  'unavailable.value.placeholder': unavailableValue,
  // Truncates are skipped by default, in silence; here they become letters that have the views filled again.
  'skipped.operations': 'none',
};

const routing = (catalog: Catalog, generation: number) => ({
  transforms: 'route,generation,schema',
  'transforms.route.type': 'org.apache.kafka.connect.transforms.RegexRouter',
  'transforms.route.regex': `${catalog.name}\\.source\\.(.*)`,
  'transforms.route.replacement': `${catalog.name}.changes.$1`,
  'transforms.generation.type': literal,
  'transforms.generation.header': headerNames.generation,
  'transforms.generation.value.literal': String(generation),
  'transforms.schema.type': literal,
  'transforms.schema.header': headerNames.schema,
  'transforms.schema.value.literal': String(schemaVersion),
});

const producer = {
  'producer.override.acks': 'all',
  'producer.override.enable.idempotence': 'true',
  'producer.override.linger.ms': '0',
  'producer.override.max.request.size': String(maxRecordBytes + 65_536),
};
