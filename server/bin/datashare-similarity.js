#!/usr/bin/env node
/* The published command. Plain JavaScript, so that an old Node can still say what is wrong with it. */
import { existsSync } from 'node:fs'
import { allocator, heap } from './allocator.js'

const build = new URL('../dist/main.js', import.meta.url)
const major = Number(process.versions.node.split('.')[0])

if (major < 24) {
  console.error(`Error: This Node.js is too old. The companion needs Node.js 24 or later; this is ${process.version}.
  Fix: Install Node.js 24; from a checkout run it with "npx --no-install datashare-similarity".
  Code: node_too_old`)
  process.exitCode = 2
} else if (!existsSync(build)) {
  console.error(`Error: The companion is not built.
  Fix: Run "npm ci && npm run build" in the checkout.
  Code: configuration_wrong`)
  process.exitCode = 2
} else if (process.platform === 'linux' && process.env.MALLOC_ARENA_MAX === undefined) {
  // They hold from the start of a process only, so this one becomes itself once more.
  process.execve(process.execPath, [process.execPath, ...heap, ...process.execArgv, ...process.argv.slice(1)], { ...process.env, ...allocator })
} else {
  await import(build.href)
}
