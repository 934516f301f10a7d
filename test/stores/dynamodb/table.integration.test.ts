import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { compile, dynamodb, entity, integer, model, text } from '../../../lambda/model/index.ts';
import { ensureTable } from '../../../lambda/stores/dynamodb/index.ts';
import { sharedEngines } from '../../engines.ts';

type Source = Parameters<typeof dynamodb>[0];

const catalogWith = (indexes: Source['indexes'], localIndexes: Source['localIndexes']) =>
  compile(
    model('table', [
      entity('thing', {
        key: ['tenant', 'id'],
        tenant: 'tenant',
        fields: { tenant: text(), id: integer(), note: text().optional(), amount: integer().optional() },
        source: dynamodb({
          partitionKey: 'TENANT#{tenant}',
          sortKey: 'ID#{id}',
          ...(indexes !== undefined && { indexes }),
          ...(localIndexes !== undefined && { localIndexes }),
        }),
      }),
    ]),
  );

const byNote = { partitionKey: 'TENANT#{tenant}#NOTE#{note}', sortKey: 'ID#{id}' };
const byAmount = { sortKey: 'amount' };

describe('a table that is there already', () => {
  const open = (tableName: string) => (catalog: ReturnType<typeof catalogWith>) =>
    ensureTable({ ...sharedEngines().dynamodb, region: 'eu-west-1', tableName, catalog });

  it('is kept for the same model', async () => {
    const ensure = open(`table-${randomUUID()}`);
    const catalog = catalogWith({ byNote, byOther: byNote }, { byAmount });
    await ensure(catalog);

    await expect(ensure(catalog)).resolves.toBeUndefined();
  });

  it('is kept for the same model where indexes hold some fields, and refused where they hold others', async () => {
    const ensure = open(`table-${randomUUID()}`);
    const holding = (named: readonly string[]) =>
      catalogWith({ byNote: { ...byNote, fields: named } }, { byAmount: { ...byAmount, fields: [] } });
    await ensure(holding(['amount']));

    await expect(ensure(holding(['amount']))).resolves.toBeUndefined();
    await expect(ensure(holding([]))).rejects.toMatchObject({
      code: 'migration_refused',
      message: expect.stringContaining('remove the index byNote, make the index byNote'),
    });
    await expect(
      ensure(catalogWith({ byNote: { ...byNote, fields: ['amount'] } }, { byAmount })),
    ).rejects.toMatchObject({ message: expect.stringContaining('changed byAmount') });
  });

  it('is refused for a model with other indexes, and what to do is said', async () => {
    const ensure = open(`table-${randomUUID()}`);
    await ensure(catalogWith({ byNote }, { byAmount }));

    await expect(ensure(catalogWith({ byNote, byOther: byNote }, { byAmount }))).rejects.toMatchObject({
      code: 'migration_refused',
      message: expect.stringMatching(
        /other indexes than the model asks for \(make the index byOther\).*--fresh/,
      ),
    });
    await expect(ensure(catalogWith({}, {}))).rejects.toMatchObject({
      code: 'migration_refused',
      message: expect.stringMatching(
        /\(remove the index byNote\).*Local indexes are as their table was made, and the model has removed byAmount/,
      ),
    });
  });

  it('is refused for a local index by the same field of another type', async () => {
    const ensure = open(`table-${randomUUID()}`);
    await ensure(catalogWith({}, { byAmount }));

    await expect(ensure(catalogWith({}, { byAmount: { sortKey: 'note' } }))).rejects.toMatchObject({
      code: 'migration_refused',
      message: expect.stringContaining('changed byAmount'),
    });
  });
});
