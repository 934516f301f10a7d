/** Statements over the sample's model that docs/sql.md shows; a test holds each to what the page says of it. */
export interface SqlExample {
  readonly what: string;
  readonly sql: string;
}

/** Refused where stores are combined; on Aurora alone, where all tables are held there, PostgreSQL answers them. */
export const refusedWhereCombined: readonly SqlExample[] = [
  {
    what: 'sums and averages of floats: they depend on the order of the rows',
    sql: 'select sum(temp) from weather',
  },
  {
    what: 'averages inside an expression or a sub-select; `round(avg(…), n)`, comparisons and orders are answered',
    sql: 'select avg(delay_minutes) + 1 from flight_event',
  },
  { what: 'division of decimals and of averages', sql: 'select 1.5 / delay_minutes from flight_event' },
  { what: 'floats as texts', sql: 'select cast(temp as text) from weather' },
  { what: 'JSON beyond selecting it', sql: "select details ->> 'a' from flight_event" },
  { what: 'arrays and lists', sql: 'select array_agg(kind) from flight_event' },
  {
    what: 'intervals in an answer; times plus or minus an interval are answered',
    sql: 'select at - scheduled_at from flight_event',
  },
  { what: '`lateral`', sql: 'select * from weather w, lateral (select w.temp) x' },
  {
    what: 'joins with an alias of their own',
    sql: 'select j.kind from (flight_event e join weather w on true) j',
  },
  { what: 'statistics, percentiles, `mode`', sql: 'select stddev(delay_minutes) from flight_event' },
  {
    what: 'windows of ranges and groups of values',
    sql: 'select count(*) over (order by wind_dir range 1 preceding) from weather',
  },
  { what: '`limit … with ties`', sql: 'select temp from weather order by temp fetch first 3 rows with ties' },
  {
    what: '`to_char`, `age`, regular expressions, time zones',
    sql: "select to_char(at, 'YYYY') from weather",
  },
  {
    what: 'a `rollup` or `cube` of one expression twice',
    sql: 'select origin, count(*) from weather group by rollup (origin, origin)',
  },
  {
    what: 'grouping sets of what may come to a constant',
    sql: "select coalesce('a', origin) as a, count(*) from weather group by rollup (1)",
  },
  {
    what: 'an order of grouping sets of a column that a condition fixes, by which PostgreSQL 17 would not order',
    sql: "select origin, count(*) from weather where origin = 'JFK' group by rollup (origin) order by origin",
  },
  { what: 'grouping sets of constants', sql: "select 'a' as a, count(*) from weather group by rollup (1)" },
  { what: '`string_agg` without an order', sql: "select string_agg(kind, ',') from flight_event" },
  {
    what: 'patterns of `like` that are not constant',
    sql: 'select kind from flight_event where kind like origin',
  },
  {
    what: 'decimals of different scales in one column',
    sql: 'select 1.5 union all select 1.25 from weather',
  },
];

/** Groups that one placement other than Aurora adds up. */
export const answeredNatively: readonly SqlExample[] = [
  {
    what: '`date_trunc` to second, minute, hour, day, week, month, quarter or year, in UTC',
    sql: "select date_trunc('week', scheduled_at), count(*) from flight where status = 'arrived' group by 1",
  },
  {
    what: '`date_bin` by an interval without months',
    sql: "select date_bin('15 minutes', scheduled_at, '2013-01-01'), count(*) from flight where status = 'arrived' group by 1",
  },
  {
    what: 'a column of whole numbers divided by one',
    sql: "select departure_delay_minutes / 15, count(*) from flight where status = 'arrived' group by 1",
  },
  {
    what: 'the first rows of groups: `distinct on`, or a window that numbers them',
    sql: "select * from (select *, row_number() over (partition by origin order by departure_delay_minutes desc nulls last, flight_number) as n from flight where status = 'arrived') s where n <= 3",
  },
  {
    what: '`distinct`',
    sql: "select distinct origin, destination from flight where status = 'arrived'",
  },
  {
    what: 'different values',
    sql: "select origin, count(distinct tail_number) from flight where status = 'arrived' group by origin",
  },
];

/** Answered where stores are combined. */
export const answeredWhereCombined: readonly SqlExample[] = [
  {
    what: 'joins of every kind, `using` and `natural` among them',
    sql: 'select a.name, count(e.event_id) from airport a left join flight_event e on e.destination = a.airport_code group by a.name',
  },
  {
    what: 'sub-selects in `from`, `where` and among what is selected, correlated or not',
    sql: 'select w.origin from weather w where w.temp > (select max(v.temp) from weather v where v.origin <> w.origin)',
  },
  {
    what: 'CTEs',
    sql: 'with late as (select * from flight_event where delay_minutes > 60) select count(*) from late',
  },
  {
    what: '`union`, `intersect` and `except`, with and without `all`',
    sql: 'select origin from weather union select origin from flight_event',
  },
  {
    what: '`distinct` and `distinct on`',
    sql: 'select distinct on (origin) origin, at from weather order by origin, at desc',
  },
  {
    what: 'groups, `having`, `filter`, `rollup`, `cube` and grouping sets',
    sql: "select origin, count(*) filter (where kind = 'departed') from flight_event group by rollup (origin) having count(*) > 1",
  },
  {
    what: 'window functions, over rows or the whole partition',
    sql: 'select origin, rank() over (partition by origin order by delay_minutes desc) from flight_event',
  },
  {
    what: 'words of a search index beside other tables',
    sql: "select a.name, match_rank() from airport a join weather w on w.origin = a.airport_code where match(a.name, 'newark')",
  },
  {
    what: 'arithmetic, `case`, `coalesce`, `nullif`, `greatest`, `least`, `between`, `in`, `like`, `ilike`, `is distinct from`',
    sql: "select case when temp > 80 then 'hot' else coalesce(origin, '?') end from weather where origin ilike 'j%'",
  },
];

/** Of airports with a geo index over `lat` and `lon`. */
export const answeredByDistance: readonly SqlExample[] = [
  {
    what: 'what is within a circle',
    sql: 'select name from airport where earth_distance(lat, lon, 40.64, -73.78) <= 50000',
  },
  {
    what: 'the nearest, with how far they are',
    sql: 'select name, earth_distance(lat, lon, 40.64, -73.78) as metres from airport order by metres limit 5',
  },
  {
    what: 'both',
    sql: 'select name from airport where earth_distance(lat, lon, 40.64, -73.78) <= 50000 order by earth_distance(lat, lon, 40.64, -73.78), airport_code limit 5',
  },
];
