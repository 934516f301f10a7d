/** How far a transaction is kept from others that run at once: SQL's words, with PostgreSQL's meaning; weakest first. */
export const isolations = ['read committed', 'repeatable read', 'serializable'] as const;
export type Isolation = (typeof isolations)[number];
