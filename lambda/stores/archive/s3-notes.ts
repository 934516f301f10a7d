import {
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { PolystoreError } from '../../errors.ts';
import { parted } from '../parted.ts';
import { isConflict, isGone } from './errors.ts';
import type { Notes } from './objects.ts';

interface Bucket {
  readonly client: S3Client;
  readonly bucket: string;
  /** Empty, or ends in `/`. */
  readonly prefix: string;
}

/** S3 deletes at most so many at once. */
const deletesAtOnce = 1000;

/** Notes as objects, written on condition of their tag (`If-Match`, `If-None-Match`). */
export function createS3Notes({
  run,
  ...place
}: Bucket & { readonly run: <T>(task: () => Promise<T>) => Promise<T> }): Notes {
  const { client, bucket, prefix } = place;
  return {
    list: (start) =>
      run(async () => {
        const names: string[] = [];
        let next: string | undefined;
        do {
          const page = await client.send(
            new ListObjectsV2Command({
              Bucket: bucket,
              Prefix: prefix + start,
              ...(next !== undefined && { ContinuationToken: next }),
            }),
          );
          names.push(...(page.Contents ?? []).map(({ Key: key = '' }) => key.slice(prefix.length)));
          next = page.NextContinuationToken;
        } while (next !== undefined);
        return names;
      }),
    read: (name) =>
      run(async () => {
        try {
          const { Body: body, ETag: tag } = await client.send(
            new GetObjectCommand({ Bucket: bucket, Key: prefix + name }),
          );
          return body === undefined || tag === undefined
            ? undefined
            : { text: await body.transformToString(), tag };
        } catch (error) {
          if (isGone(error)) return undefined;
          throw error;
        }
      }),
    write: (name, text, tag) =>
      run(async () => {
        try {
          await client.send(
            new PutObjectCommand({
              Bucket: bucket,
              Key: prefix + name,
              Body: text,
              ContentType: 'application/json',
              ...(tag === undefined ? { IfNoneMatch: '*' } : { IfMatch: tag }),
            }),
          );
          return true;
        } catch (error) {
          if (isGone(error) || isConflict(error)) return false;
          throw error;
        }
      }),
    delete: (names) => run(() => deleteObjects(place, names)),
  };
}

/** Deletes objects. @throws PolystoreError `store_unavailable` for those that S3 did not delete. */
export async function deleteObjects(
  { client, bucket, prefix }: Bucket,
  names: readonly string[],
): Promise<void> {
  for (const part of parted(names, deletesAtOnce)) {
    const keys = part.map((name) => ({ Key: prefix + name }));
    const request = new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: keys, Quiet: true } });
    const { Errors: failed = [] } = await client.send(request);
    const [first] = failed;
    if (first !== undefined)
      throw new PolystoreError(
        'store_unavailable',
        `S3 did not delete ${failed.length} objects of s3://${bucket}/${prefix}, the first ${first.Key}: ${first.Code} ${first.Message}. They are deleted with the next merge`,
      );
  }
}
