import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PolystoreError } from '../../lambda/errors.ts';
import { reasonOf } from './retry.ts';

interface ShardPosition {
  /** The last record that was taken; undefined: none yet. */
  readonly sequenceNumber: string | undefined;
  /** Everything of a closed shard was taken. */
  readonly finished: boolean;
}

/** How far each shard of a stream has been taken, kept in a file. */
export interface StreamCheckpoint {
  /** The stream that the positions are of; undefined when nothing was kept. */
  readonly streamArn: string | undefined;
  position(shard: string): ShardPosition | undefined;
  shards(): readonly string[];
  /** Resolves when it is on disk: a crash leaves the old file or the new one, whole. */
  save(shard: string, position: ShardPosition): Promise<void>;
  /** Forgets everything and starts with another stream. */
  begin(streamArn: string): Promise<void>;
  forget(shard: string): Promise<void>;
}

interface CheckpointFile {
  readonly streamArn?: string | undefined;
  readonly shards: Readonly<Record<string, { readonly sequenceNumber?: string; readonly finished: boolean }>>;
}

/** @throws PolystoreError `invalid_configuration` when the file is there and cannot be read. */
export function openCheckpoint(file: string): StreamCheckpoint {
  const held = readCheckpoint(file);
  const shards = new Map<string, ShardPosition>(
    Object.entries(held.shards).map(([shard, { sequenceNumber, finished }]) => [
      shard,
      { sequenceNumber, finished },
    ]),
  );
  let streamArn = held.streamArn;
  let last: Promise<void> = Promise.resolve();

  const write = async (): Promise<void> => {
    await mkdir(dirname(file), { recursive: true });
    const next = `${file}.new`;
    await writeFile(next, JSON.stringify({ streamArn, shards: Object.fromEntries(shards) }, null, 2), {
      flush: true,
    });
    await rename(next, file);
  };
  /** One write at a time; each writes all that is known when it begins. */
  const flush = (): Promise<void> => {
    const mine = last.then(write);
    last = mine.catch(() => undefined);
    return mine;
  };
  return {
    get streamArn() {
      return streamArn;
    },
    position: (shard) => shards.get(shard),
    shards: () => [...shards.keys()],
    save(shard, position) {
      shards.set(shard, position);
      return flush();
    },
    begin(arn) {
      streamArn = arn;
      shards.clear();
      return flush();
    },
    forget(shard) {
      shards.delete(shard);
      return flush();
    },
  };
}

function readCheckpoint(file: string): CheckpointFile {
  if (!existsSync(file)) return { shards: {} };
  const text = readFileSync(file, 'utf8');
  try {
    // Written by this module and nothing else; a cut file fails to parse.
    return JSON.parse(text) as CheckpointFile;
  } catch (cause) {
    throw new PolystoreError(
      'invalid_configuration',
      `The positions in the DynamoDB stream, ${file}, cannot be read: ${reasonOf(cause)}. Remove the file to take the stream from its oldest record again, which changes no view.`,
      { cause },
    );
  }
}
