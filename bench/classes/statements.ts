/** Draws from 0 to below 1; the same numbers for the same seed. */
export type Draw = () => number;

/** A statement with its values. */
export interface Asked {
  readonly sql: string;
  readonly params: readonly (string | number)[];
}

/** Rows of the year that statements ask for. */
export interface Known {
  /** Tail numbers that the carrier has flown. */
  readonly tails: readonly string[];
}

type Template = (draw: Draw, known: Known) => Asked;

/** A class of the original system, with its latencies at p50, p95 and p99 in milliseconds, and how often it is asked here. */
export interface StatementClass {
  readonly name: string;
  readonly original: readonly [number, number, number];
  readonly originalPerSecond: number;
  readonly perSecond: number;
  readonly templates: Readonly<Record<string, Template>>;
}

const dayMs = 86_400_000;
const origins = ['EWR', 'JFK', 'LGA'] as const;

const one = <T>(draw: Draw, items: readonly T[]): T => {
  const item = items[Math.floor(draw() * items.length)];
  if (item === undefined) throw new TypeError('there is nothing to draw from');
  return item;
};
/** Days of the year, from 0. */
const dayAt = (index: number): string =>
  new Date(Date.parse('2013-01-01') + index * dayMs).toISOString().slice(0, 10);
/** From a day, so many days; `most` is the last one that it may begin with. */
function span(draw: Draw, days: number, [least, most]: readonly [number, number]): readonly [string, string] {
  const from = least + Math.floor(draw() * (most - least + 1));
  return [dayAt(from), dayAt(from + days)];
}
const anyDay = [0, 364] as const;
/** What Redis still has of the leaderboard, which keeps 30 days. */
const lastWeeks = [340, 363] as const;
const month = (draw: Draw): readonly [string, string] => {
  const at = Math.floor(draw() * 12);
  const first = (index: number): string => new Date(Date.UTC(2013, index, 1)).toISOString().slice(0, 10);
  return [first(at), first(at + 1)];
};

export const classes: readonly StatementClass[] = [
  {
    name: 'dashboard',
    original: [45, 120, 280],
    originalPerSecond: 75_000,
    perSecond: 20,
    templates: {
      'board of a day': (draw) => ({
        sql: 'select scheduled_at, flight_number, destination, status from flight where origin = $1 and scheduled_at >= $2 and scheduled_at < $3 order by scheduled_at',
        params: [one(draw, origins), ...span(draw, 1, anyDay)],
      }),
      'most delayed of a day': (draw) => ({
        sql: 'select flight_number, destination, departure_delay_minutes from flight where scheduled_at >= $1 and scheduled_at < $2 and departure_delay_minutes is not null order by departure_delay_minutes desc limit 5',
        params: span(draw, 1, lastWeeks),
      }),
      'card of an aircraft': (draw, { tails }) => ({
        sql: 'select * from aircraft where tail_number = $1',
        params: [one(draw, tails)],
      }),
      'states of a day': (draw) => ({
        sql: 'select status, count(*) as flights from flight where scheduled_at >= $1 and scheduled_at < $2 group by status order by status',
        params: span(draw, 1, anyDay),
      }),
    },
  },
  {
    name: 'complex',
    original: [890, 2400, 5600],
    originalPerSecond: 12_000,
    perSecond: 1,
    templates: {
      'delay by manufacturer': (draw) => ({
        sql: 'select a.manufacturer, count(*) as flights, round(avg(f.departure_delay_minutes), 1) as delay from flight f join aircraft a on a.tail_number = f.tail_number where f.scheduled_at >= $1 and f.scheduled_at < $2 group by a.manufacturer order by flights desc limit 5',
        params: span(draw, 90, [0, 274]),
      }),
      'worst route of each airport': (draw) => ({
        sql: 'with routes as (select origin, destination, count(*) as flights, avg(arrival_delay_minutes) as delay from flight where scheduled_at >= $1 and scheduled_at < $2 group by origin, destination) select * from (select origin, destination, flights, rank() over (partition by origin order by delay desc nulls last, destination) as place from routes where flights > 20) ranked where place <= 3 order by origin, place',
        params: span(draw, 90, [0, 274]),
      }),
      'delay by visibility': (draw) => {
        const [from, to] = month(draw);
        return {
          sql: "select w.origin, case when w.visib < 3 then 'low' else 'fair' end as visibility, count(*) as flights, round(avg(f.departure_delay_minutes), 1) as delay from flight f join weather w on w.origin = f.origin and w.at = date_trunc('hour', f.scheduled_at) where f.scheduled_at >= $1 and f.scheduled_at < $2 and w.origin in ('EWR', 'JFK', 'LGA') and w.at >= $1 and w.at < $2 group by 1, 2 order by 1, 2",
          params: [from, to],
        };
      },
      'departures by maker': (draw) => ({
        sql: "select a.manufacturer, count(*) as departures, max(e.delay_minutes) as worst from flight_event e join aircraft a on a.tail_number = e.tail_number where e.kind = 'departed' and e.at >= $1 and e.at < $2 group by a.manufacturer order by departures desc, a.manufacturer",
        params: span(draw, 2, [0, 363]),
      }),
    },
  },
  {
    name: 'time series',
    original: [35, 85, 180],
    originalPerSecond: 120_000,
    perSecond: 20,
    templates: {
      'departures by hour': (draw) => ({
        sql: "select date_trunc('hour', at) as hour, count(*) as departures, avg(delay_minutes) as delay from flight_event where kind = 'departed' and at >= $1 and at < $2 group by hour order by hour",
        params: span(draw, 1, anyDay),
      }),
      'arrivals of a week by hour': (draw) => ({
        sql: "select date_trunc('hour', at) as hour, count(*) as arrivals, max(delay_minutes) as worst from flight_event where kind = 'arrived' and at >= $1 and at < $2 group by hour order by hour",
        params: span(draw, 7, [0, 358]),
      }),
      'weather of a day': (draw) => ({
        sql: 'select at, temp, wind_speed, visib from weather where origin = $1 and at >= $2 and at < $3 order by at desc',
        params: [one(draw, origins), ...span(draw, 1, [0, 363])],
      }),
      'story of an aircraft': (draw, { tails }) => ({
        sql: 'select at, kind, flight_number, origin, destination from flight_event where tail_number = $1 and at >= $2 and at < $3 order by at desc',
        params: [one(draw, tails), ...span(draw, 1, anyDay)],
      }),
    },
  },
  {
    name: 'full text',
    original: [25, 75, 150],
    originalPerSecond: 90_000,
    perSecond: 15,
    templates: {
      'aircraft by words': (draw) => ({
        sql: 'select tail_number, match_highlight(manufacturer) as maker, model, match_rank() as rank from aircraft where match(manufacturer, $1) order by rank desc limit 5',
        params: [
          one(draw, [
            'boeing',
            'airbus industrie',
            'embraer',
            'bombardier inc',
            'mcdonnell douglas',
            'cessna',
          ]),
        ],
      }),
      'airports by words': (draw) => ({
        sql: 'select airport_code, match_highlight(name) as name, match_rank() as rank from airport where match(name, $1) order by rank desc limit 10',
        params: [
          one(draw, [
            'international',
            'county municipal',
            'san francisco',
            'john f kennedy',
            'lake',
            'air force base',
          ]),
        ],
      }),
      'flights of words': (draw, { tails }) => ({
        sql: 'select flight_number, scheduled_at, destination from flight where match(tail_number, $1) and scheduled_at >= $2 and scheduled_at < $3 order by scheduled_at limit 20',
        params: [one(draw, tails), ...span(draw, 90, [0, 274])],
      }),
    },
  },
];
