/** A question over several stores, as users of the sample ask it of us, and as they would ask Trino. */
export interface Statement {
  readonly name: string;
  /** What of it is worth measuring. */
  readonly of: string;
  /** The stores that hold the tables, by the names that plans have for them. */
  readonly stores: readonly ('aurora' | 'keyspaces' | 'opensearch')[];
  /** PostgreSQL's dialect over the model's entities; the tenant comes from the credential. Its order is total. */
  readonly ours: string;
  /** Over the same tables; with the tenant, and with what fixes Cassandra's partitions, which Trino cannot know. */
  readonly trino: string;
}

/** The carrier whose credential asks; the largest of New York's. */
export const tenant = 'UA';

const quoted = (values: readonly string[]): string => values.map((value) => `'${value}'`).join(', ');

/** `2013-07-10T18`, … as `events_by_time` names its hours. */
const hours = (from: string, count: number): string =>
  quoted(
    Array.from({ length: count }, (_, index) =>
      new Date(Date.parse(`${from}:00:00Z`) + index * 3_600_000).toISOString().slice(0, 13),
    ),
  );

const events = 'cassandra.flights.flight_event__events_by_time';
const weather = 'cassandra.flights.weather__by_month';
const flights = 'pg.view.flight__analytics';
const aircraft = 'pg.source.aircraft';
/** The documents that match words, as a table: Trino's connector hands a search through and gives its answer as one JSON. */
const found = (
  index: string,
  {
    field,
    words,
    columns,
  }: { readonly field: string; readonly words: string; readonly columns: readonly string[] },
): string =>
  `(select ${columns.map((name) => `json_extract_scalar(hit, '$._source.${name}') as ${name}`).join(', ')} from table(opensearch.system.raw_query(schema => 'flights', index => 'flights.${index}', query => '{"size": 10000, "query": {"match": {"${field}.words": "${words}"}}}')) cross join unnest(cast(json_extract(result, '$.hits.hits') as array(json))) as hits (hit))`;
const airports = (words: string): string =>
  found('airport.search-1', { field: 'name', words, columns: ['airport_code', 'name'] });

