import { describe, expect, test } from '@jest/globals';
import { runTool } from '../../../local/setup/run-tool.ts';
import { complainAboutJava, requireTools, type Tool } from '../../../local/setup/tools.ts';

function tool(name: string, rest: Partial<Tool> = {}): Tool {
  return {
    name,
    command: `no-such-${name}`,
    args: [],
    neededFor: `the ${name} step`,
    debianPackage: `${name}-package`,
    ...rest,
  };
}

describe('requireTools', () => {
  test('names every missing tool, what needs it, and one command that gets them all', async () => {
    const attempt = requireTools([
      tool('first'),
      tool('second'),
      tool('there', { command: process.execPath, args: ['-v'] }),
    ]);

    await expect(attempt).rejects.toMatchObject({
      code: 'tool_missing',
      message: expect.stringMatching(
        /first.*not found.*the first step[\s\S]*second.*the second step[\s\S]*apt-get install first-package second-package/,
      ),
      details: { missing: ['first (no-such-first)', 'second (no-such-second)'] },
    });
  });

  test('passes when all are there', async () => {
    await expect(
      requireTools([tool('node', { command: process.execPath, args: ['-v'] })]),
    ).resolves.toBeUndefined();
  });
});

describe('complainAboutJava', () => {
  test.each([
    ['openjdk version "17.0.15" 2025-04-15', undefined],
    ['openjdk version "25" 2025-09-16', undefined],
    ['java version "1.8.0_292"', 'it is version 8, at least 17 is needed'],
    ['openjdk version "11.0.2"', 'it is version 11, at least 17 is needed'],
    ['something else', 'its version could not be read'],
  ])('%s', (output, complaint) => {
    expect(complainAboutJava(output)).toBe(complaint);
  });
});

describe('runTool', () => {
  const script =
    'for (let i = 0; i < 40; i++) console.log("line " + i); console.error("it broke"); process.exit(3)';

  test('shows the step, how the tool ended, its last lines only, and what to do', async () => {
    const attempt = runTool({
      step: 'Fetch a jar',
      command: process.execPath,
      args: ['-e', script],
      remedy: 'Try again.',
    });

    const error: Error = await attempt.then(
      () => new Error('it passed'),
      (failure: Error) => failure,
    );

    expect(error).toMatchObject({ code: 'setup_failed', details: { step: 'Fetch a jar' } });
    expect(error.message).toMatch(/^Fetch a jar: .*ended with code 3\./);
    expect(error.message).toContain('it broke');
    expect(error.message).toContain('line 39');
    expect(error.message).not.toContain('line 5\n');
    expect(error.message).toMatch(/Try again\.$/);
  });

  test('says when the tool is not there', async () => {
    await expect(
      runTool({ step: 'A', command: 'no-such-tool', args: [], remedy: 'Get it.' }),
    ).rejects.toThrow(/could not be run/);
  });
});
