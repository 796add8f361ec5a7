/*
 * `npm run dev`: the demo from its sources. A change of the plugin or of the page shows in the open page; one of the companion
 * starts it again, with what it has vectorized. Sources are watched, not built: the built demo only lends its page's server.
 */
import { spawn } from 'node:child_process'
import { createServer as createTcpServer } from 'node:net'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { createServer } from 'vite'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const PORT = 4782
/** What the page asks its own server: everything of Datashare's but the page and its files. */
const ASKED = ['/api', '/auth', '/demo', '/settings', '/version']

/** The usual port where it is free, else any. */
async function choosePort() {
  const tryPort = port => new Promise((resolve, reject) => {
    const server = createTcpServer().once('error', reject).listen(port, '127.0.0.1', () => {
      const { port: chosen } = server.address()
      server.close(() => resolve(chosen))
    })
  })
  return tryPort(PORT).catch(() => tryPort(0))
}

/** The companion and the stand-in of Datashare, started again at each change. Resolves with the stand-in's address. */
function startCompanion(port) {
  const child = spawn(process.execPath, ['--watch', '--watch-preserve-output', '--conditions=@similarity/source', 'server/src/main.ts', 'serve', '--demo'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { SIMILARITY_DATA_DIR: join(root, '.cache', 'dev'), ...process.env, SIMILARITY_ALLOWED_ORIGINS: ['localhost', '127.0.0.1'].map(host => `http://${host}:${port}`).join(',') },
  })
  child.on('exit', code => process.exit(code ?? 0))
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
  return new Promise((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [, address] = /open (http:\S+)/.exec(line) ?? []
      if (address === undefined) return
      resolve(address)
      console.log(`The companion has started at ${new Date().toLocaleTimeString()}`)
    })
  })
}

/** The plugin in the page as a module with its sources: Vite renews it there. Datashare loads the built one as a plain script. */
const pluginFromSource = {
  name: 'plugin-from-source',
  transformIndexHtml: () => [{ tag: 'script', attrs: { type: 'module', src: `/@fs/${join(root, 'plugin', 'src', 'main.ts').replaceAll('\\', '/').replace(/^\//, '')}` }, injectTo: 'body' }],
}

const port = await choosePort()
const standIn = await startCompanion(port)
const page = await createServer({
  configFile: join(root, 'e2e', 'demo-host', 'vite.config.ts'),
  root: join(root, 'e2e', 'demo-host'),
  plugins: [pluginFromSource],
  resolve: { conditions: ['@similarity/source', 'module', 'browser', 'development|production'], dedupe: ['vue', 'pinia'] },
  server: { host: 'localhost', port, strictPort: true, fs: { allow: [root] }, proxy: Object.fromEntries(ASKED.map(path => [path, { target: standIn, changeOrigin: true }])) },
})
await page.listen()
console.log(`\n  Open http://localhost:${port}: it follows the sources of the plugin and of the companion. Stop with Ctrl-C.\n`)
