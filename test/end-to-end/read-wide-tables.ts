import { Client, policies, types } from 'cassandra-driver';
import type { Deployment } from '../../local/deployment/deployment.ts';
import type { Rows } from './rows.ts';

/** Reads the tables of Keyspaces by the driver alone, in the layout that the store's README promises. */
export async function readWideTables({ engines, catalog }: Deployment) {
  const { host, port, datacenter } = engines.endpoints.cassandra;
  const client = new Client({
    contactPoints: [host],
    protocolOptions: { port },
    localDataCenter: datacenter,
    keyspace: catalog.name,
    policies: { loadBalancing: new policies.loadBalancing.DCAwareRoundRobinPolicy(datacenter) },
  });
  await client.connect();
  const readAll = async (table: string): Promise<readonly Held[]> => {
    const rows: Held[] = [];
    const result = await client.execute(`SELECT * FROM "${table}"`, [], { fetchSize: 1000, prepare: true });
    for await (const row of result)
      rows.push(Object.fromEntries(row.keys().map((name) => [name, plain(row[name])])));
    return rows;
  };
  try {
    const byTime = await readAll('flight_event__events_by_time');
    const byAircraft = await readAll('flight_event__events_by_aircraft');
    const hourly = await readAll('flight_event__analytics_hourly');
    const byMonth = await readAll('weather__by_month');
    const event = ['carrier', 'flight_number', 'event_id'];
    return {
      eventsByTime: newest(byTime, ['carrier', 'at_hour'], event),
      eventsByAircraft: newest(byAircraft, ['carrier', 'tail_number', 'at_day'], event),
      analyticsHourly: totals(hourly),
      weatherByMonth: newest(byMonth, ['origin', 'at_month'], ['origin', 'at']),
    };
  } finally {
    await client.shutdown();
  }
}

type Held = Readonly<Record<string, unknown>>;

/** Columns of a table that are none of the entity's. */
const own = new Set(['sub_bucket', 'version', 'deleted', 'expires_ms', 'at_hour', 'at_day', 'at_month']);

/** Of each row the highest version, unless that is a tombstone. Nothing expires in these tables. */
function newest(held: readonly Held[], partition: readonly string[], key: readonly string[]): Rows {
  const idOf = (row: Held): string =>
    [partition, key].map((columns) => columns.map((column) => String(row[column])).join('|')).join(' ');
  const latest = new Map<string, Held>();
  for (const row of held) {
    const other = latest.get(idOf(row));
    if (other === undefined || String(row.version) > String(other.version)) latest.set(idOf(row), row);
  }
  return new Map(
    [...latest]
      .filter(([, row]) => row.deleted !== true)
      .map(([id, row]) => {
        const columns = Object.entries(row).filter(([name]) => !own.has(name));
        // JSON lies there as its text.
        return [
          id,
          Object.fromEntries(
            columns.map(([name, value]) => [name, name === 'details' ? parsed(value) : value]),
          ),
        ];
      }),
  );
}

const totals = (held: readonly Held[]): Rows =>
  new Map(
    held.map(({ tenant, hour, metric, row_count, total, lowest, highest }) => [
      `${String(tenant)}|${String(hour)}|${String(metric)}`,
      { row_count, total, lowest, highest },
    ]),
  );

const parsed = (value: unknown): unknown => (value === null ? null : JSON.parse(String(value)));
const plain = (value: unknown): unknown => (value instanceof types.Long ? Number(value) : (value ?? null));
