/** How long the change log keeps a record, and so can be applied again: 7 days (DESIGN §4). */
const logKeepMs = 7 * 24 * 3600 * 1000;

/** How long a tombstone, or the guard of an expired row, is kept before it may be swept: two days more (rule 2). */
export const keepTombstonesMs = logKeepMs + 2 * 24 * 3600 * 1000;
