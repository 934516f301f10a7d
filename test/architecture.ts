// The architecture gate: imports go one way (.dependency-cruiser.cjs). Fails when a rule is broken
// and when fewer modules were read than there are files, for a cruise that reads nothing finds nothing.
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { dirname } from 'node:path';

const root = dirname(import.meta.dirname);
const rooms = ['bench', 'bin', 'lambda', 'lib', 'local', 'model', 'test'];

const run = spawnSync(
  `${root}/node_modules/.bin/depcruise`,
  ['--config', '.dependency-cruiser.cjs', '--output-type', 'json', ...rooms],
  { cwd: root, encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 },
);
if (run.error !== undefined || run.stdout === '') {
  process.stderr.write(`dependency-cruiser did not run: ${run.error?.message ?? run.stderr}\n`);
  process.exit(1);
}
interface Report {
  readonly modules: readonly { readonly source: string }[];
  readonly summary: {
    readonly violations: readonly {
      readonly rule: { readonly name: string };
      readonly from: string;
      readonly to: string;
    }[];
  };
}
// The shape is dependency-cruiser's documented JSON output.
const report = JSON.parse(run.stdout) as Report;

const read = new Set(report.modules.map((module) => module.source));
const files = rooms.flatMap((room) => globSync(`${room}/**/*.{ts,js}`, { cwd: root }));
const unread = files.filter((file) => !read.has(file));
for (const violation of report.summary.violations) {
  process.stderr.write(`${violation.rule.name}: ${violation.from} → ${violation.to}\n`);
}
if (unread.length > 0) process.stderr.write(`not read by dependency-cruiser: ${unread.join(', ')}\n`);
if (report.summary.violations.length > 0 || unread.length > 0) process.exit(1);
process.stdout.write(`architecture: ${files.length} files, imports go one way\n`);
