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
  /** A file of this machine with the object's contents, until it is released; undefined when there is no such object any more. */
  get(object: StoredObject): Promise<LocalFile | undefined>;
  /** Puts a file's contents there as one: a reader sees all of the object or none. Replaces what has that name. */
  put(name: string, file: string): Promise<void>;
  /** Objects that are gone already are no failure. */
  delete(names: readonly string[]): Promise<void>;
  close(): Promise<void>;
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
