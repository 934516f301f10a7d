export { buildConnectPlugin, connectPluginSha256 } from './connect-plugin.ts';
export { type Downloads, locateDownloads } from './downloads.ts';
export { opensearchVersions, requireJava } from './javas.ts';
export { renderOpensearchArgs } from './opensearch.ts';
export { isPrepared, type PrepareOptions, prepareOnce } from './prepare-once.ts';
export { setUpPythonPackages } from './python-packages.ts';
export { setUp } from './set-up.ts';
export { smallJvm } from './small-jvm.ts';
