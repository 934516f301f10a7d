import { type Change, coalesce, type Row } from '../../change/change.ts';
import { renderVersion } from '../../change/version.ts';
import { termValue } from '../../model/index.ts';
import { heldColumns, knownRow, placementName, placeOf, projectRow, rowId } from '../placement.ts';
import type { ApplyResult, Placement } from '../store.ts';
import { compareText } from '../value-order.ts';
import { fileName } from './file-name.ts';
import { archiveView, dayColumn, dayFolder } from './schema.ts';

/** A row of a file. */
export interface FileRow {
  /** Every column that the view holds; of a tombstone only the key and the column of the day have values. */
  readonly row: Row;
  /** 19 digits. */
  readonly version: string;
  readonly deleted: boolean;
}

/** One file that a batch becomes. */
export interface FilePlan {
  readonly day: string;
  /**
   * The object's name, which follows from the rows: the same batch, applied again, replaces its own file.
   * When tombstones were written is no part of it.
   */
  readonly name: string;
  /** In the order of their keys, so that a reader of some of them can pass over the others. */
  readonly rows: readonly FileRow[];
}

export interface WritePlan {
  readonly files: readonly FilePlan[];
  readonly rejected: ApplyResult['rejected'];
}

/** Puts changes into one file for each day. Of several changes of a key only the last one is written. */
export function planWrite(placement: Placement, changes: readonly Change[]): WritePlan {
  archiveView(placement);
  const { name: column } = dayColumn(placement);
  const days = new Map<string, { readonly id: string; readonly row: FileRow }[]>();
  const rejected: { change: Change; reason: string }[] = [];
  for (const change of coalesce(changes, placeOf(placement))) {
    const at = knownRow(change)[column] ?? null;
    if (at === null) {
      rejected.push({
        change,
        reason: `${placementName(placement)} places rows by the day of ${column}, and the ${change.kind} does not say it`,
      });
      continue;
    }
    const day = termValue('day', at);
    const rows = days.get(day) ?? [];
    days.set(day, rows);
    rows.push({ id: rowId(placement, change.key), row: fileRow(placement, change, column) });
  }
  return { files: [...days].map(([day, rows]) => planFile(placement, day, rows)), rejected };
}

function fileRow(placement: Placement, change: Change, dayColumnName: string): FileRow {
  const version = renderVersion(change.version);
  if (change.kind === 'upsert') return { row: projectRow(placement, change.row), version, deleted: false };
  const known = { ...change.key, [dayColumnName]: knownRow(change)[dayColumnName] ?? null };
  return { row: projectRow(placement, known), version, deleted: true };
}

function planFile(
  placement: Placement,
  day: string,
  unsorted: readonly { readonly id: string; readonly row: FileRow }[],
): FilePlan {
  const rows = unsorted.toSorted((a, b) => compareText(a.id, b.id)).map(({ row }) => row);
  const columns = heldColumns(placement);
  const contents = rows.map(({ row, version, deleted }) =>
    JSON.stringify([version, deleted, columns.map(({ name }) => row[name] ?? null)]),
  );
  return { day, name: `${dayFolder(placement, day)}${fileName(0, contents)}`, rows };
}
