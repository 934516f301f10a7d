import { createReadStream } from 'node:fs';
import { dataDayOf } from './dates.ts';

/** Bytes of a file, `end` exclusive. */
interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Where the lines of each data day lie in a file, so that a day is read without the rest of the year. */
export interface DayIndex {
  /** The first line, which names the columns. */
  readonly header: string;
  /** By data day. */
  readonly days: ReadonlyMap<number, { readonly ranges: readonly ByteRange[]; readonly lines: number }>;
}

const newline = 10;
/** The date is among the first columns of each file. */
const dateWithinBytes = 24;

/**
 * Goes through the file once. The files are not in the order of time (in flights.csv month 1 is
 * followed by 10, 11, 12, 2; weather.csv is by airport first), but a day's lines mostly lie together; a
 * day that lies in several places gets several ranges. A line is a record: these files quote nothing.
 */
export async function indexDays(file: string): Promise<DayIndex> {
  const days = new Map<number, { ranges: { start: number; end: number }[]; lines: number }>();
  let header: string | undefined;
  let places: readonly number[] = [];
  let offset = 0;

  const take = (line: Buffer): void => {
    const start = offset;
    offset += line.length + 1;
    if (header === undefined) {
      header = line.toString('utf8').trim();
      const names = header.split(',');
      places = ['year', 'month', 'day'].map((name) => names.indexOf(name));
      return;
    }
    const cells = line.toString('latin1', 0, dateWithinBytes).split(',');
    const [year, month, dayOfMonth] = places.map((place) => cells[place]);
    if (year === undefined || month === undefined || dayOfMonth === undefined) return; // an empty last line
    const day = dataDayOf(`${year}-${month.padStart(2, '0')}-${dayOfMonth.padStart(2, '0')}`);
    const known = days.get(day) ?? { ranges: [], lines: 0 };
    const last = known.ranges.at(-1);
    if (last?.end === start) last.end = offset;
    else known.ranges.push({ start, end: offset });
    known.lines += 1;
    days.set(day, known);
  };

  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) {
    // A read stream without an encoding gives Buffers.
    const bytes = Buffer.concat([rest, chunk as Buffer]);
    let from = 0;
    for (let to = bytes.indexOf(newline, from); to >= 0; to = bytes.indexOf(newline, from)) {
      take(bytes.subarray(from, to));
      from = to + 1;
    }
    rest = bytes.subarray(from);
  }
  if (rest.length > 0) take(rest);
  return { header: header ?? '', days };
}

/** The lines of one day, without the header. */
export async function readDayLines(file: string, index: DayIndex, day: number): Promise<string> {
  const texts: string[] = [];
  for (const { start, end } of index.days.get(day)?.ranges ?? []) {
    const parts: Buffer[] = [];
    // `end` of a read stream is inclusive; without an encoding it gives Buffers.
    for await (const chunk of createReadStream(file, { start, end: end - 1 })) parts.push(chunk as Buffer);
    texts.push(Buffer.concat(parts).toString('utf8'));
  }
  return texts.map((text) => (text.endsWith('\n') ? text : `${text}\n`)).join('');
}
