import type { StreamRecord } from '../../local/triggers/stream-event.ts';
import type { Shard, ShardRead, StreamReader } from '../../local/triggers/stream-reader.ts';

export interface ScriptedShard extends Shard {
  readonly records: StreamRecord[];
  closed: boolean;
  /** Records up to this index were deleted by the service. */
  trimmed: number;
}

/**
 * A stream in memory, by AWS's rules as far as the trigger sees them: an iterator is a place in a
 * shard, a closed shard ends in no iterator, a position among deleted records is an error. Its
 * reads can be made to fail.
 */
export class ScriptedStream implements StreamReader {
  arn = 'arn:aws:dynamodb:local:000000000000:table/t/stream/1';
  readonly held: ScriptedShard[] = [];
  /** How the next read is answered instead of with records. */
  nextRead: 'records' | 'expired' | 'trimmed' = 'records';
  /** Shards in the order of their first read. */
  readonly opened: string[] = [];

  shard(id: string, sequenceNumbers: readonly number[], more: Partial<ScriptedShard> = {}): ScriptedShard {
    const shard = {
      id,
      parent: undefined,
      records: sequenceNumbers.map(recordOf),
      closed: false,
      trimmed: 0,
      ...more,
    };
    this.held.push(shard);
    return shard;
  }

  async streamArn(): Promise<string> {
    return this.arn;
  }

  async partitionKey(): Promise<string> {
    return 'pk';
  }

  async shards(): Promise<readonly Shard[]> {
    return this.held;
  }

  async open(_: string, shard: string, after: string | undefined) {
    this.opened.push(shard);
    const held = this.#find(shard);
    const index =
      after === undefined
        ? held.trimmed
        : held.records.findIndex((r) => r.dynamodb.SequenceNumber === after) + 1;
    return index < held.trimmed ? ('trimmed' as const) : { iterator: `${shard}/${index}` };
  }

  async read(_: string, iterator: string): Promise<ShardRead> {
    if (this.nextRead !== 'records') {
      const kind = this.nextRead;
      this.nextRead = 'records';
      return { kind };
    }
    const [shard = '', index = ''] = iterator.split('/');
    const held = this.#find(shard);
    if (Number(index) < held.trimmed) return { kind: 'trimmed' };
    const records = held.records.slice(Number(index));
    return { kind: 'records', records, next: held.closed ? undefined : `${shard}/${held.records.length}` };
  }

  #find(id: string): ScriptedShard {
    const found = this.held.find((shard) => shard.id === id);
    if (found === undefined) throw new Error(`no shard ${id}`);
    return found;
  }
}

export function recordOf(sequenceNumber: number): StreamRecord {
  return {
    eventID: `e${sequenceNumber}`,
    eventName: 'INSERT',
    dynamodb: { SequenceNumber: String(sequenceNumber), Keys: { pk: { S: `k${sequenceNumber}` } } },
  };
}
