import { describe, expect, test } from '@jest/globals';
import { readAssembly } from '../../../bin/deploy/assembly.ts';
import { checkDeployment } from '../../../bin/deploy/check.ts';
import { readFromFolder } from '../../../bin/deploy/deployed-templates.ts';
import { renderReview } from '../../../bin/deploy/review.ts';
import { writeAssembly } from './assembly-folder.ts';

const check = (before: string, after: string) =>
  checkDeployment({
    stacks: readAssembly(after),
    readDeployed: readFromFolder(before),
    allowances: [],
    today: '2026-12-01',
  });
const network = (description: string) => ({
  Resources: {
    Nat: { Type: 'AWS::EC2::NatGateway' },
    Group: { Type: 'AWS::EC2::SecurityGroup', Properties: { GroupDescription: description } },
  },
});

describe('a review', () => {
  test('tells what would be lost, what it costs and what changes', async () => {
    const before = writeAssembly({
      'Flights-Dev-Archive': { Resources: { Bucket1: { Type: 'AWS::S3::Bucket' } } },
    });
    const after = writeAssembly({ 'Flights-Dev-Archive': {}, 'Flights-Dev-Network': network('a') });

    const text = renderReview(await check(before, after));

    expect(text).toContain('### dev');
    expect(text).toContain('**The deployment will be refused.**');
    expect(text).toContain('docs/runbooks/archive.md');
    expect(text).toContain('Cost: +$32.85 a month at rest: $0.00 before, $32.85 after');
    expect(text).toContain('2 stack(s) change: Flights-Dev-Archive, Flights-Dev-Network (new).');
    expect(text).toMatch(/\[-\] AWS::S3::Bucket Bucket1 destroy/);
    expect(text).not.toContain('\u001b');
  });

  test('says when nothing changes', async () => {
    const same = writeAssembly({ 'Flights-Dev-Network': network('a') });

    const text = renderReview(await check(same, same));

    expect(text).toContain('Nothing that holds data would be lost.');
    expect(text).toContain('No stack changes.');
  });

  test('fits a comment, whatever changes, and says what it leaves out', async () => {
    const before = writeAssembly({ 'Flights-Dev-Network': network('a'), 'Flights-Dev-Api': network('a') });
    const after = writeAssembly({
      'Flights-Dev-Network': network('b'),
      'Flights-Dev-Api': network('c'.repeat(30_000)),
    });

    const text = renderReview(await check(before, after));

    expect(text.length).toBeLessThan(20_000);
    expect(text).toContain('The changes of 1 stack(s) are too long');
  });

  test('lets no text of a template end the block that it is in', async () => {
    const before = writeAssembly({ 'Flights-Dev-Network': network('a') });
    const after = writeAssembly({ 'Flights-Dev-Network': network('```\n# hello\n````') });

    const text = renderReview(await check(before, after));

    expect(text).toMatch(/\n`{5}\n/);
  });
});
