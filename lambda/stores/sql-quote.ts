/** A name as PostgreSQL and DuckDB take it, whatever it is: `at` alone is a word of DuckDB's grammar. */
export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A text as a literal of theirs, in which only the quote itself is special. */
export const quoteText = (text: string): string => `'${text.replaceAll("'", "''")}'`;
