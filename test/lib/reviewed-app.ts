// A CDK app: the reviewed app that the context names, `-c reviewed=options`; synthesised by its gate.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { reviewedApps } from './reviewed-apps.ts';

const app = new App();
const title: unknown = app.node.tryGetContext('reviewed');
const build = typeof title === 'string' ? reviewedApps[title] : undefined;
if (build === undefined)
  throw new TypeError(`-c reviewed=<one of ${Object.keys(reviewedApps).join(', ')}>, and not '${title}'`);
await build(app, mkdtempSync(join(tmpdir(), 'polystore-reviewed-')));
app.synth();
