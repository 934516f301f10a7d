import { matchSnapshots } from './template-snapshots.ts';

matchSnapshots('dev');
