import type { Change } from '../../lambda/change/change.ts';
import { createVersion } from '../../lambda/change/version.ts';
import { type Catalog, entityOf, parseRow } from '../../lambda/model/index.ts';
import { keyOf } from '../../lambda/stores/source-write.ts';

/** Events of one carrier through one hour: one partition of the wide tables. */
export const postings = (catalog: Catalog, carrier: string, count: number): readonly Change[] => {
  const entity = entityOf(catalog, 'flight_event');
  return Array.from({ length: count }, (_, number) => {
    const row = parseRow(entity, {
      carrier,
      flight_number: number % 900,
      event_id: `${carrier}-${number}`,
      at: new Date(Date.parse('2013-01-01T10:00:00Z') + number * 1_000).toISOString(),
      kind: 'departed',
      scheduled_at: '2013-01-01T10:15:00Z',
      tail_number: `N${number % 900}`,
      origin: 'JFK',
      destination: 'IAH',
      delay_minutes: number % 90,
    });
    return {
      kind: 'upsert',
      entity: entity.name,
      key: keyOf(entity, row),
      version: createVersion(0, BigInt(number + 1)),
      row,
    };
  });
};
