import { createVersion, positionOf, type Version } from '../../change/version.ts';
import { rowId } from '../placement.ts';
import type { Clock, Placement, SourceWriter } from '../store.ts';
import { parseStatements, runStatements, type TouchedRow, touchedRows, writtenBy } from '../working-rows.ts';
import type { Held, Rows } from './rows.ts';

/** Writes sources as the DynamoDB store does, with versions of generation 0. Nothing happens between read and write. */
export function createWriter(rowsOf: (placement: Placement) => Rows, clock: Clock): SourceWriter {
  const sourceOf = ({ entity, key }: TouchedRow) => {
    const placement: Placement = { entity, target: entity.source };
    return { rows: rowsOf(placement), id: rowId(placement, key) };
  };
  const heldOf = (touched: TouchedRow): Held | undefined => {
    const { rows, id } = sourceOf(touched);
    return rows.at(id, '');
  };
  const next = (old: Version | undefined): Version => {
    const now = BigInt(Math.trunc(clock())) * 1000n;
    const least = old === undefined ? 0n : positionOf(old) + 1n;
    return createVersion(0, now > least ? now : least);
  };
  return {
    transact: async (input) => {
      const statements = parseStatements(input);
      const touched = new Map(touchedRows(statements).map((row) => [row.id, { row, held: heldOf(row) }]));
      const { steps, written } = runStatements(statements, (id) => touched.get(id)?.held?.row);
      const versions = new Map<string, Version>();
      for (const [id, { row }] of written) {
        const found = touched.get(id);
        if (found === undefined) continue;
        const version = next(found.held?.version);
        const { rows, id: place } = sourceOf(found.row);
        rows.set(place, { key: found.row.key, place: '', version, row, at: clock() });
        versions.set(id, version);
      }
      return writtenBy(steps, versions);
    },
  };
}
