import { expect } from '@jest/globals';
import { PolystoreError } from '../../lambda/errors.ts';
import {
  type Catalog,
  type CatalogEntity,
  compile,
  dynamodb,
  type EntityDefinition,
  entity,
  integer,
  model,
  oneOf,
  text,
  timestamp,
} from '../../lambda/model/index.ts';

/** Fields of every sort that the compiler tells apart. */
export const fields = {
  tenant: text(),
  id: integer(),
  at: timestamp(),
  note: text().optional(),
  kind: text().immutable(),
  happenedAt: timestamp().immutable(),
  state: oneOf('new', 'used'),
  amount: integer().optional(),
};

/** A sound entity; each test spoils one thing. */
export const thing = (spoiled: Partial<EntityDefinition> = {}): EntityDefinition => ({
  ...entity('thing', {
    key: ['tenant', 'id'],
    tenant: 'tenant',
    fields,
    source: dynamodb({ partitionKey: 'TENANT#{tenant}', sortKey: 'ID#{id}' }),
  }),
  ...spoiled,
});

export const compiled = (...entities: EntityDefinition[]): Catalog => compile(model('test', entities));

/** The entity as the catalog has it. */
export const compiledThing = (spoiled: Partial<EntityDefinition> = {}): CatalogEntity => {
  const found = compiled(thing(spoiled)).entities[0];
  if (found === undefined) throw new TypeError('a compiled model has its entities');
  return found;
};

/** What the compiler says against a model; nothing when it takes it. */
export function problemsOf(...entities: EntityDefinition[]): readonly string[] {
  try {
    compiled(...entities);
    return [];
  } catch (error) {
    if (!(error instanceof PolystoreError)) throw error;
    expect(error.code).toBe('invalid_model');
    // The compiler's own.
    return error.details.problems as readonly string[];
  }
}
