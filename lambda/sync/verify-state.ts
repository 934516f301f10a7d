import type { DigestSums } from './verify-digests.ts';

/** What was found in one view. */
export interface VerifyCounts {
  /** Rows of the source that the view was compared with. */
  readonly compared: number;
  readonly missing: number;
  /** Of a lower version than the source's; where the source keeps no versions such rows are `different`. */
  readonly stale: number;
  readonly extra: number;
  readonly different: number;
  readonly repaired: number;
  /** Rows that changed whenever they were looked at, or that may be on their way: the view was `behind`. */
  readonly unsettled: number;
  /** Rows of the source that cannot be read, so that nothing can be said of them. */
  readonly unreadable: number;
  /** Bytes that came from both stores. */
  readonly bytes: number;
  /** Whether the view did not take in time what its source had. */
  readonly behind: boolean;
}

/** How far a comparison is, as JSON. A step that is done twice counts nothing twice, for its state is the one before. */
export type VerifyState = DigestState | RowsState | TotalsState | DoneState;

interface Common {
  readonly counts: VerifyCounts;
  /** Whether what differs is repaired. */
  readonly repair: boolean;
}
interface DoneState extends Common {
  readonly phase: 'done';
  /** Where the next sample goes on; null where all was compared. */
  readonly from: SampleFrom | null;
}

/** Where a sample begins on each side; null: at the beginning. */
export interface SampleFrom {
  readonly truth: string | null;
  readonly view: string | null;
}
export interface VerifySample {
  /** How many rows of each side are looked at. */
  readonly rows: number;
  readonly from: SampleFrom;
}

export interface DigestState extends Common {
  readonly phase: 'truth digests' | 'view digests';
  readonly after: string | null;
  readonly buckets: number;
  /** Null: all. */
  readonly only: readonly number[] | null;
  readonly truth: DigestSums;
  readonly view: DigestSums;
}

export interface RowsState extends Common {
  readonly phase: 'truth rows' | 'view rows';
  readonly after: string | null;
  /** Null: all rows. */
  readonly buckets: { readonly of: number; readonly only: readonly number[] } | null;
  readonly sample: Sampling | null;
}
/** Of a view of totals: they are compared with the rows that they are of. */
export interface TotalsState extends Common {
  readonly phase: 'totals';
  readonly after: string | null;
  readonly sample: Sampling | null;
}
export interface Sampling extends VerifySample {
  /** Rows that are still to be looked at on this side. */
  readonly left: number;
}
