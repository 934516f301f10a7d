import { isDeepStrictEqual } from 'node:util';
import { type Key, keyText, type Row } from '../change/change.ts';
import { keyOf } from '../change/encode.ts';
import { PolystoreError } from '../errors.ts';
import { type Catalog, type CatalogEntity, parseRow } from '../model/index.ts';
import { brokenCheck, renderCheck } from '../stores/row-checks.ts';
import type { Caller } from '../stores/store.ts';

/** Documented limits of `POST /events`. */
export const eventLimits = { bodyBytes: 1_000_000, events: 500 } as const;

/** How many problems the message spells out. */
const maxTold = 10;

/** A request that may go to the log. */
export interface AcceptedEvents {
  readonly entity: CatalogEntity;
  /** Each event once, in the order sent. */
  readonly rows: readonly Row[];
  /** How many events were sent, repetitions included. */
  readonly received: number;
}

/** The kind of thing that is wrong decides the error's code: the first of these that occurs. */
const problemCodes = ['invalid_value', 'check_violated', 'conflict', 'forbidden'] as const;
type Problem = { readonly code: (typeof problemCodes)[number]; readonly text: string };

/**
 * Checks a batch of events as a whole, for a caller.
 *
 * @throws PolystoreError `unknown_entity`, `not_supported`, or one that lists the problems of every
 *   event by its index: `invalid_value`, else `check_violated`, else `conflict` (one id with different
 *   contents), else `forbidden` (another tenant's event).
 */
export function parseEvents(
  catalog: Catalog,
  caller: Caller,
  request: { readonly entity: string; readonly events: readonly Readonly<Record<string, unknown>>[] },
): AcceptedEvents {
  const entity = eventEntity(catalog, request.entity);
  if (request.events.length > eventLimits.events)
    throw new PolystoreError(
      'payload_too_large',
      `The batch has ${request.events.length} events; at most ${eventLimits.events} are taken at once. Send it in parts.`,
    );
  const problems: Problem[] = [];
  const accepted = new Map<string, { readonly index: number; readonly row: Row }>();
  for (const [index, event] of request.events.entries()) {
    const problem = take(entity, caller, { index, event }, accepted);
    if (problem !== undefined) problems.push({ ...problem, text: `events[${index}]: ${problem.text}` });
  }
  const code = problemCodes.find((candidate) => problems.some((problem) => problem.code === candidate));
  if (code !== undefined) {
    const texts = problems.map((problem) => problem.text);
    throw new PolystoreError(
      code,
      `${texts.length} of ${request.events.length} events cannot be taken, so none was: ${excerptOf(texts)}`,
      { details: { problems: texts } },
    );
  }
  return { entity, rows: [...accepted.values()].map(({ row }) => row), received: request.events.length };
}

/** The first of many; `details` has all of them. */
function excerptOf(texts: readonly string[]): string {
  const rest = texts.length - maxTold;
  return `${texts.slice(0, maxTold).join('; ')}${rest > 0 ? `; and ${rest} more in details.problems` : ''}`;
}

function eventEntity(catalog: Catalog, name: string): CatalogEntity {
  const takes = catalog.entities.filter((entity) => entity.source.kind === 'kafka.source');
  const entity = catalog.entities.find((candidate) => candidate.name === name);
  const names = takes.map((candidate) => candidate.name).join(', ') || 'none';
  if (entity === undefined)
    throw new PolystoreError(
      'unknown_entity',
      `There is no entity '${name}'. Events are taken for: ${names}.`,
    );
  if (entity.source.kind !== 'kafka.source')
    throw new PolystoreError(
      'not_supported',
      `${name} is not made of events: its source is ${entity.source.kind.split('.')[0]}. Write it with SQL at POST /query. Events are taken for: ${names}.`,
    );
  return entity;
}

function take(
  entity: CatalogEntity,
  caller: Caller,
  { index, event }: { readonly index: number; readonly event: Readonly<Record<string, unknown>> },
  accepted: Map<string, { readonly index: number; readonly row: Row }>,
): Problem | undefined {
  let row: Row;
  try {
    row = parseRow(entity, event);
  } catch (error) {
    if (!(error instanceof PolystoreError)) throw error;
    return { code: 'invalid_value', text: error.message };
  }
  const refusal = refuse(entity, caller, row);
  if (refusal !== undefined) return { code: 'forbidden', text: refusal };
  const broken = brokenCheck(entity, row);
  if (broken !== undefined)
    return { code: 'check_violated', text: `breaks the check ${broken.name}, ${renderCheck(broken)}` };
  const key: Key = keyOf(entity, row);
  const text = keyText(key);
  const same = accepted.get(text);
  if (same !== undefined && !isDeepStrictEqual(same.row, row))
    return {
      code: 'conflict',
      text: `has the key ${JSON.stringify(key)} of events[${same.index}] and another content; an event never changes`,
    };
  if (same === undefined) accepted.set(text, { index, row });
  return undefined;
}

function refuse(entity: CatalogEntity, caller: Caller, row: Row): string | undefined {
  if (caller.kind === 'operator') return undefined;
  if (entity.tenant === undefined)
    return `${entity.name} belongs to all tenants; only an operator may write it`;
  return row[entity.tenant] === caller.tenant
    ? undefined
    : `${entity.tenant} is not '${caller.tenant}', the tenant of the credential`;
}
