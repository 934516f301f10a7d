import type { HeldVersion } from './read.ts';

/** Versions of rows in one order, a page at a time; undefined at the end. */
export type NextPage = () => Promise<readonly HeldVersion[] | undefined>;

/**
 * The newest version of each row, in order, over several streams that are each in that order. A row may lie
 * in several streams, since its partition may have been parted further after it was written; its versions
 * may come in any order.
 *
 * @param compare orders rows; 0 for versions of one row.
 */
export async function* newestOf(
  streams: readonly NextPage[],
  compare: (a: HeldVersion['row'], b: HeldVersion['row']) => number,
): AsyncGenerator<HeldVersion> {
  // The first pages of all at once; from then on whichever runs dry.
  const heads = await Promise.all(streams.map((next) => fill({ next, page: [], at: 0 })));
  for (;;) {
    const first = leastOf(heads, compare);
    if (first === undefined) return;
    let newest = first;
    for (const head of heads) {
      for (let held = head.page[head.at]; held !== undefined && compare(held.row, first.row) === 0; ) {
        if (held.version > newest.version) newest = held;
        head.at += 1;
        await fill(head);
        held = head.page[head.at];
      }
    }
    yield newest;
  }
}

interface Head {
  readonly next: NextPage;
  page: readonly HeldVersion[];
  at: number;
}

/** Fetches until there is a row to look at, or no more. */
async function fill(head: Head): Promise<Head> {
  while (head.at >= head.page.length) {
    const page = await head.next();
    if (page === undefined) return head;
    head.page = page;
    head.at = 0;
  }
  return head;
}

function leastOf(
  heads: readonly Head[],
  compare: (a: HeldVersion['row'], b: HeldVersion['row']) => number,
): HeldVersion | undefined {
  let least: HeldVersion | undefined;
  for (const { page, at } of heads) {
    const held = page[at];
    if (held !== undefined && (least === undefined || compare(held.row, least.row) < 0)) least = held;
  }
  return least;
}
