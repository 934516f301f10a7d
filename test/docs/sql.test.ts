import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { renderSql } from '../../docs/render-sql.ts';
import {
  answeredByDistance,
  answeredNatively,
  answeredWhereCombined,
  refusedWhereCombined,
} from '../../docs/sql-examples.ts';
import { compile, redis } from '../../lambda/model/index.ts';
import { createAnalyser } from '../../lambda/query/analyse.ts';
import { compileStatement } from '../../lambda/query/combine/compile.ts';
import { planRead } from '../../lambda/query/plan-read.ts';
import { Unrecognised } from '../../lambda/query/unrecognised.ts';
import model from '../../model/flights.ts';
import { planContext } from '../query/harness.ts';

const catalog = compile(model);
const analyse = createAnalyser(catalog);
const combine = async (sql: string) => {
  const { statement, reads } = await analyse(sql);
  return compileStatement(statement, reads, { params: [], now: () => '2013-01-01T00:00:00.000000Z' });
};

test('docs/sql.md says what the router allows', () => {
  expect(readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'sql.md'), 'utf8')).toBe(renderSql());
});

test.each(answeredWhereCombined.map(({ what, sql }) => [what, sql]))('combined: %s', async (_what, sql) => {
  expect((await combine(sql)).relations.length).toBeGreaterThan(0);
});

test.each(answeredNatively.map(({ what, sql }) => [what, sql]))('natively: %s', async (_what, sql) => {
  const { considered } = planRead(await analyse(sql), catalog, planContext());
  const natively = considered.filter((one) => one.qualifies && one.engine === 'opensearch');
  expect(natively).toHaveLength(1);
});

test.each(answeredByDistance.map(({ what, sql }) => [what, sql]))('by distance: %s', async (_what, sql) => {
  const near = redis.geo({ by: [], latitude: 'lat', longitude: 'lon' });
  const entities = model.entities.map((entity) =>
    entity.name === 'airport' ? { ...entity, views: { ...entity.views, near } } : entity,
  );
  const placed = compile({ ...model, entities });
  const { considered } = planRead(await createAnalyser(placed)(sql), placed, planContext());
  expect(considered).toContainEqual(expect.objectContaining({ placement: 'airport.near', qualifies: true }));
});

test.each(refusedWhereCombined.map(({ what, sql }) => [what, sql]))('refused: %s', async (_what, sql) => {
  await expect(combine(sql)).rejects.toBeInstanceOf(Unrecognised);
});
