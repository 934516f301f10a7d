import { type AttributeValue, DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import {
  Consumer,
  ListOffsetTimestamps,
  MessagesStreamModes,
  stringDeserializers,
} from '@platformatic/kafka';
import pg from 'pg';
import type { Deployment } from '../../local/deployment/deployment.ts';
import { type Rows, rowsBy } from './rows.ts';

/**
 * Reads the sources by their engines' own clients and none of our stores' code, which is what is
 * being tested.
 */

export const flightColumns = [
  'carrier',
  'flight_number',
  'scheduled_at',
  'tail_number',
  'origin',
  'destination',
  'distance_miles',
  'status',
  'scheduled_arrival_at',
  'departed_at',
  'departure_delay_minutes',
  'arrived_at',
  'arrival_delay_minutes',
  'air_time_minutes',
] as const;
export const flightKey = ['carrier', 'flight_number', 'scheduled_at'] as const;
export const eventKey = ['carrier', 'flight_number', 'event_id'] as const;
export const weatherKey = ['origin', 'at'] as const;

export interface Sources {
  readonly flights: Rows;
  readonly aircraft: Rows;
  readonly airports: Rows;
  readonly events: Rows;
  readonly weather: Rows;
}

export async function readSources(deployment: Deployment): Promise<Sources> {
  const [flights, aircraft, airports, events, weather] = await Promise.all([
    readFlights(deployment),
    readTable(deployment, 'aircraft', 'tail_number'),
    readTable(deployment, 'airport', 'airport_code'),
    readEvents(deployment, 'flight_event', eventKey),
    readEvents(deployment, 'weather', weatherKey),
  ]);
  return { flights, aircraft, airports, events, weather };
}

async function readFlights({ engines, catalog }: Deployment): Promise<Rows> {
  const client = new DynamoDBClient({
    endpoint: engines.endpoints.dynamodb.endpoint,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const rows: Record<string, unknown>[] = [];
  for await (const page of paginateScan(
    { client },
    { TableName: catalog.table?.name, ConsistentRead: true },
  )) {
    for (const item of page.Items ?? []) {
      if (item.entity?.S !== 'flight' || item.deleted !== undefined) continue;
      rows.push(Object.fromEntries(flightColumns.map((column) => [column, plain(item[column])])));
    }
  }
  client.destroy();
  return rowsBy(flightKey, rows);
}

function plain(attribute: AttributeValue | undefined): string | number | null {
  if (attribute === undefined) return null;
  if (attribute.N !== undefined) return Number(attribute.N);
  return attribute.S ?? null;
}

async function readTable({ engines }: Deployment, table: string, key: string): Promise<Rows> {
  const { host, port, database, user } = engines.endpoints.postgresWriter;
  const client = new pg.Client({ host, port, database, user });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(`select * from source.${table}`);
    return rowsBy([key], rows);
  } finally {
    await client.end();
  }
}

/** The events of one entity on the log; of an event that was sent twice, the one at the higher offset. */
async function readEvents(
  { engines, catalog }: Deployment,
  entity: string,
  key: readonly string[],
): Promise<Rows> {
  const topic = `${catalog.name}.changes.${entity}`;
  const columns = catalog.entities.find(({ name }) => name === entity)?.columns.map(({ name }) => name) ?? [];
  const consumer = new Consumer({
    groupId: `test-${process.hrtime.bigint()}`,
    clientId: 'test',
    bootstrapBrokers: [...engines.endpoints.kafka.brokers],
    deserializers: stringDeserializers,
  });
  try {
    const ends =
      (await consumer.listOffsets({ topics: [topic], timestamp: ListOffsetTimestamps.LATEST })).get(topic) ??
      [];
    let left = ends.reduce((sum, end) => sum + end, 0n);
    const latest = new Map<string, { offset: bigint; row: Record<string, unknown> }>();
    if (left === 0n) return new Map();
    const stream = await consumer.consume({
      topics: [topic],
      mode: MessagesStreamModes.EARLIEST,
      autocommit: false,
    });
    for await (const message of stream) {
      // Our own envelope (DESIGN §4): the row is in `after`; what the model lacks is of another version of it.
      const envelope = JSON.parse(message.value) as { after: Record<string, unknown> };
      const after = Object.fromEntries(
        Object.entries(envelope.after).filter(([name]) => columns.includes(name)),
      );
      const id = key.map((column) => String(after[column])).join('|');
      const held = latest.get(id);
      // One key is on one partition, so offsets of one id compare.
      if (held === undefined || message.offset > held.offset)
        latest.set(id, { offset: message.offset, row: after });
      left -= 1n;
      if (left === 0n) break;
    }
    await stream.close();
    return new Map([...latest].map(([id, { row }]) => [id, row]));
  } finally {
    await consumer.close(true);
  }
}
