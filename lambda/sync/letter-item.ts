import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { LoggedRecord } from '../change/envelope.ts';
import { PolystoreError } from '../errors.ts';

/** Which letter: the store and the view, or the entity, that has the hole, and its place among theirs. */
export interface LetterRef {
  readonly store: string;
  readonly scope: string;
  readonly id: string;
}

/** Of which record of the log a letter is; partition -1: of none. */
export interface LetterPlace {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

/** A letter as often as it had been seen when it was looked at. */
export interface SeenLetter extends LetterRef {
  readonly timesSeen: number;
}

/** A key that a view has taken, at this version or a higher one. */
export interface AppliedKey {
  /** The key's text. */
  readonly key: string;
  /** 19 digits. */
  readonly version: string;
}

/** A dead letter as it is kept. */
export interface KeptLetter extends LetterRef, LetterPlace {
  /** The key's text (`keyText`); undefined when the record could not be read. */
  readonly key: string | undefined;
  /** 19 digits. */
  readonly version: string | undefined;
  readonly reason: string;
  readonly retry: 'key' | 'view' | undefined;
  /** ISO. */
  readonly firstSeen: string;
  readonly lastSeen: string;
  readonly timesSeen: number;
  /** How often it was retried in vain, and when it is retried next; ISO, undefined: at once. */
  readonly attempts: number;
  readonly nextTry: string | undefined;
  /** Undefined where it was too large to be kept: it is on the log for as long as the log keeps it. */
  readonly record: LoggedRecord | undefined;
  /** How it was closed; undefined: it is open. */
  readonly closed: ClosedLetter | undefined;
}

export interface ClosedLetter {
  readonly outcome: 'mended' | 'superseded' | 'discarded';
  /** Why, for people. */
  readonly note: string;
  /** ISO. */
  readonly at: string;
}

type Item = Readonly<Record<string, AttributeValue>>;

/** The partition of open letters, and of those that were closed. */
export const openLetters = (store: string, scope: string): string => `${store}#${scope}`;
export const closedLetters = (store: string, scope: string): string => `closed#${store}#${scope}`;

/** Reads a letter of the table. */
export function parseLetter(item: Item): KeptLetter {
  const pk = text(item, 'pk');
  const isClosed = pk.startsWith('closed#');
  const [store = '', ...scope] = (isClosed ? pk.slice('closed#'.length) : pk).split('#');
  const place = parsePlace(item);
  const retry = item.retry?.S;
  return {
    store,
    scope: scope.join('#'),
    id: item.id?.S ?? text(item, 'sk'),
    key: item.entity_key?.S,
    version: item.version?.S,
    reason: text(item, 'reason'),
    retry: retry === 'key' || retry === 'view' ? retry : undefined,
    firstSeen: text(item, 'first_seen'),
    lastSeen: text(item, 'last_seen'),
    timesSeen: Number(number(item, 'times_seen')),
    attempts: Number(item.attempts?.N ?? 0),
    nextTry: item.next_try?.S,
    ...place,
    record:
      item.record_omitted?.BOOL === true
        ? undefined
        : {
            ...place,
            timestampMs: Date.parse(text(item, 'first_seen')),
            key: bytes(item.record_key),
            value: bytes(item.record_value),
            // `renderPut` wrote it: texts by name.
            headers: JSON.parse(item.headers?.S ?? '{}') as Readonly<Record<string, string>>,
          },
    closed:
      item.outcome === undefined
        ? undefined
        : {
            // `renderClose` wrote one of them.
            outcome: text(item, 'outcome') as ClosedLetter['outcome'],
            note: item.note?.S ?? '',
            at: text(item, 'closed_at'),
          },
  };
}

/** Reads of a letter of which record it is. */
export const parsePlace = (item: Item): LetterPlace => ({
  topic: text(item, 'topic'),
  partition: Number(number(item, 'partition')),
  offset: BigInt(number(item, 'offset')),
});

const bytes = (attribute: AttributeValue | undefined): Uint8Array | undefined =>
  attribute?.S === undefined ? undefined : Buffer.from(attribute.S, 'base64');

const text = (item: Item, name: string): string => item[name]?.S ?? damaged(item, name);
const number = (item: Item, name: string): string => item[name]?.N ?? damaged(item, name);

function damaged(item: Item, name: string): never {
  throw new PolystoreError(
    'internal',
    `A dead letter lacks its attribute '${name}': ${JSON.stringify({ pk: item.pk, sk: item.sk })}. Something else has written to the table.`,
  );
}
