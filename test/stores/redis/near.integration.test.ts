import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import type { Change, Row } from '../../../lambda/change/change.ts';
import {
  after,
  compile,
  decimal,
  dynamodb,
  entity,
  entityOf,
  float,
  hours,
  model,
  redis,
  text,
  timestamp,
} from '../../../lambda/model/index.ts';
import { earthDistance, type Position } from '../../../lambda/stores/earth-distance.ts';
import { geoScore, isMapped } from '../../../lambda/stores/redis/geo-score.ts';
import { createRedisStore } from '../../../lambda/stores/redis/index.ts';
import type { Near, SliceFragment } from '../../../lambda/stores/store.ts';
import { sharedEngines } from '../../engines.ts';
import { remove, upsert } from '../contract-model.ts';
import { nearTo, position } from '../positions.ts';

const noon = Date.parse('2013-01-01T12:00:00Z');
const catalog = compile(
  model('near', [
    entity('spot', {
      key: ['owner', 'id'],
      tenant: 'owner',
      fields: {
        owner: text(),
        id: text(),
        latitude: float().optional(),
        longitude: decimal(20, 15).optional(),
        seenAt: timestamp(),
      },
      source: dynamodb({ partitionKey: 'O#{owner}', sortKey: 'S#{id}' }),
      views: {
        near: redis.geo({
          by: ['owner'],
          latitude: 'latitude',
          longitude: 'longitude',
          expire: after('seenAt', hours(36)),
        }),
      },
    }),
  ]),
);
const spot = entityOf(catalog, 'spot');
const [near] = spot.views;
if (near === undefined) throw new TypeError('the model has a view');
const placement = { entity: spot, target: near };

const engine = sharedEngines().valkey;
const store = createRedisStore({ ...engine, tls: false, clock: () => noon });
let client: Redis;
beforeAll(() => {
  client = new Redis(engine);
});
afterAll(async () => {
  await store.close();
  client.disconnect();
});

interface Placed {
  readonly id: string;
  readonly place: Position | undefined;
  readonly isExpired: boolean;
}

const rowOf = (owner: string, { id, place, isExpired }: Placed): Row => ({
  ...{ owner, id, latitude: place?.latitude ?? null },
  longitude: place === undefined ? null : place.longitude.toFixed(15),
  seen_at: isExpired ? '2012-12-30T00:00:00.000000Z' : '2013-01-01T00:00:00.000000Z',
});

const search = (owner: string, near: Near, limit: number | undefined): SliceFragment => ({
  ...{ kind: 'slice', placement, index: undefined, equal: { owner }, from: undefined, to: undefined },
  ...{ order: 'ascending', limit, near },
});

/** What the formula says of the rows that are there: nearest first, then by id. */
function expected(
  rows: readonly Row[],
  { place, withinMetres = Infinity }: Near,
  limit: number | undefined,
): readonly unknown[] {
  const found = rows
    .filter(({ latitude, longitude }) => latitude !== null && longitude !== null)
    .map((row) => ({
      id: String(row.id),
      metres: earthDistance({ latitude: Number(row.latitude), longitude: Number(row.longitude) }, place),
    }))
    .filter(({ metres }) => metres <= withinMetres)
    .sort((a, b) => a.metres - b.metres || (a.id < b.id ? -1 : 1));
  const last = limit === undefined ? undefined : found[limit - 1];
  return found.filter(({ metres }) => last === undefined || metres <= last.metres).map(({ id }) => id);
}

/** A place, rows around it and elsewhere, where they move to or that they go, and searches from it and from elsewhere. */
const story = position
  .chain((home) => {
    const somewhere = fc.oneof(position, nearTo(home), nearTo(home), fc.constant(home));
    const placed = fc.record({
      id: fc.integer({ min: 0, max: 40 }).map((id) => `s${String(id).padStart(2, '0')}`),
      place: fc.option(somewhere, { nil: undefined, freq: 8 }),
      isExpired: fc.integer({ min: 0, max: 9 }).map((value) => value === 0),
    });
    return fc.record({
      /** What is said of rows in turn; undefined: the row of that id is deleted. */
      said: fc.array(
        fc.record({ row: placed, isDelete: fc.integer({ min: 0, max: 5 }).map((value) => value === 0) }),
        {
          minLength: 1,
          maxLength: 80,
        },
      ),
      shuffle: fc.array(fc.nat(), { minLength: 80, maxLength: 80 }),
      searches: fc.array(
        fc.record({
          place: fc.oneof(fc.constant(home), nearTo(home), position).filter(isMapped),
          radius: fc.oneof(
            fc.constantFrom(undefined, 0, 1, 1000, 600_000, 5_000_000, 20_100_000, 'exactly'),
            fc.double({ min: 0, max: 21e6, noNaN: true }),
            fc.double({ min: 0, max: 5e5, noNaN: true }),
          ),
          limit: fc.option(fc.integer({ min: 1, max: 45 }), { nil: undefined }),
        }),
        { minLength: 1, maxLength: 8 },
      ),
    });
  })
  .filter(({ searches }) => searches.length > 0);