export const statements: readonly Statement[] = [
  {
    name: 'events with aircraft',
    of: 'an access pattern of the sample: top-N of a time series with its dimension, read by a set of keys',
    stores: ['keyspaces', 'aurora'],
    ours: `select e.at, e.kind, a.manufacturer, a.seats
from flight_event e join aircraft a on a.tail_number = e.tail_number
where e.at >= '2013-07-10T18:00:00Z' and e.at < '2013-07-10T20:00:00Z'
order by e.at desc, e.event_id limit 20`,
    trino: `select e.at, e.kind, a.manufacturer, a.seats
from ${events} e join ${aircraft} a on a.tail_number = e.tail_number
where e.carrier = '${tenant}' and e.at_hour in (${hours('2013-07-10T18', 2)}) and e.sub_bucket = 0
order by e.at desc, e.event_id limit 20`,
  },
  {
    name: 'weather at departure',
    of: 'rows of a day, each with the reading of its hour',
    stores: ['aurora', 'keyspaces'],
    ours: `select f.flight_number, f.scheduled_at, f.departure_delay_minutes, w.wind_speed, w.visib
from flight f join weather w on w.origin = f.origin and w.at = date_trunc('hour', f.scheduled_at)
where f.origin = 'EWR' and f.scheduled_at >= '2013-03-08' and f.scheduled_at < '2013-03-09'
  and w.origin = 'EWR' and w.at >= '2013-03-08' and w.at < '2013-03-09'
order by f.scheduled_at, f.flight_number`,
    trino: `select f.flight_number, f.scheduled_at, f.departure_delay_minutes, w.wind_speed, w.visib
from ${flights} f join ${weather} w on w.origin = f.origin
  and from_iso8601_timestamp(w.at) = date_trunc('hour', f.scheduled_at)
where f.carrier = '${tenant}' and f.origin = 'EWR'
  and f.scheduled_at >= timestamp '2013-03-08 00:00:00 UTC' and f.scheduled_at < timestamp '2013-03-09 00:00:00 UTC'
  and w.origin = 'EWR' and w.at_month = '2013-03' and w.sub_bucket = 0 and w.at >= '2013-03-08' and w.at < '2013-03-09'
order by f.scheduled_at, f.flight_number`,
  },
  {
    name: 'most delayed and the wind',
    of: 'top-N of a day of one store, with a time series beside it',
    stores: ['aurora', 'keyspaces'],
    ours: `select f.flight_number, f.origin, f.destination, f.departure_delay_minutes, w.wind_speed, w.precip
from flight f join weather w on w.origin = f.origin and w.at = date_trunc('hour', f.scheduled_at)
where f.scheduled_at >= '2013-06-24' and f.scheduled_at < '2013-06-25' and f.departure_delay_minutes is not null
  and w.origin in ('EWR', 'JFK', 'LGA') and w.at >= '2013-06-24' and w.at < '2013-06-25'
order by f.departure_delay_minutes desc, f.flight_number, f.scheduled_at limit 10`,
    trino: `select f.flight_number, f.origin, f.destination, f.departure_delay_minutes, w.wind_speed, w.precip
from ${flights} f join ${weather} w on w.origin = f.origin
  and from_iso8601_timestamp(w.at) = date_trunc('hour', f.scheduled_at)
where f.carrier = '${tenant}' and f.departure_delay_minutes is not null
  and f.scheduled_at >= timestamp '2013-06-24 00:00:00 UTC' and f.scheduled_at < timestamp '2013-06-25 00:00:00 UTC'
  and w.origin in ('EWR', 'JFK', 'LGA') and w.at_month = '2013-06' and w.sub_bucket = 0
  and w.at >= '2013-06-24' and w.at < '2013-06-25'
order by f.departure_delay_minutes desc, f.flight_number, f.scheduled_at limit 10`,
  },
  {
    name: 'delay by visibility',
    of: 'an aggregate above a join, over a month',
    stores: ['aurora', 'keyspaces'],
    ours: `select w.origin, case when w.visib < 3 then 'low' else 'fair' end as visibility, count(*) as flights,
  round(avg(f.departure_delay_minutes), 1) as delay
from flight f join weather w on w.origin = f.origin and w.at = date_trunc('hour', f.scheduled_at)
where f.scheduled_at >= '2013-01-01' and f.scheduled_at < '2013-02-01'
  and w.origin in ('EWR', 'JFK', 'LGA') and w.at >= '2013-01-01' and w.at < '2013-02-01'
group by 1, 2 order by 1, 2`,
    trino: `select w.origin, case when w.visib < 3 then 'low' else 'fair' end as visibility, count(*) as flights,
  round(avg(cast(f.departure_delay_minutes as decimal(18, 6))), 1) as delay
from ${flights} f join ${weather} w on w.origin = f.origin
  and from_iso8601_timestamp(w.at) = date_trunc('hour', f.scheduled_at)
where f.carrier = '${tenant}'
  and f.scheduled_at >= timestamp '2013-01-01 00:00:00 UTC' and f.scheduled_at < timestamp '2013-02-01 00:00:00 UTC'
  and w.origin in ('EWR', 'JFK', 'LGA') and w.at_month = '2013-01' and w.sub_bucket = 0
group by 1, 2 order by 1, 2`,
  },
  {
    name: 'flights to international airports',
    of: 'full text with a relational table, grouped, over a week',
    stores: ['opensearch', 'aurora'],
    ours: `select a.name, count(*) as flights, max(f.arrival_delay_minutes) as worst
from airport a join flight f on f.destination = a.airport_code
where match(a.name, 'intl') and f.scheduled_at >= '2013-08-05' and f.scheduled_at < '2013-08-12'
group by a.name order by flights desc, a.name limit 10`,
    trino: `select a.name, count(*) as flights, max(f.arrival_delay_minutes) as worst
from ${airports('intl')} a join ${flights} f on f.destination = a.airport_code
where f.carrier = '${tenant}'
  and f.scheduled_at >= timestamp '2013-08-05 00:00:00 UTC' and f.scheduled_at < timestamp '2013-08-12 00:00:00 UTC'
group by a.name order by flights desc, a.name limit 10`,
  },
  {
    name: 'a year to international airports',
    of: 'full text with all of a tenant’s flights of the year, by month',
    stores: ['opensearch', 'aurora'],
    ours: `select date_trunc('month', f.scheduled_at) as month, count(*) as flights, sum(f.distance_miles) as miles
from airport a join flight f on f.destination = a.airport_code
where match(a.name, 'intl') and f.scheduled_at >= '2013-01-01' and f.scheduled_at < '2014-01-01'
group by 1 order by 1`,
    trino: `select date_trunc('month', f.scheduled_at) as month, count(*) as flights, sum(f.distance_miles) as miles
from ${airports('intl')} a join ${flights} f on f.destination = a.airport_code
where f.carrier = '${tenant}'
  and f.scheduled_at >= timestamp '2013-01-01 00:00:00 UTC' and f.scheduled_at < timestamp '2014-01-01 00:00:00 UTC'
group by 1 order by 1`,
  },
  {
    name: 'events of one maker',
    of: 'full text with a time series, newest first',
    stores: ['opensearch', 'keyspaces'],
    ours: `select e.at, e.kind, e.tail_number, a.model
from aircraft a join flight_event e on e.tail_number = a.tail_number
where match(a.manufacturer, 'airbus') and e.at >= '2013-09-13T12:00:00Z' and e.at < '2013-09-13T18:00:00Z'
order by e.at desc, e.event_id limit 50`,
    trino: `select e.at, e.kind, e.tail_number, a.model
from ${found('aircraft.search-1', { field: 'manufacturer', words: 'airbus', columns: ['tail_number', 'model'] })} a join ${events} e on e.tail_number = a.tail_number
where e.carrier = '${tenant}' and e.at_hour in (${hours('2013-09-13T12', 6)}) and e.sub_bucket = 0
order by e.at desc, e.event_id limit 50`,
  },
  {
    name: 'departures by maker',
    of: 'an aggregate above a join, over two days of a time series and its dimension',
    stores: ['keyspaces', 'aurora'],
    ours: `select a.manufacturer, count(*) as departures, max(e.delay_minutes) as worst
from flight_event e join aircraft a on a.tail_number = e.tail_number
where e.kind = 'departed' and e.at >= '2013-10-01' and e.at < '2013-10-03'
group by a.manufacturer order by departures desc, a.manufacturer`,
    trino: `select a.manufacturer, count(*) as departures, max(e.delay_minutes) as worst
from ${events} e join ${aircraft} a on a.tail_number = e.tail_number
where e.carrier = '${tenant}' and e.at_hour in (${hours('2013-10-01T00', 48)}) and e.sub_bucket = 0
  and e.kind = 'departed'
group by a.manufacturer order by departures desc, a.manufacturer`,
  },
  {
    name: 'a day of one type',
    of: 'a time series by the keys that a relational table gives',
    stores: ['aurora', 'keyspaces'],
    ours: `select e.tail_number, count(*) as legs, sum(e.delay_minutes) as late
from aircraft a join flight_event e on e.tail_number = a.tail_number
where a.manufacturer = 'BOEING' and a.model = '737-924ER' and e.kind = 'arrived'
  and e.at >= '2013-05-20' and e.at < '2013-05-21'
group by e.tail_number order by late desc, e.tail_number limit 10`,
    trino: `select e.tail_number, count(*) as legs, sum(e.delay_minutes) as late
from ${aircraft} a join ${events} e on e.tail_number = a.tail_number
where a.manufacturer = 'BOEING' and a.model = '737-924ER' and e.kind = 'arrived'
  and e.carrier = '${tenant}' and e.at_hour in (${hours('2013-05-20T00', 24)}) and e.sub_bucket = 0
group by e.tail_number order by late desc, e.tail_number limit 10`,
  },
  {
    name: 'seats to airports by name',
    of: 'three stores: words, a day of events, and the aircraft that flew',
    stores: ['opensearch', 'keyspaces', 'aurora'],
    ours: `select d.name, count(*) as departures, sum(a.seats) as seats
from flight_event e join airport d on d.airport_code = e.destination join aircraft a on a.tail_number = e.tail_number
where match(d.name, 'san los') and e.kind = 'departed' and e.at >= '2013-11-27' and e.at < '2013-11-28'
group by d.name order by seats desc, d.name`,
    trino: `select d.name, count(*) as departures, sum(a.seats) as seats
from ${events} e join ${airports('san los')} d on d.airport_code = e.destination
  join ${aircraft} a on a.tail_number = e.tail_number
where e.carrier = '${tenant}' and e.at_hour in (${hours('2013-11-27T00', 24)}) and e.sub_bucket = 0
  and e.kind = 'departed'
group by d.name order by seats desc, d.name`,
  },
  {
    name: 'into the wind to Chicago',
    of: 'three stores: words, a week of flights, and the weather at their departure; top-N',
    stores: ['opensearch', 'aurora', 'keyspaces'],
    ours: `select f.flight_number, f.scheduled_at, d.name, w.wind_speed, f.departure_delay_minutes
from flight f join airport d on d.airport_code = f.destination
  join weather w on w.origin = f.origin and w.at = date_trunc('hour', f.scheduled_at)
where match(d.name, 'chicago') and f.scheduled_at >= '2013-02-04' and f.scheduled_at < '2013-02-11'
  and f.departure_delay_minutes is not null and w.wind_speed > 15
  and w.origin in ('EWR', 'JFK', 'LGA') and w.at >= '2013-02-04' and w.at < '2013-02-11'
order by f.departure_delay_minutes desc, f.scheduled_at, f.flight_number limit 10`,
    trino: `select f.flight_number, f.scheduled_at, d.name, w.wind_speed, f.departure_delay_minutes
from ${flights} f join ${airports('chicago')} d on d.airport_code = f.destination
  join ${weather} w on w.origin = f.origin and from_iso8601_timestamp(w.at) = date_trunc('hour', f.scheduled_at)
where f.carrier = '${tenant}' and f.departure_delay_minutes is not null and w.wind_speed > 15
  and f.scheduled_at >= timestamp '2013-02-04 00:00:00 UTC' and f.scheduled_at < timestamp '2013-02-11 00:00:00 UTC'
  and w.origin in ('EWR', 'JFK', 'LGA') and w.at_month = '2013-02' and w.sub_bucket = 0
  and w.at >= '2013-02-04' and w.at < '2013-02-11'
order by f.departure_delay_minutes desc, f.scheduled_at, f.flight_number limit 10`,
  },
  {
    name: 'airports by name without a flight',
    of: 'an anti-join of words and a month of a relational table',
    stores: ['opensearch', 'aurora'],
    ours: `select a.airport_code, a.name from airport a
where match(a.name, 'intl international') and not exists (
  select 1 from flight f where f.destination = a.airport_code
    and f.scheduled_at >= '2013-04-01' and f.scheduled_at < '2013-05-01')
order by a.airport_code limit 20`,
    trino: `select a.airport_code, a.name
from ${airports('intl international')} a
where not exists (
  select 1 from ${flights} f where f.carrier = '${tenant}' and f.destination = a.airport_code
    and f.scheduled_at >= timestamp '2013-04-01 00:00:00 UTC' and f.scheduled_at < timestamp '2013-05-01 00:00:00 UTC')
order by a.airport_code limit 20`,
  },
];
