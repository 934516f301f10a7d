/** Statements to begin with, one for each way to be answered; they hold for the data of one carrier on the first day. */
export interface SampleQuery {
  readonly what: string;
  readonly sql: string;
}

/** @param asOf the day (`YYYY-MM-DD`) that 2013-01-01 was moved to. */
export function sampleQueries(asOf: string): readonly SampleQuery[] {
  const nextDay = new Date(Date.parse(`${asOf}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
  const inTheDay = `at >= '${asOf}' and at < '${nextDay}'`;
  const onTheDay = `scheduled_at >= '${asOf}' and scheduled_at < '${nextDay}'`;
  return [
    {
      what: 'one aircraft, from an index of DynamoDB',
      sql: "select flight_number, scheduled_at, origin, destination, status from flight where tail_number = 'N14228' order by scheduled_at",
    },
    {
      what: 'the most delayed, from a sorted set of Redis',
      sql: `select flight_number, destination, departure_delay_minutes from flight where ${onTheDay} and departure_delay_minutes is not null order by departure_delay_minutes desc limit 5`,
    },
    {
      what: 'the board of an airport, from a hash of Redis',
      sql: `select scheduled_at, flight_number, destination, status from flight where origin = 'EWR' and ${onTheDay} order by scheduled_at limit 5`,
    },
    {
      what: 'two hours of events, newest first, from a wide table of Keyspaces',
      sql: `select at, kind, flight_number, origin, destination from flight_event where at >= '${asOf}T18:00:00Z' and at < '${asOf}T20:00:00Z' order by at desc limit 5`,
    },
    {
      what: 'departures and their delay by the hour, from a rollup in Keyspaces',
      sql: `select date_trunc('hour', at) as hour, count(*) as departures, avg(delay_minutes) as delay from flight_event where kind = 'departed' and ${inTheDay} group by hour order by hour`,
    },
    {
      what: 'aircraft by words of their maker and model, from OpenSearch',
      sql: "select tail_number, match_highlight(manufacturer) as maker, model, match_rank() as rank from aircraft where match(manufacturer, 'boeing') order by rank desc, tail_number limit 5",
    },
    {
      what: 'a join and an aggregate, from a replica of Aurora',
      sql: 'select a.manufacturer, count(*) as flights, round(avg(f.departure_delay_minutes), 1) as delay from flight f join aircraft a on a.tail_number = f.tail_number group by a.manufacturer order by flights desc limit 5',
    },
    {
      what: 'the airports that a day of events leads to, from several stores in DuckDB',
      sql: `select a.name, count(*) as events from flight_event e join airport a on a.airport_code = e.destination where e.${inTheDay.replace('and at', 'and e.at')} group by a.name order by events desc, a.name limit 5`,
    },
  ];
}