test('the rows near a place are those of the formula, whatever was moved, deleted, expired or came late', async () => {
  let found = 0;
  await fc.assert(
    fc.asyncProperty(story, async ({ said, shuffle, searches }) => {
      const owner = `t-${randomUUID()}`;
      const latest = new Map<string, Row>();
      const changes = said.map(({ row: placed, isDelete }, index): Change => {
        const row = rowOf(owner, placed);
        if (isDelete || placed.isExpired) latest.delete(placed.id);
        else latest.set(placed.id, row);
        return isDelete ? remove(spot, row, index + 1) : upsert(spot, row, index + 1);
      });
      // Each is delivered, and once more, in any order: what is stale changes nothing.
      const late = changes
        .map((change, index) => ({ change, at: shuffle[index] ?? 0 }))
        .sort((a, b) => a.at - b.at)
        .map(({ change }) => change);
      for (const change of [...changes, ...late]) await store.apply(placement, [change]);

      for (const { place, radius, limit } of searches) {
        const [any] = latest.values();
        // A circle through a row itself, to the last bit.
        const through =
          any?.latitude == null || any.longitude == null
            ? 0
            : earthDistance({ latitude: Number(any.latitude), longitude: Number(any.longitude) }, place);
        const asked: Near = { place, withinMetres: typeof radius === 'string' ? through : radius };
        const rows = await store.read(search(owner, asked, limit));

        const right = expected([...latest.values()], asked, limit);
        expect({ asked, limit, ids: rows.map(({ row }) => row.id) }).toEqual({ asked, limit, ids: right });
        found += right.length;
      }
    }),
    { numRuns: 250 },
  );
  expect(found).toBeGreaterThan(1000);
});

test('every one of many rows is found by circles of every size, near the poles and across the date line', async () => {
  const owner = `t-${randomUUID()}`;
  const places = fc.sample(position, { numRuns: 1500, seed: 11 });
  const rows = places.map((place, index) => rowOf(owner, { id: `s${index}`, place, isExpired: false }));
  await store.apply(
    placement,
    rows.map((row) => upsert(spot, row, 1)),
  );
  const centres = fc.sample(position.filter(isMapped), { numRuns: 60, seed: 12 });

  for (const [index, place] of centres.entries())
    for (const withinMetres of [50_000, 400_000, 1_000_000, 3_000_000, 9_000_000]) {
      const limit = index % 2 === 0 ? undefined : 25;
      const asked = { place, withinMetres };
      const found = (await store.read(search(owner, asked, limit))).map(({ row }) => row.id);
      expect({ asked, limit, ids: found }).toEqual({ asked, limit, ids: expected(rows, asked, limit) });
    }
});

test('a score is the one that GEOADD gives', async () => {
  const key = `{${randomUUID()}}:scores`;
  const places = fc
    .sample(position, { numRuns: 2000, seed: 5 })
    .filter(isMapped)
    // On the upper edges GEOADD gives a score that GEOSEARCH does not look at.
    .filter(({ latitude, longitude }) => latitude < 85.05 && longitude < 179.9999);
  for (const [index, { latitude, longitude }] of places.entries())
    await client.geoadd(key, longitude, latitude, String(index));

  const scores = await client.zmscore(key, ...places.map((_, index) => String(index)));
  await client.del(key);

  expect(scores.map(Number)).toEqual(places.map(geoScore));
});

test('nothing is left of a row that is gone but its guard', async () => {
  const owner = `t-${randomUUID()}`;
  const row = rowOf(owner, { id: 'a', place: { latitude: 1, longitude: 2 }, isExpired: false });
  await store.apply(placement, [upsert(spot, row, 1)]);
  const index = `{${owner}}:spot.near:geo`;
  const before = await client.zcard(index);

  await store.apply(placement, [upsert(spot, { ...row, longitude: null }, 2)]);
  const [withoutPosition, held] = [await client.zcard(index), await store.versions(placement, [row])];
  await store.apply(placement, [upsert(spot, row, 1), upsert(spot, row, 3), remove(spot, row, 4)]);

  expect([before, withoutPosition, await client.zcard(index)]).toEqual([1, 0, 0]);
  expect(held).toEqual([expect.anything()]);
});

test('a place that is off the map is refused by name', async () => {
  const off = { latitude: 89, longitude: 0 };

  await expect(store.read(search('t', { place: off, withinMetres: 1000 }, undefined))).rejects.toMatchObject({
    code: 'not_supported',
  });
});
