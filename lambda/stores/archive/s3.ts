import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { isLoopback } from '../loopback.ts';
import { isGone, s3Error } from './errors.ts';
import { createFileCache } from './file-cache.ts';
import type { ListRange, ObjectStore, StoredObject } from './objects.ts';
import { createS3Notes, deleteObjects } from './s3-notes.ts';

export interface S3Options {
  readonly bucket: string;
  /** Empty, or ends in `/`. */
  readonly prefix: string;
  readonly region: string;
  /** Set only where S3 is not the region's own. */
  readonly endpoint?: string | undefined;
}

/** Fetched files that nobody reads stay for the next read: half of the temporary folder of a function. */
const cacheBytes = 256_000_000;

/** Objects of a bucket. They are fetched whole: DuckDB itself reaches no network. */
export function createS3Objects({ bucket, prefix, region, endpoint }: S3Options): ObjectStore {
  const location = `s3://${bucket}/${prefix}`;
  const scratch = join(tmpdir(), `polystore-archive-${randomUUID()}`);
  const local = endpoint !== undefined && isLoopback(new URL(endpoint).hostname);
  const client = new S3Client({
    region,
    maxAttempts: 4,
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 20_000, httpsAgent: { maxSockets: 50 } },
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    ...(local ? { credentials: { accessKeyId: 'local', secretAccessKey: 'local' } } : {}),
  });
  const run = async <T>(task: () => Promise<T>): Promise<T> => {
    try {
      return await task();
    } catch (error) {
      throw s3Error(error, location);
    }
  };
  const cache = createFileCache({
    folder: scratch,
    maxBytes: cacheBytes,
    fetch: async ({ name, tag }, path) => {
      try {
        const request = new GetObjectCommand({ Bucket: bucket, Key: prefix + name, IfMatch: tag });
        const { Body: body } = await client.send(request);
        if (body === undefined) return false;
        await mkdir(scratch, { recursive: true });
        // In Node a body is a readable stream.
        await pipeline(body as NodeJS.ReadableStream, createWriteStream(path));
        return true;
      } catch (error) {
        if (isGone(error)) return false;
        throw error;
      }
    },
  });

  return {
    location,
    scratch,
    folders: [scratch],
    check: () =>
      run(async () => {
        await mkdir(scratch, { recursive: true });
        await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, MaxKeys: 1 }));
      }),
    list: (range) => run(() => list(client, bucket, prefix, range)),
    firstDay: ({ folder, from, to }) =>
      run(async () => {
        const start = `${prefix}${folder}day=`;
        const { Contents: [first] = [] } = await client.send(
          new ListObjectsV2Command({ Bucket: bucket, Prefix: start, StartAfter: start + from, MaxKeys: 1 }),
        );
        const day = first?.Key?.slice(start.length).slice(0, to.length);
        return day === undefined || day > to ? undefined : day;
      }),
    notes: createS3Notes({ client, bucket, prefix, run }),
    get: (object) => run(() => cache.hold(object)),
    put: (name, file) =>
      run(async () => {
        await client.send(
          new PutObjectCommand({
            Bucket: bucket,
            Key: prefix + name,
            // A merged file has 48 MB at most; a buffer can be sent again, a stream cannot.
            Body: await readFile(file),
            ContentType: 'application/vnd.apache.parquet',
          }),
        );
      }),
    delete: (names) => run(() => deleteObjects({ client, bucket, prefix }, names)),
    close: async () => {
      client.destroy();
      await rm(scratch, { recursive: true, force: true });
    },
  };
}

/** S3 gives keys in the order of their bytes, a thousand a page, and each page as things are at that moment. */
async function list(
  client: S3Client,
  bucket: string,
  prefix: string,
  { folder, from, to }: ListRange,
): Promise<readonly StoredObject[]> {
  const start = prefix + folder;
  const found: StoredObject[] = [];
  let next: string | undefined;
  do {
    const page = await client.send(
      new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: start,
        StartAfter: `${start}day=${from}`,
        ...(next !== undefined && { ContinuationToken: next }),
      }),
    );
    for (const { Key: key = '', Size: bytes = 0, ETag: tag = '' } of page.Contents ?? []) {
      const day = key.slice(`${start}day=`.length).slice(0, to.length);
      if (day > to) return found;
      if (key.endsWith('.parquet')) found.push({ name: key.slice(prefix.length), bytes, tag });
    }
    next = page.NextContinuationToken;
  } while (next !== undefined);
  return found;
}
