/** The rule of the house: data flows one way, a vendor stays in its room, wiring happens in app/ only. */
const vendor = (name, packages, room) => ({
  name, severity: 'error', comment: `${packages} only in ${room}`,
  from: { pathNot: `${room}|\\.test\\.ts$|/testing/` }, to: { path: packages },
})
const rooms = (name, from, to, comment) => ({ name, severity: 'error', comment, from: { path: from, pathNot: '\\.test\\.ts$|/testing/' }, to: { path: to } })

export default {
  forbidden: [
    { name: 'no-circular', severity: 'error', comment: 'a cycle hides which room owns what', from: {}, to: { circular: true } },
    rooms('shared-stands-alone', '^shared/src', '^(server|plugin|e2e)/', 'the contract knows nobody'),
    rooms('plugin-not-server', '^plugin/src', '^(server|e2e)/', 'they meet in shared only'),
    rooms('server-not-plugin', '^server/src', '^(plugin|e2e)/', 'they meet in shared only'),
    rooms('plugin-no-schemas', '^plugin/src', '^shared/src/contract', 'the plugin takes types, errors and constants, never the schema library'),
    rooms('lower-rooms', '^server/src/(datashare|passages|words|embedding|store)/', '^server/src/(vectorize|search|tasks|http|cli|app|demo)/', 'lower rooms do not know who calls them'),
    rooms('middle-rooms', '^server/src/(vectorize|search|tasks)/', '^server/src/(http|cli|app|demo)/', 'middle rooms do not know http, the command line or the wiring'),
    rooms('http-not-cli', '^server/src/http/', '^server/src/(cli|app|demo)/', 'http is wired by app'),
    rooms('pure-passages', '^server/src/passages/', '^server/src/(?!passages)', 'passages is pure'),
    rooms('pure-words', '^server/src/words/', '^server/src/(?!words)', 'words is pure'),
    { name: 'tests-stay-tests', severity: 'error', comment: 'production never imports a test helper', from: { path: 'src/', pathNot: '\\.test\\.ts$|/testing/' }, to: { path: '\\.test\\.ts$|/testing/' } },
    vendor('lancedb-in-its-room', 'node_modules/(@lancedb|apache-arrow)', '^server/src/store/lancedb'),
    vendor('elastic-in-its-room', 'node_modules/@elastic', '^server/src/(datashare|store/elasticsearch)'),
    vendor('transformers-in-its-room', 'node_modules/(@huggingface|onnxruntime)', '^server/src/embedding'),
    vendor('temporal-in-its-room', 'node_modules/@temporalio', '^server/src/tasks/temporal'),
    vendor('express-in-its-room', 'node_modules/express/', '^server/src/(http|demo)'),
    vendor('commander-in-its-room', 'node_modules/commander', '^server/src/cli'),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['@similarity/source', 'import', 'types', 'node', 'default'] },
  },
}
