import accessors from '@duckdb/node-api/lib/vectors/dataAccessors.js';

/**
 * Lets texts come out of DuckDB as they went in. Its binding (1.5.6) reads them by a `TextDecoder` that takes U+FEFF
 * at the start of a text for a mark of the encoding and drops it: two keys would become one. To be called before
 * anything is read; a test of the archive and one of the combine step hold it.
 */
export function keepWholeTexts(): void {
  // Exported to be read at every text, and nowhere declared to stay.
  (accessors as { textDecoder: unknown }).textDecoder = new TextDecoder('utf-8', { ignoreBOM: true });
}
