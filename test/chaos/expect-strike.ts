import { expect } from '@jest/globals';
import type { StrikeReport } from './strike.ts';

/** Nothing acknowledged was lost, nothing came from nowhere, and every view is its source's again. */
export function expectUnharmed(report: StrikeReport): void {
  expect({
    wrong: report.wrong,
    contradictions: report.contradictions,
    differences: report.differences,
  }).toEqual({ wrong: [], contradictions: [], differences: {} });
  // A load of which nothing was taken would show nothing.
  expect(report.acknowledged).toBeGreaterThan(0);
  expect(report.acknowledgedAfter).toBeGreaterThan(0);
}
