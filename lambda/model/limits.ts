/**
 * What the engines take at most, each from its own documentation. Sizes are bytes, of texts in UTF-8. The
 * compiler proves that a model stays below, and the stores that enforce a limit read it here.
 */

/** Amazon DynamoDB developer guide, "Service, account, and table quotas". */
export const dynamodbLimits = {
  globalIndexes: 20,
  localIndexes: 5,
  /** Attributes that an index holds beside keys where not all are projected (API reference, "Projection"). */
  projectedAttributes: 20,
  /** The same of all indexes of a table together; one that is in two counts twice. */
  projectedAttributesInAll: 100,
  /** 400 KB, names and values of all attributes. */
  itemBytes: 409_600,
  /** Of a table and of an index alike. */
  partitionKeyBytes: 2_048,
  sortKeyBytes: 1_024,
} as const;

/** Amazon Keyspaces developer guide, "Quotas" and "Calculate row size". */
export const keyspacesLimits = {
  /** A row: 1 MB with its keys and what AWS adds. */
  rowBytes: 1_048_576,
  /** All columns of the partition key together, and all clustering columns together. */
  partitionKeyBytes: 2_048,
  clusteringBytes: 850,
  /** Regular columns that one statement may write on a table with TTL. */
  columnsWritten: 166,
} as const;

/** Columns that a Keyspaces row has beside an entity's own: `sub_bucket`, an int, and `version`, 19 digits. */
export const subBucketBytes = 4;
export const versionBytes = 19;

/**
 * What a row takes in Keyspaces, rounded up, by the developer guide's "Calculate row size": keys lie there
 * twice, clustering columns with a fifth more; a value takes three bytes for its column and eight for its
 * time to live; a row 108 besides.
 */
export const keyspacesRowBytes = (row: {
  readonly partitionColumns: number;
  readonly partitionBytes: number;
  readonly clusteringBytes: number;
  readonly values: number;
  readonly valueBytes: number;
}): number =>
  Math.ceil(
    2 * row.partitionBytes +
      3 * row.partitionColumns +
      2.2 * row.clusteringBytes +
      row.valueBytes +
      11 * row.values +
      108,
  );

export const logLimits = {
  /**
   * The largest record that Polystore writes, key and value together; the topics are made with this limit
   * plus room for framing (brokers take 1 MiB by default). The after-image of a DynamoDB item of 400 KB
   * fits even when JSON escapes every byte of it (six bytes each); and Lambda delivers it, since base64 of
   * it is below the 6 MB of an invocation.
   */
  recordBytes: 4_000_000,
} as const;

export const postgresLimits = {
  /** A third of a page of 8 KB, less its header (`BTMaxItemSize` in nbtree.h). */
  indexEntryBytes: 2_704,
  /** Of an index, those that it carries included (`INDEX_MAX_KEYS`). */
  indexColumns: 32,
} as const;

/** Lucene: the longest term, and so the longest text that is found by its value. */
export const opensearchLimits = { termBytes: 32_766 } as const;
