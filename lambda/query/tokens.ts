import * as z from 'zod/mini';
import { keyText, type Row } from '../change/change.ts';
import { parseVersion, renderVersion, type Version } from '../change/version.ts';
import { PolystoreError } from '../errors.ts';
import type { CatalogEntity } from '../model/index.ts';
import type { Caller, Written } from '../stores/store.ts';
import { limits } from './limits.ts';
import { readSignedText, signText } from './signed-text.ts';

/** One written row that a later read must see. */
export interface TokenRow {
  readonly entity: string;
  /** Key columns and those that never change, so that a view of it can be located. */
  readonly row: Row;
  readonly version: Version;
  /** Where the change log has it; of an event only. */
  readonly log: { readonly topic: string; readonly partition: number; readonly offset: bigint } | undefined;
}

/** What a token stands for. */
export interface TokenParts {
  /** The WAL position that covers the writes to Aurora. */
  readonly aurora: bigint | undefined;
  readonly rows: readonly TokenRow[];
}

export const noParts: TokenParts = { aurora: undefined, rows: [] };

/** Issues and reads tokens: signed (HS256) statements of what a later read must see. */
export interface Tokens {
  issue(parts: TokenParts, caller: Caller): Promise<string>;
  /** The token of a batch of accepted events, for ingest. */
  issueEvents(events: readonly EventRow[], caller: Caller): Promise<string>;
  /** What they are signed with, and cursors too. @throws PolystoreError `invalid_configuration` */
  secret(): Promise<Uint8Array>;
  /** @throws PolystoreError `invalid_token` unless every one was issued here to this caller's tenant. */
  read(tokens: readonly string[], caller: Caller): Promise<TokenParts>;
}

/** An accepted event, as ingest knows it. */
export interface EventRow {
  readonly entity: string;
  readonly key: Row;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly version: Version;
}

const digits = z.string().check(z.regex(/^\d{1,20}$/));
const payloadShape = z.strictObject({
  v: z.literal(1),
  for: z.string(),
  aurora: z.optional(digits),
  rows: z.array(
    z.strictObject({
      e: z.string(),
      r: z.record(z.string(), z.json()),
      v: z.string().check(z.regex(/^\d{19}$/)),
      l: z.optional(z.tuple([z.string(), z.number(), digits])),
    }),
  ),
});

/**
 * @param secret at least 32 bytes, the same in every function that issues or reads tokens; a function
 * is asked each time, for a secret that is rotated.
 * @throws PolystoreError `invalid_configuration` for a shorter one.
 */
export function createTokens(secret: Uint8Array | (() => Promise<Uint8Array>)): Tokens {
  const readSecret = async (): Promise<Uint8Array> => {
    const bytes = secret instanceof Uint8Array ? secret : await secret();
    if (bytes.length >= 32) return bytes;
    throw new PolystoreError(
      'invalid_configuration',
      `The secret that signs tokens has ${bytes.length} bytes; give it 32 or more.`,
    );
  };
  const issue = async (parts: TokenParts, caller: Caller): Promise<string> => {
    refuseTooMany(parts.rows.length);
    const payload: z.infer<typeof payloadShape> = {
      v: 1,
      for: holder(caller),
      ...(parts.aurora !== undefined && { aurora: parts.aurora.toString() }),
      rows: parts.rows.map(({ entity, row, version, log }) => ({
        e: entity,
        // A row's values are JSON; the type of the schema only lacks `readonly`.
        r: row as z.infer<typeof payloadShape>['rows'][number]['r'],
        v: renderVersion(version),
        ...(log !== undefined && {
          l: [log.topic, log.partition, log.offset.toString()] satisfies [string, number, string],
        }),
      })),
    };
    return signText(payload, 'polystore-token', await readSecret());
  };
  return {
    secret: readSecret,
    issue,
    issueEvents: (events, caller) =>
      issue(
        mergeParts([
          {
            aurora: undefined,
            rows: events.map(({ entity, key, version, topic, partition, offset }) => ({
              entity,
              row: key,
              version,
              log: { topic, partition, offset },
            })),
          },
        ]),
        caller,
      ),
    read: async (tokens, caller) => {
      if (tokens.length === 0) return noParts;
      const bytes = await readSecret();
      const parts = mergeParts(await Promise.all(tokens.map((token) => readOne(token, bytes, caller))));
      refuseTooMany(parts.rows.length);
      return parts;
    },
  };
}

/** A tenant's name may be anything, so the kind of the holder comes first. */
export const holder = (caller: Caller): string =>
  caller.kind === 'operator' ? 'operator' : `tenant:${caller.tenant}`;

async function readOne(token: string, secret: Uint8Array, caller: Caller): Promise<TokenParts> {
  const payload = await readSignedText(token, secret, invalidToken);
  const parsed = z.safeParse(payloadShape, payload);
  if (!parsed.success) throw invalidToken('its content is of another version', parsed.error);
  if (parsed.data.for !== holder(caller)) throw invalidToken('it was issued to another tenant');
  return {
    aurora: parsed.data.aurora === undefined ? undefined : BigInt(parsed.data.aurora),
    rows: parsed.data.rows.map(({ e, r, v, l }) => ({
      entity: e,
      row: r,
      version: parseVersion(v),
      log: l === undefined ? undefined : { topic: l[0], partition: l[1], offset: BigInt(l[2]) },
    })),
  };
}

const invalidToken = (why: string, cause?: unknown): PolystoreError =>
  new PolystoreError(
    'invalid_token',
    `The token cannot be honoured: ${why}. Send a token as a write or a read of the same credential's tenant returned it, or none.`,
    cause === undefined ? {} : { cause },
  );

/** @throws PolystoreError `payload_too_large` when a token would speak of more rows than one may. */
export function refuseTooMany(rows: number): void {
  if (rows <= limits.tokenRows) return;
  throw new PolystoreError(
    'payload_too_large',
    `The token would speak of ${rows} rows; ${limits.tokenRows} are allowed. Start with the token of the latest write alone.`,
  );
}

/** What all of the parts stand for together; order and repetition do not matter. */
export function mergeParts(parts: readonly TokenParts[]): TokenParts {
  let aurora: bigint | undefined;
  const rows = new Map<string, TokenRow>();
  for (const part of parts) {
    if (part.aurora !== undefined && (aurora === undefined || part.aurora > aurora)) aurora = part.aurora;
    for (const row of part.rows) {
      const id = `${row.entity} ${keyText(row.row)}`;
      const held = rows.get(id);
      if (held === undefined || row.version > held.version) rows.set(id, row);
    }
  }
  const ids = [...rows.keys()].sort();
  return { aurora, rows: ids.flatMap((id) => rows.get(id) ?? []) };
}

/** The rows of writes to a source outside Aurora, as a token needs them. */
export function writtenParts(
  entity: CatalogEntity,
  written: readonly Written[],
  versionOf: (written: Written) => Version,
): TokenParts {
  const kept = entity.columns.filter((column) => column.immutable).map((column) => column.name);
  return {
    aurora: undefined,
    rows: written.map((one) => {
      const whole = one.row ?? one.before ?? one.key;
      return {
        entity: entity.name,
        row: Object.fromEntries(kept.map((name) => [name, whole[name] ?? null])),
        version: versionOf(one),
        log: undefined,
      };
    }),
  };
}
