/** Where the archive's files lie. Two ways to keep them: a folder of this machine, and S3. */
export interface ObjectStore {
  /** For people: `s3://bucket/prefix`, or the folder. */
  readonly location: string;
  /** A folder of this process alone for files that are being made; emptied when the store is closed. */
  readonly scratch: string;
  /** Folders that DuckDB may read and write. */
  readonly folders: readonly string[];
  /** Makes what it needs, and resolves when it answers. Every other method does so first. */
  check(): Promise<void>;
  /** The objects of some days, in the order of their names. Whatever was put before is among them. */
  list(range: ListRange): Promise<readonly StoredObject[]>;
  /** The first day from `range.from` on that has objects, up to `range.to`; undefined: none has. */
  firstDay(range: ListRange): Promise<string | undefined>;
  /** A file of this machine with the object's contents, until it is released; undefined when there is no such object any more. */
  get(object: StoredObject): Promise<LocalFile | undefined>;
  /** Puts a file's contents there as one: a reader sees all of the object or none. Replaces what has that name. */
  put(name: string, file: string): Promise<void>;
  /** Objects that are gone already are no failure. */
  delete(names: readonly string[]): Promise<void>;
  readonly notes: Notes;
  close(): Promise<void>;
}

/**
 * Small texts beside the files: progress, and which days are to be swept. Their folders' names begin with `_`,
 * which readers of Parquet pass over.
 */
export interface Notes {
  /** Names that begin so, in their order. */
  list(prefix: string): Promise<readonly string[]>;
  read(name: string): Promise<Note | undefined>;
  /**
   * Writes a note if it still is what was read: the note with this tag, or none. False: somebody else wrote it
   * meanwhile, and nothing was done.
   */
  write(name: string, text: string, tag: string | undefined): Promise<boolean>;
  /** Notes that are gone already are no failure. */
  delete(names: readonly string[]): Promise<void>;
}

export interface Note {
  readonly text: string;
  /** Another one after each write. */
  readonly tag: string;
}

export interface ListRange {
  /** Ends in `/`; the names that follow are `day=2013-01-01/…`. */
  readonly folder: string;
  /** First and last day, both inclusive. */
  readonly from: string;
  readonly to: string;
}

export interface StoredObject {
  readonly name: string;
  readonly bytes: number;
  /** Differs when the object was replaced by other bytes. */
  readonly tag: string;
}

export interface LocalFile {
  readonly path: string;
  release(): Promise<void>;
}
