import { matchSnapshots } from './template-snapshots.ts';

matchSnapshots('staging');
