import { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { formatDifferences, fullDiff } from '@aws-cdk/cloudformation-diff';
import type { CloudFormationTemplate } from './template.ts';

/** What an update changes, as `cdk diff` writes it, without colours; empty when nothing changes. */
export function renderDifferences(deployed: CloudFormationTemplate, next: CloudFormationTemplate): string {
  const difference = fullDiff(deployed, next);
  if (difference.isEmpty) return '';
  let text = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  formatDifferences(stream, difference);
  return stripVTControlCharacters(text).trim();
}
