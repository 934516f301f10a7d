import { type BulkSender, sendActions } from './bulk.ts';
import type { Source } from './document.ts';
import { stateAlias } from './names.ts';
import type { Hit } from './read.ts';

/** A document of the index in which a model keeps what it knows of its views. */
export interface StateDocument {
  readonly id: string;
  readonly source: Source;
  /** What it is compared by when it is written. */
  readonly held: { readonly seqNo: number; readonly primaryTerm: number };
}

/** Reads and writes those documents, as they are now: searches see them later. */
export interface State {
  /** Those that are there. None where the schema has not been made yet. */
  read(ids: readonly string[]): Promise<readonly StateDocument[]>;
  /** Writes a document where it is still the one that was read, or still absent. Whether it was. */
  put(id: string, source: Source, held: StateDocument['held'] | undefined): Promise<boolean>;
  /** Changes documents by a script, whoever else does; an absent one begins as an empty one. What they are then. */
  update(updates: readonly StateUpdate[]): Promise<ReadonlyMap<string, Source>>;
}

export interface StateUpdate {
  readonly id: string;
  readonly script: { readonly source: string; readonly params: Readonly<Record<string, unknown>> };
}

/** How often an update that met another is made again by the engine. */
const retries = 50;

export function createState(sender: BulkSender, model: string): State {
  const { client, gate } = sender;
  const index = stateAlias(model);
  // Without it a bulk would make an index of any form.
  const place = (id: string) => ({ _index: index, _id: id, require_alias: true });
  return {
    async read(ids) {
      if (ids.length === 0) return [];
      const { body } = await gate.run(() =>
        client.mget({ body: { docs: ids.map((id) => ({ _index: index, _id: id })) } }),
      );
      // The form of an answer; where there is no index it carries an error in place of `found`.
      const docs = body.docs as unknown as readonly (Hit & { readonly found?: boolean })[];
      return docs.flatMap(({ found, _id, _source = {}, _seq_no = 0, _primary_term = 0 }) =>
        found === true
          ? [{ id: _id, source: _source, held: { seqNo: _seq_no, primaryTerm: _primary_term } }]
          : [],
      );
    },
    async put(id, source, held) {
      const action =
        held === undefined
          ? { create: place(id) }
          : { index: { ...place(id), if_seq_no: held.seqNo, if_primary_term: held.primaryTerm } };
      const [done] = await sendActions(sender, [{ lines: [JSON.stringify(action), JSON.stringify(source)] }]);
      return done?.outcome.kind === 'applied';
    },
    async update(updates) {
      const items = updates.map(({ id, script }) => ({
        id,
        lines: [
          JSON.stringify({ update: { ...place(id), retry_on_conflict: retries, _source: true } }),
          JSON.stringify({ script, scripted_upsert: true, upsert: {} }),
        ],
      }));
      const done = await sendActions(sender, items);
      return new Map(
        done.flatMap(({ item, outcome, source }) =>
          // Met by others more often than it may be: the caller finds it absent.
          outcome.kind === 'applied' && source !== undefined ? [[item.id, source] as const] : [],
        ),
      );
    },
  };
}
